"""The two protocols every backend answers: a Backend builds, a Network runs. NumPy arrays in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.inspection.activity import LayerActivity
from engine.training.config import OptimizerConfig, Reduction

Array = np.ndarray[Any, np.dtype[Any]]
Weights = Mapping[str, Array]
T_co = TypeVar("T_co", covariant=True)


class BatchMetrics(NamedTuple):
    """Sums over a batch: the cross-entropy of each sample (natural logarithm), and right answers."""

    loss: float
    correct: int


class Classification(NamedTuple):
    """Class probabilities (samples, classes), and every layer's output by path where they were asked for.

    Outputs are (samples, *layer shape), in order of execution, the last being the logits; all float32.
    """

    probabilities: Array
    activations: dict[str, Array] | None


class Pending(Protocol[T_co]):
    """Something that may still be computed."""

    def result(self) -> T_co:
        """Wait for it and return it; errors of the computation surface here."""
        ...


class StepSettings(Struct, frozen=True):
    """What may differ from batch to batch."""

    learning_rate: float
    momentum: float
    weight_decay: float


class PlacedData(Protocol):
    """Images and labels where the device can reach them fast."""

    def __len__(self) -> int: ...


class Network(Protocol):
    """A network with weights on a device. Not thread safe: one thread builds and uses it.

    A backend's network derives from this class, which gives it ``predict`` and ``activations``.

    Weights are named by parameter path (``conv1/weight``) and laid out (out, in) for Dense and
    (out, in, kernel height, kernel width) for convolutions, float32.
    """

    spec: NetworkSpec

    def place(self, images: Array, labels: Array) -> PlacedData:
        """Bring data to the device.

        Parameters
        ----------
        images : array (samples, channels, height, width) or (samples, *input shape), uint8 or float32
            uint8 is scaled by 1/255 on the way; images of another height or width than the network takes are
            resized on the way, batch by batch, as ``engine.data.resizing.resize`` does.
        labels : array (samples,), integers
        """
        ...

    def prepare_training(self, optimizer: OptimizerConfig, reduction: Reduction) -> None:
        """Begin with fresh optimizer state; ``reduction`` says what of the batch's losses is differentiated."""
        ...

    def train_batch(
        self,
        data: PlacedData,
        indices: Array,
        masks: Mapping[str, Array],
        settings: StepSettings,
        shifts: Array | None = None,
    ) -> Pending[BatchMetrics]:
        """Update the weights from one batch without waiting for it.

        Parameters
        ----------
        indices : array (batch,), int64
            Which samples of ``data``.
        masks : mapping of layer path to array (batch, *layer shape), float32
            What each Dropout layer multiplies with: 0 or 1 / (1 - rate).
        shifts : array (batch, 2), integers, optional
            Pixels to move each image down and to the right, before it is resized; zeros come in.
        """
        ...

    def evaluate_batch(self, data: PlacedData, start: int, stop: int) -> Pending[BatchMetrics]:
        """Return the figures of samples ``start`` to ``stop`` in inference mode (no dropout, running statistics)."""
        ...

    def classify(self, images: Array, with_activations: bool = False) -> Pending[Classification]:
        """Begin to classify images in inference mode, without waiting for it.

        Parameters
        ----------
        images : array (samples, *input shape), float32
        with_activations : bool
            Whether every layer's output is wanted too.
        """
        ...

    def predict(self, images: Array) -> Array:
        """Return class probabilities (samples, classes) of images (samples, *input shape), float32."""
        return self.classify(images).result().probabilities

    def activations(self, images: Array) -> dict[str, Array]:
        """Return every layer's output (samples, *layer shape) by path, in order of execution, the logits last."""
        return self.classify(images, with_activations=True).result().activations or {}

    def activity(self, images: Array) -> Pending[dict[str, LayerActivity]]:
        """Begin to measure every layer's activity over images (samples, *input shape), in inference mode."""
        ...

    def copy_weight(self, path: str) -> Pending[Array] | None:
        """Begin to copy one tensor, as it is now, by its parameter path; None if there is none of this name."""
        ...

    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by parameter path, running statistics included."""
        ...

    def set_weights(self, weights: Weights) -> None:
        """Replace all weights; names and shapes must be exactly those of the network.

        Raises
        ------
        NetariumError
            Naming the first layer that does not fit; nothing was changed.
        """
        ...

    def gradients(self) -> dict[str, Array]:
        """Return copies of the gradients of the last batch by parameter path, those of trained parameters only.

        They are as backpropagation left them, but for ``clip_norm``: some backends scale them in place.
        """
        ...

    def optimizer_state(self) -> dict[str, Array]:
        """Return copies of the optimizer's moments and counts by name; empty before training."""
        ...

    def set_optimizer_state(self, state: Weights) -> None:
        """Restore what ``optimizer_state`` returned, after ``prepare_training`` with the same optimizer."""
        ...


class Backend(Protocol):
    """Builds networks on one device, computing with so many threads of the processor."""

    name: str
    device: str
    threads: int

    def build(self, spec: NetworkSpec, weights: Weights) -> Network:
        """Build the network with these weights, which must name every parameter of ``spec``."""
        ...

    def settle(self) -> None:
        """Wait for all that is under way and forget its errors, so that they do not surface in another network."""
        ...


class MakeBackend(Protocol):
    """Makes a backend by its name on a device; see ``engine.backends.choice.make_backend``."""

    def __call__(self, name: str, device: str, threads: int | None = None) -> Backend:
        """Return the backend."""
        ...
