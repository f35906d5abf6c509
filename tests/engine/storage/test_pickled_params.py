"""Pickles are programs: those of the NumPy book are read, and none that asks for anything else runs."""

from __future__ import annotations

import os
import pickle
import pickletools
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.backends.choice import make_backend
from engine.errors import FileError
from engine.networks import choose_network
from engine.storage.formats import read_weights
from engine.storage.pickled_params import read_pickled_params

SPEC = choose_network("simple-convnet").spec
SUMMARY = summarize(SPEC)


def book_params(dtype=np.float64) -> dict[str, np.ndarray]:
    """Return parameters of simple-convnet in the book's layout: dense matrices (in, out)."""
    random = np.random.default_rng(0)
    shapes = {"W1": (30, 1, 5, 5), "b1": (30,), "W2": (4320, 100), "b2": (100,), "W3": (100, 10), "b3": (10,)}
    return {name: random.normal(0, 0.01, shape).astype(dtype) for name, shape in shapes.items()}


def write(path: Path, value: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f8", "<f2"])
def test_the_books_parameters_are_read_in_every_protocol(tmp_path, protocol, dtype):
    params = book_params(np.dtype(dtype))

    weights = read_pickled_params(write(tmp_path / "params.pkl", params, protocol), SUMMARY)

    assert set(weights) == {p.path for p in SUMMARY.parameters}
    np.testing.assert_array_equal(weights["conv1/weight"], params["W1"].astype(np.float32))
    np.testing.assert_array_equal(weights["dense1/weight"], params["W2"].T.astype(np.float32))
    np.testing.assert_array_equal(weights["dense2/bias"], params["b3"].astype(np.float32))


def test_arrays_in_columns_first_order_are_read_too(tmp_path):
    params = {name: np.asfortranarray(array) for name, array in book_params().items()}
    weights = read_pickled_params(write(tmp_path / "params.pkl", params), SUMMARY)
    np.testing.assert_array_equal(weights["conv1/weight"], params["W1"].astype(np.float32))


def test_a_network_computes_with_them_what_the_book_computes(tmp_path):
    """The book's forward pass, written out: convolution, ReLU, pooling, affine, ReLU, affine."""
    params = book_params()
    weights = read_weights(write(tmp_path / "params.pkl", params), SUMMARY).weights
    images = np.random.default_rng(1).random((2, 1, 28, 28)).astype(np.float32)

    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (5, 5), axis=(1, 2))
    convolved = np.einsum("nijab,oab->noij", windows, params["W1"][:, 0]) + params["b1"][:, None, None]
    pooled = np.maximum(convolved, 0).reshape(2, 30, 12, 2, 12, 2).max(axis=(3, 5)).reshape(2, -1)
    logits = np.maximum(pooled @ params["W2"] + params["b2"], 0) @ params["W3"] + params["b3"]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    np.testing.assert_allclose(make_backend("gluon").build(SPEC, weights).predict(images), expected, atol=1e-5)


class Evil:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def with_global(module: str, name: str, *arguments: object) -> bytes:
    """Return a pickle that calls something by its name, however it is called here."""
    return b"c" + f"{module}\n{name}\n".encode() + pickle.dumps(arguments, 0)[:-1] + b"R."


# Each leaves a file behind if it runs.
HOSTILE = {
    "os.system": lambda marker: pickle.dumps({"W1": Evil(os.system, f"touch {marker}")}),
    "eval": lambda marker: pickle.dumps({"W1": Evil(eval, f"open({marker!r}, 'w')")}),
    "subprocess": lambda marker: pickle.dumps({"W1": Evil(subprocess.check_output, ["touch", marker])}),
    "open": lambda marker: pickle.dumps({"W1": Evil(open, marker, "w")}),
    "getattr": lambda _: with_global("builtins", "getattr", "x", "__class__"),
    "import": lambda _: with_global("builtins", "__import__", "os"),
    "numpy load": lambda marker: with_global("numpy", "load", marker),
    "numpy f2py": lambda _: with_global("numpy.f2py", "compile", "x"),
    "testing run": lambda marker: with_global(
        "numpy.testing._private.utils", "runstring", f"open({marker!r}, 'w')", {}
    ),
    "other codec": lambda _: with_global("_codecs", "encode", "x", "idna"),
    "dotted name": lambda _: b"\x80\x04\x8c\x05numpy\x8c\x0ddtype.__new__\x93.",
    "extension": lambda _: b"\x80\x02\x82\x01.",
    "persistent id": lambda _: b"Pmine\n.",
}

