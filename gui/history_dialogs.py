"""What the window asks about runs of the history: to go on, from where to branch, where to export to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from engine.history.records import CheckpointRecord, RunRecord
from gui.branch_dialog import BranchDialog
from gui.history_export import HistoryExport

if TYPE_CHECKING:
    from gui.main_window import MainWindow


class HistoryDialogs(QObject):
    """Shows offers and dialogs of a window, and hands on what a person chose."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller, self._panel = window.controller, window.views.history
        self._export = HistoryExport(window)
        history = self._controller.history
        history.offered.connect(self._offer_to_continue)
        history.branch_offered.connect(self._offer_branch)
        self._panel.export_wanted.connect(self._ask_where_to_export)
        self._export.export_chosen.connect(history.export)

    def _offer_to_continue(self, run: RunRecord | None) -> None:
        if run is None:
            self._window.notices.withdraw_offer()
            return
        text = self.tr("{run} was under way when Netarium ended, in epoch {epoch} of {last}.")
        self._window.notices.show_offer(
            text.format(run=run.name, epoch=min(run.epochs + 1, run.last_epoch), last=run.last_epoch),
            self.tr("Continue where I left off"),
            self.tr("Train on to its planned end: weights, moments and the order of the batches are as they were."),
            self._controller.history.continue_unfinished,
        )

    def _offer_branch(self, run: RunRecord, checkpoints: list[CheckpointRecord]) -> None:
        dialog = BranchDialog(run, checkpoints, self._window)
        dialog.apply_theme(self._window.themes.theme)
        dialog.branch_chosen.connect(partial(self._controller.runs.branch, run))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_where_to_export(self, runs: list[int]) -> None:
        records = map(self._panel.record, runs)
        self._export.ask([record for record in records if record is not None])
