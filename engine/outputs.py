"""The outputs of a classifier and the classes of a data set: whether they fit, and what the outputs are called."""

from __future__ import annotations

from collections.abc import Sequence

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes
from engine.data.dataset import Dataset
from engine.errors import TrainingError


def check_classes(spec: NetworkSpec, dataset: Dataset) -> None:
    """Check that a network has an output for every class; ``TrainingError`` if not."""
    known, needed = classes(spec), len(dataset.class_names)
    if known < needed:
        raise TrainingError(
            "training.classes",
            "{network} tells {known} classes apart, but {dataset} has {needed}; change its last layer.",
            network=spec.name, known=known, dataset=dataset.name, needed=needed,
        )  # fmt: skip


def output_names(spec: NetworkSpec, class_names: Sequence[str]) -> tuple[str, ...]:
    """Return a name for every output of a classifier; those that no class has are called by their numbers."""
    outputs = classes(spec)
    return (*class_names[:outputs], *map(str, range(len(class_names), outputs)))
