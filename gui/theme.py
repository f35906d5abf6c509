"""Colours, spacings and fonts, light and dark; the one place where they are chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    import numpy as np

# Multiples of 4 logical pixels.
SPACE = 4
GAP = 8
MARGIN = 12


@dataclass(frozen=True)
class Theme:
    """The colours of one scheme, as ``#rrggbb``."""

    dark: bool
    window: str
    surface: str
    sunken: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    bad: str
    train: str
    validation: str
    grid: str
    negative: str
    zero: str
    positive: str

    def layer_colour(self, kind: str) -> str:
        """Return the colour of a kind of layer, such as ``convolution``, for bands and outlines on ``surface``."""
        return _LAYER_COLOURS[kind][self.dark]

    def layer_fill(self, kind: str) -> str:
        """Return the background of a box of that kind: its colour, faint enough for text upon it."""
        share = 0.18 if self.dark else 0.13
        return mixed(QColor(self.layer_colour(kind)), QColor(self.surface), share).name()

    def diverging(self) -> np.ndarray:
        """Return a lookup table (256, 3), uint8: negative values to zero to positive values."""
        return _ramp([self.negative, self.zero, self.positive])

    def sequential(self) -> np.ndarray:
        """Return a lookup table (256, 3), uint8: from the sunken background to the brightest accent."""
        return _ramp([self.sunken, self.accent, "#f4f8ff"] if self.dark else ["#ffffff", self.accent, "#0b1f3f"])


LIGHT = Theme(
    dark=False,
    window="#f3f4f7", surface="#ffffff", sunken="#eceef3", border="#d5d9e2", text="#1b2130", muted="#5c6578",
    accent="#2463eb", on_accent="#ffffff", good="#12805c", bad="#c62f3b",
    train="#2463eb", validation="#d9480f", grid="#dfe3ea",
    negative="#c2410c", zero="#f8f8f8", positive="#1d4ed8",
)  # fmt: skip

DARK = Theme(
    dark=True,
    window="#14171e", surface="#1c212b", sunken="#10131a", border="#323a49", text="#e7eaf1", muted="#9aa4b8",
    accent="#5b9bff", on_accent="#0b1220", good="#41c896", bad="#ff6b75",
    train="#5b9bff", validation="#ffa24d", grid="#2a313e",
    negative="#ff8a4c", zero="#1a1d24", positive="#6ba4ff",
)  # fmt: skip

# Kinds of layers: light and dark. At least 3 to 1 on the surface of their scheme.
_LAYER_COLOURS: dict[str, tuple[str, str]] = {
    "convolution": ("#2463eb", "#5b9bff"),
    "dense": ("#7a3fd1", "#b18cff"),
    "pooling": ("#0b7f86", "#3fc4c9"),
    "normalisation": ("#8a6a00", "#d9b23c"),
    "activation": ("#2a7d36", "#67c774"),
    "dropout": ("#b03076", "#f07fb8"),
    "reshape": ("#5d6675", "#a3acbc"),
    "join": ("#c2410c", "#ff9a5c"),
    "terminal": ("#3b4558", "#c3cad8"),
}

# Colours of earlier runs and of anything counted, distinct in both schemes and to colour-blind eyes
# (Okabe and Ito's palette without black and yellow).
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")


class ThemeManager(QObject):
    """Applies a scheme to the application and tells views when it changes.

    Parameters
    ----------
    application : QApplication
    scheme : {"system", "light", "dark"}
    """

    changed = Signal(object)  # the new Theme

    def __init__(self, application: QApplication, scheme: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self._scheme = scheme
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._refresh)
        self.theme = self._resolve()
        self._apply()

    @property
    def scheme(self) -> str:
        """The choice: ``system``, ``light`` or ``dark``."""
        return self._scheme

    def set_scheme(self, scheme: str) -> None:
        """Choose ``system``, ``light`` or ``dark``."""
        self._scheme = scheme
        self._refresh()

    def _resolve(self) -> Theme:
        if self._scheme != "system":
            return DARK if self._scheme == "dark" else LIGHT
        dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT

    def _refresh(self) -> None:
        theme = self._resolve()
        if theme is not self.theme:
            self.theme = theme
            self._apply()
            self.changed.emit(theme)

    def _apply(self) -> None:
        self._application.setPalette(_palette(self.theme))
        self._application.setStyleSheet(_style_sheet(self.theme))


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """Return ``colour`` as it looks on ``ground`` with an opacity of ``share``."""
    channels = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QColor(*(round(below + (above - below) * share) for above, below in channels))


