"""The row of tools under the drawing canvas: undo, redo, clear and the brush's width."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from gui.draw_canvas import DEFAULT_BRUSH
from gui.form import wrapped
from gui.theme import SPACE

# Named here, not taken from the platform: the standard key for Redo differs between desktops.
UNDO_KEY, REDO_KEY = QKeySequence("Ctrl+Z"), QKeySequence("Ctrl+Shift+Z")
CLEAR_KEY = QKeySequence(Qt.Key.Key_Delete)


class DrawTools(QWidget):
    """Buttons and a slider that say what a person wants of the canvas."""

    undo_requested = Signal()
    redo_requested = Signal()
    clear_requested = Signal()
    brush_changed = Signal(float)  # a share of the canvas's side

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.undo_button = _button(
            "undoButton", self.tr("Undo"),
            self.tr("Take back the last stroke and see what it did to the answer."), UNDO_KEY,
        )  # fmt: skip
        self.redo_button = _button(
            "redoButton", self.tr("Redo"), self.tr("Put back the stroke that was taken back."), REDO_KEY
        )
        self.clear_button = _button(
            "clearButton", self.tr("Clear"),
            self.tr("Begin with an empty canvas. Undo brings the drawing back."), CLEAR_KEY,
        )  # fmt: skip
        self.undo_button.clicked.connect(self.undo_requested)
        self.redo_button.clicked.connect(self.redo_requested)
        self.clear_button.clicked.connect(self.clear_requested)
        self.brush_slider = QSlider(Qt.Orientation.Horizontal)
        self.brush_slider.setObjectName("brushSlider")
        self.brush_slider.setAccessibleName(self.tr("Brush width"))
        self.brush_slider.setToolTip(
            wrapped(
                self.tr(
                    "How thick the ink is. The network knows the strokes it has learned from; "
                    "much thinner or thicker ones can mislead it."
                )
            )
        )
        self.brush_slider.setRange(2, 20)
        self.brush_slider.setValue(round(100 * DEFAULT_BRUSH))
        self.brush_slider.setMinimumWidth(36)
        self.brush_slider.valueChanged.connect(lambda width: self.brush_changed.emit(width / 100))
        caption = QLabel(self.tr("Brush"))
        caption.setProperty("muted", True)
        caption.setBuddy(self.brush_slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for button in (self.undo_button, self.redo_button, self.clear_button):
            row.addWidget(button)
        row.addSpacing(SPACE)
        row.addWidget(caption)
        row.addWidget(self.brush_slider, 1)
        self.set_possible(undo=False, redo=False, clear=False)

    def set_possible(self, *, undo: bool, redo: bool, clear: bool) -> None:
        """Enable what makes sense now."""
        self.undo_button.setEnabled(undo)
        self.redo_button.setEnabled(redo)
        self.clear_button.setEnabled(clear)


def _button(name: str, text: str, idea: str, shortcut: QKeySequence) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(wrapped(f"{idea} ({shortcut.toString(QKeySequence.SequenceFormat.NativeText)})"))
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    button.setMinimumWidth(0)
    return button
