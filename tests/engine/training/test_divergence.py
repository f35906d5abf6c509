"""What happens when the loss is no longer a number."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.training.config import OptimizerConfig
from engine.training.events import BatchesDone, EpochDone, RunFinished
from tests.engine.samples import Samples, samples
from tests.engine.training.runs import CONFIG, batch_losses, of, prepare

# Three matrices one after the other, and nothing that limits them: steps of this size make each other larger.
LINEAR = NetworkSpec("linear", (1, 6, 6), (Flatten(), Dense(8), Dense(8), Dense(4)))
TOO_FAST = msgspec.structs.replace(CONFIG, optimizer=OptimizerConfig("sgd", learning_rate=100.0), epochs=5)


@pytest.mark.parametrize("synchronous", [True, False])
def test_a_run_that_diverges_stops_and_puts_good_weights_back(synchronous):
    run = prepare(TOO_FAST, LINEAR, synchronous=synchronous)
    start = run.network.weights()

    events = list(run.events)

    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.reason == "diverged"
    losses = batch_losses(events)
    assert np.isfinite(losses).all()
    assert len(losses) == finished.position.step == of(BatchesDone, events)[-1].position.step
    assert finished.message.startswith(
        f"The loss became infinite or undefined at batch {finished.position.step + 1}, so training stopped and the "
        "weights of batch 0 were put back."
    )
    assert "smaller learning rate" in finished.message
    # The run is shorter than a second, so the only copy is that of the first batch.
    weights = run.network.weights()
    assert all(np.array_equal(weights[path], start[path]) for path in start)
    assert np.isfinite(run.network.predict(samples(LINEAR, 5, dtype=np.float32).images)).all()


def test_the_very_first_batch_can_diverge():
    run = prepare(CONFIG, LINEAR, train_samples=Samples(np.full((20, 1, 6, 6), np.nan, np.float32), np.zeros(20, int)))
    start = run.network.weights()

    events = list(run.events)

    assert not of(BatchesDone, events)
    assert events[-1].reason == "diverged"
    assert "at batch 1," in events[-1].message
    weights = run.network.weights()
    assert all(np.array_equal(weights[path], start[path]) for path in start)


def test_a_validation_loss_that_is_no_number_ends_the_run_too():
    images = np.full((4, 1, 6, 6), np.inf, np.float32)
    run = prepare(CONFIG, LINEAR, validation_samples=Samples(images, np.zeros(4, int)))

    events = list(run.events)

    assert not of(EpochDone, events)
    assert events[-1].reason == "diverged"
    assert "in the validation" in events[-1].message
    assert all(np.isfinite(w).all() for w in run.network.weights().values())


def test_a_run_that_diverged_can_be_tried_again_with_a_smaller_learning_rate():
    run = prepare(TOO_FAST, LINEAR)
    list(run.events)
    config = msgspec.structs.replace(TOO_FAST, optimizer=OptimizerConfig("sgd", learning_rate=0.01))

    run.network.prepare_training(config.optimizer, "mean")
    again = list(prepare(config, LINEAR, network=run.network).events)

    assert again[-1].reason == "completed"
    assert of(EpochDone, again)[-1].train_loss < of(EpochDone, again)[0].train_loss
