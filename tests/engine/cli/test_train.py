from __future__ import annotations

import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Activation, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.cli import training
from engine.data.dataset import Dataset
from engine.fastest import Fastest
from engine.history.store import RunStore
from engine.storage.model_file import load_model
from engine.storage.networks import write_network
from engine.training.config import (
    InitializerConfig,
    OptimizerConfig,
    ScheduleConfig,
    StoppingConfig,
    TrainingConfig,
)
from engine.training.events import BatchesDone
from tests.engine.cli.conftest import write_idx_folder

FIGURES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
FASHION = Path(__file__).parents[4] / "shared" / "data" / "fashion-mnist"

# Everything but the data, so that an epoch takes some hundredths of a second.
QUICK = (
    "train", "--network", "mlp-128-64", "--epochs", 2, "--optimizer", "adam", "--learning-rate", 0.002,
    "--initializer", "xavier", "--batch-size", 50, "--json",
)  # fmt: skip


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = load_model(one).weights, load_model(other).weights
    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


@pytest.fixture
def interrupt_at_step(monkeypatch):
    """Return a function after whose call Ctrl-C is pressed, once, when a report reaches a step."""
    steps = []

    class Pressing(training.Progress):
        def show(self, event):
            super().show(event)
            if steps and isinstance(event, BatchesDone) and event.position.step >= steps[0]:
                steps.clear()
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training, "Progress", Pressing)
    return steps.append


def test_there_is_one_object_an_epoch_with_its_figures(run, digits):
    answer = run(*QUICK, "--dataset-path", digits)
    assert answer.code == 0
    assert [epoch["epoch"] for epoch in answer.objects] == [1, 2]
    for epoch in answer.objects:
        assert set(epoch) == {"epoch", *FIGURES, "seconds", "samples_per_second"}
        assert epoch["seconds"] > 0
        assert epoch["samples_per_second"] == pytest.approx(1000 / epoch["seconds"])
    assert answer.objects[1]["train_loss"] < answer.objects[0]["train_loss"]
    assert answer.objects[1]["validation_accuracy"] > 0.7


def test_people_get_a_line_an_epoch(run, digits):
    answer = run(*(argument for argument in QUICK if argument != "--json"), "--dataset-path", digits)
    assert [line[:9] for line in answer.out.splitlines()] == ["epoch   1", "epoch   2"]
    assert answer.out.count("validation loss") == 2
    assert answer.err == "Recorded as run 1.\n"


def test_evaluating_the_saved_model_gives_the_last_validation(run, digits, tmp_path):
    saved = tmp_path / "m.safetensors"
    last = run(*QUICK, "--dataset-path", digits, "--save", saved).objects[-1]
    evaluated = run("evaluate", saved, "--dataset-path", digits, "--json").objects[0]
    assert evaluated == {
        "accuracy": last["validation_accuracy"],
        "loss": last["validation_loss"],
        "samples": 300,
    }


def test_the_same_seed_gives_the_same_run_and_another_seed_another(run, digits):
    def figures(seed):
        answer = run(*QUICK, "--dataset-path", digits, "--seed", seed)
        return [{name: epoch[name] for name in FIGURES} for epoch in answer.objects]

    first = figures(7)
    assert figures(7) == first
    assert figures(8) != first


SETTINGS = {
    "epochs": 2, "batch-size": 40, "seed": 12, "sampling": "with-replacement", "shift": 3, "loss-reduction": "sum",
    "limit-train": 120, "limit-validation": 60, "optimizer": "rmsprop", "learning-rate": 0.0005, "momentum": 0.8,
    "decay": 0.7, "beta1": 0.6, "beta2": 0.99, "weight-decay": 0.01, "clip-value": 0.5, "clip-norm": 2.0,
    "schedule": "one-cycle", "warmup-epochs": 0.5, "step-epochs": 4, "step-factor": 0.25, "final-factor": 0.125,
    "rising-fraction": 0.375, "initializer": "normal", "distribution": "gaussian", "magnitude": 2.0, "scale": 0.05,
    "biases": "drawn", "monitor": "loss", "patience": 7,
}  # fmt: skip


