"""What every backend does to a network while it trains."""

from __future__ import annotations

from typing import get_args

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.errors import TrainingError
from engine.training.config import OptimizerConfig, OptimizerName
from tests.engine.backends.reference import Reference, numerical_gradients
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, MLP, SETTINGS, build, masks, samples

SGD = OptimizerConfig("sgd")

# Every kind of layer in few enough parameters to differentiate each by trying.
TINY = NetworkSpec(
    "tiny",
    (1, 6, 6),
    (
        Conv2D(2, (3, 3), padding=(1, 1)),
        BatchNorm(),
        Activation("leaky-relu"),
        MaxPool2D(),
        Residual(body=(Conv2D(2, (3, 3), padding=(1, 1), use_bias=False), Activation("gelu"), Dropout(0.25))),
        Concat(((Conv2D(1, (1, 1)), Activation("softrelu")), (AvgPool2D((3, 3), (1, 1), (1, 1)),), ())),
        Concat(((GlobalAvgPool2D(), Flatten(), Dense(3)), (Flatten(), Activation("sigmoid")))),
        Dropout(0.5),
        Dense(4, use_bias=False),
        BatchNorm(),
        Activation("tanh"),
        Residual(body=(Dense(4), Activation("relu")), shortcut=(Dense(4),)),
        Dense(3),
    ),
)


def step(network, spec, batch, settings=SETTINGS, indices=None, number=0):
    """Train one batch of all the samples in ``batch``, or of those at ``indices``."""
    chosen = np.arange(len(batch.labels)) if indices is None else indices
    data = network.place(batch.images, batch.labels)
    return network.train_batch(data, chosen, masks(spec, len(chosen), number), settings).result()


def differences(first, second):
    return [path for path in first if not np.array_equal(first[path], second[path])]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_one_sgd_step_follows_the_numerical_gradient(backend, reduction):
    network = build(TINY, backend, seed=3)
    network.prepare_training(SGD, reduction)
    batch = samples(TINY, 5, dtype=np.float32)
    before = network.weights()
    drawn = masks(TINY, 5)
    trained = [p.path for p in summarize(TINY).parameters if p.trainable]

    def loss(weights):
        losses = Reference(TINY, weights, training=True, masks=drawn).losses(batch.images, batch.labels)
        return float(losses.mean() if reduction == "mean" else losses.sum())

    expected = numerical_gradients(loss, before, trained)
    step(network, TINY, batch, msgspec.structs.replace(SETTINGS, learning_rate=0.5))
    after = network.weights()

    for path in trained:
        gradient = (before[path].astype(np.float64) - after[path]) / 0.5
        scale = max(1e-3, np.abs(expected[path]).max())
        np.testing.assert_allclose(gradient, expected[path], rtol=2e-3, atol=2e-3 * scale, err_msg=path)
        # The bias of a convolution before BatchNorm has no effect; every other parameter has.
        assert path == "conv1/bias" or np.abs(expected[path]).max() > 1e-4, path


def test_the_figures_of_a_batch_are_those_before_its_step_in_training_mode(backend):
    network = build(EVERYTHING, backend)
    network.prepare_training(SGD, "mean")
    batch = samples(EVERYTHING, 12)
    drawn = masks(EVERYTHING, 12)
    reference = Reference(EVERYTHING, network.weights(), training=True, masks=drawn)
    logits = reference.logits(batch.images / 255)
    reference_loss = reference.losses(batch.images / 255, batch.labels).sum()

    loss, correct = step(network, EVERYTHING, batch)

    assert loss == pytest.approx(reference_loss, rel=1e-4)
    assert correct == (logits.argmax(axis=1) == batch.labels).sum()


def test_batch_normalisation_moves_its_running_statistics_by_a_tenth(backend):
    network = build(EVERYTHING, backend)
    network.prepare_training(SGD, "mean")
    batch = samples(EVERYTHING, 12)
    reference = Reference(EVERYTHING, network.weights(), training=True, masks=masks(EVERYTHING, 12))
    reference.logits(batch.images / 255)

    step(network, EVERYTHING, batch)

    after = network.weights()
    assert len(reference.running) == 4
    for path, expected in reference.running.items():
        np.testing.assert_allclose(after[path], expected, rtol=1e-4, atol=1e-5, err_msg=path)


