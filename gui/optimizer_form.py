"""The form for how gradients change the weights."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from engine.architecture.layers import Dropout
from engine.architecture.shapes import NetworkSummary
from engine.training.config import OptimizerConfig
from engine.validation import field_range
from gui.form import SettingsForm
from gui.spin_boxes import Choice, ScientificSpin, Stepping

_USED_BY = {
    "momentum": ("momentum", "nesterov"),
    "decay": ("rmsprop",),
    "beta1": ("adam",),
    "beta2": ("adam",),
}


class OptimizerForm(SettingsForm):
    """Edits an ``OptimizerConfig``, and the dropout rate while a run goes on."""

    live_changed = Signal(str, float)  # a setting that may change during a run, and its new value

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._add_method()
        self._add_decays()
        self._add_clipping()
        self._add_dropout()
        self._live = {
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "weight_decay": self.weight_decay,
            "dropout": self.dropout,
        }
        for setting, spin in self._live.items():
            spin.valueChanged.connect(lambda value, setting=setting: self.live_changed.emit(setting, value))
        self._has_dropout = False
        self.set_value(OptimizerConfig())

    def value(self) -> OptimizerConfig:
        """Return what the fields say; those that are hidden keep what was set."""
        clip = self.clip.value()
        return OptimizerConfig(
            name=self.method.value(),  # type: ignore[arg-type]
            learning_rate=self.learning_rate.value(),
            momentum=self.momentum.value(),
            decay=self.decay.value(),
            beta1=self.beta1.value(),
            beta2=self.beta2.value(),
            weight_decay=self.weight_decay.value(),
            clip_value=self.clip_value.value() if clip in ("value", "both") else None,
            clip_norm=self.clip_norm.value() if clip in ("norm", "both") else None,
        )

    def set_value(self, config: OptimizerConfig) -> None:
        """Fill the fields."""
        with QSignalBlocker(self):
            self.method.choose(config.name)
            for field in ("learning_rate", "momentum", "decay", "beta1", "beta2", "weight_decay"):
                getattr(self, field).setValue(getattr(config, field))
            limits = (config.clip_value is not None, config.clip_norm is not None)
            self.clip.choose({(True, True): "both", (True, False): "value", (False, True): "norm"}.get(limits, "off"))
            self.clip_value.setValue(config.clip_value or 1.0)
            self.clip_norm.setValue(config.clip_norm or 1.0)
        self.show_relevant()

    def set_dropout(self, rate: float | None) -> None:
        """Show the network's dropout rate; None if it has no Dropout layer."""
        self._has_dropout = rate is not None
        with QSignalBlocker(self):
            self.dropout.setValue(rate or 0.0)
        self.show_relevant()

    def is_field_editable(self, field: QWidget, editable: bool, is_live: bool) -> bool:
        """Say whether a field can be edited: the dropout rate, which belongs to the network, only during a run."""
        return (editable and field is not self.dropout) or (is_live and field in self._live.values())

    def show_relevant(self) -> None:
        """Show the rows that the chosen optimizer uses."""
        method, clip = self.method.value(), self.clip.value()
        for field, users in _USED_BY.items():
            self.show_row(getattr(self, field), method in users)
        self.show_row(self.clip_value, clip in ("value", "both"))
        self.show_row(self.clip_norm, clip in ("norm", "both"))
        self.show_row(self.dropout, self._has_dropout)

    def _spin(self, field: str, stepping: Stepping) -> ScientificSpin:
        return ScientificSpin(field_range(OptimizerConfig, field), stepping)

    def _add_method(self) -> None:
        self.method = Choice(
            [
                ("sgd", self.tr("SGD")),
                ("momentum", self.tr("Momentum")),
                ("nesterov", self.tr("Nesterov")),
                ("adagrad", self.tr("AdaGrad")),
                ("rmsprop", self.tr("RMSProp")),
                ("adam", self.tr("Adam")),
            ]
        )
        self.add_field(
            self.tr("Optimizer"), self.method, "optimizerCombo",
            self.tr(
                "The rule that turns gradients into steps. SGD walks straight downhill; momentum and Nesterov "
                "keep up speed; AdaGrad, RMSProp and Adam give every weight a step size of its own."
            ),
        )  # fmt: skip
        self.learning_rate = self._spin("learning_rate", "decades")
        self.add_field(
            self.tr("Learning rate"), self.learning_rate, "learningRateSpin",
            self.tr(
                "How far each step goes. Too small learns slowly; too large jumps over the minimum, and the loss "
                "rises. Adam and RMSProp want about 0.001, SGD about 0.1. Can be changed during a run."
            ),
        )  # fmt: skip

    def _add_decays(self) -> None:
        self.momentum = self._spin("momentum", "complement")
        self.add_field(
            self.tr("Momentum"), self.momentum, "momentumSpin",
            self.tr(
                "The share of the last step that the next one keeps, like a ball rolling downhill. 0.9 makes steps "
                "up to ten times as long where gradients agree. Can be changed during a run."
            ),
        )  # fmt: skip
        self.decay = self._spin("decay", "complement")
        self.add_field(
            self.tr("Decay"), self.decay, "decaySpin",
            self.tr(
                "How much of the old mean square of the gradients is kept at each step: near 1 remembers long, "
                "near 0 follows only the last batches."
            ),
        )  # fmt: skip
        self.beta1 = self._spin("beta1", "complement")
        self.add_field(
            self.tr("β₁, mean"), self.beta1, "beta1Spin",
            self.tr("How much of the old mean of the gradients Adam keeps: its momentum. Usually 0.9."),
        )  # fmt: skip
        self.beta2 = self._spin("beta2", "complement")
        self.add_field(
            self.tr("β₂, square"), self.beta2, "beta2Spin",
            self.tr(
                "How much of the old mean square of the gradients Adam keeps; it sets the step size of every "
                "weight. Usually 0.999."
            ),
        )  # fmt: skip
        self.weight_decay = self._spin("weight_decay", "decades")
        self.add_field(
            self.tr("Weight decay"), self.weight_decay, "weightDecaySpin",
            self.tr(
                "Pulls all weights towards zero a little at each step. Small weights make a smoother network that "
                "memorises less. Biases are left alone. Can be changed during a run."
            ),
        )  # fmt: skip

    def _add_clipping(self) -> None:
        self.clip = Choice(
            [
                ("off", self.tr("Off")),
                ("value", self.tr("Each value")),
                ("norm", self.tr("Norm of all")),
                ("both", self.tr("Value and norm")),
            ]
        )
        self.add_field(
            self.tr("Clip gradients"), self.clip, "clipCombo",
            self.tr(
                "Limits gradients so that one bad batch cannot throw the weights far away: each value by itself, "
                "or the length of all together, which keeps their direction."
            ),
        )  # fmt: skip
        self.clip_value = self._spin("clip_value", "decades")
        self.add_field(
            self.tr("Largest value"), self.clip_value, "clipValueSpin",
            self.tr("Every value of the gradient beyond this, either way, is set to it."),
        )  # fmt: skip
        self.clip_norm = self._spin("clip_norm", "decades")
        self.add_field(
            self.tr("Largest norm"), self.clip_norm, "clipNormSpin",
            self.tr("If the length of all gradients together exceeds this, they are scaled down to it."),
        )  # fmt: skip

    def _add_dropout(self) -> None:
        self.dropout = ScientificSpin(field_range(Dropout, "rate"), 0.05)
        self.add_field(
            self.tr("Dropout"), self.dropout, "dropoutSpin",
            self.tr(
                "The share of values that the Dropout layers set to zero for each sample, so that no neuron can "
                "rely on another. One rate for all of them; it can be changed during a run."
            ),
        )  # fmt: skip


def dropout_rate(summary: NetworkSummary) -> float | None:
    """Return the largest rate among a network's Dropout layers; None if it has none."""
    return max((e.layer.rate for e in summary.layers if isinstance(e.layer, Dropout)), default=None)
