"""Imports MXNet without compiling its thousands of operator functions, each of which waits for its first call.

On import MXNet writes Python source for every operator it has, three thousand times for NDArrays and for symbols, and
compiles it. That is half of its import and a quarter of the memory it takes, and a network needs thirty of them.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

# (handle, operator's name, function's name) -> function; MXNet calls it for each operator in turn.
Maker = Callable[[Any, str, str], Callable[..., Any]]

# Of mxnet.base: each is given a Maker, by its keyword or as its last argument.
_REGISTERING = ("_init_op_module", "_init_np_op_module")


def import_mxnet() -> ModuleType:
    """Return the ``mxnet`` module, imported.

    Raises
    ------
    ImportError, OSError, AttributeError, RuntimeError
        As MXNet does; nothing half imported stays behind under its name.
    """
    if "mxnet" in sys.modules:
        return sys.modules["mxnet"]
    spec = importlib.util.find_spec("mxnet")
    if spec is None or spec.loader is None:
        raise ImportError("there is no module mxnet")
    # As the import statement does it, but with a look at mxnet.base before anything else of the package runs.
    package = sys.modules["mxnet"] = importlib.util.module_from_spec(spec)
    try:
        base = importlib.import_module("mxnet.base")
        for name in _REGISTERING:
            setattr(base, name, _with_lazy_maker(getattr(base, name)))
        spec.loader.exec_module(package)
    except BaseException:
        for name in [name for name in sys.modules if name.partition(".")[0] == "mxnet"]:
            del sys.modules[name]
        raise
    return package


def _with_lazy_maker(register: Callable[..., None]) -> Callable[..., None]:
    def register_lazily(*arguments: Any, **keywords: Any) -> None:
        if "make_op_func" in keywords:
            register(*arguments, **{**keywords, "make_op_func": lazy(keywords["make_op_func"])})
        else:
            register(*arguments[:-1], lazy(arguments[-1]), **keywords)

    return register_lazily


def lazy(make: Maker) -> Maker:
    """Return a maker of functions that are made by ``make`` when they are called first."""

    def make_later(handle: Any, name: str, function_name: str) -> Callable[..., Any]:
        made: Callable[..., Any] | None = None

        def operator(*arguments: Any, **settings: Any) -> Any:
            nonlocal made
            if made is None:
                made = make(handle, name, function_name)
            return made(*arguments, **settings)

        operator.__name__ = operator.__qualname__ = function_name
        operator.__doc__ = ""  # MXNet edits some of these texts
        return operator

    return make_later
