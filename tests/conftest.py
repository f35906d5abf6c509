"""Shared fixtures: every test keeps its files in a folder of its own and shows nothing on a screen."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import hypothesis
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The networks of the tests are small, and two threads that wait for each other on a busy machine are slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Also what lives longer than a test, and has no folder of its own, leaves the user's settings and runs alone.
os.environ["NETARIUM_HOME"] = tempfile.mkdtemp(prefix="netarium-tests-")
atexit.register(shutil.rmtree, os.environ["NETARIUM_HOME"], ignore_errors=True)
# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("netarium", deadline=None)
hypothesis.settings.load_profile("netarium")


def pytest_addoption(parser):
    parser.addoption("--torture", action="store_true", help="do in full what the suite does a sample of")


@pytest.fixture
def torture(request) -> bool:
    """Whether the whole of a long campaign is wanted, not the sample that the suite runs."""
    return request.config.getoption("--torture")


@pytest.fixture(autouse=True)
def netarium_home(tmp_path, monkeypatch):
    """Keep settings and data of every test in its own temporary folder."""
    home = tmp_path / "netarium-home"
    monkeypatch.setenv("NETARIUM_HOME", str(home))
    return home
