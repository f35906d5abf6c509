"""Installs Netarium's packages into the virtual environment that runs it; setup.py calls it."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
MXNET = {"cpu": "mxnet", "gpu": "mxnet-cu112"}
_LOAD_MXNET = """
import sys
from engine.backends.mxnet import runtime
from engine.errors import DeviceError
try:
    runtime.load()
except DeviceError as error:
    sys.exit(str(error))
"""
_LOAD_CUPY = """
import sys
from engine.backends.scratch import cupy_module
from engine.errors import DeviceError
try:
    cupy_module.load().cuda.nvrtc.getVersion()
except DeviceError as error:
    sys.exit(str(error))
"""


class InstallError(Exception):
    """Installing failed, in a sentence; what pip said has been shown."""


def main() -> int:
    """Install and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", action="store_true", help="install the tools of the tests too")
    arguments = parser.parse_args()
    groups = ["test"] if arguments.test else []
    try:
        capabilities = gpu_capabilities()
        extra = choose_extra(capabilities)
        problem = install(extra, groups)
        if problem and extra == "gpu":
            print(f"MXNet's GPU version does not load here; taking the CPU version. ({problem})", flush=True)
            problem = install("cpu", groups)
        if not problem and wants_cupy(capabilities):
            without_cupy = install_cupy()
            if without_cupy:
                print(f"Going on without CuPy: all computes on the CPU. ({without_cupy})", flush=True)
    except InstallError as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "Interrupted. Run the same command again to go on."
    print(problem or "Netarium is installed.", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


def choose_extra(capabilities: Iterable[tuple[int, int]]) -> str:
    """Return ``gpu`` if MXNet has kernels for a GPU of one of these compute capabilities, otherwise ``cpu``."""
    return "gpu" if any(map(_cuda_driver().has_kernels, capabilities)) else "cpu"


def wants_cupy(capabilities: Iterable[tuple[int, int]]) -> bool:
    """Tell whether there are GPUs and all are newer than MXNet's kernels, so that only CuPy can use them."""
    found = list(capabilities)
    return bool(found) and all(map(_cuda_driver().is_for_cupy, found))


def gpu_capabilities() -> list[tuple[int, int]]:
    """Return the compute capability of every GPU that an NVIDIA driver reports."""
    return [gpu.capability for gpu in _cuda_driver().read_gpus()]


def dependencies() -> list[str]:
    """Return what pyproject.toml asks for in every installation."""
    return list(_project()["dependencies"])


def requirements(extras: Iterable[str]) -> list[str]:
    """Return what the named extras of pyproject.toml ask for."""
    return [line for extra in extras for line in _project()["optional-dependencies"][extra]]


def install(extra: str, groups: list[str]) -> str:
    """Install the dependencies with one of the two MXNet packages and without the other.

    Returns why MXNet cannot be loaded afterwards, or nothing if it can.
    """
    if extra == "gpu":
        print("An NVIDIA GPU was found that MXNet can use; its GPU version is a download of about 2 GB.", flush=True)
    other = "cpu" if extra == "gpu" else "gpu"
    if any(metadata.distributions(name=MXNET[other])):
        # Both fill the same folder, so that neither is whole once the other has been there.
        pip(f"Removing {MXNET[other]}", "uninstall", "--yes", MXNET[extra], *map(_name, requirements([other])))
    install_pinned("Installing packages", *dependencies(), *requirements([extra, *groups]))
    problem = mxnet_problem()
    if problem:
        install_pinned(f"Repairing {MXNET[extra]}", "--force-reinstall", "--no-deps", *requirements([extra]))
        problem = mxnet_problem()
    return problem


def install_cupy() -> str:
    """Install CuPy and its libraries; return why it cannot be used, or nothing if it can."""
    print(
        "An NVIDIA GPU was found that is too new for MXNet; the backend scratch can use it with CuPy, a download of "
        "about 800 MB.", flush=True,
    )  # fmt: skip
    try:
        install_pinned("Installing CuPy", *requirements(["cupy"]))
        problem = load_problem(_LOAD_CUPY)
        if problem:
            install_pinned("Repairing CuPy", "--force-reinstall", "--no-deps", *requirements(["cupy"]))
            problem = load_problem(_LOAD_CUPY)
    except InstallError as error:
        problem = str(error)
    return problem


def install_pinned(title: str, *arguments: str) -> None:
    """Install packages in the versions of constraints.txt."""
    pip(title, "install", "--constraint", str(ROOT / "constraints.txt"), *arguments)


def pip(title: str, command: str, *arguments: str) -> None:
    """Run pip, showing one moving line on a terminal; what it said appears only when it fails.

    Raises
    ------
    InstallError
        If pip fails.
    """
    print(f"{title} ...", flush=True)
    began = time.monotonic()
    call = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", command, *arguments]
    said = []
    with subprocess.Popen(
        call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            _show_moving(line.strip())
    _show_moving("")
    if process.returncode:
        print("".join(said), file=sys.stderr)
        raise InstallError(
            "pip could not finish, for the reason above. Nothing but .venv was changed; run the same command again."
        )
    print(f"{title}: done in {time.monotonic() - began:.0f} s.", flush=True)


def mxnet_problem() -> str:
    """Return why the installed MXNet cannot be loaded, or nothing if it can."""
    return load_problem(_LOAD_MXNET)


def load_problem(code: str) -> str:
    """Return the last line that a program writes before it fails, or nothing if it succeeds."""
    trial = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    lines = trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"]
    return lines[-1] if trial.returncode else ""


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~;\s]", requirement, maxsplit=1)[0]


def _cuda_driver() -> ModuleType:
    """Load the engine's module by its path: importing the engine needs packages that are not installed yet."""
    spec = importlib.util.spec_from_file_location("cuda_driver", ROOT / "engine" / "cuda_driver.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _show_moving(text: str) -> None:
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r\033[K" + text[:width], end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