def test_every_setting_reaches_the_run(run, digits, tmp_path):
    saved = tmp_path / "m.safetensors"
    options = [part for flag, value in SETTINGS.items() for part in (f"--{flag}", value)]
    answer = run("train", "--network", "mlp-128-64", "--dataset-path", digits, *options, "--save", saved)
    assert answer.code == 0
    expected = TrainingConfig(
        optimizer=OptimizerConfig(
            "rmsprop", learning_rate=0.0005, momentum=0.8, decay=0.7, beta1=0.6, beta2=0.99, weight_decay=0.01,
            clip_value=0.5, clip_norm=2.0,
        ),
        schedule=ScheduleConfig(
            "one-cycle", warmup_epochs=0.5, step_epochs=4, step_factor=0.25, final_factor=0.125, rising_fraction=0.375
        ),
        initializer=InitializerConfig("normal", distribution="gaussian", magnitude=2.0, scale=0.05, biases="drawn"),
        stopping=StoppingConfig("loss", patience=7), batch_size=40, epochs=2, seed=12, loss_reduction="sum",
        sampling="with-replacement", shift=3, limit_train=120, limit_validation=60,
    )  # fmt: skip
    assert load_model(saved).config == expected


def test_there_is_an_option_for_every_setting():
    leaves = []
    for field, default in msgspec.structs.asdict(TrainingConfig()).items():
        if isinstance(default, msgspec.Struct):
            leaves += [field if name == "name" else name for name in default.__struct_fields__]
        else:
            leaves.append(field)
    assert sorted(leaf.replace("_", "-") for leaf in leaves) == sorted(SETTINGS)


def test_without_options_the_published_settings_hold(run, digits, tmp_path):
    saved = tmp_path / "m.safetensors"
    assert run("train", "--network", "mlp-256-256", "--dataset-path", digits, "--save", saved).code == 0
    trained = load_model(saved)
    assert trained.config == experiment("mlp-256-256").config
    assert [epoch.epoch for epoch in trained.metrics] == list(range(1, 11))
    assert trained.dataset == digits.name


BAD_VALUES = [
    ("--epochs", "0", "epochs is 0, but must be at least 1"),
    ("--batch-size", "20000", "batch size is 20000, but must be at least 1 and at most 10000"),
    ("--learning-rate", "-0.1", "learning rate is -0.1, but must be more than 0 and at most 100"),
    ("--learning-rate", "nan", "learning rate is nan, but must be more than 0"),
    ("--learning-rate", "inf", "learning rate is inf, but must be"),
    ("--momentum", "1", "momentum is 1.0, but must be at least 0 and less than 1"),
    ("--weight-decay", "2", "weight decay is 2.0, but must be at least 0 and at most 1"),
    ("--clip-norm", "0", "clip norm is 0.0, but must be more than 0"),
    ("--rising-fraction", "1", "rising fraction is 1.0, but must be more than 0 and less than 1"),
    ("--step-epochs", "0", "step epochs is 0, but must be at least 1"),
    ("--seed", "-1", "seed is -1, but must be at least 0"),
    ("--seed", str(2**70), f"seed is {2**70}, but must be at least 0 and at most"),
    ("--limit-train", "0", "limit train is 0, but must be at least 1"),
    ("--optimizer", "lion", "--optimizer: invalid choice: 'lion' (choose from"),
    ("--epochs", "2.5", "--epochs: invalid int value: '2.5'"),
    ("--scale", "wide", "--scale: invalid float value: 'wide'"),
    ("--scale", "20", "scale is 20.0, but must be more than 0 and at most 10"),
]


@pytest.mark.parametrize(("flag", "value", "sentence"), BAD_VALUES)
def test_a_bad_value_is_refused_with_field_value_and_range(run, digits, flag, value, sentence):
    assert sentence in run("train", "--dataset-path", digits, flag, value).refusal()


UNKNOWN = [
    (("--network", "nope"), "There is no network 'nope'; there are lenet-bn, lenet-tanh, "),
    (("--dataset", "nope"), "There is no data set 'nope'; choose one of mnist, random-labels."),
    (("--device", "gpu(99)"), "There is no device gpu(99). Choose one of: cpu"),
    (("--dataset-path", "nowhere"), "nowhere is not a folder"),
    (("--dataset-path", "x" * 300), "is not a folder"),
    (("--dataset-path", "."), "has no train-images-idx3-ubyte"),
    (("--continue", "none.safetensors"), "There is no file none.safetensors"),
    (("--continue", "none.params"), "There is no file none.params"),
    (("--nonsense",), "unrecognized arguments: --nonsense"),
]


@pytest.mark.parametrize(("options", "sentence"), UNKNOWN)
def test_what_is_not_there_is_named(run, tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    assert sentence in run("train", *options).refusal()


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("none/m.safetensors", "its folder does not exist"),
        ("m.pickle", "names end in .safetensors, .params, .npz or -symbol.json"),
        ("folder.npz", "it is a folder"),
    ],
)
def test_where_the_model_cannot_be_saved_nothing_is_trained(run, digits, tmp_path, target, sentence):
    (tmp_path / "folder.npz").mkdir()
    refusal = run(*QUICK, "--dataset-path", digits, "--save", tmp_path / target).refusal()
    assert target in refusal and sentence in refusal


