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
from engine.backends.choice import BACKEND_NAMES
from engine.backends.scratch import cupy_module
from engine.devices import check_device, device_or_cpu, list_devices
from engine.errors import DeviceError

ROOT = Path(__file__).parents[2]
STANDINS = ROOT / "tests" / "standins"

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
from engine.devices import check_device, list_devices, device_or_cpu
from engine.errors import DeviceError
refusals = {}
for backend in ("gluon", "scratch"):
    try:
        refusals[backend] = ["", check_device("gpu", backend)]
    except DeviceError as error:
        refusals[backend] = [error.code, str(error)]
try:
    twins = [device_or_cpu("gpu(0)", backend) for backend in ("gluon", "scratch")]
except DeviceError as error:
    twins = error.code
print(json.dumps({
    "devices": [(d.name, d.label, d.available, d.reason, d.backends) for d in list_devices()],
    "refusals": refusals,
    "twins": twins,
    "imported": [name for name in ("mxnet", "cupy") if name in sys.modules],
}))
"""

# In the worker: a run on the new GPU, a twin run, and on with the network in another backend.
WORK = """
import json, sys
import msgspec
from engine import messages as m
from engine.backends.choice import make_backend
from engine.networks import choose_network
from engine.training.events import EpochDone
from engine.workbench import Workbench
told, made = [], []
def make(name, device, threads=None):
    made.append([name, device])
    return make_backend(name, device, threads)
bench = Workbench(told.append, make)
bench.load()
bench.handle(m.LoadDataset("random-labels"))
chosen = choose_network("mlp-64", (1, 1, 99), 10)
config = msgspec.structs.replace(chosen.config, epochs=1)
def work(command):
    bench.handle(command)
    while bench.is_busy:
        bench.go_on()
work(m.TwinRun(1, chosen.spec, config, "gpu(0)", ("gluon", "scratch"), 5))
work(m.Train("run", chosen.spec, config, "gpu(0)", backend="scratch"))
work(m.TrainMore("run", config, None, backend="gluon"))
failures = [str(message.error) for message in told if isinstance(message, m.CommandFailed)]
steps = [step for message in told if isinstance(message, m.TwinStepped) for step in message.steps]
print(json.dumps({
    "failures": failures, "made": made, "epochs": [e.epoch for e in told if isinstance(e, EpochDone)],
    "apart": max(step.loss_difference for step in steps), "steps": len(steps),
}))
"""

# Packages called cupy: one that cannot be imported, one that ends the process, one that fails otherwise.
BROKEN = {
    "cannot be loaded": "raise ImportError('no libnvrtc.so.12') from OSError('libnvrtc is damaged')",
    "it ended with SIGKILL": "import os; os.kill(os.getpid(), 9)",
    "no kernel image": "raise ValueError('no kernel image is available')",
}


@pytest.mark.parametrize("capability", [(5, 0), (5, 2), (6, 0), (6, 1), (7, 0), (7, 5), (8, 0), (8, 6), (8, 9)])
def test_kernels_run_on_their_own_major_version(capability):
    assert cuda_driver.has_kernels(capability)


@pytest.mark.parametrize("capability", [(3, 5), (3, 7), (4, 0), (9, 0), (10, 0), (12, 0)])
def test_kernels_do_not_run_on_older_or_newer_major_versions(capability):
    assert not cuda_driver.has_kernels(capability)


@pytest.mark.parametrize("capability", [(9, 0), (10, 0), (10, 3), (12, 1)])
def test_newer_gpus_are_for_cupy(capability):
    assert cuda_driver.is_for_cupy(capability)


@pytest.mark.parametrize("capability", [(3, 5), (5, 0), (8, 0), (8, 9)])
def test_older_gpus_are_not_for_cupy(capability):
    assert not cuda_driver.is_for_cupy(capability)


def test_cpu_comes_first_and_every_backend_can_use_it():
    first = list_devices()[0]
    assert (first.name, first.available, first.reason, first.backends) == ("cpu", True, "", BACKEND_NAMES)
    assert first.label.startswith("CPU, ")


@pytest.mark.parametrize("backend", BACKEND_NAMES)
@pytest.mark.parametrize("name", ["cpu", "cpu(0)", "cpu(1)"])
def test_every_cpu_context_is_accepted(name, backend):
    assert check_device(name, backend) == device_or_cpu(name, backend) == name


@pytest.mark.parametrize("name", ["gpu(99)", "tpu", "", "cpu(x)"])
def test_an_unknown_device_is_refused_with_the_ones_there_are(name):
    for find in (check_device, device_or_cpu):
        with pytest.raises(DeviceError, match=r"Choose one of: cpu") as caught:
            find(name, "scratch")
        assert caught.value.code == "device.unknown"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """The folder of a driver that reports two GPUs."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a C compiler builds the driver of this test")
    folder = tmp_path_factory.mktemp("driver")
    source = folder / "driver.c"
    source.write_text(DRIVER, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / cuda_driver.DRIVER, source], check=True)
    return folder


def with_gpus(driver, packages, *command):
    """Run Python in a new process where a driver reports two GPUs and ``packages`` come first."""
    path = os.pathsep.join(str(folder) for folder in packages)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(driver), "PYTHONPATH": path}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def report(driver, *packages):
    told = with_gpus(driver, packages, "-c", REPORT)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def without_cupy(driver, tmp_path_factory):
    """What is told where CuPy cannot be found."""
    if cupy_module.is_installed():
        pytest.skip("CuPy is installed")
    return report(driver)