DAMAGED = {
    "empty": b"",
    "truncated": pickle.dumps(book_params())[:-1000],
    "a list": pickle.dumps([np.zeros(3)]),
    "a number": pickle.dumps(3),
    "an empty dictionary": pickle.dumps({}),
    "an array of objects": pickle.dumps({"W1": np.array([print, None], dtype=object)}),
    "an array of objects without names": pickle.dumps({"W1": np.array([None, 1], dtype=object)}),
    "an array of texts": pickle.dumps({"W1": np.array(["a", "b"])}),
    "records": pickle.dumps({"W1": np.zeros(2, [("a", "f8")])}),
    "a class in place of an array": pickle.dumps({"W1": np.ndarray}),
    "keys that are no texts": pickle.dumps({1: np.zeros(3)}),
    "a wrong size": pickle.dumps({"W1": np.zeros(3)}).replace(struct.pack("<d", 0) * 3, b"\0" * 23 + b"N"),
    "one array many times": pickle.dumps({f"W{i}": a for a in [np.zeros(9000)] for i in range(1, 900)}),
    "a claim of eight gigabytes": b"\x80\x04\x8e" + struct.pack("<Q", 8 * 2**30) + b".",
    "deep nesting": b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "a memo far away": b"\x80\x04]r\xff\xff\xff\x7f.",
    "text": b"hello, this is no pickle",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_pickle_that_asks_for_anything_else_is_refused_and_nothing_runs(tmp_path, kind):
    marker = tmp_path / "marker"
    path = tmp_path / "params.pkl"
    path.write_bytes(HOSTILE[kind](str(marker)))

    with pytest.raises(FileError) as refused:
        read_pickled_params(path, SUMMARY)

    assert refused.value.code in ("file.pickle_refused", "file.damaged")
    assert not marker.exists()


def test_the_sentence_says_what_was_asked_for(tmp_path):
    path = write(tmp_path / "params.pkl", {"W1": Evil(os.system, "true")})
    with pytest.raises(FileError, match=r"params\.pkl asks for (posix|nt)\.system, but only NumPy arrays are taken"):
        read_pickled_params(path, SUMMARY)


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_no_dictionary_of_arrays_is_refused(tmp_path, kind):
    path = tmp_path / "params.pkl"
    path.write_bytes(DAMAGED[kind])
    with pytest.raises(FileError):
        read_weights(path, SUMMARY)


def test_changed_bytes_never_do_more_than_change_numbers_or_be_refused(tmp_path):
    good = bytearray(pickle.dumps({"W1": np.zeros((30, 1, 5, 5), np.float32)}, 2))
    ends = [position for _, _, position in pickletools.genops(bytes(good)) if position < 400]
    path = tmp_path / "params.pkl"
    for position in ends[::3]:
        changed = bytearray(good)
        changed[position] ^= 0x15
        path.write_bytes(changed)
        try:
            read_pickled_params(path, SUMMARY)
        except FileError:
            continue


def test_names_of_another_book_are_told(tmp_path):
    with pytest.raises(FileError, match=r"holds gamma1, but the network has 3 layers with weights"):
        read_pickled_params(write(tmp_path / "params.pkl", {"gamma1": np.zeros(3)}), SUMMARY)
    with pytest.raises(FileError, match=r"holds W4"):
        read_pickled_params(write(tmp_path / "params.pkl", {"W4": np.zeros(3)}), SUMMARY)


def test_the_child_knows_neither_numpy_nor_this_program():
    child = Path(sys.modules["engine.storage.pickled_params"].__file__).with_name("pickle_child.py")
    imports = [line for line in child.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert imports.pop(0) == "from __future__ import annotations"
    assert imports == ["import io", "import json", "import pickle", "import resource", "import sys"]
