"""Asks where runs of the history are to be written, and as what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.history.exporting import SUFFIXES
from engine.history.records import RunRecord


class HistoryExport(QObject):
    """Asks for a file; one that exists is only replaced after a question.

    Parameters
    ----------
    window : QWidget
        The dialog stands before it.
    folder : Path, optional
        Where the dialog begins.
    """

    export_chosen = Signal(object, object)  # list of runs, and the Path

    def __init__(self, window: QWidget, folder: Path | None = None) -> None:
        super().__init__(window)
        self._window = window
        self.folder = folder or Path.home()

    def ask(self, records: Sequence[RunRecord]) -> None:
        """Ask where to write runs, in a dialog that leaves the window usable."""
        if not records:
            return
        runs = [record.id for record in records]
        filters = self._filters(len(runs))
        title = self.tr("Export run {id}").format(id=runs[0]) if len(runs) == 1 else self.tr(
            "Export {count} runs: several fit into a table only"
        ).format(count=f"{len(runs):,}")  # fmt: skip
        dialog = QFileDialog(self._window, title, str(self.folder / _file_name(records)))
        dialog.setObjectName("historyExportDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters(list(filters))
        dialog.setDefaultSuffix(SUFFIXES[0])
        # The dialog asks before it accepts the name of a file that exists, with the suffix of the chosen format.
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(filters[chosen]))
        dialog.fileSelected.connect(lambda file: self._take(runs, Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _filters(self, count: int) -> dict[str, str]:
        """Return the formats that are offered, each with its suffix."""
        titles = (
            self.tr("Table of figures"), self.tr("Everything as JSON"), self.tr("Report to read and print"),
            self.tr("Model with the best weights"),
        )  # fmt: skip
        known = {f"{title} (*{suffix})": suffix for title, suffix in zip(titles, SUFFIXES, strict=True)}
        return known if count == 1 else dict(list(known.items())[:1])

    def _take(self, runs: list[int], path: Path) -> None:
        self.folder = path.parent
        suffix = path.suffix.lower()
        if suffix in SUFFIXES and (len(runs) == 1 or suffix == SUFFIXES[0]):
            self.export_chosen.emit(runs, path)
            return
        told = QMessageBox(self._window)
        told.setObjectName("historyExportProblem")
        told.setIcon(QMessageBox.Icon.Information)
        told.setWindowTitle(self.tr("Export"))
        if suffix in SUFFIXES:
            text = self.tr(
                "{file} was not written: several runs fit into a table only. Choose a name that ends in .csv."
            )
        else:
            text = self.tr("{file} was not written: choose a name that ends in {suffixes}.")
        told.setText(text.format(file=path.name, suffixes=", ".join(SUFFIXES)))
        told.finished.connect(told.deleteLater)
        told.open()


def _file_name(records: Sequence[RunRecord]) -> str:
    """Return a name for the file without what a file system may refuse; the dialog adds the suffix."""
    if len(records) > 1:
        return f"netarium-{len(records)}-runs.csv"
    name = re.sub(r"[^\w.-]+", "-", records[0].name).strip("-.")[:60] or "run"
    return f"{name}-{records[0].id}.csv"
