"""Shared fixtures: every test keeps its files in a folder of its own and shows nothing on a screen."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The networks of the tests are small, and two threads that wait for each other on a busy machine are slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.fixture(autouse=True)
def netarium_home(tmp_path, monkeypatch):
    """Keep settings and data of every test in its own temporary folder."""
    home = tmp_path / "netarium-home"
    monkeypatch.setenv("NETARIUM_HOME", str(home))
    return home
