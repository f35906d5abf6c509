from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.storage.model_file import load_model


def test_networks_are_listed_with_their_description(run):
    listed = run("networks", "--json").objects
    assert [entry["name"] for entry in listed] == list(EXPERIMENTS)
    for entry in listed:
        assert set(entry) == {"name", "description", "source", "parameters"}
        assert entry["parameters"] == summarize(EXPERIMENTS[entry["name"]].network()).parameter_count
    lines = run("networks").out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
    assert "lenet-tanh             431,080  " in "\n".join(lines)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_network_is_summarised(run, name):
    told = run("summary", name, "--json").objects[0]
    assert (told["name"], told["input_shape"]) == (name, [1, 28, 28])
    assert told["layers"][-1]["output_shape"] == [10]
    assert sum(layer["parameters"] for layer in told["layers"]) == told["parameters"]
    assert told["multiply_adds"] > 0
    first, *layers, last = run("summary", name).out.splitlines()
    assert first == f"{name}: input 1×28×28"
    assert [line.split()[0] for line in layers] == [layer["path"] for layer in told["layers"]]
    assert last.startswith(f"{told['parameters']:,} parameters, ")


def test_a_model_file_is_summarised_too(run, model):
    assert run("summary", model).out == run("summary", "mlp-128-64").out
    assert run("summary", model, "--json").objects == run("summary", "mlp-128-64", "--json").objects


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
