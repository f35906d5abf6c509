"""The set-up: what it refuses, what it chooses, and that an install next year is the same install."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"


def script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def setup():
    return script("setup")


@pytest.fixture(scope="module")
def install():
    return script("install")


@pytest.fixture(scope="module")
def system_packages():
    return script("system_packages")


def test_setup_is_written_in_the_language_of_python_3_6():
    ast.parse((SCRIPTS / "setup.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("version", "system", "machine", "libc", "told"),
    [
        ((3, 9), "Linux", "x86_64", ("glibc", "2.36"), "this is Python 3.9"),
        ((3, 13), "Linux", "x86_64", ("glibc", "2.36"), "this is Python 3.13"),
        ((3, 11), "Darwin", "arm64", ("", ""), "this is Darwin on arm64"),
        ((3, 11), "Windows", "AMD64", ("", ""), "this is Windows on AMD64"),
        ((3, 11), "Linux", "aarch64", ("glibc", "2.36"), "this is Linux on aarch64"),
        ((3, 11), "Linux", "x86_64", ("glibc", "2.31"), "this system has glibc 2.31"),
        ((3, 11), "Linux", "x86_64", ("", ""), "this system has another one"),
    ],
)
def test_a_machine_that_cannot_run_it_is_told_why(setup, version, system, machine, libc, told):
    assert told in setup.platform_problem(version, system, machine, libc)


@pytest.mark.parametrize("version", [(3, 10), (3, 11), (3, 12)])
def test_a_machine_that_can_run_it_is_let_through(setup, version):
    assert setup.platform_problem(version, "Linux", "x86_64", ("glibc", "2.36")) == ""


def test_a_broken_virtual_environment_is_noticed(setup, monkeypatch, tmp_path):
    assert venv_works_with(setup, monkeypatch, sys.executable)
    assert not venv_works_with(setup, monkeypatch, tmp_path / "gone")
    assert not venv_works_with(setup, monkeypatch, shutil.which("false"))


def venv_works_with(setup, monkeypatch, python):
    monkeypatch.setattr(setup, "VENV_PYTHON", str(python))
    return setup.venv_works()


@pytest.mark.parametrize(
    ("capabilities", "extra"),
    [([], "cpu"), ([(9, 0)], "cpu"), ([(3, 5), (12, 0)], "cpu"), ([(8, 6)], "gpu"), ([(9, 0), (7, 5)], "gpu")],
)
def test_the_gpu_version_is_chosen_only_for_a_gpu_with_kernels(install, capabilities, extra):
    assert install.choose_extra(capabilities) == extra


@pytest.mark.parametrize(
    ("capabilities", "wanted"),
    [
        ([], False), ([(9, 0)], True), ([(9, 0), (12, 0)], True), ([(8, 6)], False), ([(9, 0), (7, 5)], False),
        ([(3, 5)], False), ([(3, 5), (12, 0)], False),
    ],
)  # fmt: skip
def test_cupy_is_wanted_only_where_all_gpus_are_too_new_for_mxnet(install, capabilities, wanted):
    assert install.wants_cupy(capabilities) == wanted


class Pip:
    """Stands for pip: remembers what it is asked to install, and cannot install some of it."""

    def __init__(self, install, fails=""):
        self.asked, self.fails, self.error = [], fails, install.InstallError

    def __call__(self, title, *arguments):
        self.asked.append(title)
        if self.fails and self.fails in " ".join(arguments):
            raise self.error("pip could not finish.")


@pytest.fixture
def on_an_h100(install, monkeypatch, capsys):
    """Run the installer where all GPUs are of capability 9.0; return its exit code, what pip did, and the output."""

    def run(fails="", loads=""):
        pip = Pip(install, fails)
        monkeypatch.setattr(install, "gpu_capabilities", lambda: [(9, 0), (9, 0)])
        monkeypatch.setattr(install, "pip", pip)
        monkeypatch.setattr(install, "load_problem", lambda code: loads if "cupy" in code else "")
        monkeypatch.setattr(sys, "argv", ["install.py"])
        code = install.main()
        return code, pip.asked, capsys.readouterr().out

    return run


def test_cupy_is_installed_beside_the_cpu_version_for_newer_gpus(on_an_h100):
    code, asked, told = on_an_h100()
    assert code == 0
    assert asked[-2:] == ["Installing packages", "Installing CuPy"]
    assert "a download of about 800 MB" in told and told.endswith("Netarium is installed.\n")


def test_an_installation_without_cupy_is_told_and_complete(on_an_h100):
    code, _, told = on_an_h100(fails="cupy-cuda12x")
    assert code == 0
    assert "Going on without CuPy: all computes on the CPU. (pip could not finish.)" in told
    assert told.endswith("Netarium is installed.\n")


def test_a_cupy_that_does_not_load_is_repaired_once_and_then_left(on_an_h100):
    code, asked, told = on_an_h100(loads="CuPy is installed but cannot be loaded (no libnvrtc).")
    assert code == 0
    assert asked[-2:] == ["Installing CuPy", "Repairing CuPy"]
    assert "Going on without CuPy" in told and "no libnvrtc" in told


def test_the_installed_mxnet_loads(install):
    assert install.mxnet_problem() == ""


def test_a_failing_pip_is_quoted_and_told(install, capsys):
    with pytest.raises(install.InstallError, match="run the same command again"):
        install.pip("Installing nothing", "install", "--no-index", "no-such-package-as-this")
    assert "no-such-package-as-this" in capsys.readouterr().err


def test_a_library_that_is_not_there_is_found_missing(system_packages):
    assert system_packages.missing(["libc.so.6", "libnetarium-has-none.so.9"]) == ["libnetarium-has-none.so.9"]


def test_missing_libraries_become_one_command_without_repetitions(system_packages):
    lacking = ["libgthread-2.0.so.0", "libglib-2.0.so.0", "libxcb-shape.so.0", "ensurepip"]
    python = f"python3.{sys.version_info[1]}-venv"
    assert system_packages.packages(lacking, "debian") == sorted(["libglib2.0-0", "libxcb-shape0", python])
    assert system_packages.packages(lacking, "fedora") == ["glib2", "libxcb", "python3-pip"]


@pytest.mark.skipif(shutil.which("ldd") is None, reason="ldd is not installed")
@pytest.mark.parametrize("package", ["PySide6/Qt/plugins/platforms/libqxcb.so", "mxnet/libmxnet.so"])
def test_every_library_that_is_loaded_from_the_system_is_checked(system_packages, package):
    folder = Path(sysconfig.get_path("platlib"))
    checked = {*system_packages.HEADLESS, *system_packages.ON_SCREEN}
    found = linked(folder / package).items()
    outside = {name: place for name, place in found if place.startswith("/") and str(folder) not in place}
    # What the checked libraries bring along, and the C library, need not be named.
    brought = {name for library in checked & set(outside) for name in linked(outside[library])}
    assert set(outside) - checked - brought - {"libdl.so.2", "libpthread.so.0", "librt.so.1"} == set()


def linked(library):
    """Return what a library needs and where the loader finds it."""
    printed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^\s*(\S+)(?: => (\S+))?", printed, flags=re.MULTILINE))


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert len({canonicalize_name(each.name) for each in requirements}) == len(requirements), "a package pinned twice"
    return {canonicalize_name(each.name): each for each in requirements}


def test_every_requirement_is_pinned_to_a_version_that_it_allows(install):
    wanted = [*install.dependencies(), *install.requirements(["cpu", "gpu", "cupy", "test", "bench"])]
    pinned = pins()
    for requirement in map(Requirement, wanted):
        (pin,) = pinned[canonicalize_name(requirement.name)].specifier
        assert pin.operator == "=="
        assert pin.version in requirement.specifier, requirement


def test_the_compiler_and_the_headers_of_cupy_are_of_one_cuda():
    """CuPy looks for the headers of its compiler's CUDA, major and minor version, and takes no others."""
    versions = [str(pins()[f"nvidia-cuda-{name}-cu12"].specifier).split(".")[:2] for name in ("nvrtc", "runtime")]
    assert versions[0] == versions[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
class TestMakefile:
    def make(self, *arguments, **environment):
        # What the make that runs the tests was told (`make test PYTHON=...`) is not for this one.
        outside = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "MAKEFLAGS")}
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=ROOT, env={**outside, **environment}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def test_help_lists_every_target(self):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = re.findall(r"^\.PHONY: (\S+)$", makefile, flags=re.MULTILINE)
        listed = re.findall(r"^  make (\S+) +\S", self.make(), flags=re.MULTILINE)
        assert listed == targets
        assert {"run", "test", "setup", "help", "check", "demo"} <= set(targets)

    def test_a_python_that_does_not_run_or_is_too_old_is_passed_over(self, tmp_path):
        shim = "#!/bin/sh\nexit 127\n"
        good = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
        for name, text in {"python3.11": shim, "python3.12": good, "python3.10": good, "python3": shim}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            (tmp_path / name).chmod(0o755)
        chosen = self.make("--eval", "chosen: ; @echo $(PYTHON)", "chosen", PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert chosen.strip() == "python3.12"
