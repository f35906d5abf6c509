"""What the networks of all MXNet backends share: everything but how a graph is run and differentiated."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

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
from engine.backends.mxnet import runtime
from engine.backends.mxnet.graphs import CrossEntropy, Graphs
from engine.backends.mxnet.operators import log_softmax_cross_entropy
from engine.backends.mxnet.optimizers import Optimizer, Trained
from engine.backends.mxnet.pending import PendingActivity, PendingClassification, PendingCopy, PendingMetrics
from engine.backends.mxnet.placed import PlacedArrays
from engine.errors import TrainingError
from engine.inspection.activity import LayerActivity
from engine.training.config import OptimizerConfig, Reduction

# More than the operators that can be under way in two batches of a large network.
_MOST_ERRORS = 10_000


class MXNetBackend:
    """Builds networks with MXNet on one device.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cpu(1)"`` or ``"gpu(0)"``.
    """

    name: str
    network: type[MXNetNetwork]

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.threads = runtime.thread_count()
        self._mx = runtime.load()
        self._context = runtime.context(device)

    def build(self, spec: NetworkSpec, weights: Weights) -> Network:
        """Build the network with these weights."""
        return self.network(self._mx, self._context, spec, weights)

    def settle(self) -> None:
        """Wait for all that is under way and forget its errors.

        Each failed operator raises once, at whatever is read next, be it of another network.
        """
        for _ in range(_MOST_ERRORS):
            try:
                self._mx.nd.waitall()
                return
            except self._mx.MXNetError:
                continue


class MXNetNetwork(Network):
    """A network on MXNet's arrays; see ``engine.backends.base.Network``."""

    _cross_entropy: CrossEntropy = staticmethod(log_softmax_cross_entropy)
    _optimizer_class: type[Optimizer] = Optimizer

    def __init__(self, mx: Any, context: Any, spec: NetworkSpec, weights: Weights) -> None:
        self.spec = spec
        self._mx = mx
        self._context = context
        self._summary = summarize(spec)
        check_weights(self._summary, weights)
        self._graphs = Graphs(spec, self._cross_entropy)
        self._arrays: dict[str, Any] = self._allocate()
        self._gradients: Mapping[str, Any] = {}
        self._optimizer: Optimizer | None = None
        self.set_weights(weights)

    @abstractmethod
    def _allocate(self) -> dict[str, Any]:
        """Return an NDArray on the device for every parameter by path; their values do not matter yet."""

    @abstractmethod
    def _prepare(self, reduction: Reduction) -> Mapping[str, Any]:
        """Get ready for ``_differentiate`` and return the arrays of the gradients by path."""

    @abstractmethod
    def _differentiate(self, images: Any, labels: Any, masks: list[Any]) -> tuple[Any, Any]:
        """Compute one batch in training mode, then the gradients; return its loss and right answers."""

    @abstractmethod
    def _run(self, graph: str, *inputs: Any) -> Sequence[Any]:
        """Return what one of ``Graphs.INFERENCE`` gives, in arrays that nothing writes to any more."""

    def place(self, images: Array, labels: Array) -> PlacedData:
        """Bring data to the device: on a CPU it stays where it is, on a GPU it is copied once."""
        return PlacedArrays(self._mx, self._context, images, labels, self.spec.input_shape)

    def prepare_training(self, optimizer: OptimizerConfig, reduction: Reduction) -> None:
        """Begin with fresh optimizer state; ``TrainingError`` if the network has nothing to learn."""
        parameters = [p for p in self._summary.parameters if p.trainable]
        if not parameters:
            raise TrainingError(
                "training.no_parameters",
                "{network} has no weights to learn; add a layer that has some, such as Dense.",
                network=self.spec.name,
            )
        self._gradients = self._prepare(reduction)
        trained = [Trained(p.path, self._arrays[p.path], self._gradients[p.path], p.decays) for p in parameters]
        self._optimizer = self._optimizer_class(self._mx.nd, optimizer, trained)

    def train_batch(
        self,
        data: PlacedData,
        indices: Array,
        masks: Mapping[str, Array],
        settings: StepSettings,
        shifts: Array | None = None,
    ) -> Pending[BatchMetrics]:
        """Update the weights from one batch without waiting for it."""
        assert isinstance(data, PlacedArrays)
        if self._optimizer is None:
            raise _not_prepared()
        images, labels = data.batch(indices, shifts)
        drawn = [data.to_device(masks[path]) for path in self._graphs.dropouts]
        loss, correct = self._differentiate(images, labels, drawn)
        self._optimizer.step(settings)
        return PendingMetrics(loss, correct)

    def evaluate_batch(self, data: PlacedData, start: int, stop: int) -> Pending[BatchMetrics]:
        """Return the figures of samples ``start`` to ``stop`` in inference mode."""
        assert isinstance(data, PlacedArrays)
        loss, correct = self._run("scores", *data.slice(start, stop))
        return PendingMetrics(loss, correct)

    def classify(self, images: Array, with_activations: bool = False) -> Pending[Classification]:
        """Begin to classify images in inference mode."""
        if not with_activations:
            (probabilities,) = self._run("probabilities", self._input(images))
            return PendingClassification(probabilities, [], [])
        probabilities, *outputs = self._run("outputs", self._input(images))
        return PendingClassification(probabilities, self._graphs.output_paths, outputs)

    def activity(self, images: Array) -> Pending[dict[str, LayerActivity]]:
        """Begin to measure every layer's activity; only two numbers a layer leave the device."""
        units = {layer.path: layer.output_shape[0] for layer in self._summary.layers}
        means, dead = self._run("activity", self._input(images))
        return PendingActivity(means, dead, self._graphs.output_paths, units)

    def copy_weight(self, path: str) -> Pending[Array] | None:
        """Begin to copy one tensor by its parameter path."""
        array = self._arrays.get(path)
        return None if array is None else PendingCopy(array.copy())

    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by parameter path."""
        return {path: array.asnumpy() for path, array in self._arrays.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace all weights; ``FileError`` naming the first that does not fit, and then nothing changed."""
        check_weights(self._summary, weights)
        for path, array in self._arrays.items():
            array[:] = self._mx.nd.array(weights[path], ctx=self._context, dtype="float32")

    def gradients(self) -> dict[str, Array]:
        """Return copies of the gradients of the last batch by parameter path."""
        return {path: gradient.asnumpy() for path, gradient in self._gradients.items()}

    def optimizer_state(self) -> dict[str, Array]:
        """Return copies of the optimizer's moments and counts; empty before training."""
        return {} if self._optimizer is None else self._optimizer.state()

    def set_optimizer_state(self, state: Weights) -> None:
        """Restore what ``optimizer_state`` returned."""
        if self._optimizer is None:
            raise _not_prepared()
        self._optimizer.set_state(state)

    def _input(self, images: Array) -> Any:
        shaped = np.ascontiguousarray(images, np.float32).reshape(len(images), *self.spec.input_shape)
        return self._mx.nd.array(shaped, ctx=self._context)


def _not_prepared() -> TrainingError:
    return TrainingError("training.not_prepared", "Training was not prepared for this network.")
