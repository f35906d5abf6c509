"""The Gluon backend: a network as hybridized blocks that share one set of parameters."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec, walk
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
from engine.backends.mxnet.operators import forward, log_softmax_cross_entropy, mxnet_name
from engine.backends.mxnet.optimizers import Optimizer, Trained
from engine.backends.mxnet.placed import PlacedArrays
from engine.errors import TrainingError
from engine.inspection.activity import LayerActivity
from engine.training.config import OptimizerConfig, Reduction

# More than the operators that can be under way in two batches of a large network.
_MOST_ERRORS = 10_000


class GluonBackend:
    """Builds networks with MXNet's Gluon on one device.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cpu(1)"`` or ``"gpu(0)"``.
    """

    name = "gluon"

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._mx = runtime.load()
        self._context = runtime.context(device)

    def build(self, spec: NetworkSpec, weights: Weights) -> Network:
        """Build the network with these weights."""
        return GluonNetwork(self._mx, self._context, spec, weights)

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


class GluonNetwork(Network):
    """A network in Gluon; see ``engine.backends.base.Network``."""

    def __init__(self, mx: Any, context: Any, spec: NetworkSpec, weights: Weights) -> None:
        self.spec = spec
        self._mx = mx
        self._context = context
        self._summary = summarize(spec)
        self._dropouts = [place.path for place in walk(spec.layers) if isinstance(place.layer, Dropout)]
        self._shared = mx.gluon.ParameterDict("")
        self._parameters = {
            p.path: self._shared.get(mxnet_name(p.path), shape=p.shape, grad_req="write" if p.trainable else "null")
            for p in self._summary.parameters
        }
        self._shared.initialize(mx.init.Zero(), ctx=context)
        self.set_weights(weights)
        self._scores = self._block(GluonNetwork._scoring_graph)
        self._probabilities = self._block(GluonNetwork._probability_graph)
        self._outputs = self._block(GluonNetwork._activation_graph)
        self._figures = self._block(GluonNetwork._activity_graph)
        self._output_paths: list[str] = []
        self._reduction: Reduction = "mean"
        self._objective: Any = None
        self._optimizer: Optimizer | None = None

    def _block(self, graph: Callable[..., Any]) -> Any:
        # A block that held its network would keep it, and its memory, until Python looks for cycles some day.
        unowned = partial(graph, weakref.proxy(self))
        return graph_block_class(self._mx)(self._shared, list(self._parameters), unowned)

    def place(self, images: Array, labels: Array) -> PlacedData:
        """Bring data to the device: on a CPU it stays where it is, on a GPU it is copied once."""
        return PlacedArrays(self._mx, self._context, images, labels, self.spec.input_shape)

    def prepare_training(self, optimizer: OptimizerConfig, reduction: Reduction) -> None:
        """Begin with fresh optimizer state; ``TrainingError`` if the network has nothing to learn."""
        trained = [
            Trained(p.path, parameter.data(self._context), parameter.grad(self._context), p.decays)
            for p in self._summary.parameters
            if p.trainable and (parameter := self._parameters[p.path])
        ]
        if not trained:
            raise TrainingError(
                "training.no_parameters",
                "{network} has no weights to learn; add a layer that has some, such as Dense.",
                network=self.spec.name,
            )
        self._reduction = reduction
        self._objective = self._block(GluonNetwork._training_graph)
        self._optimizer = Optimizer(self._mx.nd, optimizer, trained)

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
            raise TrainingError("training.not_prepared", "Training was not prepared for this network.")
        images, labels = data.batch(indices, shifts)
        drawn = [data.to_device(masks[path]) for path in self._dropouts]
        with self._mx.autograd.record():
            objective, loss, correct = self._objective(images, labels, *drawn)
        objective.backward()
        self._optimizer.step(settings)
        return _Pending(loss, correct)

    def evaluate_batch(self, data: PlacedData, start: int, stop: int) -> Pending[BatchMetrics]:
        """Return the figures of samples ``start`` to ``stop`` in inference mode."""
        assert isinstance(data, PlacedArrays)
        return _Pending(*self._scores(*data.slice(start, stop)))

    def classify(self, images: Array, with_activations: bool = False) -> Pending[Classification]:
        """Begin to classify images in inference mode."""
        if not with_activations:
            return _Classified(self._probabilities(self._input(images)), [], [])
        probabilities, *outputs = self._outputs(self._input(images))
        return _Classified(probabilities, self._output_paths, outputs)

    def activity(self, images: Array) -> Pending[dict[str, LayerActivity]]:
        """Begin to measure every layer's activity; only two numbers a layer leave the device."""
        units = {layer.path: layer.output_shape[0] for layer in self._summary.layers}
        means, dead = self._figures(self._input(images))
        return _Measured(means, dead, self._output_paths, units)

    def copy_weight(self, path: str) -> Pending[Array] | None:
        """Begin to copy one tensor by its parameter path."""
        parameter = self._parameters.get(path)
        return None if parameter is None else _Copied(parameter.data(self._context).copy())

    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by parameter path."""
        return {path: p.data(self._context).asnumpy() for path, p in self._parameters.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace all weights; ``FileError`` naming the first that does not fit, and then nothing changed."""
        check_weights(self._summary, weights)
        for path, parameter in self._parameters.items():
            parameter.set_data(self._mx.nd.array(weights[path], ctx=self._context, dtype="float32"))

    def optimizer_state(self) -> dict[str, Array]:
        """Return copies of the optimizer's moments and counts; empty before training."""
        return {} if self._optimizer is None else self._optimizer.state()

    def set_optimizer_state(self, state: Weights) -> None:
        """Restore what ``optimizer_state`` returned."""
        if self._optimizer is None:
            raise TrainingError("training.not_prepared", "Training was not prepared for this network.")
        self._optimizer.set_state(state)

    def _input(self, images: Array) -> Any:
        shaped = np.ascontiguousarray(images, np.float32).reshape(len(images), *self.spec.input_shape)
        return self._mx.nd.array(shaped, ctx=self._context)

    def _training_graph(self, F: Any, images: Any, labels: Any, *masks: Any, **parameters: Any) -> tuple[Any, ...]:
        named = dict(zip(self._dropouts, masks, strict=True))
        losses, correct = _scores(F, forward(F, self.spec, images, parameters, named), labels)
        loss = F.sum(losses)
        return (F.mean(losses) if self._reduction == "mean" else loss), loss, correct

    def _scoring_graph(self, F: Any, images: Any, labels: Any, **parameters: Any) -> tuple[Any, Any]:
        losses, correct = _scores(F, forward(F, self.spec, images, parameters), labels)
        return F.sum(losses), correct

    def _probability_graph(self, F: Any, images: Any, **parameters: Any) -> Any:
        return _softmax(F, forward(F, self.spec, images, parameters))

    def _activation_graph(self, F: Any, images: Any, **parameters: Any) -> list[Any]:
        outputs: dict[str, Any] = {}
        logits = forward(F, self.spec, images, parameters, record=outputs.__setitem__)
        self._output_paths = list(outputs)
        # The same operator on the same logits as in the graph without outputs gives the same answer, bit for bit.
        return [_softmax(F, logits), *outputs.values()]

    def _activity_graph(self, F: Any, images: Any, **parameters: Any) -> tuple[Any, Any]:
        outputs: dict[str, Any] = {}
        forward(F, self.spec, images, parameters, record=outputs.__setitem__)
        self._output_paths = list(outputs)
        # In rows of one unit each: reductions over several axes at once are slow in MXNet.
        rows = [F.reshape(F.swapaxes(output, 0, 1), shape=(0, -1)) for output in outputs.values()]
        means = [F.reshape(F.mean(row), shape=(1,)) for row in rows]
        dead = [F.reshape(F.sum(F.max(row, axis=1) == F.min(row, axis=1)), shape=(1,)) for row in rows]
        return F.concat(*means, dim=0), F.concat(*dead, dim=0)


