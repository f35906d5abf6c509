"""That a network's memory is free as soon as nobody uses it."""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import pytest

from engine.session import Session
from engine.training.config import OptimizerConfig, TrainingConfig
from tests.engine.conftest import make_dataset
from tests.engine.samples import DROPOUT_MLP


@pytest.fixture
def no_collector():
    """Leave cycles alone, as Python does for minutes where few but large objects are made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held() -> Counter[str]:
    """How many arrays and graphs MXNet has; no weak reference can be made to an NDArray."""
    kinds = ("NDArray", "Executor", "CachedOp", "Module")
    return Counter(kind for thing in gc.get_objects() if (kind := type(thing).__name__) in kinds)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_trained_network_that_nobody_uses_is_gone_at_once(optimizer, backend, no_collector):
    before = held()
    data = make_dataset(samples=40, side=6)
    config = TrainingConfig(optimizer=OptimizerConfig(optimizer, learning_rate=0.01), batch_size=20, epochs=1)
    session = Session(backend, DROPOUT_MLP, config, data)
    list(session.train("run"))
    images = data.test_images[:2] / 255
    session.network.activations(images)
    session.network.activity(images).result()
    used = [weakref.ref(value) for value in (session.network, session.network._optimizer)]
    assert all(value() is not None for value in used)
    assert backend.name == "scratch" or held() != before

    del session

    assert [value() for value in used] == [None, None]
    assert held() == before
