"""Chooses a test image for the network: by its number, at random, or one it gets wrong."""

from __future__ import annotations

import random

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSpinBox, QWidget

from gui.form import FIELD_HEIGHT, wrapped
from gui.theme import GAP, LIGHT, SPACE, Theme


class ImagePicker(QWidget):
    """A number field and two buttons, with the true label of the image that is shown."""

    image_chosen = Signal(int)  # position among the test images
    mistake_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._count = 0
        self._mistakes = False
        self._right: bool | None = None
        self.index_spin = QSpinBox()
        self.index_spin.setObjectName("testImageSpin")
        self.index_spin.setAccessibleName(self.tr("Test image"))
        self.index_spin.setToolTip(
            wrapped(
                self.tr(
                    "Images that were kept apart from training. Only they show whether the network has learned "
                    "something general, or has learned its examples by heart."
                )
            )
        )
        self.index_spin.setMinimumHeight(FIELD_HEIGHT)
        self.index_spin.setKeyboardTracking(False)
        self.index_spin.valueChanged.connect(self.image_chosen)
        # The number that stands there already, entered again after drawing, brings its image back.
        self.index_spin.lineEdit().returnPressed.connect(self._choose_again)
        self.random_button = _button(
            "randomImageButton",
            self.tr("Random"),
            self.tr("Any test image: the fair way to see how often it is right."),
        )
        self.random_button.clicked.connect(self._choose_at_random)
        self.wrong_button = _button(
            "wrongImageButton", self.tr("One it gets wrong"),
            self.tr("Mistakes teach most: look whether you would have known better, and what misled the network."),
        )  # fmt: skip
        self.wrong_button.clicked.connect(self.mistake_requested)
        self.label = QLabel()
        self.label.setObjectName("trueLabel")
        self.label.setAccessibleName(self.tr("True label"))
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """Say how many test images there are."""
        self._count = count
        with QSignalBlocker(self.index_spin):
            self.index_spin.setRange(0, max(count - 1, 0))
        self.index_spin.setEnabled(count > 0)
        self.random_button.setEnabled(count > 0)
        self.set_mistakes_available(self._mistakes)

    def set_mistakes_available(self, available: bool) -> None:
        """Say whether there is a network that could be wrong."""
        self._mistakes = available
        self.wrong_button.setEnabled(available and self._count > 0)

    def show_index(self, index: int) -> None:
        """Show which image was chosen elsewhere."""
        with QSignalBlocker(self.index_spin):
            self.index_spin.setValue(index)

    def show_label(self, label: str, answer: str | None) -> None:
        """Show the true label, empty where there is none, and whether the answer, if there is one, is right."""
        self._right = None if not label or answer is None else answer == label
        mark = {None: "", True: " ✓", False: " ✗"}[self._right]
        text = self.tr("Label: {name}").format(name=label) + mark if label else ""
        if text != self.label.text():
            self.label.setText(text)
            verdict = {None: "", True: self.tr("the answer is right"), False: self.tr("the answer is wrong")}
            self.label.setAccessibleDescription(verdict[self._right])
            self.label.setToolTip(label)
            self._colour_label()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of right and wrong."""
        self._theme = theme
        self._colour_label()

    def _lay_out(self) -> None:
        caption = QLabel(self.tr("Test image"))
        caption.setBuddy(self.index_spin)
        caption.setToolTip(self.index_spin.toolTip())
        first = QHBoxLayout()
        first.setSpacing(GAP)
        first.addWidget(caption)
        first.addWidget(self.index_spin)
        first.addWidget(self.label, 1)
        second = QHBoxLayout()
        second.setSpacing(SPACE)
        second.addWidget(self.random_button, 1)
        second.addWidget(self.wrong_button, 2)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(SPACE)
        grid.addLayout(first, 0, 0)
        grid.addLayout(second, 1, 0)

    def _choose_again(self) -> None:
        self.image_chosen.emit(self.index_spin.value())

    def _choose_at_random(self) -> None:
        index = random.randrange(self._count)
        self.show_index(index)
        self.image_chosen.emit(index)

    def _colour_label(self) -> None:
        colour = {None: self._theme.text, True: self._theme.good, False: self._theme.bad}[self._right]
        self.label.setStyleSheet(f"color: {colour}")


def _button(name: str, text: str, idea: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(wrapped(idea))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
