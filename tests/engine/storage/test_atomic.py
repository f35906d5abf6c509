from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from engine.errors import FileError
from engine.storage.atomic import write_atomically


def test_writes_pieces_in_order_and_leaves_nothing_beside(tmp_path):
    target = tmp_path / "model.bin"
    write_atomically(target, iter([b"one", memoryview(b"two")]))
    assert target.read_bytes() == b"onetwo"
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["model.bin"]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path):
    previous = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", b"x")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o606)
    write_atomically(tmp_path / "new", b"y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o606


def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "real").read_bytes() == b"new"


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function):
    target = tmp_path / "model.bin"
    target.write_bytes(b"old")

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(FileError, match=r"disk is full.*unchanged.*Free some space"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.bin"]


def test_a_device_is_not_replaced_by_a_file():
    with pytest.raises(FileError, match="a device, not a file"):
        write_atomically(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_an_exception_in_the_data_leaves_the_old_file(tmp_path):
    target = tmp_path / "model.bin"
    target.write_bytes(b"old")

    def pieces():
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, pieces())
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.bin"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing/model", "folder does not exist"),
        ("file/model", "its folder is a file"),
        ("", "it is a folder"),
        ("x" * 300, "name is too long"),
        ("nul\0", "was not written"),
        ("loop", "was not written"),
    ],
)
def test_impossible_places_get_a_sentence(tmp_path, name, sentence):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileError, match=sentence):
        write_atomically(tmp_path / name, b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "loop"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_places_get_a_sentence(tmp_path):
    (tmp_path / "kept").write_bytes(b"old")
    (tmp_path / "kept").chmod(0o444)
    with pytest.raises(FileError, match="not allowed to write"):
        write_atomically(tmp_path / "kept", b"x")
    assert (tmp_path / "kept").read_bytes() == b"old"
