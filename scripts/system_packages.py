"""Checks for the system's libraries that Qt and MXNet load, and installs or names those that are missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

# Each library with its package in Debian and Ubuntu, and in Fedora. They are what ldd finds outside the
# wheels of PySide6-Essentials and mxnet.
HEADLESS = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libX11.so.6": ("libx11-6", "libX11"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libgomp.so.1": ("libgomp1", "libgomp"),
    "libquadmath.so.0": ("libquadmath0", "libquadmath"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++"),
    "libz.so.1": ("zlib1g", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd"),
}
ON_SCREEN = {
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-glx.so.0": ("libxcb-glx0", "libxcb"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
}
# What Python itself needs to create a virtual environment; Debian packages it apart.
VENV = "ensurepip"

_PROBE = """
import ctypes, sys
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name)
"""


def provide(headless: bool) -> bool:
    """See to it that what is needed is there; tell whether it is, after saying what is not.

    Parameters
    ----------
    headless : bool
        Whether the libraries for a window on a screen may be missing. They are installed all the same where
        that can be done here (as root on Debian or Ubuntu).
    """
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(packages(lacking, "debian"))
        lacking = missing()
    needed = [name for name in lacking if not (headless and name in ON_SCREEN)]
    if needed:
        print(f"These are missing on this system: {', '.join(needed)}. Install them and start again:", file=sys.stderr)
        print(install_commands(lacking), file=sys.stderr)
    elif lacking:
        print(f"To open the window, not for the tests, install these too:\n{install_commands(lacking)}", flush=True)
    return not needed


def missing(libraries: Iterable[str] = (*HEADLESS, *ON_SCREEN)) -> list[str]:
    """Return which of the libraries cannot be loaded, and ``ensurepip`` if Python lacks that.

    A process of its own tries them, so that this one neither keeps them nor remembers a failure.
    """
    probe = subprocess.run([sys.executable, "-c", _PROBE, *libraries], stdout=subprocess.PIPE, text=True, check=True)
    absent = [] if importlib.util.find_spec(VENV) else [VENV]
    return absent + probe.stdout.split()


def packages(lacking: Iterable[str], family: str) -> list[str]:
    """Return the packages to install, sorted; ``family`` is ``debian`` or ``fedora``."""
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    known = {**HEADLESS, **ON_SCREEN, VENV: (f"{python}-venv", "python3-pip")}
    return sorted({known[name][family == "fedora"] for name in lacking})


def install_commands(lacking: Iterable[str]) -> str:
    """Return the one command to type, or one for each kind of system where this is another."""
    names = list(lacking)
    debian = f"    sudo apt-get install {' '.join(packages(names, 'debian'))}"
    fedora = f"    sudo dnf install {' '.join(packages(names, 'fedora'))}"
    if shutil.which("apt-get"):
        return debian
    if shutil.which("dnf"):
        return fedora
    return f"  Debian, Ubuntu:\n{debian}\n  Fedora:\n{fedora}"


def apt_install(names: list[str]) -> None:
    """Install Debian packages as root; on failure show what apt-get said."""
    print(f"Installing system packages: {' '.join(names)}.", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        done = subprocess.run(
            ["apt-get", "--quiet", *command],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            print(done.stdout, file=sys.stderr)
