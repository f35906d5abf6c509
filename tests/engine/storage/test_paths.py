"""The folder that the app keeps for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FileError
from engine.storage import paths


def test_everything_lies_under_the_chosen_home(netarium_home):
    assert paths.data_home() == netarium_home
    assert paths.settings_file().parent == netarium_home
    assert not netarium_home.exists(), "asking where it is must not create it"


def test_another_folder_can_be_chosen_while_the_app_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.use_data_home("elsewhere")
    monkeypatch.chdir("/")
    assert paths.data_home() == tmp_path / "elsewhere"


@pytest.mark.parametrize("unset", [True, False])
def test_without_a_choice_it_is_the_users_own_data_folder(monkeypatch, tmp_path, unset):
    if unset:
        monkeypatch.delenv("NETARIUM_HOME")
    else:
        monkeypatch.setenv("NETARIUM_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert paths.data_home() == tmp_path / "netarium"


def test_a_tilde_means_the_users_home(monkeypatch):
    monkeypatch.setenv("NETARIUM_HOME", "~/somewhere")
    assert paths.data_home() == Path.home() / "somewhere"


def test_the_folder_is_made_for_the_user_alone_and_only_once(netarium_home):
    assert paths.make_data_home() == netarium_home
    assert netarium_home.stat().st_mode & 0o777 == 0o700
    assert paths.make_data_home() == netarium_home


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETARIUM_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(FileError, match="--data-dir") as caught:
        paths.make_data_home()
    assert caught.value.code == "storage.data_home"