@pytest.mark.parametrize("compressed", [False, True])
def test_any_folder_of_idx_files_can_be_trained_on(run, mnist, tmp_path, compressed):
    write_idx_folder(tmp_path, mnist, 100, 30, compressed)
    answer = run(*QUICK, "--dataset-path", tmp_path)
    assert answer.code == 0 and len(answer.objects) == 2
    accuracy = answer.objects[-1]["validation_accuracy"]
    assert accuracy * 30 == pytest.approx(round(accuracy * 30))


@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not beside this checkout")
def test_fashion_mnist_is_learned_and_its_classes_are_named(run, tmp_path):
    saved = tmp_path / "m.safetensors"
    options = ("--epochs", 1, "--limit-train", 10_000, "--limit-validation", 1000)
    answer = run("train", "--network", "softmax-regression", "--dataset-path", FASHION, *options, "--json",
                 "--save", saved)  # fmt: skip
    assert answer.objects[0]["validation_accuracy"] > 0.6
    assert load_model(saved).class_names[9] == "Ankle boot"


def test_continuing_equals_the_run_that_was_never_interrupted(run, digits, tmp_path):
    whole, half, rest = (tmp_path / f"{name}.safetensors" for name in ("whole", "half", "rest"))
    data = ("--dataset-path", digits)
    through = run(*QUICK, *data, "--save", whole).objects
    run(*QUICK, *data, "--epochs", 1, "--save", half)
    later = run("train", "--continue", half, *data, "--json", "--save", rest).objects
    assert [epoch["epoch"] for epoch in later] == [2]
    assert [later[0][name] for name in FIGURES] == [through[1][name] for name in FIGURES]
    assert_same_weights(whole, rest)
    assert [epoch.epoch for epoch in load_model(rest).metrics] == [1, 2]


@pytest.mark.parametrize("step", [1, 9, 20])
def test_ctrl_c_saves_a_model_that_continues_exactly(run, digits, tmp_path, interrupt_at_step, step):
    whole, part, rest = (tmp_path / f"{name}.safetensors" for name in ("whole", "part", "rest"))
    data = ("--dataset-path", digits)
    run(*QUICK, *data, "--save", whole)
    interrupt_at_step(step)
    answer = run(*QUICK, *data, "--save", part)
    assert answer.code == 130
    stopped_at = load_model(part).position
    assert step <= stopped_at.step < 40
    assert f"Stopped after batch {stopped_at.batch} of epoch {stopped_at.epoch + 1}." in answer.err
    assert f"Saved {part}" in answer.err
    missing = 2 - stopped_at.epoch
    assert run("train", "--continue", part, *data, "--epochs", missing, "--save", rest).code == 0
    assert_same_weights(whole, rest)


