"""What is compared of a run: how it is listed, what it began with, and its figures."""

from __future__ import annotations

from typing import NamedTuple

from engine.history.records import Array, RunRecord, RunStart


class ComparedRun(NamedTuple):
    """A run with everything that a comparison shows of it.

    Parameters
    ----------
    record : RunRecord
    start : RunStart
        Its network and settings among it.
    epochs, batches : dict of arrays
        Columns by the names of ``EPOCH_COLUMNS`` and ``BATCH_COLUMNS``, float64; first those of the runs before it
        whose weights it went on with.
    """

    record: RunRecord
    start: RunStart
    epochs: dict[str, Array]
    batches: dict[str, Array]
