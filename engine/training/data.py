"""The part of a data set that a run uses, placed where its network computes."""

from __future__ import annotations

from dataclasses import dataclass

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
        shape = tuple(images.shape[1:])
        if shape != network.spec.input_shape:
            raise DataError(
                "data.shape",
                "The images have shape {shape}, but {network} takes {wanted}; choose another data set or network.",
                shape=format_shape(shape), network=network.spec.name, wanted=format_shape(network.spec.input_shape),
            )  # fmt: skip

    def limited(pair: tuple[Array, Array], limit: int | None) -> PlacedData:
        return network.place(pair[0][:limit], pair[1][:limit])

    return TrainingData(limited(train, config.limit_train), limited(validation, config.limit_validation))
