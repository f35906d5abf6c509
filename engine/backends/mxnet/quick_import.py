"""Imports MXNet without what a network does not need, which is more than half of the time that its import takes.

On import MXNet writes Python source for every operator it has, three thousand times for NDArrays and for symbols, and
compiles it: here each waits for its first call, and a network calls thirty. Of its own packages it loads all, with an
HTTP client for its downloads: here those that no network needs wait until something of theirs is asked for. And to
compare two version numbers it loads distutils, where setuptools puts itself in the place of the standard library's.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# (handle, operator's name, function's name) -> function; MXNet calls it for each operator in turn.
Maker = Callable[[Any, str, str], Callable[..., Any]]

# Of mxnet.base: each is given a Maker, by its keyword or as its last argument.
_REGISTERING = ("_init_op_module", "_init_np_op_module")

# Exporters, texts, tests, experiments, finished networks, and what downloads.
_FOR_LATER = (
    "mxnet.contrib.onnx", "mxnet.contrib.text", "mxnet.test_utils", "mxnet.gluon.contrib", "mxnet.gluon.model_zoo",
    "requests",
)  # fmt: skip


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
        with _waiting(_FOR_LATER), _own_distutils():
            base = importlib.import_module("mxnet.base")
            for name in _REGISTERING:
                setattr(base, name, _with_lazy_maker(getattr(base, name)))
            spec.loader.exec_module(package)
    except BaseException:
        for name in [name for name in sys.modules if name.partition(".")[0] == "mxnet"]:
            del sys.modules[name]
        raise
    return package


@contextmanager
def _waiting(names: Sequence[str]) -> Iterator[None]:
    """Have ``import`` of these modules return them at once, to be loaded when something of theirs is asked for."""
    finder = _FinderForLater(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _FinderForLater(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in self._names else None
        if spec is not None and spec.loader is not None:
            spec.loader = _LoaderForLater(spec.loader)
        return spec


class _LoaderForLater(Loader):
    """Loads a module when something is asked of it that it does not have yet.

    ``importlib.util.LazyLoader`` would load it at the second import statement already, which looks at its
    ``__spec__``.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        def load_and_get(name: str) -> Any:
            del module.__getattr__
            self._loader.exec_module(module)
            return getattr(module, name)

        module.__getattr__ = load_and_get  # type: ignore[method-assign]


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
