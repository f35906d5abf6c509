"""An experiment: a named network with the settings it was published with."""

from __future__ import annotations

import inspect
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.shapes import format_shape, summarize
from engine.architecture.zoo.options import BuilderOptions
from engine.errors import ConfigError, ShapeError
from engine.training.config import TrainingConfig

# Called as build(input_shape, classes), with ``width`` and ``dropout`` as keywords where it has them.
Build = Callable[..., NetworkSpec]

PARAMETERS = ("width", "dropout")

_LARGEST_SIDE = 1024  # that is looked at to find how large an image must be


@dataclass(frozen=True)
class Experiment:
    """A network that can be chosen by name, and how it was trained where it was published.

    Parameters
    ----------
    name : str
        Such as ``lenet-tanh``; the network it builds has the same name.
    description : str
        One line for lists.
    source : str
        Where network and settings come from.
    build : callable (input shape, number of classes, *, width, dropout) -> NetworkSpec
        The keywords are optional; those it has are the network's ``parameters``.
    config : TrainingConfig
        The published settings; the window and the command line start from them.
    family : str
        The heading it stands under in lists.
    image_size : int, optional
        How many pixels a side images are resized to before the network sees them; ``None`` leaves them as they are.
    """

    name: str
    description: str
    source: str
    build: Build
    config: TrainingConfig
    family: str = "Other networks"
    image_size: int | None = None

    @property
    def parameters(self) -> dict[str, float]:
        """Which of ``width`` and ``dropout`` can be chosen, with what they are unless told otherwise."""
        known = inspect.signature(self.build).parameters
        return {name: float(known[name].default) for name in PARAMETERS if name in known}

    def network(
        self,
        input_shape: Shape = (1, 28, 28),
        classes: int = 10,
        *,
        width: float | None = None,
        dropout: float | None = None,
        image_size: int | None = None,
    ) -> NetworkSpec:
        """Build the network.

        Parameters
        ----------
        input_shape : tuple of int
            (channels, height, width) of the data set's images, or (features,).
        classes : int
            How many it tells apart, at least 2.
        width : float, optional
            What channels and units are multiplied with, more than 0 and at most 4.
        dropout : float, optional
            The rate of its Dropout layers, at least 0 and less than 1.
        image_size : int, optional
            Pixels a side to resize images to, in place of the experiment's own ``image_size``.

        Raises
        ------
        ConfigError
            If a value is out of range, or the network has no such parameter.
        ShapeError
            If the images are too small for its convolutions and poolings; the sentence says how large they must be.
        """
        BuilderOptions(classes=classes, width=width, dropout=dropout, image_size=image_size).checked()
        chosen = {
            name: value for name, value in zip(PARAMETERS, (width, dropout), strict=True) if value is not None
        }  # fmt: skip
        for name in chosen:
            if name not in self.parameters:
                raise ConfigError(
                    "zoo.no_parameter", "{network} has no {parameter} to choose; it has {known}.",
                    network=self.name, parameter=name, known=" and ".join(self.parameters) or "none",
                )  # fmt: skip
        shape = self._resized(input_shape, image_size)
        spec = self.build(shape, classes, **chosen)
        try:
            summarize(spec)
        except ShapeError as error:
            raise self._too_small(shape, error) or error from None
        return spec

    def _resized(self, shape: Shape, asked: int | None) -> Shape:
        side = asked or self.image_size
        if side is None:
            return shape
        if len(shape) != 3:
            if asked:
                raise ConfigError(
                    "zoo.no_image", "Only images can be resized, but the input has shape {shape}.",
                    shape=format_shape(shape),
                )  # fmt: skip
            return shape  # what is missing is told by the first layer that needs an image
        return (shape[0], side, side)

    def _too_small(self, shape: Shape, error: ShapeError) -> ShapeError | None:
        """Return what to say if a larger image would do; ``None`` if the image's size is not the reason."""
        if len(shape) != 3:
            return None
        least = 1 + bisect_left(range(1, _LARGEST_SIDE + 1), True, key=lambda side: self._takes(shape[0], side))
        if least > _LARGEST_SIDE or least <= min(shape[1:]):
            return None
        return ShapeError(
            "zoo.image_too_small",
            "{network} needs images of at least {least}×{least} pixels, but gets {height}×{width}: nothing would be "
            "left for {layer}. Choose a larger image size, or a network for small images.",
            network=self.name, least=least, height=shape[1], width=shape[2], layer=error.values.get("layer", ""),
        )  # fmt: skip

    def _takes(self, channels: int, side: int) -> bool:
        try:
            summarize(self.build((channels, side, side), 2))
        except ShapeError:
            return False
        return True
