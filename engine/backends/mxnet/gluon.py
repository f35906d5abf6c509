"""The Gluon backend: a network as hybridized blocks that share one set of parameters."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.backends.mxnet.graphs import Graphs
from engine.backends.mxnet.network import MXNetBackend, MXNetNetwork
from engine.backends.mxnet.operators import mxnet_name
from engine.training.config import Reduction


class GluonNetwork(MXNetNetwork):
    """A network in Gluon; see ``engine.backends.base.Network``."""

    def _allocate(self) -> dict[str, Any]:
        self._shared = self._mx.gluon.ParameterDict("")
        self._parameters = {
            p.path: self._shared.get(mxnet_name(p.path), shape=p.shape, grad_req="write" if p.trainable else "null")
            for p in self._summary.parameters
        }
        self._shared.initialize(self._mx.init.Zero(), ctx=self._context)
        self._blocks = {name: self._block(getattr(self._graphs, name)) for name in Graphs.INFERENCE}
        return {path: parameter.data(self._context) for path, parameter in self._parameters.items()}

    def _block(self, graph: Callable[..., Any]) -> Any:
        return graph_block_class(self._mx)(self._shared, list(self._parameters), graph)

    def _prepare(self, reduction: Reduction) -> Mapping[str, Any]:
        self._objective = self._block(partial(self._graphs.training, reduction))
        return {p.path: self._parameters[p.path].grad(self._context) for p in self._summary.parameters if p.trainable}

    def _differentiate(self, images: Any, labels: Any, masks: list[Any]) -> tuple[Any, Any]:
        with self._mx.autograd.record():
            objective, loss, correct = self._objective(images, labels, *masks)
        objective.backward()
        return loss, correct

    def _run(self, graph: str, *inputs: Any) -> Sequence[Any]:
        outputs: Sequence[Any] = self._blocks[graph](*inputs)
        return outputs


class GluonBackend(MXNetBackend):
    """Builds networks with MXNet's Gluon, the imperative interface whose blocks become graphs."""

    name = "gluon"
    network = GluonNetwork


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
