"""How a network answers the test images: which classes it takes for which, and the mistakes it is surest of."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Array, Network
from engine.data.dataset import Dataset
from engine.inspection.confusion import confusion_matrix, mistakes
from engine.outputs import check_classes, output_names
from engine.training.data import check_images, evaluation_batch, fit_images


class Mistake(Struct, frozen=True, eq=False):
    """A test image that was answered wrongly.

    ``place`` counts test images from 0; ``image`` is an array (channels, height, width), uint8; ``label`` and
    ``answer`` are places among the classes; ``confidence`` is the probability of the answer, in [0, 1].
    """

    place: int
    image: Array
    label: int
    answer: int
    confidence: float


class Assessment(Struct, frozen=True, eq=False):
    """What came of a network's answers to the test images.

    Parameters
    ----------
    class_names : tuple of str
        As many as the network tells apart; those beyond the data set's are called by their numbers.
    confusion : array (classes, classes), int64
        How many images of the row's class were taken for the column's.
    mistakes : tuple of Mistake
        The surest first; not all of them.
    """

    class_names: tuple[str, ...]
    confusion: Array
    mistakes: tuple[Mistake, ...]

    @property
    def samples(self) -> int:
        """How many images were classified."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many of them were answered rightly."""
        return int(self.confusion.trace())

    @property
    def recall(self) -> Array:
        """The share of each class (classes,) that was recognised, float64 in [0, 1]; NaN where there is no image."""
        totals = self.confusion.sum(axis=1)
        shares: Array = np.divide(
            self.confusion.diagonal(), totals, out=np.full(len(totals), np.nan), where=totals > 0
        )  # fmt: skip
        return shares


def assess(
    network: Network, spec: NetworkSpec, dataset: Dataset, limit: int | None = None, most: int = 24
) -> Generator[tuple[int, int], None, Assessment]:
    """Classify the test images of a data set, a batch at a time.

    Parameters
    ----------
    network : Network
        Built of ``spec``; closing the generator leaves it as it is.
    limit : int, optional
        Use only the first so many images, as a run's ``limit_validation`` does.
    most : int
        How many mistakes to keep.

    Yields
    ------
    (done, total)
        Images classified so far, and all of them; after every batch.

    Returns
    -------
    Assessment

    Raises
    ------
    NetariumError
        Before the first batch, if the network cannot take the images or has no output for every class.
    """
    check_classes(spec, dataset)
    check_images(spec, dataset.test_images)
    images, labels = dataset.test_images[:limit], dataset.test_labels[:limit].astype(np.int64)
    batch = evaluation_batch(summarize(spec))
    parts = []
    for begin in range(0, len(images), batch):
        part = images[begin : begin + batch] * np.float32(1 / 255)
        parts.append(network.predict(fit_images(spec, part)))
        yield min(begin + batch, len(images)), len(images)
    probabilities = np.concatenate(parts)
    answers = probabilities.argmax(axis=1)
    known = probabilities.shape[1]
    return Assessment(
        class_names=output_names(spec, dataset.class_names),
        confusion=confusion_matrix(labels, answers, known),
        mistakes=tuple(
            Mistake(
                place=int(place),
                image=images[place],
                label=int(labels[place]),
                answer=int(answers[place]),
                confidence=float(probabilities[place].max()),
            )
            for place in mistakes(labels, probabilities)[:most]
        ),
    )
