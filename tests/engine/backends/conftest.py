"""The backends that have to keep the contract of ``engine.backends.base``; a new one is added to the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.backends.base import Backend
from engine.backends.mxnet.gluon import GluonBackend
from engine.backends.mxnet.module import ModuleBackend
from engine.backends.mxnet.ndarray import NDArrayBackend
from engine.backends.scratch.network import ScratchBackend

# cpu(1) is the same processor under another name: it finds every place where the device was forgotten.
BACKENDS: dict[str, Callable[[], Backend]] = {
    "gluon-cpu": lambda: GluonBackend("cpu"),
    "gluon-cpu1": lambda: GluonBackend("cpu(1)"),
    "module-cpu": lambda: ModuleBackend("cpu"),
    "module-cpu1": lambda: ModuleBackend("cpu(1)"),
    "ndarray-cpu": lambda: NDArrayBackend("cpu"),
    "ndarray-cpu1": lambda: NDArrayBackend("cpu(1)"),
    "scratch": ScratchBackend,
}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    return BACKENDS[request.param]()
