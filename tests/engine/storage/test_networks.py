"""Networks in files, and the list of one's own."""

from __future__ import annotations

import stat

import pytest

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import EXPERIMENTS
from engine.errors import ConfigError, FileError
from engine.storage.networks import (
    delete_own_network,
    networks_folder,
    own_networks,
    read_network,
    save_own_network,
    write_network,
)


def network(name="mine", units=3):
    return NetworkSpec(name, (1, 4, 4), (Flatten(), Dense(units)))


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_a_network_comes_back_from_its_file(tmp_path, name):
    spec = EXPERIMENTS[name].network()
    write_network(tmp_path / "net.json", spec)
    assert read_network(tmp_path / "net.json") == spec
    assert len((tmp_path / "net.json").read_text().splitlines()) > 5, "a person can read it"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b"{", b'{"name": "x"}', b"[" * 100_000, b" " * (8 * 2**20 + 1)], ids=range(7)
)
def test_a_file_that_is_no_network_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"bad\.json"):
        read_network(path)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_what_is_not_a_file_is_refused(tmp_path, make):
    make(tmp_path / "net.json")
    with pytest.raises(FileError, match=r"net\.json"):
        read_network(tmp_path / "net.json")


def test_own_networks_are_listed_by_name_and_replaced_by_the_same_name():
    assert own_networks() == ({}, ())
    for spec in (network("b"), network("A"), network("b", units=7)):
        save_own_network(spec)
    listed = own_networks().networks
    assert list(listed) == ["A", "b"]
    assert listed["b"].spec == network("b", units=7)
    assert len(list(networks_folder().iterdir())) == 2
    assert stat.S_IMODE(networks_folder().stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../../escape", "a/b", "con", "Ünïcode 日本", ".hidden", "…", "x" * 200, "nul\\x"])
def test_every_name_gets_a_file_inside_the_folder(name):
    path = save_own_network(network(name))
    assert path.resolve().parent == networks_folder().resolve()
    assert path.name.isascii()
    assert own_networks().networks[name].spec.name == name


def test_names_that_would_share_a_file_get_two():
    save_own_network(network("My net", 3))
    save_own_network(network("my-net", 4))
    listed = own_networks().networks
    assert [listed[name].spec.layers[-1].units for name in ("My net", "my-net")] == [3, 4]


def test_a_name_of_the_zoo_is_not_taken():
    with pytest.raises(ConfigError, match="lenet-tanh"):
        save_own_network(network("lenet-tanh"))
    assert not networks_folder().exists()


def test_damaged_files_are_told_and_the_others_listed():
    save_own_network(network())
    (networks_folder() / "broken.json").write_text("{")
    (networks_folder() / "notes.txt").write_text("not a network")
    listed, problems = own_networks()
    assert list(listed) == ["mine"]
    assert len(problems) == 1
    assert "broken.json" in str(problems[0])


def test_a_network_is_deleted_once():
    path = save_own_network(network())
    delete_own_network("mine")
    assert not path.exists()
    with pytest.raises(ConfigError, match="mine"):
        delete_own_network("mine")


def test_a_folder_that_cannot_be_made_is_told(netarium_home):
    netarium_home.mkdir()
    (netarium_home / "networks").write_text("in the way")
    with pytest.raises(FileError, match="networks"):
        save_own_network(network())
