"""The scratch backend: networks computed by NumPy alone, or by any array module with NumPy's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import (
    Array,
    BatchMetrics,
    Classification,
    Network,
    Pending,
    PlacedData,
    StepSettings,
    Weights,
)
from engine.backends.checks import check_weights
from engine.backends.scratch.arrays import to_numpy
from engine.backends.scratch.assembly import assemble
from engine.backends.scratch.layers import ArrayModule, Pass
from engine.backends.scratch.losses import SoftmaxCrossEntropy, softmax
from engine.backends.scratch.optimizers import Optimizer
from engine.backends.scratch.placed import PlacedImages
from engine.errors import TrainingError
from engine.inspection.activity import LayerActivity, layer_activities
from engine.training.config import OptimizerConfig, Reduction

T = TypeVar("T")


class ScratchBackend:
    """Builds networks whose every operation is written out.

    Parameters
    ----------
    device : str
        What the device is called: ``"cpu"`` for NumPy.
    xp : module
        The array module: NumPy, or CuPy for an NVIDIA GPU.
    dtype : dtype
        float32, or float64 for checks; what goes out has it too.
    """

    name = "scratch"

    def __init__(self, device: str = "cpu", xp: ArrayModule = np, dtype: Any = np.float32) -> None:
        self.device = device
        self._xp = xp
        self._dtype = np.dtype(dtype)

    def build(self, spec: NetworkSpec, weights: Weights) -> Network:
        """Build the network with these weights."""
        return ScratchNetwork(self._xp, self._dtype, spec, weights)

    def settle(self) -> None:
        """Do nothing: whatever was begun is done when the call returns."""


class ScratchNetwork(Network):
    """A network written out in array operations; see ``engine.backends.base.Network``."""

    def __init__(self, xp: ArrayModule, dtype: np.dtype, spec: NetworkSpec, weights: Weights) -> None:
        self.spec = spec
        self._xp = xp
        self._dtype = dtype
        self._summary = summarize(spec)
        self._layers, self._parameters = assemble(spec, xp, dtype)
        self._loss = SoftmaxCrossEntropy(xp)
        self._reduction: Reduction = "mean"
        self._optimizer: Optimizer | None = None
        self.set_weights(weights)

    def place(self, images: Array, labels: Array) -> PlacedData:
        """Keep the data where it is; batches are made of it by NumPy."""
        return PlacedImages(images, labels, self.spec.input_shape, self._dtype)

    def prepare_training(self, optimizer: OptimizerConfig, reduction: Reduction) -> None:
        """Begin with fresh optimizer state; ``TrainingError`` if the network has nothing to learn."""
        trained = {path: p for path, p in self._parameters.items() if p.trainable}
        if not trained:
            raise TrainingError(
                "training.no_parameters",
                "{network} has no weights to learn; add a layer that has some, such as Dense.",
                network=self.spec.name,
            )
        self._reduction = reduction
        self._optimizer = Optimizer(self._xp, optimizer, trained)

    def train_batch(
        self,
        data: PlacedData,
        indices: Array,
        masks: Mapping[str, Array],
        settings: StepSettings,
        shifts: Array | None = None,
    ) -> Pending[BatchMetrics]:
        """Update the weights from one batch: forward, loss, backward, step."""
        assert isinstance(data, PlacedImages)
        if self._optimizer is None:
            raise TrainingError("training.not_prepared", "Training was not prepared for this network.")
        x, labels = self._to_device(*data.batch(indices, shifts))
        drawn = {path: self._xp.asarray(mask, self._dtype) for path, mask in masks.items()}
        with _quiet():
            logits = self._layers.forward(x, Pass(training=True, masks=drawn))
            losses = self._loss.forward(logits, labels)
            dlogits = self._loss.backward()
            if self._reduction == "mean":
                dlogits /= len(labels)
            self._layers.backward(dlogits)
            self._optimizer.step(settings)
        return _figures(losses, logits, labels)

    def gradients(self) -> dict[str, Array]:
        """Return copies of the gradients of the last batch by parameter path, before clipping and decay."""
        return {path: to_numpy(p.gradient) for path, p in self._parameters.items() if p.trainable}

    def evaluate_batch(self, data: PlacedData, start: int, stop: int) -> Pending[BatchMetrics]:
        """Return the figures of samples ``start`` to ``stop`` in inference mode."""
        assert isinstance(data, PlacedImages)
        x, labels = self._to_device(*data.slice(start, stop))
        with _quiet():
            logits = self._layers.forward(x, Pass())
            losses = SoftmaxCrossEntropy(self._xp).forward(logits, labels)
        return _figures(losses, logits, labels)

    def classify(self, images: Array, with_activations: bool = False) -> Pending[Classification]:
        """Classify images in inference mode."""
        outputs: dict[str, Any] = {}
        logits = self._infer(images, Pass(record=outputs.__setitem__) if with_activations else Pass())
        with _quiet():
            probabilities = to_numpy(softmax(self._xp, logits.reshape(len(logits), -1)))
        activations = {path: to_numpy(output) for path, output in outputs.items()}
        return _Done(Classification(probabilities, activations or None))

    def activity(self, images: Array) -> Pending[dict[str, LayerActivity]]:
        """Measure every layer's activity in inference mode."""
        outputs: dict[str, Any] = {}
        self._infer(images, Pass(record=outputs.__setitem__))
        return _Done(layer_activities(outputs))

    def copy_weight(self, path: str) -> Pending[Array] | None:
        """Copy one tensor by its parameter path."""
        parameter = self._parameters.get(path)
        return None if parameter is None else _Done(to_numpy(parameter.value))

    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by parameter path."""
        return {path: to_numpy(p.value) for path, p in self._parameters.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace all weights; ``FileError`` naming the first that does not fit, and then nothing changed."""
        check_weights(self._summary, weights)
        for path, parameter in self._parameters.items():
            parameter.value[...] = self._xp.asarray(weights[path])

    def optimizer_state(self) -> dict[str, Array]:
        """Return copies of the optimizer's moments and counts; empty before training."""
        return {} if self._optimizer is None else self._optimizer.state()

    def set_optimizer_state(self, state: Weights) -> None:
        """Restore what ``optimizer_state`` returned."""
        if self._optimizer is None:
            raise TrainingError("training.not_prepared", "Training was not prepared for this network.")
        self._optimizer.set_state(state)

    def _infer(self, images: Array, run: Pass) -> Any:
        shaped = np.ascontiguousarray(images, self._dtype).reshape(len(images), *self.spec.input_shape)
        with _quiet():
            return self._layers.forward(self._xp.asarray(shaped), run)

    def _to_device(self, images: Array, labels: Array) -> tuple[Any, Any]:
        return self._xp.asarray(images), self._xp.asarray(labels)


class _Done(Generic[T]):
    """Something that was computed at once."""

    def __init__(self, value: T) -> None:
        self._value = value

    def result(self) -> T:
        return self._value


def _figures(losses: Any, logits: Any, labels: Any) -> _Done[BatchMetrics]:
    return _Done(BatchMetrics(float(losses.sum()), int((logits.argmax(axis=1) == labels).sum())))


def _quiet() -> np.errstate:
    """Let numbers overflow in silence: the loop looks at the loss, and says it in words."""
    return np.errstate(all="ignore")
