"""Devices: the rule for kernels, and what is offered on a machine with GPUs (played by a small driver of ours)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cuda_driver
from engine.devices import check_device, list_devices
from engine.errors import DeviceError

ROOT = Path(__file__).parents[2]

# Two GPUs behind the functions of NVIDIA's driver: one too new for MXNet's kernels, one that fits.
DRIVER = """
#include <string.h>
static const char *names[] = {"Newest GPU", "Known GPU"};
static const int majors[] = {9, 8}, minors[] = {0, 6};
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, names[device], length); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)24 << 30; return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) {
    *value = which == 75 ? majors[device] : which == 76 ? minors[device] : -1;
    return 0;
}
"""

REPORT = """
import json, sys
from engine.devices import check_device, list_devices
from engine.errors import DeviceError
try:
    check_device("gpu")
except DeviceError as error:
    refusal = [error.code, str(error)]
print(json.dumps({
    "devices": [(d.name, d.label, d.available, d.reason) for d in list_devices()],
    "refusal": refusal,
    "mxnet imported": "mxnet" in sys.modules,
}))
"""


@pytest.mark.parametrize("capability", [(5, 0), (5, 2), (6, 0), (6, 1), (7, 0), (7, 5), (8, 0), (8, 6), (8, 9)])
def test_kernels_run_on_their_own_major_version(capability):
    assert cuda_driver.has_kernels(capability)


@pytest.mark.parametrize("capability", [(3, 5), (3, 7), (4, 0), (9, 0), (10, 0), (12, 0)])
def test_kernels_do_not_run_on_older_or_newer_major_versions(capability):
    assert not cuda_driver.has_kernels(capability)


def test_cpu_comes_first_and_can_be_used():
    first = list_devices()[0]
    assert (first.name, first.available, first.reason) == ("cpu", True, "")
    assert first.label.startswith("CPU, ")


@pytest.mark.parametrize("name", ["cpu", "cpu(0)", "cpu(1)"])
def test_every_cpu_context_is_accepted(name):
    assert check_device(name) == name


@pytest.mark.parametrize("name", ["gpu(99)", "tpu", "", "cpu(x)"])
def test_an_unknown_device_is_refused_with_the_ones_there_are(name):
    with pytest.raises(DeviceError, match=r"Choose one of: cpu") as caught:
        check_device(name)
    assert caught.value.code == "device.unknown"


@pytest.fixture(scope="module")
def machine_with_gpus(tmp_path_factory):
    """What list_devices() and check_device() say, in a new process, where a driver reports two GPUs."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a C compiler builds the driver of this test")
    folder = tmp_path_factory.mktemp("driver")
    source = folder / "driver.c"
    source.write_text(DRIVER, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / cuda_driver.DRIVER, source], check=True)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    told = subprocess.run(
        [sys.executable, "-c", REPORT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(told.stdout)


def test_every_gpu_of_the_driver_is_listed_with_its_memory(machine_with_gpus):
    names = [(name, label) for name, label, _, _ in machine_with_gpus["devices"][1:]]
    assert names == [("gpu(0)", "GPU 0: Newest GPU, 24 GiB"), ("gpu(1)", "GPU 1: Known GPU, 24 GiB")]


def test_a_gpu_without_kernels_says_so(machine_with_gpus):
    _, _, available, reason = machine_with_gpus["devices"][1]
    assert not available
    assert "compute capability is 9.0" in reason


def test_a_gpu_that_does_not_compute_is_not_offered(machine_with_gpus):
    # With the CPU version of MXNet for want of kernels; with the GPU version because this driver cannot compute.
    _, _, available, reason = machine_with_gpus["devices"][2]
    assert not available
    assert "GPU version" in reason or "small computation on it failed" in reason


def test_choosing_an_unavailable_gpu_gives_its_reason(machine_with_gpus):
    code, sentence = machine_with_gpus["refusal"]
    assert code == "device.unavailable"
    assert "Newest GPU" in sentence and "compute capability is 9.0" in sentence


def test_listing_devices_leaves_mxnet_alone(machine_with_gpus):
    assert machine_with_gpus["mxnet imported"] is False
