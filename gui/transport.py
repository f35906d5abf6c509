"""The buttons that run, pause, step and stop training, and the states of the window that they follow."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from engine.training.config import TrainingConfig
from engine.validation import field_range
from gui.form import FIELD_HEIGHT, wrapped
from gui.spin_boxes import CountSpin
from gui.theme import SPACE

# "loading": nothing is possible yet. "trained": as "ready", and there is a run that more epochs can follow.
WindowState = Literal["loading", "ready", "training", "paused", "stopping", "trained"]

_POSSIBLE: dict[WindowState, tuple[str, ...]] = {
    "loading": (),
    "ready": ("train", "step"),
    "training": ("pause", "stop"),
    "paused": ("pause", "step", "stop"),
    "stopping": (),
    "trained": ("train", "step", "more"),
}


class TransportBar(QWidget):
    """Train, Pause or Resume, Step, Stop, and More epochs.

    Every command is a ``QAction`` too (``actions()``), with its shortcut: a menu that holds them keeps the
    shortcuts alive while this bar is hidden.
    """

    train_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    step_requested = Signal()
    stop_requested = Signal()
    more_epochs_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: WindowState = "loading"
        self._add_actions()
        self._buttons = {
            name: _button(action, f"{name}Button") for name, action in self._actions.items() if name != "more"
        }
        self._buttons["train"].setProperty("primary", True)
        self._more_button = _button(self._actions["more"], "moreEpochsButton")
        self._more = CountSpin(field_range(TrainingConfig, "epochs"))
        self._more.setObjectName("moreEpochsSpin")
        self._more.setAccessibleName(self.tr("Number of epochs to add"))
        self._more.setToolTip(wrapped(self.tr("How many epochs to add to the run that is over.")))
        self._more.setPrefix("+")
        self._more.setValue(5)
        self._more.setMinimumHeight(FIELD_HEIGHT + SPACE)  # as high as the button beside it
        self._lay_out()
        self.set_state("loading")

    def set_state(self, state: WindowState) -> None:
        """Enable what makes sense now."""
        self._state = state
        for name, action in self._actions.items():
            action.setEnabled(name in _POSSIBLE[state])
        self._more.setEnabled("more" in _POSSIBLE[state])
        pause = self._actions["pause"]
        pause.setText(self.tr("&Resume") if state == "paused" else self.tr("&Pause"))

    def short_row(self) -> QWidget:
        """Return a row of buttons for another panel, without the number of epochs; they follow the same states."""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for name in ("train", "pause", "stop", "more"):
            button = _button(self._actions[name], f"{name}FromHereButton")
            button.setProperty("primary", name == "train")
            layout.addWidget(button, 5 if name == "more" else 3)
        return row

    def _add_actions(self) -> None:
        self._actions: dict[str, QAction] = {}
        self._add(
            "train", self.tr("&Train"), ["F5", "Ctrl+Return", "Ctrl+Enter"],
            self.tr("Begin a new run with these settings, from fresh weights."), self.train_requested.emit,
        )  # fmt: skip
        self._add(
            "pause", self.tr("&Pause"), ["F6"],
            self.tr("Hold the run between two batches, and go on later exactly there."), self._pause_or_resume,
        )  # fmt: skip
        self._add(
            "step", self.tr("&Step"), ["F7"],
            self.tr("Train one single batch and pause, to watch what a step does."), self.step_requested.emit,
        )  # fmt: skip
        self._add(
            "stop", self.tr("St&op"), ["F8"],
            self.tr("End the run now. The network keeps what it has learned."), self.stop_requested.emit,
        )  # fmt: skip
        self._add(
            "more", self.tr("&More epochs"), ["Shift+F5"],
            self.tr("Train on from where the run ended, for as many epochs as stand beside it in Set-up."),
            self._add_epochs,
        )  # fmt: skip

    def _add(self, name: str, text: str, keys: list[str], idea: str, slot: object) -> None:
        action = QAction(text, self)
        action.setObjectName(f"{name}Action")
        action.setShortcuts([QKeySequence(key) for key in keys])
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(wrapped(f"{idea} ({shortcut})"))
        action.triggered.connect(slot)
        self.addAction(action)
        self._actions[name] = action

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for column, button in enumerate(self._buttons.values()):
            layout.addWidget(button, 0, column)
            layout.setColumnStretch(column, 1)
        more = QHBoxLayout()
        more.setSpacing(SPACE)
        more.addWidget(self._more_button, 1)
        more.addWidget(self._more, 1)
        layout.addLayout(more, 1, 0, 1, len(self._buttons))

    def _pause_or_resume(self) -> None:
        if self._state == "paused":
            self.resume_requested.emit()
        else:
            self.pause_requested.emit()

    def _add_epochs(self) -> None:
        self._more.interpretText()
        self.more_epochs_requested.emit(self._more.value())


def _button(action: QAction, name: str) -> QPushButton:
    """Return a button that shows an action and triggers it."""
    button = QPushButton()
    button.setObjectName(name)
    button.setStyleSheet("padding-left: 4px; padding-right: 4px")
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setMinimumWidth(40)

    def follow() -> None:
        # The letter that is marked is that of the menu; Alt with it may mean something else in the window.
        text = action.text().replace("&", "")
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(action.toolTip())
        button.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    button.clicked.connect(action.trigger)
    follow()
    return button
