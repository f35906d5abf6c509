from __future__ import annotations

import struct

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.errors import FileError
from engine.storage.mxnet_params import encode_mxnet_params, read_mxnet_params
from tests.engine.storage.samples import (
    CONVNET,
    assert_refused,
    assert_same,
    assert_survives,
    bit_flips,
    truncations,
    weights_of,
)

V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
SAMPLE = {
    "conv1_weight": np.arange(24, dtype=np.float32).reshape(4, 3, 2),
    "conv1_bias": np.array([1.5, -2.5]),
    "half": np.array([[1, 2]], np.float16),
    "bytes": np.array([255], np.uint8),
    "ints": np.array([-5], np.int32),
    "small": np.array([-5], np.int8),
    "long": np.array([2**60]),
}


@pytest.fixture(scope="module")
def mx():
    return runtime.load()


def encoded(arrays) -> bytes:
    return b"".join(bytes(piece) for piece in encode_mxnet_params(arrays))


def listed(*arrays: bytes, names: bytes = struct.pack("<Q", 0)) -> bytes:
    return struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(arrays) + names


def test_written_bytes_are_those_of_mxnet(mx, tmp_path):
    mx.nd.save(str(tmp_path / "theirs"), {n: mx.nd.array(a, dtype=a.dtype) for n, a in SAMPLE.items()})
    assert encoded(SAMPLE) == (tmp_path / "theirs").read_bytes()
    mx.nd.save(str(tmp_path / "none"), {})
    assert encoded({}) == (tmp_path / "none").read_bytes()


def test_mxnet_loads_what_is_written(mx, tmp_path):
    (tmp_path / "ours").write_bytes(encoded(SAMPLE))
    theirs = mx.nd.load(str(tmp_path / "ours"))
    for name, array in SAMPLE.items():
        np.testing.assert_array_equal(theirs[name].asnumpy(), array)


def test_an_array_that_is_not_contiguous_is_written_in_row_major_order(tmp_path):
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    (tmp_path / "m").write_bytes(encoded({"a": turned}))
    np.testing.assert_array_equal(read_mxnet_params(tmp_path / "m")["a"], turned)


def test_everything_written_comes_back(tmp_path):
    (tmp_path / "m").write_bytes(encoded(SAMPLE))
    assert_same(read_mxnet_params(tmp_path / "m"), SAMPLE)


def test_files_of_gluon_and_module_are_read(mx, tmp_path):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(3, in_units=2), mx.gluon.nn.BatchNorm(in_channels=3))
    net.initialize()
    net.save_parameters(str(tmp_path / "gluon"))
    assert list(read_mxnet_params(tmp_path / "gluon")) == [
        "0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_var",
    ]  # fmt: skip
    mx.model.save_checkpoint(str(tmp_path / "m"), 0, None, {"w": mx.nd.ones(2)}, {"mean": mx.nd.zeros(3)})
    assert {n: a.shape for n, a in read_mxnet_params(tmp_path / "m-0000.params").items()} == {"w": (2,), "mean": (3,)}


def test_arrays_without_names_are_numbered(mx, tmp_path):
    mx.nd.save(str(tmp_path / "m"), [mx.nd.ones(2), mx.nd.zeros(3)])
    assert list(read_mxnet_params(tmp_path / "m")) == ["0", "1"]


def test_arrays_of_numpy_shapes_are_read(mx, tmp_path):
    with mx.util.np_shape(True):
        mx.nd.save(str(tmp_path / "m"), {"scalar": mx.nd.array(3.0)})
    assert read_mxnet_params(tmp_path / "m")["scalar"] == 3


def test_older_forms_are_read(tmp_path):
    values = np.array([[1, 2, 3]], np.float32)
    context = struct.pack("<iii", 1, 0, 0)
    first = struct.pack("<IIqq", V1, 2, 1, 3) + context + values.tobytes()
    oldest = struct.pack("<III", 2, 1, 3) + context + values.tobytes()
    (tmp_path / "m").write_bytes(listed(first, oldest))
    assert_same(read_mxnet_params(tmp_path / "m"), {"0": values, "1": values})