class _Measured:
    """The activity of layers that MXNet may still be measuring."""

    def __init__(self, means: Any, dead: Any, paths: list[str], units: dict[str, int]) -> None:
        self._means, self._dead, self._paths, self._units = means, dead, paths, units

    def result(self) -> dict[str, LayerActivity]:
        figures = zip(self._paths, self._means.asnumpy(), self._dead.asnumpy(), strict=True)
        return {path: LayerActivity(float(mean), int(dead), self._units[path]) for path, mean, dead in figures}


class _Classified:
    """A classification that MXNet may still be computing."""

    def __init__(self, probabilities: Any, paths: list[str], outputs: list[Any]) -> None:
        self._probabilities = probabilities
        self._outputs = dict(zip(paths, outputs, strict=True))

    def result(self) -> Classification:
        activations = {path: output.asnumpy() for path, output in self._outputs.items()}
        return Classification(self._probabilities.asnumpy(), activations or None)


class _Copied:
    """A copy of a tensor that MXNet may still be making."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy

    def result(self) -> Array:
        return np.asarray(self._copy.asnumpy())


class _Pending:
    """The figures of a batch that MXNet may still be computing."""

    def __init__(self, loss: Any, correct: Any) -> None:
        self._loss = loss
        self._correct = correct

    def result(self) -> BatchMetrics:
        return BatchMetrics(float(self._loss.asscalar()), int(self._correct.asscalar()))


def _softmax(F: Any, logits: Any) -> Any:
    # Flattened, since MXNet's softmax crashes on an image in oneDNN's own memory layout.
    return F.softmax(F.Flatten(logits), axis=-1)


def _scores(F: Any, logits: Any, labels: Any) -> tuple[Any, Any]:
    losses = log_softmax_cross_entropy(F, logits, labels)
    return losses, F.sum(F.broadcast_equal(F.argmax(logits, axis=-1), labels))


def graph_block_class(mx: Any) -> Any:
    """Return a HybridBlock class that runs one graph function over shared parameters.

    Made in a function since MXNet is loaded when a backend is made, not when this file is imported.
    """

    class GraphBlock(mx.gluon.HybridBlock):
        def __init__(self, shared: Any, paths: list[str], graph: Callable[..., Any]) -> None:
            super().__init__(prefix="", params=shared)
            self._scope._block = weakref.proxy(self)  # Gluon's own cycle
            self._graph = graph
            for path in paths:
                # Gluon hands a parameter to hybrid_forward under the name of its attribute.
                setattr(self, path, self.params.get(mxnet_name(path)))
            self.hybridize(static_alloc=True)

        def hybrid_forward(self, F: Any, *inputs: Any, **parameters: Any) -> Any:
            return self._graph(F, *inputs, **parameters)

    return GraphBlock
