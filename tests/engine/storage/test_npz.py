from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from engine.errors import FileError
from engine.storage.npz import encode_npz, read_npz
from tests.engine.storage.samples import (
    CONVNET,
    assert_refused,
    assert_same,
    assert_survives,
    bit_flips,
    truncations,
    weights_of,
)


def npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + data


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def head(shape: str, descr: str = "'<f4'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def test_numpy_reads_what_is_written(tmp_path):
    weights = weights_of(CONVNET)
    (tmp_path / "m.npz").write_bytes(encode_npz(weights))
    with np.load(tmp_path / "m.npz", allow_pickle=False) as theirs:
        assert_same(dict(theirs), weights)
    assert encode_npz(weights) == encode_npz(weights)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(tmp_path, save):
    arrays = {
        "a": np.arange(300_000, dtype=np.float64).reshape(300, 1000),
        "turned": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
        "half": np.ones((2, 2), np.float16),
        "scalar": np.array(7),
    }
    save(tmp_path / "m.npz", **arrays)
    assert_same(read_npz(tmp_path / "m.npz"), arrays)
    assert all(array.flags.c_contiguous for array in read_npz(tmp_path / "m.npz").values())


def test_big_endian_arrays_and_newer_headers_are_read(tmp_path):
    values = np.array([1, 2], ">f4")
    (tmp_path / "m").write_bytes(archive({"a.npy": npy(head("(2,)", "'>f4'"), values.tobytes(), version=2)}))
    assert_same(read_npz(tmp_path / "m"), {"a": values.astype("<f4")})


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "m.npz", a=np.array([{"code": 1}], dtype=object))
    with pytest.raises(FileError, match="not of floats or integers"):
        read_npz(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (npy(head(f"({2**62},)"), b"\0" * 8), "not as large"),
        (npy(head(f"({2**31}, {2**31}, {2**31})"), b"\0" * 8), "not as large"),
        (npy(head("(3,)"), b"\0" * 8), "not as large"),
        (npy(head("(1,)"), b"\0" * 8), "not as large"),
        (npy(head("(0,)")), "empty"),
        (npy(head("(-2,)"), b"\0" * 8), "empty"),
        (npy(head("(True, 2)"), b"\0" * 8), "empty"),
        (npy(head("(1,) * 2"), b"\0" * 8), "cannot be understood"),
        (npy(head("2"), b"\0" * 8), "empty"),
        (npy(head("(" + "1," * 33 + ")"), b"\0" * 4), "empty"),
        (npy(head("(2,)", "'|O'"), b"\0" * 8), "not of floats"),
        (npy(head("(2,)", "'<c8'"), b"\0" * 16), "not of floats"),
        (npy(head("(2,)", "''"), b"\0" * 8), "not of floats"),
        (npy(head("(2,)", "[('a', '<f4')]"), b"\0" * 8), "not of floats"),
        (npy("(" * 3000), "cannot be understood"),
        (npy("-" * 4000 + "1"), "cannot be understood"),
        (npy("__import__('os').abort()"), "cannot be understood"),
        (npy("'\\d\0'"), "cannot be understood"),
        (npy(" " * 60_000), "too long"),
        (b"\x93NUMPY\2\0\xff\xff\xff\xff", "too long"),
        (b"\x93NUMPY\1\0\1", "broken"),
        (b"\x93NUMPY\7\0\1\0", "does not begin"),
        (b"text", "does not begin"),
        (b"", "does not begin"),
    ],
)
def test_hostile_members_are_refused(tmp_path, member, problem):
    assert problem in assert_refused(read_npz, tmp_path / "m", archive({"a.npy": member}))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"PK\5\6", "does not end"),
        (b"x" * 5000, "does not end"),
        (archive({"readme.txt": b"hello"}), "not an array"),
        (archive({"a.npy": npy(head("(2,)"), b"\0" * 8)}, zipfile.ZIP_LZMA), "in a way that is not read"),
        (struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2**32 - 1, 0, 0), "table of contents"),
        (struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 60, 5, 0), "broken"),
        (b"PK\6\7" + b"\0" * 16 + struct.pack("<4s4H2LH", b"PK\5\6", *[0] * 7), "table of contents"),
    ],
)
def test_hostile_archives_are_refused(tmp_path, data, problem):
    assert problem in assert_refused(read_npz, tmp_path / "m", data)


def test_an_encrypted_member_is_refused(tmp_path):
    data = bytearray(archive({"a.npy": npy(head("(2,)"), b"\0" * 8)}))
    data[data.index(b"PK\1\2") + 8] |= 1
    assert "not an array" in assert_refused(read_npz, tmp_path / "m", bytes(data))


def test_a_wrong_checksum_is_noticed(tmp_path):
    data = archive({"a.npy": npy(head("(2,)"), b"12345678")})
    assert "broken" in assert_refused(read_npz, tmp_path / "m", data.replace(b"12345678", b"12345679"))


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    size = 40 * 2**20
    bomb = archive({"a.npy": npy(head(f"({size // 4},)"), bytes(size))}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**17
    tracemalloc.start()
    try:
        assert "would unpack" in assert_refused(read_npz, tmp_path / "m", bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    size = 40 * 2**20
    bomb = bytearray(archive({"a.npy": npy(head("(2,)"), bytes(size))}, zipfile.ZIP_DEFLATED))
    entry = bomb.index(b"PK\1\2")
    bomb[entry + 24 : entry + 28] = struct.pack("<I", len(npy(head("(2,)"))) + 8)
    tracemalloc.start()
    try:
        assert_refused(read_npz, tmp_path / "m", bytes(bomb))
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_every_truncation_is_noticed(tmp_path):
    for data in truncations(bytes(encode_npz(weights_of(CONVNET)))):
        assert_refused(read_npz, tmp_path / "m", data)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_flipped_bits_never_do_harm(tmp_path, compression):
    data = archive({f"{n}.npy": npy(head("(2, 3)"), bytes(range(24))) for n in "abc"}, compression)
    for flipped in bit_flips(data, 1000):
        assert_survives(read_npz, tmp_path / "m", flipped)


def test_a_folder_gets_a_sentence(tmp_path):
    with pytest.raises(FileError, match="folder"):
        read_npz(tmp_path)
