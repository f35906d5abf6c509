"""Data sets that are drawn rather than read."""

from __future__ import annotations

import numpy as np

from engine.data.dataset import Dataset
from engine.training.chance import generator

_SAMPLES, _TRAINED, _FEATURES, _CLASSES = 1000, 800, 99, 10


def random_labels(seed: int = 0) -> Dataset:
    """Return noise with labels that have nothing to do with it.

    A network with enough weights learns the labels of the training samples by heart; about the others it can know
    nothing, and is right one time in ten. Source: the example of MXNet's Module API; Zhang et al., "Understanding
    deep learning requires rethinking generalization", ICLR 2017.

    Parameters
    ----------
    seed : int
        Of features and labels.

    Returns
    -------
    Dataset
        800 samples to learn from and 200 others, each an image of 1×99 uniform pixels with one of ten labels.
    """
    features = generator(seed, "features").integers(0, 256, (_SAMPLES, 1, 1, _FEATURES), np.uint8)
    labels = generator(seed, "labels").integers(0, _CLASSES, _SAMPLES).astype(np.uint8)
    return Dataset(
        name="random-labels",
        train_images=features[:_TRAINED],
        train_labels=labels[:_TRAINED],
        test_images=features[_TRAINED:],
        test_labels=labels[_TRAINED:],
        class_names=tuple(str(label) for label in range(_CLASSES)),
    )
