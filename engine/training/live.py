"""The settings that may change while a run goes on."""

from __future__ import annotations

from typing import get_args

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.backends.base import StepSettings
from engine.errors import ConfigError
from engine.training.config import OptimizerConfig
from engine.training.events import LiveSetting, RunState
from engine.validation import Range, field_range

# Short enough that an answer to the pen never waits for it.
REPORT_EVERY_S = 0.01


class LiveSettings:
    """What the loop reads before every batch; whoever drives the loop may change it between two events.

    Attributes
    ----------
    report_every : float
        Seconds between two reports of the loop; 0 reports every batch.
    synchronous : bool
        Wait for every batch before the next begins, so that a report tells all that was trained. Costs speed;
        for pausing, stepping and stopping.
    """

    def __init__(self, spec: NetworkSpec, optimizer: OptimizerConfig, report_every: float = REPORT_EVERY_S) -> None:
        self.report_every = report_every
        self.synchronous = False
        self._rates = {p.path: p.layer.rate for p in walk(spec.layers) if isinstance(p.layer, Dropout)}
        self._values: dict[LiveSetting, float] = {
            "learning_rate": optimizer.learning_rate,
            "momentum": optimizer.momentum,
            "weight_decay": optimizer.weight_decay,
        }
        if self._rates:
            self._values["dropout"] = max(self._rates.values())
        self._changes: list[tuple[LiveSetting, float, float]] = []
        self._settling = False

    def restore(self, state: RunState) -> None:
        """Take the values that held when ``state`` was told; nothing of it counts as a change."""
        self._values |= {
            "learning_rate": state.learning_rate,
            "momentum": state.momentum,
            "weight_decay": state.weight_decay,
        }
        if self._rates:
            self._rates = {path: state.dropout_rates.get(path, rate) for path, rate in self._rates.items()}
            self._values["dropout"] = max(self._rates.values())

    def settle(self) -> None:
        """Have the loop wait once for the batch in flight and report, so that its state can be kept."""
        self._settling = True

    def take_settling(self) -> bool:
        """Whether the loop was asked to settle since the last call."""
        settling, self._settling = self._settling, False
        return settling

    def change(self, setting: LiveSetting, value: float) -> None:
        """Change a setting from the next batch on; ``dropout`` sets all Dropout layers.

        Raises
        ------
        ConfigError
            If there is no such setting here, or the value is out of range.
        """
        if setting not in self._values:
            raise ConfigError(
                "config.not_live", "{setting} cannot be changed while training; {known} can.",
                setting=str(setting).replace("_", " "),
                known=", ".join(s.replace("_", " ") for s in get_args(LiveSetting) if s in self._values),
            )  # fmt: skip
        allowed = live_range(setting)
        if value not in allowed:
            raise ConfigError(
                "config.out_of_range", "{field} is {value}, but must be {allowed}.",
                field=setting.replace("_", " "), value=value, allowed=allowed,
            )  # fmt: skip
        same = {self._values[setting]} if setting != "dropout" else set(self._rates.values())
        if same == {value}:
            return
        self._changes.append((setting, self._values[setting], value))
        self._values[setting] = value
        if setting == "dropout":
            self._rates = dict.fromkeys(self._rates, value)

    def take_changes(self) -> list[tuple[LiveSetting, float, float]]:
        """Return what was changed since the last call: (setting, old, new)."""
        changes, self._changes = self._changes, []
        return changes

    def step(self, factor: float) -> StepSettings:
        """Return the settings of one batch, the learning rate multiplied by ``factor``."""
        return StepSettings(
            learning_rate=self._values["learning_rate"] * factor,
            momentum=self._values["momentum"],
            weight_decay=self._values["weight_decay"],
        )

    @property
    def dropout_rates(self) -> dict[str, float]:
        """The rate of every Dropout layer by its path."""
        return self._rates


def live_range(setting: LiveSetting) -> Range:
    """Return the values a live setting may take."""
    if setting == "dropout":
        return field_range(Dropout, "rate")
    return field_range(OptimizerConfig, setting)
