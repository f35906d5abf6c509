"""Reads the data set of a run again, and makes sure that it is still the one that the run learned from."""

from __future__ import annotations

from engine.data.catalog import read_again
from engine.data.dataset import Dataset
from engine.errors import DataError
from engine.history.records import RunStart


def recorded_dataset(start: RunStart) -> Dataset:
    """Read the data set of a run again.

    Raises
    ------
    DataError
        If it is gone, or its content is another than the run learned from.
    """
    dataset = read_again(start.dataset)
    check_data(start, dataset)
    return dataset


def check_data(start: RunStart, dataset: Dataset) -> None:
    """Check that a data set is the one that a run learned from; ``DataError`` if not.

    Of a run whose digest is not known, nothing can be said.
    """
    if start.digest and dataset.digest != start.digest:
        raise DataError(
            "history.other_data",
            "{dataset} is not what the run learned from: its images or labels have changed since. Put the old files "
            "back to go on, or train more epochs on the run's weights.",
            dataset=start.dataset,
        )
