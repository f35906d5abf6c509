"""Sessions that go on with runs of the history: exactly where one was left, or on a branch from a checkpoint."""

from __future__ import annotations

from typing import NamedTuple

from engine.backends.base import MakeBackend
from engine.backends.choice import threads_again
from engine.data.dataset import Dataset
from engine.devices import check_device
from engine.errors import TrainingError
from engine.fastest import AUTO
from engine.history.data import check_data, recorded_dataset
from engine.history.records import CheckpointRecord, Origin, RunStart
from engine.history.resuming import find_resumable
from engine.history.store import RunStore
from engine.session import Session
from engine.storage.model_file import load_model
from engine.training.config import TrainingConfig

_MOMENTS_RESTART = "A snapshot holds weights alone: the optimizer's moments begin anew."


class Returned(NamedTuple):
    """A session as a checkpoint left it.

    ``replays`` tells that ``Session.resume`` goes on with the run itself, to its planned end; otherwise ``config`` are
    the settings of the run to begin. ``note`` is a sentence on what may differ from an uninterrupted run, or empty.
    """

    session: Session
    config: TrainingConfig
    replays: bool
    note: str
    origin: Origin


def return_to_run(store: RunStore, run: int, dataset: Dataset | None, make_backend: MakeBackend) -> Returned:
    """Return to where a run was left, with the backend and the data set it had.

    Parameters
    ----------
    dataset : Dataset, optional
        The one that is open; the run's own is read if it is another.

    Raises
    ------
    NetariumError
        If the run has ended, left no state, or its data set or device cannot be had.
    """
    found = find_resumable(store, run)
    start = found.start
    dataset = _data_of(start, dataset)
    threads = threads_again(start.threads, start.device)
    backend = make_backend(start.backend, check_device(start.device, start.backend), threads)
    session = Session(backend, start.spec, start.config, dataset, found.model)
    session.recall_best(found.best)
    return Returned(session, start.config, True, found.caution, start.origin)


def branch_from(
    store: RunStore,
    checkpoint: CheckpointRecord,
    config: TrainingConfig | None,
    dataset: Dataset | None,
    own_data: bool,
    make_backend: MakeBackend,
    backend: str,
    device: str,
) -> Returned:
    """Return to a checkpoint, to train on from it with ``config``, or with its own run's settings if that is None.

    From a training state and with its own settings it does what its run did, in the backend and on the device of
    that run. ``backend`` may be left open (``auto``): then it is that of the run too.

    Parameters
    ----------
    dataset : Dataset, optional
        The one that is open.
    own_data : bool
        Whether to learn from what the run learned from, which is read if it is another.

    Raises
    ------
    NetariumError
        If the checkpoint or the data set cannot be read, or the data set does not fit the network.
    """
    if store.run(checkpoint.run) is None:
        raise TrainingError("history.unknown", "There is no run {run} in the history.", run=checkpoint.run)
    model, start = load_model(checkpoint.path), store.start(checkpoint.run)
    replays = config is None and model.state is not None
    if own_data or replays:
        dataset = _data_of(start, dataset)
    threads = None
    if replays or backend == AUTO:
        backend, threads = start.backend, threads_again(start.threads, start.device)
    if replays:
        device = start.device
    settings = config or model.config or TrainingConfig()
    made = make_backend(backend, check_device(device, backend), threads)
    session = Session(made, model.spec, model.config or settings, dataset, model)
    origin = Origin(checkpoint.kind, checkpoint.run, checkpoint.position.step)
    return Returned(session, settings, replays, "" if checkpoint.kind == "state" else _MOMENTS_RESTART, origin)


def _data_of(start: RunStart, dataset: Dataset | None) -> Dataset:
    """Return the data set that a run learned from, which may be the one that is open."""
    if dataset is None or dataset.source != start.dataset:
        return recorded_dataset(start)
    check_data(start, dataset)
    return dataset
