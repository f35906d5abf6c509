"""Writes the report of a run, with the answers of its weights to the test images: a generator, to be left any time."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.backends.base import MakeBackend
from engine.errors import DataError, NetariumError
from engine.failures import explained
from engine.history.data import recorded_dataset
from engine.history.recorded import chosen_checkpoint, gathered
from engine.history.records import CheckpointRecord, RunRecord, Weights
from engine.history.report import export_report
from engine.history.store import RunStore
from engine.inspection.assessment import Assessment, assess
from engine.storage.atomic import check_writable
from engine.storage.model_file import load_model

Answered = Generator[tuple[int, int], None, tuple[Assessment, str]]


def write_report(
    store: RunStore, run: RunRecord, path: Path, weights: Weights, make_backend: MakeBackend
) -> Generator[tuple[int, int], None, str]:
    """Write the report of a run; without answers to the test images where they cannot be had.

    Parameters
    ----------
    make_backend : MakeBackend
        The images are classified in the backend that trained the run, on the CPU.

    Yields
    ------
    (done, total)
        Test images classified so far, and all of them.

    Returns
    -------
    str
        A sentence on what the report lacks or leaves open, or empty.

    Raises
    ------
    FileError
        If the file cannot be written; an older one is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    check_writable(path)  # before the test images are classified, which may take a while
    checkpoint, assessment, remark = None, None, ""
    try:
        checkpoint = chosen_checkpoint(store, run, weights)
        assessment, remark = yield from _answered(store, run, checkpoint, make_backend)
    except NetariumError as error:
        remark = f"There is neither a confusion matrix nor a picture of mistakes: {error}"
    export_report(path, gathered(store, run, checkpoint, assessment, remark))
    return remark


def _answered(store: RunStore, run: RunRecord, checkpoint: CheckpointRecord, make_backend: MakeBackend) -> Answered:
    """Classify the test images that the run was tested on."""
    start = store.start(run.id)
    dataset = recorded_dataset(start)
    model = load_model(checkpoint.path)
    if model.spec.input_shape != start.spec.input_shape:
        raise DataError("history.other_network", "The weights are of another network than the run's.")
    backend = make_backend(run.backend, "cpu")
    with explained(backend, model.spec, run.config.batch_size):
        network = backend.build(model.spec, model.weights)
        assessment = yield from assess(network, model.spec, dataset, run.config.limit_validation)
    known = bool(start.digest)
    return assessment, "" if known else "It is not known whether the data set is still the one the run learned from."
