"""An experiment: a named network with the settings it was published with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.architecture.network import NetworkSpec, Shape
from engine.training.config import TrainingConfig

Build = Callable[[Shape, int], NetworkSpec]


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
    build : callable (input shape, number of classes) -> NetworkSpec
    config : TrainingConfig
        The published settings; the window and the command line start from them.
    """

    name: str
    description: str
    source: str
    build: Build
    config: TrainingConfig

    def network(self, input_shape: Shape = (1, 28, 28), classes: int = 10) -> NetworkSpec:
        """Build the network for images of this shape."""
        return self.build(input_shape, classes)
