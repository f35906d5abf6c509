"""The contract of every backend once more, on a GPU with CuPy; where there is none, the reason is told."""

from __future__ import annotations

import functools
import inspect

import numpy as np
import pytest

from engine.architecture.zoo import experiment
from engine.backends.choice import make_backend
from engine.devices import list_devices
from engine.twin import twin_run
from tests.engine.backends import test_activity, test_inference, test_learning, test_placed_data, test_release
from tests.engine.backends.test_release import no_collector  # noqa: F401
from tests.engine.conftest import make_dataset


@functools.cache
def gpu_for_cupy():
    """Return the name of a GPU that CuPy computes on, or nothing, and why there is none."""
    gpus = [device for device in list_devices() if device.name.startswith("gpu")]
    usable = [gpu.name for gpu in gpus if "scratch" in gpu.backends]
    reasons = "; ".join(f"{gpu.label}: {gpu.reason}" for gpu in gpus) or "the driver reports no NVIDIA GPU"
    return next(iter(usable), ""), f"CuPy computes nowhere here: {reasons}"


@pytest.fixture
def backend():
    """The scratch backend on a GPU, in place of all others."""
    device, reason = gpu_for_cupy()
    if not device:
        pytest.skip(reason)
    return make_backend("scratch", device)


def _contract(*modules):
    """Return the tests of these modules that take a backend."""
    found = [
        (name, test)
        for module in modules
        for name, test in vars(module).items()
        if name.startswith("test_") and callable(test) and "backend" in inspect.signature(test).parameters
    ]
    assert len(dict(found)) == len(found), "two tests of one name"
    return dict(found)


globals().update(_contract(test_activity, test_inference, test_learning, test_placed_data, test_release))


@pytest.mark.parametrize("name", ["simple-convnet", "lenet-tanh", "lenet-bn", "mlp-dropout"])
def test_it_learns_as_numpy_does(name, backend):
    chosen = experiment(name)
    steps = list(
        twin_run(chosen.network(), chosen.config, make_dataset(samples=400), (backend, make_backend("scratch")), 10)
    )
    assert max(step.loss_difference for step in steps) < 1e-3
    assert np.isfinite([step.losses for step in steps]).all()
