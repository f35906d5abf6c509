from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.scratch import layers as scratch_layers
from engine.storage.model_file import load_model
from engine.storage.networks import save_own_network, write_network


def test_networks_are_listed_with_their_description(run):
    listed = run("networks", "--json").objects
    assert [entry["name"] for entry in listed] == list(EXPERIMENTS)
    for entry in listed:
        assert set(entry) == {"name", "description", "source", "family", "parameters"}
        assert entry["parameters"] == summarize(EXPERIMENTS[entry["name"]].network()).parameter_count
    lines = run("networks").out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    assert "lenet-tanh              431,080  " in "\n".join(lines)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_network_is_summarised(run, name):
    told = run("summary", name, "--no-time", "--json").objects[0]
    assert (told["name"], told["input_shape"]) == (name, list(EXPERIMENTS[name].network().input_shape))
    assert told["layers"][-1]["output_shape"] == [10]
    assert sum(layer["parameters"] for layer in told["layers"]) == told["parameters"]
    assert sum(layer["multiply_adds"] for layer in told["layers"]) == told["multiply_adds"] > 0
    assert told["memory_bytes"] > 4 * told["parameters"]
    assert told["batch_size"] == EXPERIMENTS[name].config.batch_size
    assert told["train_seconds"] is None
    first, header, *layers, counts, cost = run("summary", name, "--no-time").out.splitlines()[: len(told["layers"]) + 4]
    assert first == f"{name}: input {'×'.join(map(str, told['input_shape']))}"
    assert header.split() == ["layer", "output", "parameters", "sees"]
    assert [line.split()[0] for line in layers] == [layer["path"].split("/")[-1] for layer in told["layers"]]
    assert counts.startswith(f"{told['parameters']:,} parameters, ")
    assert cost.startswith(f"Training with batches of {told['batch_size']} takes about ")


def test_the_receptive_field_is_told_for_every_layer(run):
    told = run("summary", "lenet-tanh", "--no-time", "--json").objects[0]
    fields = {layer["path"]: layer["receptive_field"] for layer in told["layers"]}
    assert fields["conv2"] == [14, 14]
    lines = run("summary", "lenet-tanh", "--no-time").out.splitlines()
    assert next(line for line in lines if line.startswith("conv2")).endswith(" 14×14")
    assert next(line for line in lines if line.startswith("dense2")).endswith(" all")


def test_the_time_is_measured_unless_told_otherwise(run, digits):
    options = ("summary", "mlp-128-64", "--dataset-path", digits, "--batch-size", 25)
    told = run(*options, "--json").objects[0]
    assert told["train_seconds"] > 0 and told["validation_seconds"] > 0
    assert told["batch_size"] == 25
    assert " an epoch on cpu, with " in run(*options).out.splitlines()[-1]


def test_a_network_is_adjusted_before_it_is_summarised(run):
    adjusted = ("alexnet", "--width", 0.5, "--dropout", 0.3, "--image-size", 64, "--no-time")
    told = run("summary", *adjusted, "--json").objects[0]
    assert told["input_shape"] == [1, 64, 64]
    assert "Dropout 0.3" in [layer["layer"] for layer in told["layers"]]
    assert "has no dropout to choose" in run("summary", "lenet-bn", "--dropout", 0.2).refusal()
    assert "needs images of at least" in run("summary", "alexnet-original", "--image-size", 20).refusal()


def test_what_does_not_fit_into_memory_is_told_with_the_batch_that_does(run, monkeypatch):
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda device: 600 * 2**20)
    lines = run("summary", "lenet-tanh", "--batch-size", 8000).out.splitlines()
    assert lines[-1].startswith("That does not fit. Batches of ")
    fitting = int(lines[-1].split("--batch-size ")[1].rstrip("."))
    assert 0 < fitting < 8000
    assert run("summary", "lenet-tanh", "--batch-size", fitting, "--no-time").out.count("That does not fit") == 0
    refusal = run("train", "--network", "lenet-tanh", "--batch-size", 8000).refusal()
    assert f"--batch-size {fitting}." in refusal and "--ignore-memory" in refusal


