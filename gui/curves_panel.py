"""The curves panel: takes the events of training, draws them at the pace of the eye, and lets them be taken out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QStackedWidget, QVBoxLayout, QWidget

from engine.training.events import BatchesDone, EpochDone, RunFinished, RunStarted, SettingChanged, TrainingEvent
from gui.curve_controls import CurveControls
from gui.curve_data import QUANTITIES, Quantity, Run
from gui.curves_export import BackgroundWriter, Snapshot, png_bytes, table_pieces
from gui.curves_layout import NARROW
from gui.plot_loader import PlotLoader
from gui.theme import GAP, LIGHT, MARGIN, SERIES, Theme

if TYPE_CHECKING:
    from gui.curves_figure import CurvesFigure

# Drawn at most six times a second, loss and accuracy in two turns: both at once would hold the window up too long.
_REST_MS, _LONGEST_REST_MS, _BETWEEN_MS = 160, 500, 25
# The share of the time of one core that the curves may take: where painting is slow, they are drawn less often.
_BUDGET = 0.03
# As many earlier runs as there are colours to tell them apart.
_EARLIER_RUNS = len(SERIES)


class CurvesPanel(QWidget):
    """Loss and accuracy of the run that goes on, and of those before it in this sitting.

    Events only fill arrays; at most six times a second for each plot, and only while the panel can be seen, what
    changed is drawn.
    """

    failed = Signal(str)  # an export failed: the sentence for the user
    exported = Signal(str)  # the path of the file that was written
    told = Signal(str)  # a sentence about what was done

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curvesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._runs: dict[str, Run] = {}  # the current one last, and as many before it as are shown
        self._count = 0
        self._labels: dict[str, str] = {}
        self._numbers: dict[str, int] = {}  # in the history
        self._pasts: dict[str, tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]] = {}
        self._current: Run | None = None
        self._stale: list[Quantity] = []  # whose plots show less than there is
        self._rest_ms, self._spent = _REST_MS, 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._take_turn)
        self._writer = BackgroundWriter()
        self._writer.failed.connect(self.failed)
        self._writer.written.connect(self.exported)
        self._writer.written.connect(self._tell_written)

        self._theme = LIGHT
        self._plots: CurvesFigure | None = None
        self._loader = PlotLoader(self)
        self._loader.loaded.connect(self._schedule_soon)
        self._controls = CurveControls()
        self._controls.setEnabled(False)
        self._controls.changed.connect(self._schedule_soon)
        self._controls.reset_asked.connect(self._reset_view)
        self._controls.copy_asked.connect(self.copy_image)
        self._controls.image_asked.connect(
            lambda: self._ask_path(self.tr("Save the curves as a picture"), "png", self.save_image)
        )
        self._controls.table_asked.connect(
            lambda: self._ask_path(self.tr("Save the curves as a table"), "csv", self.save_table)
        )
        self._empty = QLabel()
        self._empty.setObjectName("emptyCurvesLabel")
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._opened = ""  # the model that was opened
        self.set_beginning(False)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self._controls)
        layout.addWidget(self._pages, 1)
        reset = QShortcut(QKeySequence("R"), self)
        reset.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        reset.activated.connect(self._reset_view)
        self.apply_theme(LIGHT)

    def add_event(self, event: TrainingEvent) -> None:
        """Take an event of the training loop; events of runs that were never started are dropped."""
        if isinstance(event, RunStarted):
            self._start(event)
        elif (run := self._runs.get(event.run)) is None:
            return
        elif isinstance(event, BatchesDone):
            run.add_batches(event)
        elif isinstance(event, EpochDone):
            run.add_epoch(event)
        elif isinstance(event, SettingChanged):
            run.changes.append(event)
        elif isinstance(event, RunFinished):
            run.live = False
        else:
            return
        self._schedule()

    def set_beginning(self, begins: bool) -> None:
        """Learn whether a run was asked for; until it tells something, nothing but that can be shown."""
        if begins:
            text = self.tr("The run is beginning: loss and accuracy move as soon as its first batch is trained")
        elif self._opened:
            text = self.tr("{model} is open: More epochs trains it on, Train begins anew").format(model=self._opened)
        else:
            text = self.tr("Press Train to see loss and accuracy move")
        self._empty.setText(text)

    def set_opened(self, model: str) -> None:
        """Learn what the model is called that was opened."""
        self._opened = model
        self.set_beginning(False)

    def set_run_label(self, run: str, label: str) -> None:
        """Name a run, before or after it starts; otherwise runs are numbered."""
        self._labels[run] = label
        if run in self._runs:
            self._runs[run].label = label
            self._schedule()

    def set_history_number(self, run: str, number: int) -> None:
        """Learn which run of the history a run is, before or after it starts."""
        self._numbers[run] = number

    def set_past(self, run: str, epochs: Mapping[str, np.ndarray], batches: Mapping[str, np.ndarray]) -> None:
        """Learn what a run that is about to start had done before, as columns of ``engine.history.records``."""
        self._pasts[run] = epochs, batches

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        # A style sheet, since the application's own would take a palette back when the scheme changes.
        self.setStyleSheet(f"#curvesPanel {{ background: {theme.surface}; }}")
        self._theme = theme
        self._controls.apply_theme(theme)
        if self._plots is not None:
            self._plots.apply_theme(theme)
        self._schedule_soon()

    def copy_image(self) -> None:
        """Put a picture of the curves on the clipboard."""
        QGuiApplication.clipboard().setImage(self._picture())
        self.told.emit(self.tr("The curves are on the clipboard."))

    def save_image(self, path: Path) -> None:
        """Write the picture as PNG; ``told`` or ``failed`` says how it went, and ``exported`` when it is there."""
        image = self._picture()
        self._writer.write(path, lambda: png_bytes(image))

    def save_table(self, path: Path) -> None:
        """Write every run that is shown as CSV, with ``curves_export.COLUMNS``; it tells as ``save_image`` does."""
        shown = [*self._earlier(), self._current]
        snapshots = [Snapshot(run, self._numbers.get(run.name)) for run in shown if run is not None]
        self._writer.write(path, lambda: table_pieces(snapshots))

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what happened while the panel could not be seen."""
        super().showEvent(event)
        self._schedule_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the row of controls where it does not fit."""
        super().resizeEvent(event)
        self._controls.set_narrow(self.width() < NARROW)

    def _start(self, event: RunStarted) -> None:
        past = self._pasts.pop(event.run, ({}, {}))
        run = self._runs.pop(event.run, None)
        if run is None:
            number, self._count = self._count, self._count + 1
            label = self._labels.get(event.run, self.tr("Run {number}").format(number=number + 1))
            run = Run(event, number, label, *past)
        else:
            run.begin(event)
        self._runs[event.run] = self._current = run
        for forgotten in list(self._runs)[: -_EARLIER_RUNS - 1]:
            del self._runs[forgotten]
        self._controls.setEnabled(True)
        if self._loader.is_loaded:
            self._pages.setCurrentWidget(self._figure)
        else:
            self._loader.load()  # what is told meanwhile is drawn afterwards

    @property
    def _figure(self) -> CurvesFigure:
        """The plots, which are made when they are shown first."""
        if self._plots is None:
            from gui.curves_figure import CurvesFigure

            self._plots = CurvesFigure()
            self._plots.apply_theme(self._theme)
            self._plots.stale.connect(self._schedule_soon)
            self._pages.addWidget(self._plots)
            self._pages.setCurrentWidget(self._plots)
        return self._plots

    def _reset_view(self) -> None:
        if self._plots is not None:
            self._plots.reset_view()

    def _earlier(self) -> list[Run]:
        if not self._controls.earlier:
            return []
        return [run for run in self._runs.values() if run is not self._current][-_EARLIER_RUNS:]

    def _schedule(self) -> None:
        """Draw when the rest after the last time is over."""
        self._draw_within(self._rest_ms)

    def _schedule_soon(self) -> None:
        """Draw at once, but for what else is about to change: somebody zooms, or the panel has another size."""
        self._draw_within(_BETWEEN_MS)

    def _draw_within(self, milliseconds: int) -> None:
        if self.isVisible():
            self._stale += [quantity for quantity in QUANTITIES if quantity not in self._stale]
            if not self._timer.isActive() or self._timer.remainingTime() > milliseconds:
                self._timer.start(milliseconds)

    def _take_turn(self) -> None:
        if not self.isVisible() or not self._stale:  # if it was hidden meanwhile, it draws when it is shown again
            return
        began = time.thread_time()
        self._repaint([self._stale.pop(0)])
        self._spent += time.thread_time() - began
        if self._stale:
            self._timer.start(_BETWEEN_MS)
            return
        painting = self._plots.take_painting_seconds() if self._plots is not None else 0.0  # since the last time
        rest = round(1000 * (self._spent + painting) / _BUDGET)
        self._rest_ms = min(max(_REST_MS, rest), _LONGEST_REST_MS)
        self._spent = 0.0

    def _repaint(self, quantities: Sequence[Quantity]) -> None:
        if self._current is not None and self._loader.is_loaded:
            self._figure.draw(self._current, self._earlier(), self._controls.view, quantities)

    def _picture(self) -> QImage:
        figure = self._figure
        self._repaint(QUANTITIES)
        return figure.picture()

    def _tell_written(self, path: str) -> None:
        self.told.emit(self.tr("The curves are in {file}.").format(file=path))

    def _ask_path(self, title: str, suffix: str, save: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"curves.{suffix}")
        dialog.fileSelected.connect(lambda path: save(Path(path)))
        dialog.open()