def _ramp(stops: list[str]) -> np.ndarray:
    import numpy as np  # the window is on screen before any picture is coloured

    colours = np.array([[QColor(s).red(), QColor(s).green(), QColor(s).blue()] for s in stops], float)
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, range(len(stops)), colours[:, i]) for i in range(3)], 1).astype(np.uint8)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.sunken,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.bad,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.ToolTipBase: theme.surface,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Light: theme.surface,
        QPalette.ColorRole.Midlight: theme.sunken,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Dark: theme.border,
        QPalette.ColorRole.Shadow: theme.border,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.surface}; border: 1px solid {theme.border};
                padding: 6px; }}
    QMainWindow::separator {{ background: {theme.window}; width: 5px; height: 5px; }}
    QMainWindow::separator:hover {{ background: {theme.accent}; }}
    QDockWidget {{ color: {theme.text}; font-weight: 600; }}
    QDockWidget::title {{ background: {theme.window}; padding: 6px 8px; }}
    QGroupBox {{ border: none; margin-top: 18px; font-weight: 600; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 0; padding: 0; }}
    QLabel[muted="true"] {{ color: {theme.muted}; }}
    QLabel[error="true"] {{ color: {theme.bad}; }}
    QPushButton, QToolButton[framed="true"] {{ background: {theme.surface}; border: 1px solid {theme.border};
        border-radius: 5px; padding: 3px 10px; min-height: 18px; }}
    QPushButton:hover, QToolButton[framed="true"]:hover {{ border-color: {theme.accent}; }}
    QPushButton:pressed {{ background: {theme.sunken}; }}
    QPushButton:focus, QToolButton[framed="true"]:focus {{ border: 2px solid {theme.accent}; padding: 2px 9px;
        outline: none; }}
    QPushButton:disabled, QToolButton[framed="true"]:disabled {{ color: {theme.muted}; background: {theme.window}; }}
    QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; font-weight: 600; }}
    QPushButton[primary="true"]:focus {{ border-color: {theme.text}; }}
    QPushButton[primary="true"]:disabled {{ background: {theme.sunken}; color: {theme.muted};
        border-color: {theme.border}; }}
    QCheckBox, QRadioButton {{ border: 2px solid transparent; border-radius: 5px; padding: 1px; }}
    QCheckBox:focus, QRadioButton:focus {{ border-color: {theme.accent}; outline: none; }}
    QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {theme.muted}; border-radius: 3px;
        background: {theme.surface}; }}
    QCheckBox::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent}; }}
    QCheckBox::indicator:disabled {{ border-color: {theme.border}; }}
    QCheckBox::indicator:checked:disabled {{ background: {theme.border}; }}
    QAbstractItemView::indicator:unchecked {{ border: 1px solid {theme.muted}; border-radius: 3px; }}
    QRadioButton::indicator {{ width: 13px; height: 13px; border: 1px solid {theme.muted}; border-radius: 7px;
        background: {theme.surface}; }}
    QRadioButton::indicator:checked {{ width: 5px; height: 5px; border: 5px solid {theme.accent}; }}
    QScrollBar {{ background: transparent; border: none; margin: 0; }}
    QScrollBar:vertical {{ width: 10px; }}
    QScrollBar:horizontal {{ height: 10px; }}
    QScrollBar::handle {{ background: {theme.border}; border-radius: 3px; margin: 2px; }}
    QScrollBar::handle:vertical {{ min-height: 28px; }}
    QScrollBar::handle:horizontal {{ min-width: 28px; }}
    QScrollBar::handle:hover {{ background: {theme.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QStatusBar {{ background: {theme.window}; color: {theme.muted}; }}
    QStatusBar::item {{ border: none; }}
    QProgressBar {{ border: 1px solid {theme.border}; border-radius: 4px; background: {theme.sunken};
        text-align: center; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
    """
