"""Imports MXNet without what a network does not need, which is more than half of the time that its import takes.

On import MXNet writes Python source for every operator it has, three thousand times for NDArrays and for symbols, and
compiles it: here each waits for its first call, and a network calls thirty. And to compare two version numbers it
loads distutils, where setuptools puts itself in the place of the standard library's.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        with _own_distutils():
            spec.loader.exec_module(package)
    except BaseException:
        for name in [name for name in sys.modules if name.partition(".")[0] == "mxnet"]:
            del sys.modules[name]
        raise
    return package


@contextmanager
def _own_distutils() -> Iterator[None]:
    """Have ``import distutils`` mean the standard library's, up to Python 3.11."""
    hack = sys.modules.get("_distutils_hack")  # setuptools', there from the start
    if hack is None or sys.version_info >= (3, 12):
        yield
        return
    hack.remove_shim()
    try:
        yield
    finally:
        hack.add_shim()


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
