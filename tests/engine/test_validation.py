from __future__ import annotations

import math

import msgspec
import pytest

from engine.architecture.layers import Conv2D, Dense, Dropout, MaxPool2D
from engine.errors import ConfigError
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.validation import Range, check_fields, field_range

OUT_OF_RANGE = [
    (OptimizerConfig(learning_rate=0.0), "learning rate", "0.0", "more than 0 and at most 100"),
    (OptimizerConfig(learning_rate=100.5), "learning rate", "100.5", "more than 0 and at most 100"),
    (OptimizerConfig(learning_rate=math.nan), "learning rate", "nan", "more than 0"),
    (OptimizerConfig(learning_rate=math.inf), "learning rate", "inf", "at most 100"),
    (OptimizerConfig(learning_rate=10**400), "learning rate", "1000", "at most 100"),
    (OptimizerConfig(learning_rate="fast"), "learning rate", "fast", "a number"),
    (OptimizerConfig(learning_rate=True), "learning rate", "True", "a number"),
    (OptimizerConfig(momentum=1.0), "momentum", "1.0", "at least 0 and less than 1"),
    (OptimizerConfig(decay=-0.1), "decay", "-0.1", "at least 0 and less than 1"),
    (OptimizerConfig(beta1=1.0), "beta1", "1.0", "less than 1"),
    (OptimizerConfig(beta2=2.0), "beta2", "2.0", "less than 1"),
    (OptimizerConfig(weight_decay=-1e-9), "weight decay", "-1e-09", "at least 0 and at most 1"),
    (OptimizerConfig(clip_value=0.0), "clip value", "0.0", "more than 0 and at most 1000"),
    (OptimizerConfig(clip_norm=-1.0), "clip norm", "-1.0", "more than 0"),
    (OptimizerConfig(name="sdg"), "name", "sdg", "sgd, momentum, nesterov, adagrad, rmsprop, adam"),
    (ScheduleConfig(name="linear"), "name", "linear", "constant, step, cosine, one-cycle"),
    (ScheduleConfig(warmup_epochs=-1), "warmup epochs", "-1", "at least 0 and at most 100"),
    (ScheduleConfig(step_epochs=0), "step epochs", "0", "at least 1"),
    (ScheduleConfig(step_epochs=1.5), "step epochs", "1.5", "a whole number"),
    (ScheduleConfig(step_factor=0.0), "step factor", "0.0", "more than 0 and at most 1"),
    (ScheduleConfig(final_factor=1.1), "final factor", "1.1", "at least 0 and at most 1"),
    (ScheduleConfig(rising_fraction=1.0), "rising fraction", "1.0", "more than 0 and less than 1"),
    (InitializerConfig(name="zeros"), "name", "zeros", "xavier, he, normal, uniform, orthogonal"),
    (InitializerConfig(distribution="normal"), "distribution", "normal", "uniform, gaussian"),
    (InitializerConfig(magnitude=0.0), "magnitude", "0.0", "more than 0"),
    (InitializerConfig(scale=11.0), "scale", "11.0", "at most 10"),
    (InitializerConfig(biases="one"), "biases", "one", "zero, drawn"),
    (TrainingConfig(batch_size=0), "batch size", "0", "at least 1 and at most 10000"),
    (TrainingConfig(epochs=2.0), "epochs", "2.0", "a whole number"),
    (TrainingConfig(epochs=None), "epochs", "None", "set"),
    (TrainingConfig(seed=-1), "seed", "-1", "at least 0"),
    (TrainingConfig(seed=10**400), "seed", "1000", "at most"),
    (TrainingConfig(loss_reduction="max"), "loss reduction", "max", "mean, sum"),
    (TrainingConfig(sampling="random"), "sampling", "random", "shuffled, in-order, with-replacement"),
    (TrainingConfig(limit_train=0), "limit train", "0", "at least 1"),
    (TrainingConfig(limit_validation=0), "limit validation", "0", "at least 1"),
    (Dense(0), "units", "0", "at least 1 and at most 1e+06"),
    (Dense(3, use_bias="no"), "use bias", "no", "true or false"),
    (Conv2D(3, (5, 0)), "kernel", "0", "at least 1 and at most 1024"),
    (Conv2D(3, 5), "kernel", "5", "2 numbers"),
    (Conv2D(3, (5, 5, 5)), "kernel", "(5, 5, 5)", "2 numbers"),
    (MaxPool2D(padding=(-1, 0)), "padding", "-1", "at least 0 and at most 512"),
    (Dropout(1.0), "rate", "1.0", "at least 0 and less than 1"),
]


@pytest.mark.parametrize(("config", "field", "value", "allowed"), OUT_OF_RANGE, ids=lambda v: str(v)[:24])
def test_an_error_names_field_value_and_range(config, field, value, allowed):
    with pytest.raises(ConfigError) as caught:
        check_fields(config)

    sentence = str(caught.value)
    assert sentence.startswith(f"{field} is {value}")
    assert allowed in sentence
    assert caught.value.code == "config.out_of_range"


def test_a_nested_field_is_named_with_its_owner():
    with pytest.raises(ConfigError, match=r"^optimizer\.momentum is 1\.5, but must be at least 0 and less than 1\.$"):
        TrainingConfig(optimizer=OptimizerConfig(momentum=1.5)).checked()


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(),
        TrainingConfig(seed=2**63 - 1, limit_train=1, batch_size=10_000),
        TrainingConfig(optimizer=OptimizerConfig("adam", 100, momentum=0, clip_value=0.5, clip_norm=1000)),
        TrainingConfig(schedule=ScheduleConfig("cosine", warmup_epochs=0.5, final_factor=1)),
    ],
)
def test_what_is_in_range_comes_back(config):
    assert config.checked() is config


def test_the_range_of_a_field_is_the_one_written_in_its_type():
    assert field_range(OptimizerConfig, "momentum") == Range(low=0.0, high=1.0, high_open=True)
    assert field_range(OptimizerConfig, "clip_norm") == Range(low=0.0, high=1000.0, low_open=True)
    assert field_range(TrainingConfig, "limit_train") == Range(low=1)


@pytest.mark.parametrize(
    ("allowed", "inside", "outside", "text"),
    [
        (Range(0, 1), (0, 0.5, 1), (-0.1, 1.1, math.nan), "at least 0 and at most 1"),
        (Range(0, 1, True, True), (0.5,), (0, 1, -math.inf), "more than 0 and less than 1"),
        (Range(low=2), (2, 10**400), (1.9, math.inf), "at least 2"),
        (Range(), (0, -1e300), (math.nan, math.inf), "a finite number"),
    ],
)
def test_a_range_holds_its_bounds_unless_they_are_open(allowed, inside, outside, text):
    assert all(value in allowed for value in inside)
    assert not any(value in allowed for value in outside)
    assert str(allowed) == text


def test_a_struct_without_ranges_is_checked_by_kind_alone():
    class Note(msgspec.Struct):
        text: str
        done: bool = False

    assert check_fields(Note("a"))
    with pytest.raises(ConfigError, match=r"text is 3, but must be a text\."):
        check_fields(Note(3))
