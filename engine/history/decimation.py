"""Keeps the figures of a run's batches in bounded space: neighbours are averaged as the run grows longer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.history.records import BATCH_COLUMNS, Array

MOST_POINTS = 2048
"""Of a run; more show nothing on a screen."""

CHUNK = 128
"""Points that are stored together; only chunks that changed are written again."""


class Decimated:
    """Rows of ``BATCH_COLUMNS``, each the mean of ``stride`` neighbours; positions are those of the last of them.

    When ``MOST_POINTS`` are full, pairs of neighbours become one row and ``stride`` doubles.

    Parameters
    ----------
    points : array (rows, columns), float64, optional
        Rows to begin with, as ``rows`` returned them.
    """

    def __init__(self, points: Array | None = None) -> None:
        self.stride = 1
        self._rows = np.empty((MOST_POINTS, len(BATCH_COLUMNS)))
        self._count = 0
        self._open: list[Array] = []  # rows of single batches that do not make up a point yet
        self._dirty = 0  # the first row that was not written as it is now
        if points is not None and len(points):
            self._count = len(points)
            self._rows[: self._count] = points
            self.stride = int(points[1, 0] - points[0, 0]) if len(points) > 1 else 1

    def add(self, rows: Array) -> None:
        """Add batches (count, columns), in order."""
        for row in rows:
            self._open.append(row)
            if len(self._open) < self.stride:
                continue
            if self._count == MOST_POINTS:
                self._fold()  # what is open is half a row from now on
            else:
                self._rows[self._count] = _merged(np.stack(self._open))
                self._count += 1
                self._open = []

    def rows(self) -> Array:
        """Return a copy of all rows (rows, columns); the last may stand for fewer batches."""
        done = self._rows[: self._count]
        return np.vstack([done, _merged(np.stack(self._open))]) if self._open else done.copy()

    def take_changed_chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and content of every chunk that changed since the last call."""
        rows = self.rows()
        first = self._dirty // CHUNK
        self._dirty = self._count
        for chunk in range(first, -(-len(rows) // CHUNK)):
            yield chunk, rows[chunk * CHUNK : (chunk + 1) * CHUNK].astype("<f8").tobytes()

    def chunk_count(self) -> int:
        """Return how many chunks there are now; those stored beyond are of an earlier, finer stride."""
        return -(-(self._count + bool(self._open)) // CHUNK)

    def mark_unwritten(self) -> None:
        """Have every chunk told again: the last ones could not be stored."""
        self._dirty = 0

    def truncate(self, step: int) -> None:
        """Forget what lies behind ``step``; a row that reaches across it goes too."""
        self._open = []
        self._count = int(np.searchsorted(self._rows[: self._count, 0], step, "right"))
        self._dirty = min(self._dirty, self._count)

    def _fold(self) -> None:
        pairs = self._rows.reshape(MOST_POINTS // 2, 2, -1)
        self._rows[: len(pairs)] = [_merged(pair) for pair in pairs]
        self._count = len(pairs)
        self.stride *= 2
        self._dirty = 0


def read_chunks(chunks: list[bytes]) -> Array:
    """Return the rows (rows, columns) of stored chunks, in order."""
    return np.frombuffer(b"".join(chunks), "<f8").reshape(-1, len(BATCH_COLUMNS))


def _merged(rows: Array) -> Array:
    """Return one row for several: means of the figures, positions of the last."""
    merged: Array = rows.mean(axis=0)
    merged[:3] = rows[-1, :3]
    return merged
