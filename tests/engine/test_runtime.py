"""Loading MXNet: what must be in place before its import, and sentences for installations that cannot work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.backends.mxnet import runtime
from engine.errors import DeviceError

ROOT = Path(__file__).parents[2]

LOAD = """
import faulthandler, json, sys, warnings
import numpy as np
from engine.backends.mxnet import runtime
from engine.errors import DeviceError
try:
    mx = runtime.load({arguments})
except DeviceError as error:
    print(json.dumps([error.code, str(error)]))
    sys.exit()
print(json.dumps({{
    "version": mx.__version__,
    "versions": runtime.versions(),
    "faulthandler": faulthandler.is_enabled(),
    "bool": np.bool is bool,
    "same": runtime.load() is mx,
}}))
"""


def load_in_new_process(arguments="", packages=None, **environment):
    """Load MXNet in a process of its own; ``packages`` is a folder of package records found before the real ones."""
    variables = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if packages is not None:
        variables["PYTHONPATH"] = str(packages)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOAD.format(arguments=arguments)],
        cwd=ROOT, env={**variables, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def record(folder, name):
    """Write the record that pip leaves of an installed package."""
    info = folder / f"{name.replace('-', '_')}-1.9.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.9.1\n", encoding="utf-8")


def test_loads_under_warnings_as_errors_with_everything_in_place():
    told = load_in_new_process()
    assert told["version"] == "1.9.1"
    assert told["faulthandler"] and told["bool"] and told["same"]
    assert told["versions"]["threads"] == len(os.sched_getaffinity(0))
    assert told["versions"]["mxnet"].endswith("1.9.1")


def test_the_environment_chooses_the_threads_and_an_argument_overrules_it():
    assert load_in_new_process(OMP_NUM_THREADS="3")["versions"]["threads"] == 3
    assert load_in_new_process("threads=1", OMP_NUM_THREADS="3")["versions"]["threads"] == 1


def test_both_packages_at_once_are_refused_with_the_repair(tmp_path):
    for name in (runtime.CPU_PACKAGE, runtime.GPU_PACKAGE):
        record(tmp_path, name)
    code, sentence = load_in_new_process(packages=tmp_path)
    assert code == "mxnet.both"
    assert "make repair" in sentence


def test_a_damaged_package_is_refused_with_the_repair(tmp_path):
    (tmp_path / "mxnet").mkdir()
    (tmp_path / "mxnet" / "__init__.py").write_text("from . import base\n", encoding="utf-8")
    (tmp_path / "mxnet" / "base.py").write_text("raise OSError('libmxnet.so is cut short')\n", encoding="utf-8")
    code, sentence = load_in_new_process(packages=tmp_path)
    assert code == "mxnet.broken"
    assert "libmxnet.so is cut short" in sentence and "make repair" in sentence


@pytest.mark.parametrize(("device", "kind", "number"), [("cpu", "cpu", 0), ("cpu(1)", "cpu", 1), ("gpu(2)", "gpu", 2)])
def test_context_has_the_kind_and_number_of_its_name(device, kind, number):
    context = runtime.context(device)
    assert (context.device_type, context.device_id) == (kind, number)


@pytest.mark.parametrize("device", ["", "CPU", "cpu()", "cpu(-1)", "gpu0", "cpu(1);"])
def test_a_malformed_device_name_is_refused(device):
    with pytest.raises(DeviceError) as caught:
        runtime.context(device)
    assert caught.value.code == "device.name"
