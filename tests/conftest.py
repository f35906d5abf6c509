"""Shared fixtures: every test keeps its files in a folder of its own and shows nothing on a screen."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest


@pytest.fixture(autouse=True)
def netarium_home(tmp_path, monkeypatch):
    """Keep settings and data of every test in its own temporary folder."""
    home = tmp_path / "netarium-home"
    monkeypatch.setenv("NETARIUM_HOME", str(home))
    return home
