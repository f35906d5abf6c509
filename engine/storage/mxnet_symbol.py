"""Writes a network as MXNet's own pair of files: the graph in -symbol.json, the weights in -0000.params."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.backends.checks import check_weights
from engine.backends.mxnet import runtime
from engine.backends.mxnet.operators import forward, mxnet_name
from engine.storage.atomic import write_atomically
from engine.storage.formats import PARAMS_SUFFIX, SYMBOL_SUFFIX
from engine.storage.mxnet_params import encode_mxnet_params


def export_for_mxnet(
    prefix: Path, spec: NetworkSpec, weights: Mapping[str, np.ndarray], trainable: bool = False
) -> None:
    """Write ``prefix-symbol.json`` and ``prefix-0000.params`` for other MXNet programs.

    The input is called ``data``. The graph ends in ``softmax``, which ``Module.load`` and
    ``SymbolBlock.imports`` take for inference. It calls MXNet, so the thread that owns MXNet must call it.

    Parameters
    ----------
    prefix : Path
    weights : mapping of parameter path to array, float32
    trainable : bool
        End in SoftmaxOutput instead, with the labels in ``softmax_label``, for ``Module.fit``.

    Raises
    ------
    FileError
        If the weights are not those of the network, or a file cannot be written; each is whole or as before.
    DeviceError
        If MXNet cannot be loaded.
    """
    summary = summarize(spec)
    check_weights(summary, weights)
    arrays = {
        ("arg:" if p.trainable else "aux:") + mxnet_name(p.path): np.asarray(weights[p.path], np.float32)
        for p in summary.parameters
    }
    graph = _symbol(runtime.load(), spec, trainable).tojson()
    write_atomically(prefix.with_name(prefix.name + PARAMS_SUFFIX), encode_mxnet_params(arrays))
    write_atomically(prefix.with_name(prefix.name + SYMBOL_SUFFIX), graph.encode())


def _symbol(mx: Any, spec: NetworkSpec, trainable: bool) -> Any:
    with mx.name.NameManager():  # counts from zero, so that the same network gives the same file
        parameters = {p.path: mx.sym.var(mxnet_name(p.path)) for p in summarize(spec).parameters}
        logits = forward(_WithDropout(mx.sym, spec), spec, mx.sym.var("data"), parameters, as_written=True)
        end = mx.sym.SoftmaxOutput if trainable else mx.sym.softmax
        return end(logits, name="softmax")


class _WithDropout:
    """``mx.sym``, in which the Dropout layers draw their own masks: other programs do not hand them in."""

    def __init__(self, sym: Any, spec: NetworkSpec) -> None:
        self._sym = sym
        self._rates = {
            mxnet_name(place.path): place.layer.rate for place in walk(spec.layers) if isinstance(place.layer, Dropout)
        }

    def __getattr__(self, operator: str) -> Any:
        return getattr(self._sym, operator)

    def identity(self, x: Any, name: str) -> Any:
        """Return what ``forward`` asks for where a Dropout layer is given no mask."""
        return self._sym.Dropout(x, p=self._rates[name], name=name)