def test_masks_are_used_in_training_and_never_in_inference(backend):
    network = build(DROPOUT_MLP, backend)
    network.prepare_training(SGD, "mean")
    batch = samples(DROPOUT_MLP, 6)
    data = network.place(batch.images, batch.labels)
    before = network.weights()

    nothing = network.train_batch(data, np.arange(6), {"dropout1": np.zeros((6, 16), np.float32)}, SETTINGS).result()

    expected = Reference(DROPOUT_MLP, before, True, {"dropout1": np.zeros((6, 16))})
    assert nothing.loss == pytest.approx(expected.losses(batch.images / 255, batch.labels).sum(), rel=1e-5)
    assert differences(before, network.weights()) == ["dense2/bias"]
    inference = Reference(DROPOUT_MLP, network.weights()).losses(batch.images / 255, batch.labels).sum()
    assert network.evaluate_batch(data, 0, 6).result().loss == pytest.approx(inference, rel=1e-5)


def test_the_sum_of_losses_gives_a_gradient_larger_by_the_batch(backend):
    moved = {}
    for reduction in ("mean", "sum"):
        network = build(MLP, backend)
        network.prepare_training(SGD, reduction)
        before = network.weights()
        step(network, MLP, samples(MLP, 10), msgspec.structs.replace(SETTINGS, learning_rate=0.01))
        moved[reduction] = {path: w - before[path] for path, w in network.weights().items()}

    for path, change in moved["mean"].items():
        np.testing.assert_allclose(moved["sum"][path], 10 * change, rtol=1e-2, atol=1e-5)


def test_a_batch_takes_the_samples_at_its_indices_and_may_repeat_or_leave_out_some(backend):
    batch = samples(MLP, 10)
    indices = np.array([7, 2, 2, 9])
    weights = []
    for images, labels, chosen in (
        (batch.images, batch.labels, indices),
        (batch.images[indices], batch.labels[indices], np.arange(4)),
    ):
        network = build(MLP, backend)
        network.prepare_training(SGD, "mean")
        network.train_batch(network.place(images, labels), chosen, {}, SETTINGS).result()
        weights.append(network.weights())

    assert differences(*weights) == []


def test_batches_of_different_sizes_follow_each_other(backend):
    network = build(EVERYTHING, backend)
    network.prepare_training(SGD, "mean")
    batch = samples(EVERYTHING, 11)

    for number, indices in enumerate(np.split(np.arange(11), [4, 8])):
        before = network.weights()
        reference = Reference(EVERYTHING, before, training=True, masks=masks(EVERYTHING, len(indices), number))
        expected = reference.losses(batch.images[indices] / 255, batch.labels[indices]).sum()

        loss = step(network, EVERYTHING, batch, indices=indices, number=number).loss

        assert loss == pytest.approx(expected, rel=1e-3)


def test_training_lowers_the_loss_on_what_was_learned(backend):
    network = build(EVERYTHING, backend)
    network.prepare_training(OptimizerConfig("momentum"), "mean")
    batch = samples(EVERYTHING, 60)
    data = network.place(batch.images, batch.labels)
    before = network.evaluate_batch(data, 0, 60).result()

    for number in range(30):
        step(network, EVERYTHING, batch, msgspec.structs.replace(SETTINGS, learning_rate=0.05), number=number)

    after = network.evaluate_batch(data, 0, 60).result()
    assert after.loss < before.loss / 2
    assert after.correct >= 50 > before.correct


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_same_run_gives_the_same_bits(backend, dtype):
    batch = samples(EVERYTHING, 16, dtype=dtype)
    runs = []
    for _ in range(2):
        network = build(EVERYTHING, backend)
        network.prepare_training(OptimizerConfig("adam"), "mean")
        figures = [step(network, EVERYTHING, batch, number=number) for number in range(5)]
        runs.append((figures, network.weights()))

    assert runs[0][0] == runs[1][0]
    assert differences(runs[0][1], runs[1][1]) == []


@pytest.mark.parametrize("name", get_args(OptimizerName))
def test_a_saved_state_goes_on_as_if_nothing_had_happened(backend, name):
    optimizer = OptimizerConfig(name, clip_norm=1.0, clip_value=0.5)
    settings = msgspec.structs.replace(SETTINGS, learning_rate=0.01, weight_decay=0.01)
    batch = samples(EVERYTHING, 12)
    network = build(EVERYTHING, backend)
    network.prepare_training(optimizer, "mean")
    for number in range(3):
        step(network, EVERYTHING, batch, settings, number=number)
    state, weights = network.optimizer_state(), network.weights()
    kept = {key: array.copy() for key, array in state.items()}
    for number in range(3, 6):
        step(network, EVERYTHING, batch, settings, number=number)

    other = backend.build(EVERYTHING, weights)
    other.prepare_training(optimizer, "mean")
    other.set_optimizer_state(state)
    for number in range(3, 6):
        step(other, EVERYTHING, batch, settings, number=number)

    assert differences(network.weights(), other.weights()) == []
    assert differences(network.optimizer_state(), other.optimizer_state()) == []
    assert differences(kept, state) == []  # copies, which training does not reach


