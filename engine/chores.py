"""What the worker does a little at a time, beside training or instead of it: generators of replies.

Each yields None where something else may be done, and a reply where there is one. What only some sittings need is
loaded when they do: all this is imported before the window is ready.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine import messages as m
from engine.architecture.shapes import classes
from engine.backends.base import Array, Backend, MakeBackend
from engine.data.dataset import Dataset
from engine.devices import device_or_cpu
from engine.errors import NetariumError, TrainingError
from engine.estimates.available import available_memory
from engine.estimates.cost import memory_cost
from engine.estimates.memory import describe_bytes
from engine.estimates.timing import measure_epoch
from engine.failures import explained
from engine.history.records import CheckpointRecord
from engine.history.store import RunStore
from engine.history.troubles import unusable
from engine.inspection.confusion import confusion_matrix, mistakes
from engine.outputs import check_classes
from engine.session import Session

if TYPE_CHECKING:
    from engine.twin import TwinStep

Chore = Iterator[m.Reply | None]

# A curve that grows looks alive at this pace, and painting it more often would cost the computation.
_TELL_EVERY_S = 0.05


def find_mistakes(session: Session, batches: Iterator[Array]) -> Chore:
    """Classify the test images a batch at a time; reply with ``MistakesFound``.

    Parameters
    ----------
    batches : iterator of array (batch, classes)
        ``session.test_probabilities()``.

    Raises
    ------
    TrainingError
        If the network has fewer classes than the data set.
    """
    assert session.dataset is not None
    check_classes(session.spec, session.dataset)
    probabilities: list[Array] = []
    for batch in batches:
        probabilities.append(batch)
        yield None
    found = mistakes(session.dataset.test_labels, np.concatenate(probabilities))
    yield m.MistakesFound(found, len(session.dataset.test_labels))


def measure_confusion(command: m.MeasureConfusion, session: Session, checkpoint: CheckpointRecord | None) -> Chore:
    """Classify the first test images a batch at a time; reply with ``ConfusionMeasured``.

    Raises
    ------
    NetariumError
        If the network cannot take the images of the data set, or has fewer classes.
    """
    assert session.dataset is not None
    check_classes(session.spec, session.dataset)
    answers: list[Array] = []
    count = 0
    for batch in session.test_probabilities():
        answers.append(batch.argmax(axis=1))
        count += len(batch)
        if count >= command.samples:
            break
        yield None
    found = np.concatenate(answers)[: command.samples]
    labels = session.dataset.test_labels[: len(found)]
    matrix = confusion_matrix(labels, found, classes(session.spec))
    yield m.ConfusionMeasured(matrix, found, session.class_names, len(found), checkpoint)


def write_report(command: m.WriteReport, store: RunStore, make_backend: MakeBackend) -> Chore:
    """Write the report of a run, a batch of test images between two commands; reply with ``ReportWritten``.

    Raises
    ------
    NetariumError
        If there is no such run, the history cannot be read, or the file cannot be written; an older one is intact.
    """
    from engine.history import reporting

    try:
        run = store.run(command.id)
        if run is None:
            raise TrainingError("history.unknown", "There is no run {run} in the history.", run=command.id)
        writing = reporting.write_report(store, run, command.path, command.weights, make_backend)
        while True:
            try:
                next(writing)
            except StopIteration as end:
                yield m.ReportWritten(command.path, end.value)
                return
            yield None
    except sqlite3.Error as error:
        raise unusable(error) from error


def estimate(command: m.Estimate, backend: Backend, dataset: Dataset) -> Chore:
    """Tell what training would cost: memory at once, and time after a few batches of a network of its own.

    Raises
    ------
    NetariumError
        If the network does not fit together, or not the data set, or memory runs out all the same.
    """
    config = command.config.checked()
    classes(command.spec)
    cost = memory_cost(command.spec, config, command.device)
    yield m.Estimated(command.request, cost)
    if cost.fits:
        with explained(backend, command.spec, config.batch_size):
            epoch = yield from measure_epoch(backend, command.spec, config, dataset)
        yield m.Estimated(command.request, replace(cost, epoch=epoch))


def check_gradients(command: m.CheckGradients) -> Chore:
    """Compare a network's gradients with numerical ones, one parameter between two commands.

    Raises
    ------
    NetariumError
        If the network is no classifier, or too large for the memory there is.
    """
    from engine.backends.scratch.check_plan import plan_check
    from engine.backends.scratch.gradient_check import each_gradient

    plan = plan_check(command.spec)
    available = available_memory()
    if available is not None and plan.memory > available:
        raise TrainingError(
            "gradients.too_large",
            "Checking the gradients of {network} takes about {needed} of memory, but only {available} can be had. "
            "Take smaller images or a narrower network.",
            network=command.spec.name, needed=describe_bytes(plan.memory), available=describe_bytes(available),
        )  # fmt: skip
    try:
        for check in each_gradient(command.spec, samples=plan.samples, coordinates=plan.coordinates):
            yield m.GradientChecked(command.request, check)
    except MemoryError as error:
        raise TrainingError(
            "gradients.memory",
            "Memory ran out while the gradients of {network} were checked. Take smaller images or a narrower network.",
            network=command.spec.name,
        ) from error
    yield m.GradientsChecked(command.request)


def train_twins(command: m.TwinRun, make_backend: MakeBackend, dataset: Dataset) -> Chore:
    """Train a network in two backends, one batch of each between two commands; the last reply says that it is over.

    Raises
    ------
    NetariumError
        If network, settings and data do not fit one another, memory will not suffice, or one of the two diverges.
    """
    from engine.twin import check_room, twin_run

    config = command.config.checked()
    first, second = (make_backend(name, device_or_cpu(command.device, name)) for name in command.backends)
    check_room(command.spec, config, command.device)
    steps: list[TwinStep] = []
    told = time.monotonic()
    try:
        with explained(first, command.spec, config.batch_size):
            for step in twin_run(command.spec, config, dataset, (first, second), command.batches):
                steps.append(step)
                if time.monotonic() - told >= _TELL_EVERY_S and step.step < command.batches:
                    yield m.TwinStepped(command.request, tuple(steps), finished=False)
                    steps, told = [], time.monotonic()
                else:
                    yield None
    except NetariumError:
        yield m.TwinStepped(command.request, tuple(steps), finished=False)  # how it came to this
        raise
    yield m.TwinStepped(command.request, tuple(steps), finished=True)
