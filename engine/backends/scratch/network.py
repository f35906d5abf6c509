"""The scratch backend: networks computed by NumPy alone, or by any array module with NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from engine.architecture.layers import Conv2D
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
from engine.backends.scratch import blas
from engine.backends.scratch.arrays import to_numpy
from engine.backends.scratch.cupy_module import gpu_index
from engine.backends.scratch.layers import ArrayModule, Pass
from engine.backends.scratch.losses import softmax
from engine.backends.scratch.optimizers import Optimizer
from engine.backends.scratch.placed import PlacedImages
from engine.backends.scratch.places import Copies, Gpu, Later, Place, Processor, Ready
from engine.backends.scratch.replica import Figures, Replica
from engine.backends.scratch.shares import Crew, Part
from engine.errors import TrainingError
from engine.inspection.activity import LayerActivity, layer_activities
from engine.training.config import OptimizerConfig, Reduction

P = ParamSpec("P")
R = TypeVar("R")

_PROBABILITIES = ""  # no layer has this path


class ScratchBackend:
    """Builds networks whose every operation is written out.

    Parameters
    ----------
    device : str
        What the device is called: ``"cpu"`` for NumPy, ``"gpu(0)"`` for CuPy.
    xp : module
        The array module: NumPy, or CuPy for an NVIDIA GPU (``cupy_module.load``).
    dtype : dtype
        float32, or float64 for checks; what goes out has it too.
    threads : int, optional
        On how many a batch is computed, its matrix products included, at least 1. By default as many as NumPy's matrix
        products take; one for a GPU, which has all its own.
    """

    name = "scratch"

    def __init__(
        self, device: str = "cpu", xp: ArrayModule = np, dtype: Any = np.float32, threads: int | None = None
    ) -> None:  # fmt: skip
        self.device = device
        self._xp = xp
        self._dtype = np.dtype(dtype)
        index = gpu_index(device)
        self._place: Place = Processor() if index is None else Gpu(xp, index)
        self.threads = threads or (blas.threads() if index is None else 1)

    def build(self, spec: NetworkSpec, weights: Weights) -> Network:
        """Build the network with these weights."""
        return ScratchNetwork(self._xp, self._place, self._dtype, spec, weights, self.threads)

    def settle(self) -> None:
        """Wait for what a GPU still does; on the CPU everything is done when the call returns."""
        self._place.settle()


def _here(method: Callable[Concatenate[ScratchNetwork, P], R]) -> Callable[Concatenate[ScratchNetwork, P], R]:
    """Let a method compute in silence, and where its network lives: CuPy's current GPU is one for each thread."""

    @wraps(method)
    def computed(self: ScratchNetwork, /, *arguments: P.args, **named: P.kwargs) -> R:
        with self._place.active(), _quiet():
            return method(self, *arguments, **named)

    return computed


