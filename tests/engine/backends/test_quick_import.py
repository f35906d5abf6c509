"""MXNet's operators, each of which is made when it is called first."""

from __future__ import annotations

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
