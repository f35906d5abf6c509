"""The Module backend: a network as a symbolic graph, bound to arrays before anything is computed.

A graph is built once from ``mx.sym`` variables, ``mx.mod.Module`` infers every shape, plans the memory and allocates
it; a batch is copied into the bound inputs and run forward and backward through the whole graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from engine.architecture.network import Shape
from engine.backends.mxnet.network import MXNetBackend, MXNetNetwork
from engine.backends.mxnet.operators import forward, mxnet_name
from engine.training.config import Reduction

# No parameter is called so: each of their names holds a "_".
_IMAGES, _LABELS = "images", "labels"


class ModuleNetwork(MXNetNetwork):
    """A network in Symbol and Module; see ``engine.backends.base.Network``.

    One module owns the parameters and their gradients. Each graph has a module of its own that shares them, made when
    it is first needed.
    """

    def _allocate(self) -> dict[str, Any]:
        self._modules: dict[str, Any] = {}
        self._owner = self._bound(forward(self._mx.sym, self.spec, self._mx.sym.var(_IMAGES), self._variables()))
        self._owner.init_params(self._mx.init.Zero())
        arrays = {**_executor(self._owner).arg_dict, **_executor(self._owner).aux_dict}
        return {p.path: arrays[mxnet_name(p.path)] for p in self._summary.parameters}

    def _prepare(self, reduction: Reduction) -> Mapping[str, Any]:
        self._modules["training"] = self._training_module(reduction)
        self._reduction = reduction
        gradients = _executor(self._owner).grad_dict
        return {p.path: gradients[mxnet_name(p.path)] for p in self._summary.parameters if p.trainable}

    def _differentiate(self, images: Any, labels: Any, masks: list[Any]) -> tuple[Any, Any]:
        _, loss, correct = self._compute("training", [images, *masks], [labels])
        return loss, correct

    def _run(self, graph: str, *inputs: Any) -> Sequence[Any]:
        images, *labels = inputs
        return self._compute(graph, [images], labels)

    def _compute(self, graph: str, data: list[Any], labels: list[Any]) -> list[Any]:
        if graph not in self._modules:
            training = graph == "training"
            self._modules[graph] = self._training_module(self._reduction) if training else self._inference_module(graph)
        module, batch = self._modules[graph], self._mx.io.DataBatch(data, labels)
        try:
            if graph == "training":
                # Module.update() would follow with an optimizer of MXNet; ours takes the gradients from where they are.
                module.forward_backward(batch)
            else:
                module.forward(batch, is_train=False)
        except Exception:
            # Where there is no memory for a larger batch, a module believes that it has made room for it.
            del self._modules[graph]
            raise
        # Copies, since the next batch is computed into the same outputs.
        return [output.copy() for output in module.get_outputs()]

    def _training_module(self, reduction: Reduction) -> Any:
        F = self._mx.sym
        shapes = {layer.path: layer.output_shape for layer in self._summary.layers}
        masks = {f"{mxnet_name(path)}_mask": shapes[path] for path in self._graphs.dropouts}
        graph = partial(self._graphs.training, reduction)
        objective, *figures = graph(F, F.var(_IMAGES), F.var(_LABELS), *map(F.var, masks), **self._variables())
        # Only what goes through MakeLoss is differentiated.
        symbol = F.Group([F.MakeLoss(objective), *map(F.BlockGrad, figures)])
        return self._bound(symbol, masks, owner=self._owner)

    def _inference_module(self, graph: str) -> Any:
        F = self._mx.sym
        inputs = [F.var(_IMAGES), F.var(_LABELS)] if graph == "scores" else [F.var(_IMAGES)]
        symbol = F.Group(list(getattr(self._graphs, graph)(F, *inputs, **self._variables())))
        return self._bound(symbol, training=False, owner=self._owner)

    def _variables(self) -> dict[str, Any]:
        return {p.path: self._mx.sym.var(mxnet_name(p.path)) for p in self._summary.parameters}

    def _bound(
        self, symbol: Any, masks: Mapping[str, Shape] | None = None, training: bool = True, owner: Any = None
    ) -> Any:
        """Return a module for batches of one; it makes room for others when they come."""
        data = {_IMAGES: self.spec.input_shape, **(masks or {})}
        labels = [_LABELS] if _LABELS in symbol.list_arguments() else []
        module = self._mx.mod.Module(symbol, list(data), labels, context=self._context)
        module.bind(
            [(name, (1, *shape)) for name, shape in data.items()], [(name, (1,)) for name in labels] or None,
            for_training=training, shared_module=owner,
        )  # fmt: skip
        return module


class ModuleBackend(MXNetBackend):
    """Builds networks with MXNet's symbolic interface, Symbol and Module."""

    name = "module"
    network = ModuleNetwork


def _executor(module: Any) -> Any:
    # What Module itself tells of its arrays are copies in the host's memory.
    return module._exec_group.execs[0]
