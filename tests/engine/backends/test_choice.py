from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engine.backends.choice import BACKEND_NAMES, make_backend
from engine.backends.scratch import cupy_module
from engine.errors import ConfigError, DeviceError
from tests.engine.samples import MLP, build, samples


@pytest.mark.parametrize("name", BACKEND_NAMES)
def test_every_backend_is_made_by_its_name_and_builds_networks(name):
    backend = make_backend(name, "cpu")

    assert (backend.name, backend.device) == (name, "cpu")
    images = samples(MLP, 3, dtype=np.float32).images
    np.testing.assert_allclose(build(MLP, backend).predict(images), build(MLP).predict(images), atol=1e-6)


@pytest.mark.parametrize("name", ["gluon", "module", "ndarray"])
def test_a_backend_computes_on_the_device_it_is_made_for(name):
    backend = make_backend(name, "cpu(1)")

    assert backend.device == "cpu(1)"
    assert {str(array.context) for array in build(MLP, backend)._arrays.values()} == {"cpu(1)"}
    with pytest.raises(DeviceError, match="quantum is not a device"):
        make_backend(name, "quantum")


@pytest.mark.skipif(cupy_module.is_installed(), reason="CuPy is installed")
def test_numpy_is_not_passed_off_as_a_gpu():
    with pytest.raises(DeviceError, match=r"CuPy, .* is not installed") as caught:
        make_backend("scratch", "gpu(0)")

    assert caught.value.code == "cupy.missing"
    with pytest.raises(DeviceError, match="quantum is not a device"):
        make_backend("scratch", "quantum")


@pytest.mark.parametrize("name", ["", "Gluon", "torch"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(ConfigError, match=rf"no backend {name}\. .* gluon, module, ndarray, scratch") as caught:
        make_backend(name, "cpu")

    assert caught.value.code == "backend.unknown"


def test_names_are_known_without_loading_any_library():
    code = "import sys, engine.backends.choice; print('mxnet' in sys.modules, 'cupy' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]
