"""The NDArray backend: from scratch on MXNet's arrays, with nothing of Gluon.

The parameters are plain arrays, each operator computes at once, ``autograd`` writes down what was computed and walks
back through it, and the loss and every update of the weights are written out in arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.backends.mxnet.network import MXNetBackend, MXNetNetwork
from engine.backends.mxnet.operators import Tensor
from engine.backends.mxnet.written_out import WrittenOutOptimizer
from engine.training.config import Reduction


def log_sum_exp_cross_entropy(F: Any, logits: Tensor, labels: Tensor) -> Tensor:
    """Return each sample's cross-entropy (batch,).

    The cross-entropy of logits z with label y is ``-log(exp(z_y) / sum_j exp(z_j))``, that is
    ``log(sum_j exp(z_j)) - z_y``. With the largest logit m taken out of the sum, ``m + log(sum_j exp(z_j - m))``,
    no exponential exceeds 1 and one of them is 1, so neither exp nor log can overflow.

    Its gradient is ``softmax(z) - onehot(y)``. As m cancels, it is taken for a constant.

    Source: Zhang et al., "Dive into Deep Learning", "Softmax Regression Implementation from Scratch" and the section
    on softmax and cross-entropy revisited.
    """
    largest = F.BlockGrad(F.max(logits, axis=-1, keepdims=True))
    exponentials = F.exp(F.broadcast_sub(logits, largest))
    log_sum = F.log(F.sum(exponentials, axis=-1)) + F.reshape(largest, shape=(-1,))
    return log_sum - F.pick(logits, labels, axis=-1)


class NDArrayNetwork(MXNetNetwork):
    """A network on plain NDArrays; see ``engine.backends.base.Network``."""

    _cross_entropy = staticmethod(log_sum_exp_cross_entropy)
    _optimizer_class = WrittenOutOptimizer

    def _allocate(self) -> dict[str, Any]:
        return {p.path: self._mx.nd.zeros(p.shape, ctx=self._context) for p in self._summary.parameters}

    def _prepare(self, reduction: Reduction) -> Mapping[str, Any]:
        self._reduction = reduction
        trained = {p.path: self._arrays[p.path] for p in self._summary.parameters if p.trainable}
        for array in trained.values():
            array.attach_grad()  # where backward() will write
        return {path: array.grad for path, array in trained.items()}

    def _differentiate(self, images: Any, labels: Any, masks: list[Any]) -> tuple[Any, Any]:
        with self._mx.autograd.record():
            objective, loss, correct = self._graphs.training(
                self._reduction, self._mx.nd, images, labels, *masks, **self._arrays
            )
        objective.backward()
        return loss, correct

    def _run(self, graph: str, *inputs: Any) -> Sequence[Any]:
        outputs: Sequence[Any] = getattr(self._graphs, graph)(self._mx.nd, *inputs, **self._arrays)
        return outputs


class NDArrayBackend(MXNetBackend):
    """Builds networks from scratch on MXNet's NDArray."""

    name = "ndarray"
    network = NDArrayNetwork
