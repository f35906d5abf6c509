from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.architecture.layers import Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.storage.model_file import Model, load_model, save_model
from engine.storage.npz import encode_npz
from engine.training.config import InitializerConfig
from engine.training.data import fit_images
from engine.training.initializers import initial_weights

COUNT = 20


def dark_on_light(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(255 - pixels)


def large(pixels: np.ndarray) -> Image.Image:
    """A page of another shape with the digit enlarged in a corner, grey on cream, in colour."""
    digit = Image.fromarray(pixels).resize((224, 224), Image.Resampling.BICUBIC)
    page = Image.new("RGB", (640, 480), (250, 245, 230))
    page.paste((60, 60, 90), (350, 40), mask=digit)
    return page


def transparent(pixels: np.ndarray) -> Image.Image:
    picture = Image.new("RGBA", (28, 28), (0, 0, 0, 0))
    picture.putalpha(Image.fromarray(pixels))
    return picture


@pytest.mark.parametrize("draw", [Image.fromarray, dark_on_light, large, transparent])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_digits_are_recognised_however_they_are_drawn(run, mnist, model, tmp_path, draw, suffix):
    paths = [tmp_path / f"{index}{suffix}" for index in range(COUNT)]
    for path, pixels in zip(paths, mnist.test_images[:COUNT, 0], strict=True):
        draw(np.ascontiguousarray(pixels)).save(path)
    answer = run("predict", model, *paths, "--json")
    assert (answer.code, answer.err) == (0, "")
    told = answer.objects
    assert [each["file"] for each in told] == [str(path) for path in paths]
    for each in told:
        assert set(each) == {"file", "prediction", "label", "probabilities"}
        assert type(each["prediction"]) is int and each["label"] == str(each["prediction"])
        assert len(each["probabilities"]) == 10
        assert sum(each["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert np.argmax(each["probabilities"]) == each["prediction"]
    right = sum(each["prediction"] == label for each, label in zip(told, mnist.test_labels, strict=False))
    assert right >= 0.8 * COUNT


def test_people_get_a_line_an_image(run, mnist, model, tmp_path):
    path = tmp_path / "seven.png"
    dark_on_light(mnist.test_images[0, 0]).save(path)
    out = run("predict", model, path).out
    assert out.startswith(f"{path}: 7 (") and out.endswith("%)\n")


def test_the_class_names_of_the_data_set_are_told(run, model, mnist, tmp_path):
    named = tmp_path / "named.safetensors"
    old = load_model(model)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    save_model(named, Model(spec=old.spec, weights=old.weights, class_names=words))
    Image.fromarray(mnist.test_images[0, 0]).save(tmp_path / "7.png")
    assert run("predict", named, tmp_path / "7.png", "--json").objects[0]["label"] == "seven"


def test_a_file_name_in_no_known_encoding_is_told_all_the_same(run, mnist, model, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    Image.fromarray(mnist.test_images[0, 0]).save(path)
    assert run("predict", model, path, "--json").objects[0]["file"].endswith("/caf\ufffd.png")
    assert run("predict", model, path).code == 0


def test_one_bad_image_is_named_and_nothing_is_printed(run, mnist, model, tmp_path):
    good, blank, broken = (tmp_path / f"{name}.png" for name in ("good", "blank", "broken"))
    Image.fromarray(mnist.test_images[0, 0]).save(good)
    Image.new("L", (100, 60), 255).save(blank)
    broken.write_bytes(good.read_bytes()[:60])
    assert run("predict", model, good, blank).refusal() == f"There is nothing drawn in {blank}."
    assert f"{broken} is damaged" in run("predict", model, good, broken).refusal()
    assert "none.png" in run("predict", model, tmp_path / "none.png").refusal()


@pytest.fixture
def picture(mnist, tmp_path):
    path = tmp_path / "seven.png"
    dark_on_light(mnist.test_images[0, 0]).save(path)
    return path


def small_model(path, channels):
    spec = NetworkSpec("small", (channels, 8, 8), (Flatten(), Dense(10)))
    weights = {"dense1/weight": np.zeros((10, channels * 64), np.float32), "dense1/bias": np.zeros(10, np.float32)}
    save_model(path, Model(spec=spec, weights=weights))
    return path


def test_a_network_for_images_of_other_channels_is_refused(run, tmp_path, picture):
    small = small_model(tmp_path / "small.safetensors", channels=3)
    assert "but small takes 3×8×8" in run("predict", small, picture).refusal()
    assert "but small takes 3×8×8" in run("evaluate", small).refusal()


def test_images_are_resized_for_a_network_of_another_size(run, tmp_path, picture, digits):
    small = small_model(tmp_path / "small.safetensors", channels=1)
    assert run("predict", small, picture, "--json").objects[0]["probabilities"] == [0.1] * 10
    assert 0 <= run("evaluate", small, "--dataset-path", digits, "--json").objects[0]["accuracy"] < 0.5


def test_evaluating_tells_accuracy_and_loss_of_the_test_images(run, digits, model):
    answer = run("evaluate", model, "--dataset", "mnist", "--json")
    assert set(answer.objects[0]) == {"accuracy", "loss", "samples"}
    assert answer.objects[0]["accuracy"] > 0.94
    assert 0 < answer.objects[0]["loss"] < 0.2
    assert answer.objects[0]["samples"] == 10_000
    text = run("evaluate", model, "--dataset-path", digits).out
    assert text.startswith("accuracy 0.9") and text.endswith(" on 300 images\n")


@pytest.mark.parametrize("suffix", [".params", ".npz", "-symbol.json"])
def test_weights_alone_need_their_network_and_then_give_the_same(run, digits, model, tmp_path, suffix):
    weights = tmp_path / f"weights{suffix}"
    assert run("convert", model, weights).code == 0
    data = ("--dataset-path", digits, "--json")
    for command in (("evaluate", weights, *data), ("predict", weights, "x.png")):
        refusal = run(*command).refusal()
        assert str(weights) in refusal and "--network NAME" in refusal
    with_network = run("evaluate", weights, "--network", "mlp-128-64", *data)
    assert with_network.objects == run("evaluate", model, *data).objects
    assert "needs shape" in run("evaluate", weights, "--network", "mlp-256-256", *data).refusal()


HOSTILE = {
    "empty.safetensors": b"",
    "noise.safetensors": b"\xff" * 100,
    "noise.params": b"\x00" * 40,
    "noise.npz": b"PK\x03\x04rest",
    "code.npz": encode_npz({"dense1/weight": np.zeros((2, 2), np.float32)}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_model_file_is_refused_in_a_sentence(run, digits, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    refusal = run("evaluate", path, "--network", "mlp-128-64", "--dataset-path", digits).refusal()
    assert name in refusal or "dense1/weight" in refusal


def test_a_model_that_was_cut_short_is_refused(run, digits, model, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(model.read_bytes()[:-1000])
    assert "cut.safetensors is damaged" in run("evaluate", path, "--dataset-path", digits).refusal()


def test_images_are_resized_for_a_large_network_a_few_at_a_time(run, tmp_path, mnist, monkeypatch):
    spec = NetworkSpec("large", (1, 2048, 2048), (Conv2D(1, (64, 64), stride=(64, 64)), Flatten(), Dense(3)))
    weights = initial_weights(summarize(spec), InitializerConfig(), 0)
    save_model(tmp_path / "large.safetensors", Model(spec=spec, weights=weights, class_names=("a", "b", "c")))
    paths = [tmp_path / f"{index}.png" for index in range(9)]
    for path, pixels in zip(paths, mnist.test_images[:9, 0], strict=True):
        Image.fromarray(pixels).save(path)
    together: list[int] = []

    def counted(spec, images):
        together.append(len(images))
        return fit_images(spec, images)

    monkeypatch.setattr("engine.cli.commands.fit_images", counted)
    answer = run("predict", tmp_path / "large.safetensors", *paths, "--json")

    assert [each["file"] for each in answer.objects] == [str(path) for path in paths]
    assert together == [8, 1]
