from __future__ import annotations

import gzip
import os
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.idx import read_idx
from engine.errors import DataError


def idx(shape, payload=None, kind=8):
    values = np.arange(np.prod(shape), dtype=np.uint8).tobytes() if payload is None else payload
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values


def written(tmp_path, data, name="some-idx"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("shape", [(5,), (2, 3), (4, 3, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_values_come_back_plain_and_compressed(tmp_path, shape, pack):
    values = read_idx(written(tmp_path, pack(idx(shape))))
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, np.arange(np.prod(shape), dtype=np.uint8).reshape(shape))


def test_compression_is_told_by_the_content_and_not_by_the_name(tmp_path):
    assert read_idx(written(tmp_path, idx((3,)), "labels.gz")).shape == (3,)
    assert read_idx(written(tmp_path, gzip.compress(idx((3,))), "labels")).shape == (3,)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "does not begin like an IDX file"),
        (b"\0\0", "does not begin like an IDX file"),
        (b"\x89PNG\r\n\x1a\n", "does not begin like an IDX file"),
        (idx((3,), kind=0x0D), "type 0x0d"),
        (idx(()), "0 dimensions"),
        (idx((1,) * 5), "5 dimensions"),
        (idx((2, 3))[:9], "within its header"),
        (idx((5,), b"abc"), "too short"),
        (idx((5,), b"abcdef"), "goes on after"),
        (idx((2**32 - 1,) * 4, b""), "promises"),
        (idx((2**20, 2**10), b"abc"), "too short"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_wrong_with_a_file_is_told_with_its_name(tmp_path, data, problem, pack):
    with pytest.raises(DataError, match=problem) as caught:
        read_idx(written(tmp_path, pack(data), "damaged-file"))
    assert "damaged-file" in str(caught.value)


@pytest.mark.parametrize("cut", [1, 5, 9, 30])
def test_compressed_data_cut_short_is_refused(tmp_path, cut):
    data = gzip.compress(idx((100, 100), np.random.default_rng(0).bytes(10_000)))
    with pytest.raises(DataError, match="incomplete or broken"):
        read_idx(written(tmp_path, data[:-cut]))


def test_a_changed_byte_in_compressed_data_is_noticed_by_its_checksum(tmp_path):
    data = bytearray(gzip.compress(idx((100, 100), np.random.default_rng(0).bytes(10_000))))
    data[len(data) // 2] ^= 1
    with pytest.raises(DataError, match="incomplete or broken"):
        read_idx(written(tmp_path, bytes(data)))


def test_a_decompression_bomb_is_not_unpacked(tmp_path):
    bomb = written(tmp_path, gzip.compress(idx((10,), bytes(200_000_000)), compresslevel=1))
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(DataError, match="goes on after"):
        read_idx(bomb)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert time.perf_counter() - started < 1


def test_a_small_file_that_promises_much_allocates_nothing(tmp_path):
    liar = written(tmp_path, gzip.compress(idx((2**15, 2**15), b"abc")))
    tracemalloc.start()
    with pytest.raises(DataError, match="too short"):
        read_idx(liar)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path / "nothing-here")
    with pytest.raises(DataError, match="is not a file"):
        read_idx(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is not a file"):
        read_idx(tmp_path / "pipe")


@given(data=st.binary(max_size=64), compressed=st.booleans(), header=st.booleans())
def test_no_bytes_lead_to_anything_but_values_or_a_data_error(tmp_path_factory, data, compressed, header):
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    data = idx((4, 4), data) if header else data
    path.write_bytes(gzip.compress(data) if compressed else data)
    try:
        assert read_idx(path).dtype == np.uint8
    except DataError as error:
        assert "any-bytes" in str(error)
