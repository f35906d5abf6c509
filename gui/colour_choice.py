"""A row of swatches from which a run gets a colour, or none."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from gui.theme import LIGHT, SERIES, Theme

_SIDE = 16
_NONE = 0  # the place of the swatch that means no colour; the others follow in the order of the palette


class ColourChoice(QWidget):
    """Offers the window's palette; the arrow keys go from one swatch to the next."""

    chosen = Signal(object)  # the place in the palette, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runColourChoice")
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        names = (
            self.tr("No colour"), self.tr("Blue"), self.tr("Orange"), self.tr("Green"), self.tr("Pink"),
            self.tr("Light blue"), self.tr("Red"),
        )  # fmt: skip
        for place, name in enumerate(names):
            button = QToolButton()
            button.setObjectName(f"runColour{place}Button")
            button.setAccessibleName(name)
            idea = self.tr("Mark the run with this colour in the list, to find it again.")
            button.setToolTip(f"{name}. {idea}" if place else self.tr("Let the run have no colour of its own."))
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setFixedSize(26, 26)
            button.setIconSize(QSize(_SIDE, _SIDE))
            self._group.addButton(button, place)
            row.addWidget(button)
        row.addStretch(1)
        self._group.idClicked.connect(lambda place: self.chosen.emit(None if place == _NONE else place - 1))
        self.apply_theme(LIGHT)
        self.set_colour(None)

    def set_colour(self, colour: int | None) -> None:
        """Show a run's colour."""
        self._group.button(_NONE if colour is None else colour % len(SERIES) + 1).setChecked(True)

    def apply_theme(self, theme: Theme) -> None:
        """Draw the swatches in the colours of ``theme``."""
        for button in self._group.buttons():
            place = self._group.id(button)
            button.setIcon(_swatch(None if place == _NONE else QColor(SERIES[place - 1]), theme))
        self.setStyleSheet(
            f"QToolButton {{ border: 2px solid transparent; border-radius: 5px; }}"
            f"QToolButton:checked {{ border-color: {theme.text}; }}"
            f"QToolButton:focus {{ background: {theme.sunken}; }}"
            f"QToolButton:hover {{ background: {theme.sunken}; }}"
        )


def _swatch(colour: QColor | None, theme: Theme) -> QIcon:
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(_SIDE * scale, _SIDE * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(1.5, 1.5, _SIDE - 3, _SIDE - 3)
        if colour is None:
            painter.setPen(QPen(QColor(theme.muted), 1.2))
            painter.drawEllipse(circle)
            painter.drawLine(4, _SIDE - 4, _SIDE - 4, 4)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(circle)
        painter.end()
        icon.addPixmap(pixmap)
    return icon
