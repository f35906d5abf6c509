"""Reads the parameters that the NumPy book pickles: a dictionary of W1, b1, W2, b2, ... .

A pickle is a program. It is read in a child process that can do nothing but write down arrays
(``pickle_child.py``), and what comes back is checked like any other file.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engine.architecture.layers import Dense
from engine.architecture.shapes import NetworkSummary
from engine.errors import FileError
from engine.storage.reading import damaged, open_checked

_KIND = "a pickle of NumPy arrays"
_CHILD = Path(__file__).with_name("pickle_child.py")
_LARGEST = 256 * 2**20
_MEMORY = 2 * 2**30
_CPU_SECONDS, _WALL_SECONDS = 20, 60
_DTYPES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1"}
_NAME = re.compile(r"([Wb])([1-9]\d{0,2})")


def read_pickled_params(path: Path, summary: NetworkSummary) -> dict[str, np.ndarray]:
    """Return the parameters in a pickle by the paths they have in a network.

    ``W1`` and ``b1`` belong to the first layer with weights, and so on. Dense matrices are (in, out) in the book and
    are turned round.

    Raises
    ------
    FileError
        If the file cannot be read, asks for anything but NumPy arrays (nothing of it is run), or has no parameters of
        the book's names.
    """
    arrays = _read(path)
    layers = [layer for layer in summary.layers if layer.parameters]
    found: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        match = _NAME.fullmatch(name)
        if match is None or int(match[2]) > len(layers):
            raise FileError(
                "file.pickled_name",
                "{file} holds {name}, but the network has {count} layers with weights, called W1, b1 and so on. "
                "Nothing was changed; choose another network.",
                file=path, name=name[:40], count=len(layers),
            )  # fmt: skip
        layer = layers[int(match[2]) - 1]
        is_weight = match[1] == "W"
        turned = array.T if is_weight and isinstance(layer.layer, Dense) and array.ndim == 2 else array
        with np.errstate(over="ignore"):  # what no float32 can hold becomes infinite, as in the other formats
            found[f"{layer.path}/{'weight' if is_weight else 'bias'}"] = np.ascontiguousarray(turned, np.float32)
    return found


def _read(path: Path) -> dict[str, np.ndarray]:
    with open_checked(path, _LARGEST) as (file, _):
        data = file.read(_LARGEST + 1)
    command = [sys.executable, "-I", "-S", str(_CHILD), str(_MEMORY), str(_CPU_SECONDS)]
    try:
        done = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_WALL_SECONDS, env={}
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _refused(path, "more time than it is given") from None
    line, _, rest = done.stdout.partition(b"\n")
    try:
        answer = json.loads(line)
    except ValueError:  # it was ended, by a limit or by its own fault
        raise _refused(path, "more than a pickle of arrays needs") from None
    if "refused" in answer:
        raise _refused(path, answer["refused"])
    if "arrays" not in answer:
        raise damaged(path, _KIND, f"it cannot be read ({answer.get('damaged')})")
    return _arrays(path, answer["arrays"], rest)


def _arrays(path: Path, entries: list[dict[str, Any]], data: bytes) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    start = 0
    for entry in entries:
        name, shape, size = entry["name"], tuple(entry["shape"]), entry["size"]
        if entry["dtype"] not in _DTYPES or entry["order"] not in ("<", ">", "=", "|"):
            raise damaged(path, _KIND, f"{name} holds something other than numbers")
        dtype = np.dtype(entry["dtype"]).newbyteorder(entry["order"])
        if len(shape) > 8 or any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != size:
            raise damaged(path, _KIND, f"{name} has not the size that it says")
        flat = np.frombuffer(data, dtype, math.prod(shape), start)
        arrays[name] = flat.reshape(shape, order="F" if entry["fortran"] else "C")
        start += size
    return arrays


def _refused(path: Path, wanted: str) -> FileError:
    return FileError(
        "file.pickle_refused",
        "{file} asks for {wanted}, but only NumPy arrays are taken from a pickle. Nothing of it was run, and nothing "
        "was changed.",
        file=path, wanted=wanted,
    )  # fmt: skip