def test_mxnet_agrees_on_the_older_forms(mx, tmp_path):
    context = struct.pack("<iii", 1, 0, 0)
    values = np.array([[1, 2, 3]], np.float32)
    first = struct.pack("<IIqq", V1, 2, 1, 3) + context + values.tobytes()
    oldest = struct.pack("<III", 2, 1, 3) + context + values.tobytes()
    (tmp_path / "m").write_bytes(listed(first, oldest))
    for array in mx.nd.load(str(tmp_path / "m")):
        np.testing.assert_array_equal(array.asnumpy(), values)


@pytest.mark.parametrize("array", [np.zeros((0, 3), np.float32), np.float32(1), np.array(["text"])])
def test_arrays_that_mxnet_cannot_hold_are_refused(array):
    with pytest.raises(FileError, match="cannot hold a"):
        encoded({"a": np.asarray(array)})


def header(magic=V2, storage=0, shape=(2,), flag=0, dimensions=None) -> bytes:
    count = len(shape) if dimensions is None else dimensions
    return struct.pack(f"<IiI{len(shape)}qiii", magic, storage, count, *shape, 1, 0, flag)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"\x80\x04\x95 pickle", "does not begin"),
        (b"PK\3\4" + b"\0" * 60, "does not begin"),
        (struct.pack("<QQQ", 0x112, 0, 2**62), "claims to hold"),
        (struct.pack("<QQQ", 0x112, 0, 2**64 - 1), "claims to hold"),
        (struct.pack("<QQQ", 0x112, 0, 10) + b"\0" * 16, "without a shape"),
        (listed(header(shape=(2**62,)) + b"\0" * 8), "more bytes"),
        (listed(header(shape=(2**31,) * 32) + b"\0" * 8), "more bytes"),
        (listed(header(shape=(-1,)) + b"\0" * 8), "unknown or empty"),
        (listed(header(shape=(0,)) + b"\0" * 8), "unknown or empty"),
        (listed(header(dimensions=2**31) + b"\0" * 8), "dimensions"),
        (listed(header(magic=V3, dimensions=2**32 - 1) + b"\0" * 8), "dimensions"),
        (listed(header(shape=())), "without a shape"),
        (listed(header(storage=1) + b"\0" * 8), "sparse"),
        (listed(header(storage=-1) + b"\0" * 8), "sparse"),
        (listed(header(flag=7) + b"\0" * 8), "type 7"),
        (listed(header(flag=-1) + b"\0" * 8), "type -1"),
        (listed(header() + b"\0" * 8) + b"\0", "after its end"),
        (listed(header() + b"\0" * 8, names=struct.pack("<Q", 2**62)), "claims to hold"),
        (listed(header() + b"\0" * 8, names=struct.pack("<QQ", 1, 2**62)), "letters"),
        (listed(header() + b"\0" * 8, names=struct.pack("<QQ", 1, 9)), "more bytes"),
        (listed(header() + b"\0" * 8, names=struct.pack("<QQ", 1, 1) + b"\xff"), "no text"),
        (listed(header() + b"\0" * 8, names=struct.pack("<QQQ", 2, 0, 0)), "1 arrays and 2 names"),
    ],
    ids=range(23),
)
def test_hostile_files_are_refused(tmp_path, data, problem):
    assert problem in assert_refused(read_mxnet_params, tmp_path / "m", data)


def test_two_arrays_of_one_name_are_refused(tmp_path):
    data = encoded({"arg:a": np.ones(1, np.float32), "aux:a": np.ones(1, np.float32)})
    assert "same name" in assert_refused(read_mxnet_params, tmp_path / "m", data)


def test_every_truncation_is_noticed(tmp_path):
    for data in truncations(encoded(weights_of(CONVNET))):
        assert_refused(read_mxnet_params, tmp_path / "m", data)


def test_flipped_bits_never_do_harm(tmp_path):
    for data in bit_flips(encoded(SAMPLE), 1000):
        assert_survives(read_mxnet_params, tmp_path / "m", data)


def test_a_folder_gets_a_sentence(tmp_path):
    with pytest.raises(FileError, match="folder"):
        read_mxnet_params(tmp_path)
