from __future__ import annotations

import msgspec
import pytest

from engine.errors import ConfigError
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig, config_from_json

FULL = TrainingConfig(
    optimizer=OptimizerConfig("nesterov", 0.25, momentum=0.5, weight_decay=1e-4, clip_value=2.0, clip_norm=5.0),
    schedule=ScheduleConfig("step", warmup_epochs=1.5, step_epochs=2),
    initializer=InitializerConfig("orthogonal", biases="drawn"),
    batch_size=7,
    epochs=3,
    seed=2**63 - 1,
    loss_reduction="sum",
    sampling="with-replacement",
    shift=8,
    limit_train=70,
)


@pytest.mark.parametrize("config", [TrainingConfig(), FULL])
def test_settings_survive_json(config):
    assert config_from_json(msgspec.json.encode(config)) == config


def test_settings_that_are_left_out_have_their_usual_values():
    assert config_from_json('{"epochs": 2}') == TrainingConfig(epochs=2)
    assert TrainingConfig().shift == 0  # files from before there were shifts go on as they began


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        b"\xff",
        "[" * 100_000,
        '{"optimizer": ' * 5_000,
        '{"epochs": 0}',
        '{"epochs": 2.5}',
        '{"epochs": "2"}',
        '{"shift": 9}',
        '{"seed": 1e400}',
        f'{{"seed": 1{"0" * 400}}}',
        '{"learning_rate": 0.1}',
        '{"optimizer": {"name": "lbfgs"}}',
        '{"optimizer": {"learning_rate": NaN}}',
        '{"optimizer": {"momentum": 1.0}}',
        '{"schedule": null}',
    ],
    ids=lambda text: str(text)[:40],
)
def test_json_that_is_no_settings_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError, match=r"^These training settings cannot be read: .*\.$"):
        config_from_json(text)
