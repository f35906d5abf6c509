"""A batch that threads share is the batch that one computes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.base import StepSettings
from engine.backends.scratch import blas, shares
from engine.backends.scratch.network import ScratchBackend
from engine.backends.scratch.shares import Crew
from engine.training.config import OptimizerConfig
from tests.engine.samples import EVERYTHING, build, masks, samples

SETTINGS = StepSettings(0.1, 0.9, 0.01)
HEAVY = 10**9


@pytest.fixture(autouse=True)
def tiny_batches_are_shared(monkeypatch):
    """Let small networks do for these tests."""
    monkeypatch.setattr(shares, "_FEWEST_SAMPLES", 2)
    monkeypatch.setattr(shares, "_FEWEST_MULTIPLY_ADDS", 1)


def trained(threads, batch_size=11, reduction="mean"):
    """Return all that two batches leave, by name."""
    batch = samples(EVERYTHING, 2 * batch_size)
    network = build(EVERYTHING, ScratchBackend(dtype=np.float64, threads=threads))
    network.prepare_training(OptimizerConfig("momentum"), reduction)
    data = network.place(batch.images, batch.labels)
    drawn = masks(EVERYTHING, batch_size)
    results = {}
    for step in range(2):
        indices = np.arange(step * batch_size, (step + 1) * batch_size)
        shifts = np.stack([indices % 3 - 1, indices % 2], axis=1)
        figures = network.train_batch(data, indices, drawn, SETTINGS, shifts).result()
        results |= {f"loss {step}": figures.loss, f"correct {step}": figures.correct}
        results |= {f"d {path} {step}": gradient for path, gradient in network.gradients().items()}
    figures = network.evaluate_batch(data, 3, 2 * batch_size).result()
    results |= {"test loss": figures.loss, "test correct": figures.correct}
    answer = network.classify(batch.images / 255, with_activations=True).result()
    results |= {"answer": answer.probabilities, "unrecorded": network.predict(batch.images / 255)}
    results |= {f"output {path}": output for path, output in answer.activations.items()}
    return results | network.weights() | network.optimizer_state()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("threads", [2, 3, 5])
def test_a_shared_batch_gives_what_one_thread_gives(threads, reduction):
    alone, shared = trained(1, reduction=reduction), trained(threads, reduction=reduction)

    assert shared.keys() == alone.keys()
    assert any("running_var" in name for name in shared)  # BatchNorm saw the whole batch
    for name, value in alone.items():
        np.testing.assert_allclose(shared[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def test_shares_give_the_same_to_the_last_bit_whenever_they_are_done():
    first, again = trained(3), trained(3)

    assert all(np.array_equal(again[name], value) for name, value in first.items())


@pytest.mark.parametrize(("number", "size", "count"), [(10, 3, 3), (7, 2, 2), (5, 4, 2), (3, 4, 1), (0, 4, 1)])
def test_every_sample_is_in_one_share(number, size, count):
    crew = Crew(size, HEAVY)
    parts = crew.share_out(number, lambda part: part)

    assert crew.shares_of(number) == count

    assert [part.rank for part in parts] == list(range(count))
    assert [i for part in parts for i in range(number)[part.within]] == list(range(number))
    assert [part.share.is_first for part in parts] == [True] + [False] * (count - 1)


def test_shares_are_computed_at_the_same_time_and_can_add_up_what_they_have():
    def work(part):
        own = np.array([part.rank, 1.0])
        return [part.share.total(own), part.share.total(10 * own), threading.get_ident()]

    first, second, third = Crew(3, HEAVY).share_out(30, work)

    for totals in (first, second, third):
        assert totals[0].tolist() == [3, 3]
        assert totals[1].tolist() == [30, 30]
    assert len({first[2], second[2], third[2]}) == 3


def test_cheap_batches_stay_on_the_thread_that_asks(monkeypatch):
    monkeypatch.setattr(shares, "_FEWEST_MULTIPLY_ADDS", 1000)
    here = threading.get_ident()

    def places(multiply_adds):
        return Crew(4, multiply_adds).share_out(100, lambda part: threading.get_ident())

    assert places(19) == [here]
    assert len(places(20)) == 2 and here not in places(20)
    assert len(places(1000)) == 4


def test_products_for_few_samples_stay_on_the_thread_that_asks(monkeypatch):
    monkeypatch.setattr(shares, "_FEWEST_SAMPLES", 4)

    def alone(size, multiply_adds, number):
        return Crew(size, multiply_adds).share_out(number, lambda part: blas._holders)

    assert alone(2, HEAVY, 3) == [1]  # within one_thread
    assert alone(2, HEAVY, 5) == [0]  # too few to be shared, and enough for BLAS
    assert alone(1, HEAVY, 5) == [1]  # all that is computed with one thread is


def test_a_network_of_one_thread_computes_as_numpy_does_on_one_thread():
    layers = (Flatten(), Dense(128), Activation("relu"), Dense(10))
    batch = samples(NetworkSpec("dense", (1, 28, 28), layers), 100)

    def gradients(threads):
        network = build(NetworkSpec("dense", (1, 28, 28), layers), ScratchBackend(threads=threads))
        network.prepare_training(OptimizerConfig("sgd"), "mean")
        network.train_batch(network.place(batch.images, batch.labels), np.arange(100), {}, SETTINGS).result()
        return network.gradients()

    alone = gradients(1)
    with blas.one_thread():
        expected = gradients(None)
    assert all(np.array_equal(alone[path], gradient) for path, gradient in expected.items())
    assert blas._holders == 0


def test_an_error_of_one_share_is_told_and_the_others_do_not_wait_for_it():
    crew = Crew(3, HEAVY)

    def work(part):
        if part.rank == 1:
            raise MemoryError("no room")
        return part.share.total(1)

    with pytest.raises(MemoryError, match="no room"):
        crew.share_out(30, work)

    assert crew.share_out(30, lambda part: part.share.total(1)) == [3, 3, 3]


def test_a_network_that_is_let_go_leaves_no_threads():
    def names():
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("netarium-share")]

    before = len(names())
    trained(3)
    for thread in threading.enumerate():
        if thread.name.startswith("netarium-share"):
            thread.join(timeout=5)

    assert len(names()) <= before


THREADS = """
import json, threading
from engine.backends.mxnet import runtime
from engine.backends.scratch import blas
runtime.load()
from threadpoolctl import threadpool_info
def counts():
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return sorted(("mxnet" in library["filepath"], library["num_threads"]) for library in libraries)
def within():
    with blas.one_thread():
        told.append(counts())
told = [blas.threads(), counts()]
with blas.one_thread():
    with blas.one_thread():
        told.append(counts())
    told.append(counts())
other = threading.Thread(target=within)
other.start()
other.join()
told.append(counts())
print(json.dumps(told))
"""


def test_only_numpys_products_stay_on_one_thread_and_only_within():
    done = subprocess.run(
        [sys.executable, "-c", THREADS], env=os.environ | {"OMP_NUM_THREADS": "2"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    threads, before, inner, outer, elsewhere, after = json.loads(done.stdout)
    numpys = [count for is_mxnets, count in before if not is_mxnets]
    mxnets = [[is_mxnets, count] for is_mxnets, count in before if is_mxnets]
    assert threads == 2 and numpys == [2]
    assert inner == outer == elsewhere == [[False, 1], *mxnets]
    assert after == before


def test_threads_are_told_as_one_where_they_cannot_be_set(monkeypatch):
    monkeypatch.setattr(blas, "_libraries", tuple)

    assert blas.threads() == 1
