"""The settings of a training run, each with its range; data only."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from engine.errors import ConfigError
from engine.validation import check_fields

Positive = Annotated[float, Meta(gt=0.0, le=1000.0)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Decay = Annotated[float, Meta(ge=0.0, lt=1.0)]

OptimizerName = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
ScheduleName = Literal["constant", "step", "cosine", "one-cycle"]
InitializerName = Literal["xavier", "he", "normal", "uniform", "orthogonal"]
Distribution = Literal["uniform", "gaussian"]
Biases = Literal["zero", "drawn"]
Sampling = Literal["shuffled", "in-order", "with-replacement"]
Reduction = Literal["mean", "sum"]
Monitor = Literal["accuracy", "loss"]


class OptimizerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How gradients change the weights; the formulas are MXNet 1.9.1's.

    ``momentum`` is used by momentum and Nesterov, ``decay`` by RMSProp (share of the old mean square kept),
    ``beta1`` and ``beta2`` by Adam. ``weight_decay`` applies to weights and gammas, not to biases.
    ``clip_value`` limits each gradient value, ``clip_norm`` the norm of all gradients together.
    """

    name: OptimizerName = "sgd"
    learning_rate: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.1
    momentum: Decay = 0.9
    decay: Decay = 0.9
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    weight_decay: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    clip_value: Positive | None = None
    clip_norm: Positive | None = None


class ScheduleConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learning rate moves over a run, as a factor on the optimizer's learning rate.

    ``step`` multiplies it by ``step_factor`` every ``step_epochs``; ``cosine`` falls to ``final_factor``;
    ``one-cycle`` rises linearly over ``rising_fraction`` of the batches and falls linearly to
    ``final_factor``. ``warmup_epochs`` of linear rise come before any of them.
    """

    name: ScheduleName = "constant"
    warmup_epochs: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    step_epochs: Annotated[int, Meta(ge=1, le=10_000)] = 3
    step_factor: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.5
    final_factor: Fraction = 0.0
    rising_fraction: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.25


class InitializerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How the weights start.

    ``xavier`` and ``he`` follow the layer's size; ``normal`` and ``uniform`` use ``scale`` (standard deviation,
    or half the interval's width); ``biases`` are zero, or ``drawn`` the way ``normal`` or ``uniform`` weights are.
    """

    name: InitializerName = "xavier"
    distribution: Distribution = "uniform"
    magnitude: Annotated[float, Meta(gt=0.0, le=100.0)] = 3.0
    scale: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.01
    biases: Biases = "zero"


class StoppingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Which epoch counts as the best, and when a run ends for want of a better one.

    ``monitor`` is what of the validation is compared. With a ``patience`` the run ends after so many epochs without a
    new best one; without, all epochs are trained.
    Source: Prechelt, "Early stopping - but when?", in Neural Networks: Tricks of the Trade, 1998.
    """

    monitor: Monitor = "accuracy"
    patience: Annotated[int, Meta(ge=1, le=10_000)] | None = None

    def is_better(self, loss: float, accuracy: float, than: float | None) -> bool:
        """Whether a validation beats the best value so far; a first one does."""
        if than is None:
            return True
        return loss < than if self.monitor == "loss" else accuracy > than

    def value(self, loss: float, accuracy: float) -> float:
        """Return what of a validation is compared."""
        return loss if self.monitor == "loss" else accuracy


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that decides how a run goes, beside the network, the data set and the device.

    ``shift`` moves each training image at random by up to so many of its own pixels in every direction, anew in
    every epoch; 0 leaves them where they are. ``limit_train`` and ``limit_validation`` take the first samples only.
    """

    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    initializer: InitializerConfig = InitializerConfig()
    stopping: StoppingConfig = StoppingConfig()
    batch_size: Annotated[int, Meta(ge=1, le=10_000)] = 100
    epochs: Annotated[int, Meta(ge=1, le=10_000)] = 10
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    loss_reduction: Reduction = "mean"
    sampling: Sampling = "shuffled"
    shift: Annotated[int, Meta(ge=0, le=8)] = 0
    limit_train: Annotated[int, Meta(ge=1)] | None = None
    limit_validation: Annotated[int, Meta(ge=1)] | None = None

    def checked(self) -> TrainingConfig:
        """Return this configuration if every value is in range.

        Raises
        ------
        ConfigError
            Naming the field, the value and the range.
        """
        return check_fields(self)


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_CONFIG = msgspec.json.Decoder(TrainingConfig)


def config_from_json(data: bytes | str) -> TrainingConfig:
    """Read a configuration from JSON; ``ConfigError`` if it is not one."""
    try:
        return _CONFIG.decode(data).checked()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(
            "config.json", "These training settings cannot be read: {detail}.", detail=str(error).rstrip(".")
        ) from error


def same_moments(new: TrainingConfig, old: TrainingConfig) -> bool:
    """Whether an optimizer prepared for ``old`` does what ``new`` asks; rates and momentum are given per step."""
    fixed = ("name", "decay", "beta1", "beta2", "clip_value", "clip_norm")
    same = all(getattr(new.optimizer, name) == getattr(old.optimizer, name) for name in fixed)
    return same and new.loss_reduction == old.loss_reduction


def same_order(new: TrainingConfig, old: TrainingConfig) -> bool:
    """Whether ``new`` draws the same batches in the same order as ``old``."""
    return all(getattr(new, name) == getattr(old, name) for name in ("seed", "sampling", "batch_size", "limit_train"))
