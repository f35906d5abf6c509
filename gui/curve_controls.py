"""The row above the curves: what is on the x axis, how smooth, logarithmic, earlier runs, export."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from gui.curve_data import View, XAxis
from gui.elided_combo import ElidedCombo
from gui.form import wrapped
from gui.theme import GAP, SPACE, Theme

# Enough to see the trend of single batches, little enough to show a change at once.
DEFAULT_SMOOTHING = 0.9


class CurveControls(QWidget):
    """Says how the curves are to be shown; changes nothing itself."""

    changed = Signal()  # view or earlier
    reset_asked = Signal()
    copy_asked = Signal()
    image_asked = Signal()
    table_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_axis = ElidedCombo()
        names: list[tuple[str, XAxis]] = [
            (self.tr("Batch"), "step"), (self.tr("Epoch"), "epoch"), (self.tr("Seconds"), "seconds"),
        ]  # fmt: skip
        for name, axis in names:
            self._x_axis.addItem(name, axis)
        self._x_axis.setCurrentIndex(1)
        self._x_axis.currentIndexChanged.connect(self.changed)
        self._smoothing_name = QLabel(self.tr("Smoothing"))
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(0, 99)
        self._smoothing.setPageStep(10)
        self._smoothing.setValue(round(100 * DEFAULT_SMOOTHING))
        self._smoothing.valueChanged.connect(self._on_smoothing)
        self._smoothing_value = QLabel()
        self._log = self._button(self.tr("Log"))
        self._earlier = self._button(self.tr("Earlier"))
        for toggle in (self._log, self._earlier):
            toggle.setCheckable(True)
            toggle.setChecked(toggle is self._earlier)
            toggle.toggled.connect(self.changed)
        self._reset = self._button(self.tr("Reset"))
        self._reset.clicked.connect(self.reset_asked)
        self._export = self._button(self.tr("Export ▾"))
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._export.setMenu(self._export_menu())
        self._explain()
        self._lay_out()
        self._on_smoothing()

    def _explain(self) -> None:
        tr = self.tr
        for widget, name, title, idea in (
            (
                self._x_axis, "xAxisCombo", tr("Horizontal axis"),
                tr("What a step to the right means: one weight update (batch), one pass over all images (epoch), "
                   "or time, which is the fair way to compare networks of different size."),
            ),
            (
                self._smoothing, "smoothingSlider", tr("Smoothing"),
                tr("Every batch holds other images, so single values jump. Smoothing shows the running mean of "
                   "the recent past: at 0.9 of about 10 batches, at 0.99 of about 100. The raw values stay "
                   "behind, faint."),
            ),
            (
                self._log, "logButton", tr("Logarithmic loss axis"),
                tr("Show the loss on a logarithmic axis: equal distances are equal ratios, so progress from 0.02 "
                   "to 0.01 is as visible as from 2 to 1."),
            ),
            (
                self._earlier, "earlierRunsButton", tr("Earlier runs"),
                tr("Keep the earlier runs of this sitting as faint curves, to compare with."),
            ),
            (
                self._reset, "resetViewButton", tr("Reset view"),
                tr("Show the whole run again (R, or double-click). The wheel zooms, dragging moves the picture."),
            ),
            (
                self._export, "exportButton", tr("Export the curves"),
                tr("Take the curves with you: as a picture for a report, or as numbers for a table."),
            ),
        ):  # fmt: skip
            widget.setObjectName(name)
            widget.setAccessibleName(title)
            widget.setToolTip(wrapped(idea))

    @property
    def view(self) -> View:
        """What is on the horizontal axis, how smooth the curves are, and whether the loss axis is logarithmic."""
        return View(self._x_axis.currentData(), self._smoothing.value() / 100, self._log.isChecked())

    @property
    def earlier(self) -> bool:
        """Whether earlier runs are shown."""
        return self._earlier.isChecked()

    def set_narrow(self, narrow: bool) -> None:
        """Use two rows where one does not fit."""
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setStyleSheet(
            "QToolButton { padding: 3px 7px; min-height: 18px; }"
            "QToolButton:focus { padding: 2px 6px; }"
            f"QToolButton:checked {{ background: {theme.sunken}; border-color: {theme.accent};"
            f" color: {theme.accent}; }}"
            f"QToolButton:disabled {{ color: {theme.muted}; border-color: {theme.border}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("framed", True)
        return button

    def _export_menu(self) -> QMenu:
        menu = QMenu(self._export)
        for name, text, signal in (
            ("copyCurvesAction", self.tr("Copy as image"), self.copy_asked),
            ("saveCurvesImageAction", self.tr("Save as PNG..."), self.image_asked),
            ("saveCurvesTableAction", self.tr("Save as CSV..."), self.table_asked),
        ):
            action = QAction(text, menu)
            action.setObjectName(name)
            action.triggered.connect(signal)
            menu.addAction(action)
        return menu

    def _lay_out(self) -> None:
        self._x_axis.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._smoothing_name.setBuddy(self._smoothing)
        self._smoothing.setMinimumWidth(56)
        self._smoothing.setMaximumWidth(180)
        self._smoothing_value.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance("0.00") + SPACE)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self._x_axis)
        first.addSpacing(GAP)
        first.addWidget(self._smoothing_name)
        first.addWidget(self._smoothing, 100)
        first.addWidget(self._smoothing_value)
        first.addStretch(1)
        for button in (self._log, self._earlier, self._reset, self._export):
            second.addWidget(button)
        second.addStretch(1)
        for row in (first, second):
            row.setSpacing(SPACE)
        for label in (self._smoothing_name, self._smoothing_value):
            label.setProperty("muted", True)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addLayout(first, 1)
        self._layout.addLayout(second)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _on_smoothing(self) -> None:
        self._smoothing_value.setText(f"{self.view.smoothing:.2f}")
        self.changed.emit()
