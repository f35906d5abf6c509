"""Takes the curves out of the window: a picture, or a table with a row per batch and per epoch."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, QPoint, QSize, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from engine.errors import NetariumError
from engine.storage.atomic import write_atomically
from gui.curve_data import Run
from gui.curve_points import Array
from gui.messages import translate_error
from gui.theme import MARGIN

# Twice as many pixels as on the screen, so that text stays sharp in a report.
_SCALE = 2.0
_ROWS_PER_PIECE = 10_000

COLUMNS = (
    "run",  # its identifier
    "label",  # its name in the window
    "row",  # "batch" or "epoch"; a batch row stands for several neighbours where a run has over a million batches
    "step",  # batches since the weights were drawn
    "epoch",  # epochs done, with a fraction
    "seconds",  # time spent training
    "train_loss",  # of the batch, or the mean over the epoch's batches
    "train_accuracy",  # share of right answers, 0 to 1
    "validation_loss",  # empty in batch rows
    "validation_accuracy",  # empty in batch rows
    "learning_rate",
    "history_run",  # its number in the history, the latest where more epochs were added; empty if it is not recorded
)


class Snapshot:
    """The figures of a run as they are now; the run may grow while another thread writes them.

    Parameters
    ----------
    run : Run
    number : int, optional
        Its number in the history.
    """

    def __init__(self, run: Run, number: int | None = None) -> None:
        self.run, self.label = run.name, run.label
        self.number = "" if number is None else str(number)
        batches, epochs = run.batches, run.epochs
        self.batches = [batches[name] for name in ("step", "epoch", "seconds", "loss", "accuracy", "learning_rate")]
        self.epochs = [epochs[name] for name in COLUMNS[3:-1]]

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield rows in order of step; an epoch follows its last batch."""
        done = 0
        batch_steps, epoch_steps = self.batches[0], self.epochs[0]
        for number, stop in enumerate(batch_steps.searchsorted(epoch_steps, "right").tolist()):
            yield from self._batch_rows(done, stop)
            done = stop
            figures = (f"{float(column[number]):.9g}" for column in self.epochs)
            yield (self.run, self.label, "epoch", *figures, self.number)
        yield from self._batch_rows(done, len(batch_steps))

    def _batch_rows(self, start: int, stop: int) -> Iterator[tuple[str, ...]]:
        *figures, rates = [_texts(column[start:stop]) for column in self.batches]
        for *values, rate in zip(*figures, rates, strict=True):
            yield (self.run, self.label, "batch", *values, "", "", rate, self.number)


def table_pieces(runs: Sequence[Snapshot]) -> Iterator[bytes]:
    """Yield the runs as CSV (UTF-8) in pieces, with ``COLUMNS`` in the first line."""
    rows = chain([COLUMNS], *(run.rows() for run in runs))
    while piece := list(islice(rows, _ROWS_PER_PIECE)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(piece)
        yield text.getvalue().encode()


def picture_of(widget: QWidget) -> QImage:
    """Return what a widget shows, with a margin, at twice the resolution of the screen."""
    margin = QPoint(MARGIN, MARGIN)
    size = widget.size() + QSize(2 * MARGIN, 2 * MARGIN)
    image = QImage(size * _SCALE, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(widget.palette().window().color())
    widget.render(image, margin)
    return image


def png_bytes(image: QImage) -> bytes:
    """Return an image as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


class BackgroundWriter(QObject):
    """Writes files without holding up the window: a table of a million rows takes seconds.

    Give it no parent: the thread that writes keeps it alive until the file is whole.
    """

    written = Signal(str)  # the path
    failed = Signal(str)  # a sentence

    def write(self, path: Path, content: Callable[[], bytes | Iterable[bytes]]) -> None:
        """Write what ``content`` returns, whole or not at all; it is called on another thread."""

        def work() -> None:
            try:
                write_atomically(path, content())
            except NetariumError as error:
                self.failed.emit(translate_error(error))
            else:
                self.written.emit(str(path))

        # Not a daemon: closing the program waits until the file is whole.
        threading.Thread(target=work, name="curves export").start()


def _texts(values: Array) -> list[str]:
    return [f"{value:.9g}" for value in values.tolist()]
