"""What the curves know of each run: rows of its batches, a row per epoch, and the changes between; no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from engine.training.events import BatchesDone, EpochDone, RunStarted, SettingChanged
from gui.curve_points import Array, Growing, Smoothed

Quantity = Literal["loss", "accuracy"]
QUANTITIES: tuple[Quantity, ...] = ("loss", "accuracy")
XAxis = Literal["step", "epoch", "seconds"]
_PLACES: tuple[XAxis, ...] = ("step", "epoch", "seconds")

MOST_ROWS = 1_000_000
"""Of a table: more than any screen has room for, while a small network trains tens of millions of batches a night."""


class View(NamedTuple):
    """How the curves are to be shown."""

    axis: XAxis = "epoch"
    smoothing: float = 0.0
    log: bool = False


class Table:
    """Columns of numbers that grow together, a row for each batch or epoch, in bounded memory.

    When ``MOST_ROWS`` are exceeded, each two neighbours become one row, as will those that are added later: with the
    place of the later one, and the means of what was measured.

    Parameters
    ----------
    *columns : str
        Their names; places are ``step``, ``epoch`` and ``seconds``. ``table["loss"]`` is a view (rows,), float64.

    Attributes
    ----------
    stride : int
        How many batches or epochs a row stands for.
    """

    def __init__(self, *columns: str) -> None:
        self.stride = 1
        self._columns = {name: Growing() for name in columns}
        self._open = np.empty((len(columns), 0))  # less than a row's worth

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, column: str) -> Array:
        return self._columns[column].values

    def append(self, **rows: ArrayLike) -> None:
        """Append what was measured once, or arrays (count,); every column must be given."""
        new = np.concatenate([self._open, np.array([np.atleast_1d(rows[name]) for name in self._columns], float)], 1)
        count = new.shape[1] // self.stride
        self._open = new[:, count * self.stride :]
        groups = new[:, : count * self.stride].reshape(len(new), count, self.stride)
        for (name, column), group in zip(self._columns.items(), groups, strict=True):
            column.append(group[:, -1] if name in _PLACES else group.mean(axis=1))

    def extend(self, rows: Mapping[str, Array]) -> None:
        """Append rows from columns (rows,), of which those that are no columns of this table are passed over."""
        self.append(**{name: rows[name] for name in self._columns})

    def truncate(self, step: int) -> None:
        """Forget what lies behind ``step``."""
        length = int(np.searchsorted(self["step"], step, "right"))
        self._open = self._open[:, :0]
        for column in self._columns.values():
            column.truncate(length)

    def fold(self) -> None:
        """Let each two rows become one."""
        self.stride *= 2
        for name, column in self._columns.items():
            column.fold(averaged=name not in _PLACES)


class Run:
    """Everything the curves know of one run.

    Parameters
    ----------
    start : RunStarted
    number : int
    label : str
    epochs, batches : mapping of column to array (rows,)
        What it had done before it started; columns that are missing are taken for empty.

    Attributes
    ----------
    name, number, label : str, int, str
        Its identifier, its place in this sitting from 0 on, and what the user calls it.
    batches : Table
        One row per batch, or for several where they are more than ``MOST_ROWS``: ``step`` (batches since the weights
        were drawn), ``epoch`` (epochs done, with a fraction), ``seconds`` (time spent training), ``loss``,
        ``accuracy`` (share of right answers) and ``learning_rate``.
    epochs : Table
        One row per finished epoch, with the same three positions, the figures of ``EpochDone``, and ``share``: how much
        of the epoch its training figures are the means over.
    changes : list of SettingChanged
        What was changed while it ran, in order.
    live : bool
        Whether it goes on.
    """

    def __init__(
        self,
        start: RunStarted,
        number: int,
        label: str,
        epochs: Mapping[str, Array] | None = None,
        batches: Mapping[str, Array] | None = None,
    ) -> None:
        self.name = start.run
        self.number = number
        self.label = label
        self.batches = Table("step", "epoch", "seconds", "loss", "accuracy", "learning_rate")
        self.epochs = Table(
            "step", "epoch", "seconds", "train_loss", "train_accuracy",
            "validation_loss", "validation_accuracy", "learning_rate", "share",
        )  # fmt: skip
        self.changes: list[SettingChanged] = []
        self._smoothed: dict[str, Smoothed] = {}
        if epochs:
            self.epochs.extend({"share": np.ones(len(epochs["epoch"])), **epochs})
        if batches:
            self.batches.extend(batches)
        self.begin(start)

    def begin(self, start: RunStarted) -> None:
        """Start, or go on from ``start.start``; what lies behind that position is forgotten."""
        self.live = True
        self._batches_per_epoch = max(1, start.batches_per_epoch)
        self._train_samples = max(1, start.train_samples)
        self._seconds = start.start.seconds
        for table in (self.batches, self.epochs):
            table.truncate(start.start.step)
        self.changes = [change for change in self.changes if change.position.step <= start.start.step]
        self._smoothed.clear()

    def add_batches(self, event: BatchesDone) -> None:
        """Append one row per batch; their times are spread evenly over the time the event covers."""
        count = len(event.losses)
        if count == 0:
            return
        back = np.arange(1 - count, 1)
        position = event.position
        self.batches.append(
            step=position.step + back,
            epoch=position.epoch + (position.batch + back) / self._batches_per_epoch,
            seconds=np.linspace(self._seconds, position.seconds, count + 1)[1:],
            loss=event.losses,
            accuracy=event.accuracies,
            learning_rate=np.full(count, event.learning_rate),
        )
        self._seconds = position.seconds
        while len(self.batches) > MOST_ROWS:
            self._fold()

    def add_epoch(self, event: EpochDone) -> None:
        """Append the figures of a finished epoch."""
        self.epochs.append(
            step=event.position.step,
            epoch=event.position.epoch + event.position.batch / self._batches_per_epoch,
            seconds=event.position.seconds,
            train_loss=event.train_loss,
            train_accuracy=event.train_accuracy,
            validation_loss=event.validation_loss,
            validation_accuracy=event.validation_accuracy,
            learning_rate=event.learning_rate,
            share=min(event.samples / self._train_samples, 1.0) if event.samples else 1.0,
        )

    def epoch_middles(self, axis: XAxis) -> Array:
        """Return for each epoch the middle (epochs,) of what its training figures are the means over.

        That is less than the epoch where the run began within it. On an axis other than that of epochs it is the place
        of the batch in the middle.
        """
        ends = self.epochs["epoch"]
        middles = (np.maximum(_before(ends), ends - self.epochs["share"]) + ends) / 2
        if axis == "epoch":
            return middles
        batches = self.batches["epoch"].searchsorted(middles)
        is_known = (batches > 0) & (batches < len(self.batches))  # otherwise it was trained before this run
        places = (_before(self.epochs[axis]) + self.epochs[axis]) / 2
        places[is_known] = self.batches[axis][batches[is_known]]
        return places

    def change_place(self, change: SettingChanged, axis: XAxis) -> float:
        """Return where a change lies on an axis."""
        position = change.position
        if axis == "step":
            return position.step
        if axis == "seconds":
            return position.seconds
        return position.epoch + position.batch / self._batches_per_epoch

    def smoothed(self, column: str, smoothing: float) -> Array:
        """Return a smoothed column of ``batches``; see ``Smoothed``."""
        known = self._smoothed.get(column)
        if known is None or known.smoothing != smoothing:
            known = self._smoothed[column] = Smoothed(smoothing, self.batches.stride)
        return known.follow(self.batches[column])

    def last_place(self, axis: XAxis) -> float:
        """Return the largest position on an axis, 0 for a run without a batch."""
        ends = [table[axis][-1] for table in (self.batches, self.epochs) if len(table)]
        return float(max(ends, default=0.0))

    def _fold(self) -> None:
        for column, smoothed in self._smoothed.items():
            smoothed.follow(self.batches[column])
            smoothed.fold()
        self.batches.fold()


def _before(ends: Array) -> Array:
    return np.append(0.0, ends)[:-1]


def merged(changes: Sequence[tuple[float, SettingChanged]], gap: float) -> list[tuple[float, SettingChanged]]:
    """Return ``changes`` (place, change) with those of one setting that lie within ``gap`` told as one.

    Dragging a value makes a dozen changes; the reader wants the first old and the last new value.
    """
    kept: list[tuple[float, SettingChanged]] = []
    for place, change in changes:
        if kept and kept[-1][1].setting == change.setting and place - kept[-1][0] <= gap:
            old = kept.pop()[1].old
            change = SettingChanged(change.run, change.position, change.setting, old, change.new)
        kept.append((place, change))
    return [(place, change) for place, change in kept if change.old != change.new]
