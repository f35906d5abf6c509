"""The part of a data set that a run uses, placed where its network computes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import format_shape
from engine.backends.base import Array, Network, PlacedData
from engine.errors import DataError
from engine.training.config import TrainingConfig


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
        If the images have another shape than the network takes.
    """
    for images, _ in (train, validation):
        check_images(network.spec, images)

    def limited(pair: tuple[Array, Array], limit: int | None) -> PlacedData:
        return network.place(pair[0][:limit], pair[1][:limit])

    return TrainingData(limited(train, config.limit_train), limited(validation, config.limit_validation))


def check_images(spec: NetworkSpec, images: Array) -> None:
    """Check that images (samples, channels, height, width) are what a network takes; ``DataError`` if not."""
    shape = tuple(images.shape[1:])
    if shape != spec.input_shape:
        raise DataError(
            "data.shape",
            "The images have shape {shape}, but {network} takes {wanted}; choose another data set or network.",
            shape=format_shape(shape), network=spec.name, wanted=format_shape(spec.input_shape),
        )  # fmt: skip
