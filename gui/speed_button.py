"""The button that says how fast a film plays, and whether it begins again at its end."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gui.form import wrapped

# Milliseconds that every picture is seen, at least.
SLOW, NORMAL, FAST = 1000, 350, 100


class SpeedButton(QToolButton):
    """Opens a menu with three speeds and the choice to play over and over."""

    interval_changed = Signal(int)  # milliseconds

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filmSpeedButton")
        self.setAccessibleName(self.tr("Speed of the film"))
        self.setToolTip(
            wrapped(
                self.tr(
                    "How long each moment is seen, at least; one that takes longer to compute is waited for. Slow to "
                    "look at single weights, fast to see where the run as a whole goes."
                )
            )
        )
        self.setProperty("framed", True)
        self.setStyleSheet(
            "QToolButton::menu-indicator { image: none; } QToolButton { padding: 3px 7px; }"
            "QToolButton:focus { padding: 2px 6px; }"
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        group = QActionGroup(menu)
        for name, text, interval in (
            ("slowFilmAction", self.tr("Slow"), SLOW),
            ("normalFilmAction", self.tr("Normal"), NORMAL),
            ("fastFilmAction", self.tr("Fast"), FAST),
        ):
            action = QAction(text, group)
            action.setObjectName(name)
            action.setCheckable(True)
            action.setData(interval)
            menu.addAction(action)
            if interval == NORMAL:
                action.setChecked(True)
                self._show(action)
        group.triggered.connect(self._choose)
        menu.addSeparator()
        self._loop = QAction(self.tr("Begin again at the end"), menu)
        self._loop.setObjectName("loopFilmAction")
        self._loop.setCheckable(True)
        menu.addAction(self._loop)
        self.setMenu(menu)

    def is_looping(self) -> bool:
        """Return whether a film begins again at its end."""
        return self._loop.isChecked()

    def _choose(self, action: QAction) -> None:
        self._show(action)
        self.interval_changed.emit(action.data())

    def _show(self, action: QAction) -> None:
        self.setText(f"{action.text()} ▾")
