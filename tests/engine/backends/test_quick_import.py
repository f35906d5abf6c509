"""MXNet's operators, each of which is made when it is called first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.mxnet.quick_import import import_mxnet, lazy

ROOT = Path(__file__).parents[3]


def test_an_operator_is_made_at_its_first_call_and_only_then():
    made = []

    def make(handle, name, function_name):
        made.append((handle, name, function_name))
        return lambda *arguments, **settings: (arguments, settings)

    operator = lazy(make)(7, "_plus_one", "plus_one")
    assert (operator.__name__, made) == ("plus_one", [])
    assert operator(1, by=2) == ((1,), {"by": 2})
    assert operator(3) == ((3,), {})
    assert made == [(7, "_plus_one", "plus_one")]


def test_operators_compute_as_ever():
    mx = runtime.load()
    assert import_mxnet() is mx
    values = mx.nd.array([[-1.0, 2.0]])
    assert np.array_equal(mx.nd.Activation(values, act_type="relu").asnumpy(), [[0.0, 2.0]])
    assert np.array_equal(mx.nd.relu(values).asnumpy(), values.relu().asnumpy())
    both = mx.sym.Concat(mx.sym.var("a"), mx.sym.var("b"), dim=1, name="both")
    assert both.list_arguments() == ["a", "b"] and both.name == "both"
    with pytest.raises(TypeError, match="legacy operator"):
        mx.nd.relu(mx.np.ones(2))


def test_what_no_network_needs_waits_until_something_of_it_is_asked_for():
    code = """
import sys
from engine.backends.mxnet import runtime
mx = runtime.load()
waiting = ("requests.api", "urllib3", "mxnet.onnx", "mxnet.gluon.model_zoo.vision")
print([name for name in waiting if name in sys.modules])
import requests
from mxnet.gluon.model_zoo import vision
from mxnet.test_utils import *
print(requests.get.__module__, vision.__name__, mx.contrib.text.vocab.Vocabulary.__name__, default_context())
print(hasattr(requests, "nothing_of_this_name"), mx.test_utils.default_context is default_context)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == [
        "[]", "requests.api mxnet.gluon.model_zoo.vision Vocabulary cpu(0)", "False True",
    ], done.stderr  # fmt: skip


def test_a_library_that_was_opened_beforehand_is_the_one_that_is_loaded():
    code = """
import os, sys
from pathlib import Path
from engine.backends.mxnet import runtime

def opened():
    return {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libmxnet.so" in line}

before = opened()
runtime.preload().join()
early, imported = opened(), "mxnet" in sys.modules
mx = runtime.load()
print(before, len(early), imported, opened() == early, os.environ["OMP_NUM_THREADS"], mx.nd.ones(3).sum().asscalar())
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["set()", "1", "False", "True", "2", "3.0"], done.stderr


def test_a_failed_import_leaves_nothing_behind(tmp_path):
    package = tmp_path / "mxnet"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('libmxnet.so: too old')\n")
    (package / "base.py").write_text("def _init_op_module(): pass\n_init_np_op_module = _init_op_module\n")
    code = """
import sys
from engine.backends.mxnet.quick_import import import_mxnet
try:
    import_mxnet()
except OSError as error:
    print(error, [name for name in sys.modules if name.startswith("mxnet")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("libmxnet.so: too old []", "")