def test_a_model_file_is_summarised_too(run, model):
    (told,) = run("summary", model, "--no-time", "--json").objects
    (named,) = run("summary", "mlp-128-64", "--no-time", "--json").objects
    assert told["layers"] == named["layers"]


def test_a_network_in_a_file_and_one_of_ones_own_are_known_by_name(run, tmp_path):
    spec = NetworkSpec("mine", (1, 28, 28), (Flatten(), Dense(20), Activation("tanh"), Dense(10)))
    write_network(tmp_path / "my-net.json", spec)
    save_own_network(spec)
    for name in (tmp_path / "my-net.json", "mine"):
        (told,) = run("summary", name, "--no-time", "--json").objects
        assert told["parameters"] == summarize(spec).parameter_count
    assert run("networks").out.splitlines()[-1].startswith("mine ")
    assert "edit it instead" in run("summary", "mine", "--width", 2).refusal()


def test_a_network_of_ones_own_that_is_not_finished_does_not_hide_the_others(run):
    save_own_network(NetworkSpec("aaa", (1, 28, 28), (Dense(10),)))
    save_own_network(NetworkSpec("mine", (1, 28, 28), (Flatten(), Dense(10))))

    answer = run("networks")

    assert answer.code == 0 and answer.out.splitlines()[-1].startswith("mine ")
    assert "aaa: dense1 (Dense 10) gets shape 1×28×28" in answer.err


def test_what_cannot_be_summarised_is_refused(run, tmp_path):
    weights = tmp_path / "w.params"
    weights.write_bytes(b"\x00" * 40)
    assert "There is no network 'lenet'" in run("summary", "lenet").refusal()
    assert "There is no network 'xxx" in run("summary", "x" * 300).refusal()
    assert "w.params is damaged" in run("summary", weights).refusal()
    assert "is a folder" in run("summary", tmp_path).refusal()


def test_the_cpu_is_always_among_the_devices(run):
    first = run("devices", "--json").objects[0]
    assert (first["name"], first["available"], first["reason"]) == ("cpu", True, "")
    assert run("devices").out.startswith("cpu      CPU, ")


@pytest.mark.parametrize("suffix", [".params", ".npz", "-symbol.json", ".safetensors"])
def test_a_model_survives_the_way_there_and_back(run, model, tmp_path, suffix):
    there, back = tmp_path / f"there{suffix}", tmp_path / "back.safetensors"
    answer = run("convert", model, there)
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "dense1/weight -> dense1/weight"
    assert answer.err == f"Wrote {there}\n"
    mapping = run("convert", there, back, "--network", "mlp-128-64", "--json").objects
    assert [entry["target"] for entry in mapping] == list(load_model(model).weights)
    assert load_model(back).spec == load_model(model).spec
    for name, array in load_model(model).weights.items():
        np.testing.assert_array_equal(load_model(back).weights[name], array)


def test_the_graph_for_mxnet_is_two_files_and_trainable_if_asked(run, model, tmp_path):
    for options, end in (((), "softmax"), (("--trainable",), "SoftmaxOutput")):
        assert run("convert", model, tmp_path / "net-symbol.json", *options).code == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["net-0000.params", "net-symbol.json"]
        assert f'"op": "{end}"' in (tmp_path / "net-symbol.json").read_text()