@pytest.fixture(scope="module")
def with_cupy(driver):
    return report(driver, STANDINS)


def test_every_gpu_of_the_driver_is_listed_with_its_memory(with_cupy):
    names = [(name, label) for name, label, *_ in with_cupy["devices"][1:]]
    assert names == [("gpu(0)", "GPU 0: Newest GPU, 24 GiB"), ("gpu(1)", "GPU 1: Known GPU, 24 GiB")]


def test_a_gpu_without_kernels_and_without_cupy_says_so(without_cupy):
    _, _, available, reason, backends = without_cupy["devices"][1]
    assert not available and backends == []
    assert "compute capability is 9.0" in reason
    assert "CuPy" in reason and "is not installed. Run `make repair`" in reason


def test_choosing_an_unavailable_gpu_gives_its_reason(without_cupy):
    for code, sentence in without_cupy["refusals"].values():
        assert code == "device.unavailable"
        assert "Newest GPU" in sentence and "compute capability is 9.0" in sentence and "make repair" in sentence
    assert without_cupy["twins"] == "device.unavailable"


def test_a_gpu_without_kernels_is_offered_to_the_backend_scratch_where_cupy_computes(with_cupy):
    _, _, available, reason, backends = with_cupy["devices"][1]
    assert available and backends == ["scratch"]
    assert "MXNet 1.9.1 has kernels for 5.0 to 8.x only. The backend scratch" in reason
    assert with_cupy["refusals"]["scratch"] == ["", "gpu(0)"]


def test_mxnet_on_such_a_gpu_is_refused_with_the_way_out(with_cupy):
    code, sentence = with_cupy["refusals"]["gluon"]
    assert code == "device.backend"
    assert sentence.startswith(
        "The backend gluon cannot use gpu(0) (GPU 0: Newest GPU, 24 GiB). Its compute capability"
    )
    assert "The backend scratch" in sentence and "CuPy" in sentence


def test_of_a_twin_run_each_half_computes_where_it_can(with_cupy):
    assert with_cupy["twins"] == ["cpu", "gpu(0)"]


@pytest.mark.parametrize("told", BROKEN)
def test_a_gpu_that_cupy_fails_on_is_not_offered(driver, told, tmp_path):
    (tmp_path / "cupy").mkdir()
    (tmp_path / "cupy/__init__.py").write_text(BROKEN[told], encoding="utf-8")

    _, _, available, reason, backends = report(driver, tmp_path)["devices"][1]

    assert not available and backends == []
    assert "A small computation with CuPy on it failed" in reason and told in reason
    assert "Traceback" not in reason and ".." not in reason


def test_a_gpu_that_does_not_compute_is_not_offered(with_cupy):
    # With the CPU version of MXNet for want of kernels; with the GPU version because this driver cannot compute.
    _, _, available, reason, backends = with_cupy["devices"][2]
    assert not available and backends == []
    assert "GPU version" in reason or "small computation on it failed" in reason


def test_listing_devices_leaves_mxnet_and_cupy_alone(with_cupy):
    assert with_cupy["imported"] == []


def test_the_command_line_trains_on_such_a_gpu_and_names_the_way_there(driver):
    app = with_gpus(driver, [STANDINS], "app.py", "devices")
    assert "GPU 0: Newest GPU, 24 GiB (for scratch only: Its compute capability is 9.0" in app.stdout

    on_gpu = ("train", "--network", "simple-convnet", "--epochs", "1", "--limit-train", "200", "--device", "gpu")
    refused = with_gpus(driver, [STANDINS], "app.py", *on_gpu)
    assert refused.returncode == 2 and "The backend scratch" in refused.stderr

    here, there = (
        with_gpus(driver, [STANDINS], "app.py", *command, "--backend", "scratch", "--json")
        for command in ((*on_gpu[:-1], "cpu"), on_gpu)
    )
    assert (here.returncode, there.returncode) == (0, 0), there.stderr
    figures = [{k: v for k, v in json.loads(done.stdout).items() if "second" not in k} for done in (here, there)]
    assert figures[0] == pytest.approx(figures[1], rel=1e-5)  # on the CPU threads share a batch, where there are more


def test_the_worker_computes_on_such_a_gpu_and_elsewhere_what_cannot_go_there(driver):
    done = with_gpus(driver, [STANDINS], "-c", WORK)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["failures"] == []
    assert told["made"] == [["gluon", "cpu"], ["scratch", "gpu(0)"], ["scratch", "gpu(0)"], ["gluon", "cpu"]]
    assert len(told["epochs"]) == 2
    assert told["steps"] == 5 and told["apart"] < 1e-5


def test_a_summary_tells_the_memory_and_the_time_of_such_a_gpu(driver):
    told = with_gpus(
        driver, [STANDINS], "app.py", "summary", "mlp-64", "--dataset", "random-labels", "--device", "gpu(0)",
        "--backend", "scratch", "--json",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    cost = json.loads(told.stdout)
    assert (cost["device"], cost["available_bytes"]) == ("gpu(0)", 61 * 2**30)
    assert cost["train_seconds"] > 0


def test_the_contract_of_all_backends_is_checked_where_cupy_computes(driver):
    told = with_gpus(
        driver, [STANDINS], "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/engine/backends/test_cupy.py"
    )
    assert told.returncode == 0, told.stdout[-2000:]
    assert " passed" in told.stdout and "skipped" not in told.stdout
