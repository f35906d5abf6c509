from __future__ import annotations

import math

import pytest

from engine.architecture.layers import Dense, Dropout
from engine.architecture.network import NetworkSpec
from engine.backends.base import StepSettings
from engine.errors import ConfigError
from engine.training.config import OptimizerConfig
from engine.training.live import LiveSettings, live_range

SPEC = NetworkSpec("net", (4,), (Dropout(0.2), Dense(3), Dropout(0.5), Dense(2)))
OPTIMIZER = OptimizerConfig("momentum", learning_rate=0.4, momentum=0.8, weight_decay=0.001)


@pytest.fixture
def live() -> LiveSettings:
    return LiveSettings(SPEC, OPTIMIZER)


def test_a_step_has_the_optimizers_settings_and_the_schedules_factor(live):
    assert live.step(0.5) == StepSettings(learning_rate=0.2, momentum=0.8, weight_decay=0.001)
    assert live.dropout_rates == {"dropout1": 0.2, "dropout2": 0.5}


def test_changes_hold_from_the_next_step_and_are_told_once_in_order(live):
    live.change("learning_rate", 0.1)
    live.change("momentum", 0.0)
    live.change("weight_decay", 0.01)
    live.change("learning_rate", 0.2)

    assert live.step(1.0) == StepSettings(0.2, 0.0, 0.01)
    assert live.take_changes() == [
        ("learning_rate", 0.4, 0.1), ("momentum", 0.8, 0.0), ("weight_decay", 0.001, 0.01),
        ("learning_rate", 0.1, 0.2),
    ]  # fmt: skip
    assert live.take_changes() == []


def test_dropout_is_set_in_all_its_layers(live):
    live.change("dropout", 0.0)

    assert live.dropout_rates == {"dropout1": 0.0, "dropout2": 0.0}
    assert live.take_changes() == [("dropout", 0.5, 0.0)]


def test_dropout_is_set_in_all_its_layers_even_where_one_has_that_rate_already(live):
    live.change("dropout", 0.5)

    assert live.dropout_rates == {"dropout1": 0.5, "dropout2": 0.5}


@pytest.mark.parametrize("setting", ["learning_rate", "momentum"])
def test_setting_the_same_value_again_is_no_change(live, setting):
    live.change(setting, getattr(OPTIMIZER, setting))

    assert live.take_changes() == []


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("learning_rate", 0.0, "learning rate is 0.0, but must be more than 0 and at most 100."),
        ("learning_rate", math.nan, "learning rate is nan, but must be more than 0 and at most 100."),
        ("momentum", 1.0, "momentum is 1.0, but must be at least 0 and less than 1."),
        ("weight_decay", -0.1, "weight decay is -0.1, but must be at least 0 and at most 1."),
        ("dropout", 1.0, "dropout is 1.0, but must be at least 0 and less than 1."),
    ],
)
def test_a_value_out_of_range_is_refused_and_changes_nothing(live, setting, value, sentence):
    before = live.step(1.0), live.dropout_rates

    with pytest.raises(ConfigError) as caught:
        live.change(setting, value)

    assert str(caught.value) == sentence
    assert (live.step(1.0), live.dropout_rates, live.take_changes()) == (*before, [])


def test_what_a_network_has_not_cannot_be_changed():
    plain = LiveSettings(NetworkSpec("net", (4,), (Dense(2),)), OPTIMIZER)

    with pytest.raises(ConfigError, match=r"dropout cannot .* learning rate, momentum, weight decay can"):
        plain.change("dropout", 0.5)
    with pytest.raises(ConfigError, match="batch size cannot be changed while training"):
        plain.change("batch_size", 10)  # type: ignore[arg-type]


def test_live_ranges_are_those_of_the_settings():
    assert str(live_range("learning_rate")) == "more than 0 and at most 100"
    assert str(live_range("dropout")) == "at least 0 and less than 1"
