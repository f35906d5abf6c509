"""Checks this machine, creates .venv and installs what Netarium needs; ``make setup`` calls it.

It must run under any Python from 3.6 on, to be able to say what is missing, so nothing newer is used here.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")

SUPPORTED = ((3, 10), (3, 11), (3, 12))
# PySide6's wheels need this C library: Debian 12, Ubuntu 22.04, Fedora 35 and later have it.
OLDEST_GLIBC = (2, 34)


def platform_problem(version, system, machine, libc):
    """Return what keeps Netarium from running here, as a sentence, or nothing.

    Parameters
    ----------
    version : tuple of int
        Python's, such as (3, 11).
    system, machine : str
        As the platform module names them.
    libc : tuple of str
        Name and version of the C library.
    """
    if system != "Linux" or machine != "x86_64":
        return (
            f"Netarium runs on Linux on x86-64 processors, as MXNet 1.9.1 does; this is {system} on {machine}. "
            "On other systems use a virtual machine or WSL 2 on an x86-64 computer."
        )
    if version not in SUPPORTED:
        return (
            f"Netarium needs Python 3.10, 3.11 or 3.12; this is Python {version[0]}.{version[1]}. "
            "Install one of them beside it and start again, naming it: make setup PYTHON=python3.11"
        )
    found = " ".join(libc).strip() or "another one"
    if libc[0] != "glibc" or tuple(map(int, libc[1].split(".")[:2])) < OLDEST_GLIBC:
        return (
            f"Netarium needs the GNU C library {OLDEST_GLIBC[0]}.{OLDEST_GLIBC[1]} or later, "
            f"which Debian 12, Ubuntu 22.04 and Fedora 35 have; this system has {found}."
        )
    return ""


def main():
    """Set up and return the exit code."""
    parser = argparse.ArgumentParser(description="Install Netarium into .venv.")
    parser.add_argument("--test", action="store_true", help="install the tools of the tests too")
    arguments = parser.parse_args()
    problem = platform_problem(
        sys.version_info[:2], platform.system(), platform.machine(), platform.libc_ver(sys.executable)
    )
    if problem:
        print(problem, file=sys.stderr)
        return 1

    import system_packages  # needs a Python that the check above lets through

    if not system_packages.provide(headless=arguments.test) or not create_venv():
        return 1
    install = [VENV_PYTHON, os.path.join(ROOT, "scripts", "install.py"), *sys.argv[1:]]
    return subprocess.call(install, cwd=ROOT)


def create_venv():
    """Create .venv unless a working one is there; tell whether it is there now."""
    if os.path.exists(VENV):
        if venv_works():
            return True
        print("The virtual environment in .venv no longer works; making a new one.", flush=True)
        shutil.rmtree(VENV)
    print(f"Creating .venv with Python {platform.python_version()}.", flush=True)
    created = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if created.returncode:
        print(created.stdout.decode(errors="replace"), file=sys.stderr)
        print("Python could not create .venv, for the reason above.", file=sys.stderr)
    return created.returncode == 0


def venv_works():
    """Tell whether the Python in .venv runs, is of a supported version and has pip."""
    check = f"import pip, sys; sys.exit(sys.version_info[:2] not in {SUPPORTED})"
    try:
        return subprocess.call([VENV_PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