class ScratchNetwork(Network):
    """A network written out in array operations; see ``engine.backends.base.Network``."""

    def __init__(
        self, xp: ArrayModule, place: Place, dtype: np.dtype, spec: NetworkSpec, weights: Weights, threads: int
    ) -> None:  # fmt: skip
        self.spec = spec
        self._xp = xp
        self._place = place
        self._dtype = dtype
        self._summary = summarize(spec)
        # What Dense layers do is shared by the matrix product itself, and little else.
        convolved = sum(layer.multiply_adds for layer in self._summary.layers if isinstance(layer.layer, Conv2D))
        self._crew = Crew(threads, convolved)
        with place.active():
            original = Replica(spec, xp, dtype)
        self._replicas = [original]
        self._layers, self._parameters = original.layers, original.parameters
        self._reduction: Reduction = "mean"
        self._optimizer: Optimizer | None = None
        self.set_weights(weights)

    def place(self, images: Array, labels: Array) -> PlacedData:
        """Keep the data where it is; batches are made of it by NumPy."""
        return PlacedImages(images, labels, self.spec.input_shape, self._dtype)

    @_here
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

    @_here
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

        def learn(part: Part) -> Figures:
            within, replica = part.within, self._replicas[part.rank]
            batch = data.batch(indices[within], None if shifts is None else shifts[within])
            drawn = {path: self._xp.asarray(mask[within], self._dtype) for path, mask in masks.items()}
            figures = replica.forward(*batch, Pass(training=True, masks=drawn, share=part.share))
            replica.backward(self._reduction, len(indices))
            return figures

        shares = self._share_out(len(indices), learn)
        self._replicas[0].add_gradients(self._replicas[1 : len(shares)])
        self._optimizer.step(settings)
        return self._added(shares)

    @_here
    def gradients(self) -> dict[str, Array]:
        """Return copies of the gradients of the last batch by parameter path, before clipping and decay."""
        return {path: to_numpy(p.gradient) for path, p in self._parameters.items() if p.trainable}

    @_here
    def evaluate_batch(self, data: PlacedData, start: int, stop: int) -> Pending[BatchMetrics]:
        """Return the figures of samples ``start`` to ``stop`` in inference mode."""
        assert isinstance(data, PlacedImages)

        def look(part: Part) -> Figures:
            batch = data.slice(start + part.within.start, start + part.within.stop)
            return self._replicas[part.rank].forward(*batch, Pass(share=part.share))

        return self._added(self._share_out(stop - start, look))

    @_here
    def classify(self, images: Array, with_activations: bool = False) -> Pending[Classification]:
        """Classify images in inference mode."""
        logits, outputs = self._infer(images, with_activations)
        probabilities = softmax(self._xp, logits.reshape(len(logits), -1))
        return Later(self._place.copies({_PROBABILITIES: probabilities, **outputs}), _classification)

    @_here
    def activity(self, images: Array) -> Pending[dict[str, LayerActivity]]:
        """Measure every layer's activity in inference mode."""
        _, outputs = self._infer(images, with_activations=True)
        return Ready(layer_activities(outputs))

    @_here
    def copy_weight(self, path: str) -> Pending[Array] | None:
        """Copy one tensor by its parameter path."""
        parameter = self._parameters.get(path)
        if parameter is None:
            return None
        return Later(self._place.copies({path: parameter.value}), lambda copies: copies[path])

    @_here
    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by parameter path."""
        return {path: to_numpy(p.value) for path, p in self._parameters.items()}

    @_here
    def set_weights(self, weights: Weights) -> None:
        """Replace all weights; ``FileError`` naming the first that does not fit, and then nothing changed."""
        check_weights(self._summary, weights)
        for path, parameter in self._parameters.items():
            parameter.value[...] = self._xp.asarray(weights[path])

    @_here
    def optimizer_state(self) -> dict[str, Array]:
        """Return copies of the optimizer's moments and counts; empty before training."""
        return {} if self._optimizer is None else self._optimizer.state()

    @_here
    def set_optimizer_state(self, state: Weights) -> None:
        """Restore what ``optimizer_state`` returned."""
        if self._optimizer is None:
            raise TrainingError("training.not_prepared", "Training was not prepared for this network.")
        self._optimizer.set_state(state)

    def _infer(self, images: Array, with_activations: bool) -> tuple[Any, dict[str, Any]]:
        """Return the logits, and every layer's output by path where they are asked for."""
        x = self._xp.asarray(np.ascontiguousarray(images, self._dtype).reshape(len(images), *self.spec.input_shape))

        def look(part: Part) -> tuple[Any, dict[str, Any]]:
            outputs: dict[str, Any] = {}
            run = Pass(record=outputs.__setitem__ if with_activations else None, share=part.share)
            return self._replicas[part.rank].layers.forward(x[part.within], run), outputs

        shares = self._share_out(len(images), look)
        if len(shares) == 1:
            return shares[0]
        logits, recorded = zip(*shares, strict=True)
        outputs = {path: self._xp.concatenate([part[path] for part in recorded]) for path in recorded[0]}
        return self._xp.concatenate(logits), outputs

    def _share_out(self, samples: int, work: Callable[[Part], R]) -> list[R]:
        def in_silence(part: Part) -> R:
            with _quiet():  # which holds for one thread
                return work(part)

        while len(self._replicas) < self._crew.shares_of(samples):
            self._replicas.append(Replica(self.spec, self._xp, self._dtype, self._replicas[0]))
        return self._crew.share_out(samples, in_silence)

    def _added(self, shares: list[Figures]) -> Pending[BatchMetrics]:
        losses, correct = zip(*shares, strict=True)
        return Later(self._place.copies({"loss": sum(losses), "correct": sum(correct)}), _metrics)


def _classification(copies: Copies) -> Classification:
    probabilities = copies.pop(_PROBABILITIES)
    return Classification(probabilities, copies or None)


def _metrics(copies: Copies) -> BatchMetrics:
    return BatchMetrics(float(copies["loss"]), int(copies["correct"]))


def _quiet() -> np.errstate:
    """Let numbers overflow in silence: the loop looks at the loss, and says it in words."""
    return np.errstate(all="ignore")
