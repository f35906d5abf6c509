"""The row above the diagram: fit, zoom, fold, export."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from gui.form import ElidedLabel, wrapped
from gui.theme import GAP, SPACE, Theme


class DiagramControls(QWidget):
    """Says what is to be done with the diagram; changes nothing itself."""

    fit_asked = Signal()
    zoom_asked = Signal(bool)  # whether to enlarge
    fold_asked = Signal(bool)  # whether to fold; otherwise to open
    copy_asked = Signal()
    svg_asked = Signal()
    png_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tr = self.tr
        self._about = ElidedLabel()
        self._about.setObjectName("diagramAboutLabel")
        self._about.setProperty("muted", True)
        self._fit = self._button("fitDiagramButton", tr("Fit"), tr("Show the whole network"), tr(
            "Show the whole network (0, or double-click beside it), in as many columns as make it largest. It stays "
            "fitted until you zoom or move it; dragging moves it."
        ))  # fmt: skip
        self._out = self._button("zoomOutButton", "−", tr("Zoom out"), tr(
            "Step back (-, or the wheel): details fall away until only the form of the network is left."
        ))  # fmt: skip
        self._in = self._button("zoomInButton", "+", tr("Zoom in"), tr(
            "Come closer (+, or the wheel): shapes and parameters appear when there is room for them."
        ))  # fmt: skip
        self._fold = self._button("foldAllButton", tr("Fold"), tr("Fold all blocks"), tr(
            "Draw each block as one box. Deep networks repeat a few blocks many times: folded, the plan shows. "
            "The space bar or the small square folds a single one."
        ))  # fmt: skip
        self._unfold = self._button("unfoldAllButton", tr("Unfold"), tr("Unfold all blocks"), tr(
            "Draw all layers inside the blocks, with their branches and where these join again."
        ))  # fmt: skip
        self._export = self._button("exportDiagramButton", tr("Export ▾"), tr("Export the diagram"), tr(
            "Take the picture of the whole network with you, as it is folded now: as SVG, which stays sharp at every "
            "size, or as PNG."
        ))  # fmt: skip
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._export.setMenu(self._export_menu())
        self._fit.clicked.connect(self.fit_asked)
        self._in.clicked.connect(lambda: self.zoom_asked.emit(True))
        self._out.clicked.connect(lambda: self.zoom_asked.emit(False))
        self._fold.clicked.connect(lambda: self.fold_asked.emit(True))
        self._unfold.clicked.connect(lambda: self.fold_asked.emit(False))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self._about, 1)
        layout.addSpacing(GAP)
        for button in (self._fold, self._unfold, self._out, self._in, self._fit, self._export):
            layout.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_network(self, about: str, has_blocks: bool) -> None:
        """Say what is shown; without blocks nothing can be folded."""
        self._about.set_text(about)
        self._fold.setVisible(has_blocks)
        self._unfold.setVisible(has_blocks)

    def about(self) -> QLabel:
        """Return the label that names the network."""
        return self._about

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setStyleSheet(
            "QToolButton { padding: 3px 7px; min-height: 18px; }"
            "QToolButton:focus { padding: 2px 6px; }"
            f"QToolButton:disabled {{ color: {theme.muted}; border-color: {theme.border}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )

    def _button(self, name: str, text: str, title: str, idea: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("framed", True)
        button.setObjectName(name)
        button.setAccessibleName(title)
        button.setToolTip(wrapped(idea))
        return button

    def _export_menu(self) -> QMenu:
        menu = QMenu(self._export)
        for name, text, signal in (
            ("copyDiagramAction", self.tr("Copy as image"), self.copy_asked),
            ("saveDiagramSvgAction", self.tr("Save as SVG..."), self.svg_asked),
            ("saveDiagramPngAction", self.tr("Save as PNG..."), self.png_asked),
        ):
            action = QAction(text, menu)
            action.setObjectName(name)
            action.triggered.connect(signal)
            menu.addAction(action)
        return menu