@pytest.fixture
def heeded():
    """Ctrl+C ends Python, as it does unless a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_a_second_ctrl_c_ends_at_once_and_saves_nothing(run, digits, tmp_path, monkeypatch):
    class Impatient(training.Progress):
        def show(self, event):
            if isinstance(event, BatchesDone):
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training, "Progress", Impatient)
    before = signal.default_int_handler
    answer = run(*QUICK, "--dataset-path", digits, "--save", tmp_path / "m.npz")
    assert (answer.code, answer.out, answer.err) == (130, "", "Interrupted; no file was changed.\n")
    assert list(tmp_path.glob("*.npz")) == []
    assert signal.getsignal(signal.SIGINT) == before


WILD = (
    "--optimizer",
    "sgd",
    "--learning-rate",
    100,
    "--weight-decay",
    1,
    "--epochs",
    3,
)  # each step: weights times -99


def test_a_run_that_diverges_ends_in_a_sentence_and_saves_good_weights(run, digits, tmp_path):
    first, wild, tamed = (tmp_path / f"{name}.safetensors" for name in ("first", "wild", "tamed"))
    data = ("--dataset-path", digits, "--json")
    run(*QUICK, *data, "--epochs", 1, "--optimizer", "sgd", "--learning-rate", 0.1, "--save", first)
    answer = run("train", "--continue", first, *data, *WILD, "--save", wild)
    assert answer.code == 2
    recorded, saved, sentence = answer.err.splitlines()
    assert (recorded, saved) == ("Recorded as run 2.", f"Saved {wild}")
    assert "The loss became infinite or undefined" in sentence and "smaller learning rate" in sentence
    assert all(np.isfinite(array).all() for array in load_model(wild).weights.values())

    told = len(answer.objects)
    tame = ("--learning-rate", 0.001, "--weight-decay", 0, "--epochs", 1)
    again = run("train", "--continue", wild, *data, *tame, "--save", tamed)
    assert again.code == 0
    assert [epoch["epoch"] for epoch in again.objects] == [2 + told]
    assert [epoch.epoch for epoch in load_model(tamed).metrics] == list(range(1, 3 + told))


def test_weights_alone_continue_with_the_settings_of_their_network(run, digits, model, tmp_path):
    weights, saved = tmp_path / "w.params", tmp_path / "m.safetensors"
    run("convert", model, weights)
    data = ("--dataset-path", digits, "--json")
    before = run("evaluate", model, *data).objects[0]["accuracy"]
    assert "--network NAME" in run("train", "--continue", weights, *data).refusal()
    answer = run("train", "--continue", weights, "--network", "mlp-128-64", "--epochs", 1, *data, "--save", saved)
    assert answer.objects[0]["epoch"] == 1
    assert answer.objects[0]["validation_accuracy"] > before - 0.1
    assert load_model(saved).config == msgspec.structs.replace(experiment("mlp-128-64").config, epochs=1)


def test_a_data_set_with_more_classes_than_the_network_is_refused(run, mnist, model, tmp_path):
    labels = np.arange(100, dtype=np.uint8) % 12
    names = tuple(str(label) for label in range(12))
    more = Dataset("more", mnist.train_images[:100], labels, mnist.test_images[:100], labels, names)
    write_idx_folder(tmp_path, more, 100, 100)
    for command in (("train", "--continue", model), ("evaluate", model)):
        refusal = run(*command, "--dataset-path", tmp_path).refusal()
        assert "mlp-128-64 tells 10 classes apart" in refusal and "12" in refusal


def test_an_edited_network_keeps_the_weights_of_what_was_not_touched(run, model, tmp_path, digits):
    before = load_model(model)
    layers = (*before.spec.layers[:-1], Dropout(0.2), before.spec.layers[-1])
    write_network(tmp_path / "edited.json", NetworkSpec("edited", before.spec.input_shape, layers))
    saved = tmp_path / "saved.safetensors"

    answer = run(
        "train", "--continue", model, "--network", tmp_path / "edited.json", "--dataset-path", digits, "--epochs", 1,
        "--learning-rate", 1e-9, "--save", saved,
    )  # fmt: skip

    assert answer.code == 0
    assert f"3 of 3 layers keep the weights of {model}." in answer.err
    after = load_model(saved)
    assert [layer.name for layer in after.spec.layers][-2:] == ["dropout1", "dense3"]
    np.testing.assert_allclose(after.weights["dense1/weight"], before.weights["dense1/weight"], atol=1e-5)
    assert len(after.metrics) == len(before.metrics) + 1


def test_a_network_in_a_file_is_trained(run, tmp_path, digits):
    spec = NetworkSpec("my net", (1, 14, 14), (Flatten(), Dense(32), Activation("relu"), Dense(10)))
    write_network(tmp_path / "my-net.json", spec)
    saved = tmp_path / "saved.safetensors"
    answer = run(
        "train", "--network", tmp_path / "my-net.json", "--dataset-path", digits, "--epochs", 5, "--json",
        "--save", saved,
    )  # fmt: skip
    assert answer.objects[-1]["validation_accuracy"] > 0.5
    assert load_model(saved).spec == spec
    broken = tmp_path / "broken.json"
    write_network(broken, NetworkSpec("broken", (1, 14, 14), (Dense(32),)))
    assert "dense1 (Dense 32) gets shape 1×14×14" in run("train", "--network", broken).refusal()


@pytest.mark.parametrize("backend", ["module", "ndarray", "scratch"])
def test_every_backend_trains_what_gluon_trains(run, digits, backend):
    options = (*QUICK, "--dataset-path", digits)
    gluon, other = (run(*options, "--backend", name).objects for name in ("gluon", backend))
    for one, same in zip(gluon, other, strict=True):
        assert one["train_loss"] == pytest.approx(same["train_loss"], rel=5e-3)


def test_a_model_trained_in_one_backend_goes_on_in_another(run, digits, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    run(*QUICK, "--dataset-path", digits, "--backend", "scratch", "--save", first)
    answer = run("train", "--continue", first, "--dataset-path", digits, "--epochs", 1, "--json", "--save", second)
    assert answer.objects[0]["epoch"] == 3
    told = [run("evaluate", second, "--dataset-path", digits, "--backend", name, "--json").objects[0]
            for name in ("gluon", "scratch")]  # fmt: skip
    assert told[0]["accuracy"] == told[1]["accuracy"]
    assert told[0]["loss"] == pytest.approx(told[1]["loss"], rel=1e-4)


def test_a_run_that_was_stopped_is_resumed_by_its_number_and_ends_as_if_it_never_had_been(
    run, digits, tmp_path, interrupt_at_step
):
    whole, rest = (tmp_path / f"{name}.safetensors" for name in ("whole", "rest"))
    data = ("--dataset-path", digits)
    through = run(*QUICK, *data, "--save", whole).objects
    interrupt_at_step(27)
    stopped = run(*QUICK, *data)
    assert stopped.code == 130 and "Recorded as run 2." in stopped.err

    resumed = run("train", "--resume", "last", "--json", "--save", rest)

    assert resumed.code == 0 and "Recorded as run 2." in resumed.err
    assert [epoch["epoch"] for epoch in resumed.objects] == [2]
    assert [resumed.objects[0][name] for name in FIGURES] == [through[1][name] for name in FIGURES]
    assert_same_weights(whole, rest)
    store = RunStore()
    record = store.run(2)
    assert (record.status, record.epochs, record.step) == ("completed", 2, 40)
    assert store.batches(2)["step"].tolist() == list(range(1, 41))
    store.close()
    assert "has trained all its 2 epochs" in run("train", "--resume", 2).refusal()


def test_a_saved_training_state_is_resumed_from_its_file(run, digits, tmp_path, interrupt_at_step):
    whole, part, rest = (tmp_path / f"{name}.safetensors" for name in ("whole", "part", "rest"))
    data = ("--dataset-path", digits)
    schedule = ("--schedule", "one-cycle")
    run(*QUICK, *data, *schedule, "--save", whole)
    interrupt_at_step(9)
    run(*QUICK, *data, *schedule, "--save", part, "--no-history")
    assert run("train", "--resume", part, *data, "--save", rest).code == 0
    assert_same_weights(whole, rest)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--resume", 99), "neither a file nor a run 99"),
        (("--resume", "last", "--epochs", 3), "--epochs cannot be given"),
        (("--resume", "last", "--network", "mlp-64"), "--network cannot be given"),
        (("--resume", "last", "--dataset-path", "."), "has no train-images"),
    ],
)
def test_what_cannot_be_resumed_is_refused_in_a_sentence(run, digits, tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    run(*QUICK, "--dataset-path", digits, "--epochs", 1)
    assert sentence in run("train", *options).refusal()


def test_without_a_history_nothing_is_recorded(run, digits, netarium_home):
    answer = run(*QUICK, "--dataset-path", digits, "--no-history")
    assert answer.code == 0 and answer.err == ""
    assert not (netarium_home / "history").exists()


def test_patience_ends_a_run_and_the_best_epoch_can_be_saved(run, digits, tmp_path):
    saved = tmp_path / "best.safetensors"
    answer = run(
        *QUICK, "--dataset-path", digits, "--epochs", 30, "--monitor", "loss", "--patience", 2, "--learning-rate", 0.02,
        "--save", saved, "--save-which", "best",
    )  # fmt: skip
    losses = [epoch["validation_loss"] for epoch in answer.objects]
    best = losses.index(min(losses)) + 1
    assert answer.code == 0 and len(losses) == best + 2 < 30
    assert f"not better than epoch {best} by validation loss" in answer.err
    model = load_model(saved)
    assert model.metrics[-1].epoch == best and model.position.step == best * 20
    told = run("evaluate", saved, "--dataset-path", digits, "--json").objects[0]
    assert told["loss"] == pytest.approx(losses[best - 1], rel=1e-5)


def test_the_command_line_says_what_was_chosen(run, digits, monkeypatch):
    monkeypatch.setattr("engine.cli.training.find_fastest", lambda *_: Fastest("scratch", 2.34))
    answer = run(
        "train", "--network", "softmax-regression", "--dataset-path", digits, "--epochs", 1, "--backend", "auto"
    )
    assert "Computed by scratch, 2.3 times as fast as gluon here." in answer.err
    monkeypatch.setattr("engine.cli.training.find_fastest", lambda *_: Fastest("scratch", 2.34, 1))
    answer = run(
        "train", "--network", "softmax-regression", "--dataset-path", digits, "--epochs", 1, "--backend", "auto"
    )
    assert "Computed by scratch with one thread, 2.3 times as fast as gluon here." in answer.err
    store = RunStore()
    assert (store.newest().backend, store.newest().threads) == ("scratch", 1)
    store.close()
