"""Writes runs of the history as the suffix of a file says: a table, JSON, a report or a model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.backends.choice import make_backend
from engine.errors import ConfigError, DataError, FileError, NetariumError
from engine.failures import explained
from engine.history.export import export_csv, export_json
from engine.history.recorded import Weights, chosen_checkpoint, gathered, recorded_dataset
from engine.history.records import CheckpointRecord, RunRecord
from engine.history.report import export_report
from engine.history.store import RunStore
from engine.inspection.assessment import Assessment, assess
from engine.storage.atomic import check_writable
from engine.storage.model_file import load_model, save_model

SUFFIXES = (".csv", ".json", ".html", ".safetensors")


def export(store: RunStore, runs: Sequence[RunRecord], path: Path, weights: Weights) -> None:
    """Write runs to ``path``; only a table holds more than one.

    Raises
    ------
    NetariumError
        If the suffix is none of ``SUFFIXES``, or what is wanted cannot be read or written; an older file is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(
            "history.suffix",
            "{file} was not written: a run is exported as {suffixes}, by the end of the file's name.",
            file=path, suffixes=", ".join(SUFFIXES),
        )  # fmt: skip
    if suffix == ".csv":
        export_csv(path, store, runs)
        return
    if len(runs) > 1:
        raise ConfigError(
            "history.one_run",
            "{file} was not written: only a table (.csv) holds several runs; export them one by one.",
            file=path,
        )  # fmt: skip
    write: Callable[[], None] = {
        ".json": lambda: export_json(path, store, runs[0]),
        ".html": lambda: _export_report(path, store, runs[0], weights),
        ".safetensors": lambda: save_model(path, load_model(chosen_checkpoint(store, runs[0], weights).path)),
    }[suffix]
    write()


def _export_report(path: Path, store: RunStore, run: RunRecord, weights: Weights) -> None:
    """Write the report of a run; without answers to the test images where they cannot be had, which is told."""
    check_writable(path)  # before the test images are classified, which may take a while
    checkpoint, assessment, remark = None, None, ""
    try:
        checkpoint = chosen_checkpoint(store, run, weights)
        assessment, remark = _assessed(store, run, checkpoint)
    except NetariumError as error:
        remark = f"There is neither a confusion matrix nor a picture of mistakes: {error}"
    if remark:
        print(remark, file=sys.stderr)
    export_report(path, gathered(store, run, checkpoint, assessment, remark))


def _assessed(store: RunStore, run: RunRecord, checkpoint: CheckpointRecord) -> tuple[Assessment, str]:
    """Classify the test images that the run was tested on, in the backend that trained it, on the CPU."""
    start = store.start(run.id)
    dataset = recorded_dataset(start)
    model = load_model(checkpoint.path)
    if model.spec.input_shape != start.spec.input_shape:
        raise DataError("history.other_network", "The weights are of another network than the run's.")
    backend = make_backend(run.backend)
    with explained(backend, model.spec, run.config.batch_size):
        network = backend.build(model.spec, model.weights)
        steps = assess(network, model.spec, dataset, run.config.limit_validation)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                assessment: Assessment = end.value
                break
            if sys.stderr.isatty():
                print(f"\r{done:,} of {total:,} test images\033[K", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    known = bool(start.digest)
    return assessment, "" if known else "It is not known whether the data set is still the one the run learned from."