def test_a_state_is_named_by_parameter_and_moment_and_counts_steps(backend):
    network = build(MLP, backend)
    assert network.optimizer_state() == {}

    network.prepare_training(OptimizerConfig("adam"), "mean")
    for _ in range(3):
        step(network, MLP, samples(MLP, 4))
    state = network.optimizer_state()

    assert int(state["step"]) == 3
    shapes = {key: array.shape for key, array in state.items() if key != "step"}
    assert shapes == {
        f"{p.path}:{moment}": p.shape for p in summarize(MLP).parameters for moment in ("mean", "mean-square")
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("step"),
        lambda state: state.pop("dense1/weight:momentum"),
        lambda state: state.update({"dense9/weight:momentum": np.zeros(3)}),
        lambda state: state.update({"dense1/bias:momentum": np.zeros(9)}),
        lambda state: state.update({"step": np.zeros(2, np.int64)}),
        lambda state: state.update({"step": np.array(-1)}),
        lambda state: state.update({"step": np.array(np.nan)}),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(backend, spoil):
    network = build(MLP, backend)
    network.prepare_training(OptimizerConfig("momentum"), "mean")
    step(network, MLP, samples(MLP, 4))
    before = network.optimizer_state()
    other = {key: array + 1 for key, array in before.items()}
    spoil(other)

    with pytest.raises(TrainingError, match="belongs to another optimizer or network"):
        network.set_optimizer_state(other)

    assert differences(before, network.optimizer_state()) == []


def test_preparing_again_forgets_the_moments_and_keeps_the_weights(backend):
    batch = samples(MLP, 8, dtype=np.float32)
    network = build(MLP, backend)
    network.prepare_training(OptimizerConfig("momentum"), "mean")
    step(network, MLP, batch)
    weights = network.weights()

    network.prepare_training(OptimizerConfig("nesterov"), "sum")
    assert differences(weights, network.weights()) == []
    fresh = backend.build(MLP, weights)
    fresh.prepare_training(OptimizerConfig("nesterov"), "sum")
    for each in (network, fresh):
        step(each, MLP, batch)

    assert differences(network.weights(), fresh.weights()) == []


def test_weights_can_be_replaced_between_two_batches(backend):
    batch = samples(MLP, 8, dtype=np.float32)
    network, other = build(MLP, backend, seed=1), build(MLP, backend, seed=2)
    for each in (network, other):
        each.prepare_training(SGD, "mean")
    step(network, MLP, batch)

    network.set_weights(other.weights())
    for each in (network, other):
        step(each, MLP, batch)

    assert differences(network.weights(), other.weights()) == []


def test_training_has_to_be_prepared(backend):
    network = build(MLP, backend)
    data = network.place(samples(MLP, 2).images, samples(MLP, 2).labels)

    with pytest.raises(TrainingError, match="not prepared"):
        network.train_batch(data, np.arange(2), {}, SETTINGS)
    with pytest.raises(TrainingError, match="not prepared"):
        network.set_optimizer_state({})


def test_a_network_without_weights_cannot_be_trained(backend):
    network = build(NetworkSpec("nothing", (3,), (Activation("relu"),)), backend)

    with pytest.raises(TrainingError, match=r"nothing has no weights to learn; add a layer .* such as Dense"):
        network.prepare_training(SGD, "mean")


@pytest.mark.parametrize("name", ["sgd", "momentum"])
def test_networks_of_very_many_layers_train(backend, name):
    """MXNet's operators for many weights at once hold 60 of them, and crash with more."""
    spec = NetworkSpec("deep", (6,), tuple(Residual(body=(Dense(6),)) for _ in range(70)))
    network = build(spec, backend)
    network.prepare_training(OptimizerConfig(name, clip_norm=1.0), "mean")
    batch = samples(spec, 8)
    before = network.weights()

    loss = step(network, spec, batch).loss

    assert np.isfinite(loss)
    assert len(differences(before, network.weights())) == 140


def test_losses_that_overflow_are_figures_and_no_failure(backend):
    """They are told in words by the loop, which cannot if a backend warns or raises."""
    batch = samples(MLP, 8, dtype=np.float32)
    network = build(MLP, backend)
    network.prepare_training(SGD, "mean")
    huge = {path: np.full_like(value, 1e38) for path, value in network.weights().items()}
    network.set_weights(huge)
    metrics = step(network, MLP, batch)
    assert not np.isfinite(metrics.loss)
    data = network.place(batch.images, batch.labels)
    assert not np.isfinite(network.evaluate_batch(data, 0, 8).result().loss)