def test_a_conversion_that_cannot_be_is_refused_and_writes_nothing(run, model, tmp_path):
    weights = tmp_path / "w.npz"
    run("convert", model, weights)
    before = weights.read_bytes()
    refused = [
        ((weights, tmp_path / "m.safetensors"), "--network NAME"),
        ((weights, tmp_path / "m.safetensors", "--network", "lenet-tanh"), "needs shape"),
        ((weights, tmp_path / "m.safetensors", "--network", "nope"), "There is no network 'nope'"),
        ((model, tmp_path / "m.onnx2"), "names end in"),
        ((model, tmp_path / "none" / "m.npz"), "its folder does not exist"),
        ((tmp_path / "none.npz", weights), "There is no file"),
    ]
    for arguments, sentence in refused:
        assert sentence in run("convert", *arguments).refusal()
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]
    assert weights.read_bytes() == before


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_data_folder_is_named_before_or_after_the_command(run, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    option = ("--data-dir", "mine")
    assert run(*option, "networks").code == 0 if place == "before" else run("networks", *option).code == 0
    assert os.environ["NETARIUM_HOME"] == str(tmp_path / "mine")


def test_without_the_option_the_data_folder_stays(run, netarium_home):
    run("networks")
    assert Path(os.environ["NETARIUM_HOME"]) == netarium_home


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "the following arguments are required: command"),
        (("predict",), "the following arguments are required: MODEL, IMAGE"),
        (("predict", "m.safetensors"), "the following arguments are required: IMAGE"),
        (("evaluate",), "the following arguments are required: MODEL"),
        (("convert", "a.npz"), "the following arguments are required: OUT"),
        (("summary",), "the following arguments are required: NETWORK"),
        (("fly",), "invalid choice: 'fly'"),
    ],
)
def test_what_is_missing_is_named_in_one_line(run, arguments, sentence):
    assert sentence in run(*arguments).refusal()


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "networks", "summary", "devices", "convert"])
def test_every_command_explains_itself(run, command):
    answer = run(command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: app.py {command} ") and "--json" in answer.out


def test_the_help_lists_all_commands_and_says_how_the_window_opens(run):
    answer = run("--help")
    assert answer.code == 0
    told = " ".join(answer.out.split())
    for part in ("train", "evaluate", "predict", "networks", "summary", "devices", "convert", "the window opens"):
        assert part in told
    assert "app.py [MODEL] [--dataset-path FOLDER]" in told and "--data-dir FOLDER" in told


def test_gradients_are_checked_parameter_by_parameter(run):
    answer = run("check-gradients", "mlp-128-64", "--width", 0.1, "--coordinates", 8)
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0].startswith("mlp-128-64: NumPy in float64, 4 random inputs")
    assert [line.split()[0] for line in lines[2:-1]] == [
        f"dense{place}/{role}" for place in (1, 2, 3) for role in ("weight", "bias")
    ]
    assert lines[-1] == "Backpropagation is right: no gradient differs by more than 1e-06."
    told = run("check-gradients", "mlp-128-64", "--width", 0.1, "--coordinates", 8, "--json").objects
    assert all(entry["verdict"] == "agrees" and entry["error"] < 1e-6 for entry in told)
    assert told[0]["checked"] + told[0]["at_kink"] == 8


def test_a_wrong_gradient_is_told_with_exit_code_1(run, monkeypatch):
    right = scratch_layers.Dense.backward

    def wrong(self, dy):
        back = right(self, dy)
        self.weight.gradient[...] *= 1.001
        return back

    monkeypatch.setattr(scratch_layers.Dense, "backward", wrong)
    answer = run("check-gradients", "mlp-128-64", "--width", 0.1, "--coordinates", 8)
    assert answer.code == 1
    assert "Backpropagation differs by more than 1e-06 in dense1/weight" in answer.err


def test_what_cannot_be_checked_is_refused(run):
    assert run("check-gradients", "mlp-256", "--samples", 1).code == 2
    assert "There is no network" in run("check-gradients", "nothing").refusal()


def test_the_numpy_books_parameters_are_converted(run, tmp_path):
    random = np.random.default_rng(0)
    shapes = {"W1": (30, 1, 5, 5), "b1": (30,), "W2": (4320, 100), "b2": (100,), "W3": (100, 10), "b3": (10,)}
    params = {name: random.normal(size=shape) for name, shape in shapes.items()}
    (tmp_path / "params.pkl").write_bytes(pickle.dumps(params))
    target = tmp_path / "convnet.safetensors"
    assert run("convert", tmp_path / "params.pkl", target, "--network", "simple-convnet").code == 0
    np.testing.assert_array_equal(load_model(target).weights["dense1/weight"], params["W2"].T.astype(np.float32))
    assert "say which network" in run("convert", tmp_path / "params.pkl", target).refusal()
    assert "in no format that Netarium knows" in run("convert", target, tmp_path / "out.pkl").refusal()
