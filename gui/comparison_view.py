"""Several runs side by side: their curves on the same axes, and a table of what differs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.compared import ComparedRun
from gui.comparison import LOSSES, SHARES, Axis, Measure, best_place, curve, rows
from gui.comparison_legend import ComparisonLegend
from gui.comparison_lines import Line, lines_of, sample
from gui.comparison_plot import ComparisonPlot
from gui.comparison_table import ComparisonModel, ComparisonTable
from gui.curve_points import Points
from gui.elided_combo import ElidedCombo
from gui.form import wrapped
from gui.theme import GAP, LIGHT, SPACE, Theme
from gui.tick_box import TickBox

_WIDE = 900  # from this width on, curves and table have room beside each other
_LEGEND = 190  # pixels of width that the legend has in any case
_LEGEND_SHARE = 0.4  # of the width of the curves and it together, that it takes at most for long names


class ComparisonView(QWidget):
    """Shows the runs that it is given; while it is out of sight nothing is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparisonView")
        self.setAccessibleName(self.tr("Comparison of runs"))
        self._theme = LIGHT
        self._runs: list[ComparedRun] = []
        self._lines: list[Line] = []
        self._curves: list[Points] = []
        self._hidden: set[int] = set()  # ids of runs that a person took out of the picture
        self._is_stale = False
        self._is_wide: bool | None = None
        self._build()
        self._arrange()
        self._connect()
        self.apply_theme(LIGHT)
        self._show_pages()

    def set_runs(self, runs: Sequence[ComparedRun]) -> None:
        """Compare these runs."""
        self._runs = list(runs)
        self._lines = lines_of(self._runs)
        self._hidden &= {run.record.id for run in self._runs}
        self._is_stale = True
        self._show_pages()
        if self.isVisible():
            self._show_runs()

    def colour_of(self, run: int) -> QColor:
        """Return the colour of a run's line; ``KeyError`` if it is not compared."""
        for compared, line in zip(self._runs, self._lines, strict=True):
            if compared.record.id == run:
                return line.colour
        raise KeyError(run)

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        for part in (self.plot, self.legend, self.table):
            part.apply_theme(theme)
        checked = (
            f"QToolButton:checked {{ background: {theme.sunken}; border-color: {theme.accent};"
            f" color: {theme.accent}; }}"
            f"QToolButton:disabled {{ color: {theme.muted}; border-color: {theme.border}; }}"
        )
        focused = "QToolButton:focus { padding: 2px 9px; }"
        for button in (self._curves_button, self._table_button, self.log):
            button.setStyleSheet(f"QToolButton {{ padding: 3px 10px; min-height: 18px; }}{checked}{focused}")
        self._show_samples()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was given while the view could not be seen."""
        super().showEvent(event)
        if self._is_stale:
            self._show_runs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show curves and table beside each other, or one of them."""
        super().resizeEvent(event)
        self._choose_parts()
        self._fit_legend()

    def minimumSizeHint(self) -> QSize:
        """Return the size in which a curve can still be seen, not that of the widest row of controls."""
        return QSize(300, 110)

    def _build(self) -> None:
        tr = self.tr
        measures: list[tuple[str, Measure]] = [
            (tr("Validation accuracy"), "validation_accuracy"), (tr("Validation loss"), "validation_loss"),
            (tr("Training accuracy"), "train_accuracy"), (tr("Training loss, by epoch"), "train_loss"),
            (tr("Training loss, by batch"), "batch_loss"), (tr("Learning rate"), "learning_rate"),
        ]  # fmt: skip
        self.measure = _combo("comparisonMeasureCombo", tr("What is compared"), measures, tr(
            "What the curves show. Validation tells what a network will do on images it never learned from; training "
            "alone can be learned by heart."
        ))  # fmt: skip
        axes: list[tuple[str, Axis]] = [
            (tr("by epoch"), "epoch"), (tr("by batch"), "step"), (tr("by seconds"), "seconds"),
            (tr("by samples"), "samples"),
        ]  # fmt: skip
        self.axis = _combo("comparisonAxisCombo", tr("Horizontal axis"), axes, tr(
            "What a step to the right means. Seconds compare networks of different size fairly, samples runs with "
            "different batch sizes, batches the number of weight updates."
        ))  # fmt: skip
        self.log = QToolButton()
        self.log.setText(tr("Log"))
        self.log.setCheckable(True)
        self.log.setProperty("framed", True)
        _explain(self.log, "comparisonLogButton", tr("Logarithmic axis"), tr(
            "Show losses on a logarithmic axis: equal distances are equal ratios."
        ))  # fmt: skip
        self.all_settings = TickBox(tr("All settings"))
        _explain(self.all_settings, "comparisonAllSettingsCheck", tr("All settings"), tr(
            "Show also the settings in which these runs are alike. Only one difference between two runs tells what "
            "made one of them better."
        ))  # fmt: skip
        self.plot, self.legend = ComparisonPlot(), ComparisonLegend()
        self._model = ComparisonModel(self)
        self.table = ComparisonTable(self._model)
        _explain(self.table, "comparisonTable", tr("Results and differences"), tr(
            "What came out of each run, and the settings in which they differ. The best value of a row has a star. "
            "Ctrl+C copies the table."
        ))  # fmt: skip
        self._curves_button = self._part("comparisonCurvesButton", tr("Curves"), tr("Show the curves of the runs."))
        self._table_button = self._part("comparisonTableButton", tr("Differences"), tr(
            "Show what came out of the runs, and in which settings they differ."
        ))  # fmt: skip
        self._parts = QButtonGroup(self)
        for button in (self._curves_button, self._table_button):
            self._parts.addButton(button)
        self._curves_button.setChecked(True)
        self._no_curves = QLabel()
        self._no_curves.setObjectName("comparisonNoCurvesLabel")
        self._no_curves.setProperty("muted", True)

    def _part(self, name: str, title: str, idea: str) -> QToolButton:
        button = QToolButton()
        button.setText(title)
        button.setCheckable(True)
        button.setProperty("framed", True)
        _explain(button, name, title, idea)
        return button

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for widget in (self._curves_button, self._table_button, self.measure, self.axis, self.log):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.all_settings)
        picture = QHBoxLayout()
        picture.setSpacing(GAP)
        picture.addWidget(self.plot, 1)
        picture.addWidget(self.legend)
        self._left = QWidget()
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(picture, 1)
        column.addWidget(self._no_curves)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("comparisonSplitter")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(GAP)
        self._splitter.addWidget(self._left)
        self._splitter.addWidget(self.table)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(row)
        layout.addWidget(self._splitter, 1)
        few = QLabel(self.tr("Select several runs to compare them: hold Ctrl or Shift and click."))
        few.setObjectName("comparisonFewLabel")
        few.setProperty("muted", True)
        few.setAlignment(Qt.AlignmentFlag.AlignCenter)
        few.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(few)
        self._pages.addWidget(whole)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    def _connect(self) -> None:
        self.measure.currentIndexChanged.connect(self._show_curves)
        self.axis.currentIndexChanged.connect(self._show_curves)
        self.log.toggled.connect(self._show_curves)
        self.all_settings.toggled.connect(self._show_table)
        self._parts.buttonToggled.connect(lambda *_: self._choose_parts())
        self.legend.hidden_changed.connect(self._hide)
        self.legend.pointed.connect(self.plot.emphasise)
        self.plot.hovered.connect(self._show_values)

    def _show_pages(self) -> None:
        self._pages.setCurrentIndex(1 if len(self._runs) > 1 else 0)

    def _choose_parts(self) -> None:
        is_wide = self.width() >= _WIDE
        for button in (self._curves_button, self._table_button):
            button.setVisible(not is_wide)
        shows_curves = is_wide or self._curves_button.isChecked()
        shows_table = is_wide or self._table_button.isChecked()
        self._left.setVisible(shows_curves)
        self.table.setVisible(shows_table)
        for widget in (self.measure, self.axis, self.log):
            widget.setVisible(shows_curves)
        self.all_settings.setVisible(shows_table)
        if is_wide and not self._is_wide:
            self._splitter.setSizes([self.width() * 3 // 5, self.width() * 2 // 5])
        self._is_wide = is_wide

    def _show_runs(self) -> None:
        self._is_stale = False
        self.legend.set_runs([_name(run) for run in self._runs], self._hidden_places())
        self._show_samples()
        self._show_curves()
        self._show_table()

    def _show_samples(self) -> None:
        if self.legend.count() == len(self._lines):
            self.legend.set_samples([sample(line, self._theme, self.devicePixelRatioF()) for line in self._lines])

    def _show_curves(self) -> None:
        measure: Measure = self.measure.currentData()
        axis: Axis = self.axis.currentData()
        self.log.setEnabled(measure in LOSSES or measure == "learning_rate")
        self._curves = [curve(run, measure, axis) for run in self._runs]
        label = {
            "epoch": self.tr("epoch"), "step": self.tr("batch"), "seconds": self.tr("seconds of training"),
            "samples": self.tr("training images seen"),
        }[axis]  # fmt: skip
        is_log = self.log.isChecked() and self.log.isEnabled()
        self.plot.set_curves(self._curves, self._lines, measure, label, is_log, self._hidden_places())
        self._show_values(None)
        self._fit_legend()
        missing = [_name(run) for run, points in zip(self._runs, self._curves, strict=True) if not len(points.x)]
        self._no_curves.setVisible(bool(missing))
        self._no_curves.setText(self.tr("No curve yet: {runs}").format(runs=", ".join(missing)))

    def _fit_legend(self) -> None:
        """Give the legend what its entries take, as far as the curves can spare it; not anew at every value shown."""
        most = max(_LEGEND, round(self._left.width() * _LEGEND_SHARE))
        self.legend.setFixedWidth(min(most, max(_LEGEND, self.legend.wanted_width())))

    def _show_table(self) -> None:
        told = [
            row for row in rows(self._runs) if row.is_result or row.differs or self.all_settings.isChecked()
        ] if self._runs else []  # fmt: skip
        samples = [sample(line, self._theme, self.devicePixelRatioF()) for line in self._lines]
        self._model.set_rows(told, [_name(run) for run in self._runs], samples)
        self.table.fit_columns()

    def _show_values(self, x: float | None) -> None:
        """Tell the values at a place, or without one the best of each run."""
        measure: Measure = self.measure.currentData()
        values: list[float | None] = []
        for place, points in enumerate(self._curves):
            best = best_place(points.y, measure)
            if x is not None:
                values.append(self.plot.value_at(place, x) if len(points.x) else None)
            else:
                values.append(float(points.y[best]) if best is not None else None)
        self.legend.set_values([_text(value, measure) for value in values])

    def _hide(self) -> None:
        hidden = self.legend.hidden()
        self._hidden = {self._runs[place].record.id for place in hidden}
        self.plot.set_hidden(hidden)

    def _hidden_places(self) -> frozenset[int]:
        return frozenset(place for place, run in enumerate(self._runs) if run.record.id in self._hidden)


def _name(run: ComparedRun) -> str:
    return f"{run.record.id} · {run.record.name}"


def _text(value: float | None, measure: Measure) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.2f}%" if measure in SHARES else f"{value:.4g}"


def _combo(name: str, title: str, entries: Sequence[tuple[str, str]], idea: str) -> QComboBox:
    combo = ElidedCombo()
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(max(len(text) for text, _ in entries) - 4)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    for text, key in entries:
        combo.addItem(text, key)
    _explain(combo, name, title, idea)
    return combo


def _explain(widget: QWidget, name: str, title: str, idea: str) -> None:
    widget.setObjectName(name)
    widget.setAccessibleName(title)
    widget.setToolTip(wrapped(idea))
