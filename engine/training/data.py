"""The part of a data set that a run uses, placed where its network computes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import NetworkSummary, format_shape
from engine.backends.base import Array, Network, PlacedData
from engine.data.resizing import resize
from engine.errors import DataError
from engine.training.config import TrainingConfig

_EVALUATION_BATCH = 256
_MOST_VALUES = 2**25  # of the largest of a batch's images and outputs, 128 MB; a few such are alive at a time


@dataclass(frozen=True)
class TrainingData:
    """Training and validation samples on the network's device."""

    train: PlacedData
    validation: PlacedData


def place(
    network: Network,
    config: TrainingConfig,
    train: tuple[Array, Array],
    validation: tuple[Array, Array],
) -> TrainingData:
    """Bring images and labels to the network's device, limited as ``config`` says.

    Parameters
    ----------
    train, validation : (images (samples, channels, height, width), labels (samples,))

    Raises
    ------
    DataError
        If the network cannot learn from these images.
    """
    for images, _ in (train, validation):
        check_images(network.spec, images)

    def limited(pair: tuple[Array, Array], limit: int | None) -> PlacedData:
        return network.place(pair[0][:limit], pair[1][:limit])

    return TrainingData(limited(train, config.limit_train), limited(validation, config.limit_validation))


def check_images(spec: NetworkSpec, images: Array) -> None:
    """Check that a network can learn from images (samples, channels, height, width); ``DataError`` if not.

    Any height and width will do, since images are resized on their way, but the channels must be the network's. A
    network of vectors takes images of as many values.
    """
    shape, wanted = tuple(images.shape[1:]), spec.input_shape
    if shape == wanted or (len(shape) == len(wanted) == 3 and shape[0] == wanted[0]):
        return
    if len(wanted) == 1 and math.prod(shape) == wanted[0]:
        return
    raise DataError(
        "data.shape",
        "The images have shape {shape}, but {network} takes {wanted}; choose another data set or network.",
        shape=format_shape(shape), network=spec.name, wanted=format_shape(wanted),
    )  # fmt: skip


def fit_images(spec: NetworkSpec, images: Array) -> Array:
    """Bring images to the shape that a network takes, for predictions.

    Parameters
    ----------
    images : array (samples, channels, height, width), float32
        A few: those of a whole data set would fill the memory when a network takes large ones.

    Returns
    -------
    array (samples, *input shape), float32

    Raises
    ------
    DataError
        If the images have other channels than the network takes, or another number of values.
    """
    check_images(spec, images)
    if len(spec.input_shape) != 3:
        return images.reshape(len(images), *spec.input_shape)
    return resize(images, spec.input_shape[1:])


def evaluation_batch(summary: NetworkSummary) -> int:
    """Return how many samples to classify at once: the usual number, or as many as a large network has room for."""
    shapes = (summary.input_shape, *(layer.output_shape for layer in summary.layers))
    largest = max(map(math.prod, shapes))
    return max(1, min(_EVALUATION_BATCH, _MOST_VALUES // largest))
