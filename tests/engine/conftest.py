"""Small data for tests of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from engine import messages as m
from engine.backends.scratch import blas
from engine.data.dataset import Dataset
from engine.worker import Worker
from tests.engine.listening import Listener


def make_dataset(samples: int = 400, side: int = 28, seed: int = 0) -> Dataset:
    """Return images of two kinds that a small network tells apart quickly: a bright left or right half."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, samples + 100).astype(np.uint8)
    images = random.integers(0, 60, (samples + 100, 1, side, side)).astype(np.uint8)
    half = side // 2
    images[labels == 0, :, :, :half] += 150
    images[labels == 1, :, :, half:] += 150
    return Dataset("halves", images[:samples], labels[:samples], images[samples:], labels[samples:], ("left", "right"))


@pytest.fixture(scope="session")
def halves() -> Dataset:
    return make_dataset()


@pytest.fixture
def listener(monkeypatch):
    monkeypatch.setattr("engine.data.catalog.load_dataset", lambda name: make_dataset())
    worker = Worker()
    listener = Listener(worker)
    worker.start()
    listener.wait_for_state("ready")
    listener.ask(m.LoadDataset("halves"), m.DatasetLoaded)
    yield listener
    assert worker.close(20), "the worker's thread did not stop"


@pytest.fixture
def two_threads(monkeypatch):
    """Let NumPy have two threads on any machine."""
    monkeypatch.setattr(blas, "threads", lambda: 2)
