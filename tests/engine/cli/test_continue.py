"""A saved model that is trained on in another network than it was trained in."""

from __future__ import annotations

import pytest

from engine.storage.model_file import load_model


def test_continuing_with_another_image_size_trains_at_that_size(run, digits, tmp_path):
    small, large = tmp_path / "small.safetensors", tmp_path / "large.safetensors"
    quick = ("train", "--dataset-path", digits, "--epochs", 1, "--limit-validation", 50)
    assert run(*quick, "--network", "simple-convnet", "--width", 0.1, "--save", small).code == 0

    answer = run(
        *quick, "--continue", small, "--network", "simple-convnet", "--width", 0.1, "--image-size", 20, "--save", large
    )

    assert answer.code == 0
    assert f"2 of 3 layers keep the weights of {small}." in answer.err  # the first dense layer has fewer inputs now
    assert load_model(large).spec.input_shape == (1, 20, 20)


@pytest.mark.parametrize("adjustment", [("--width", 2), ("--dropout", 0.1), ("--image-size", 32)])
def test_a_saved_model_is_not_adjusted_without_the_name_of_a_network(run, digits, model, adjustment):
    refusal = run("train", "--continue", model, "--dataset-path", digits, *adjustment).refusal()

    assert "--network NAME" in refusal


def test_training_on_is_refused_where_memory_will_not_suffice(run, digits, model, monkeypatch):
    monkeypatch.setattr("engine.estimates.available._in_system", lambda proc: 10 * 2**20)
    options = ("train", "--continue", model, "--dataset-path", digits, "--epochs", 1)

    assert "--ignore-memory" in run(*options).refusal()
    assert run(*options, "--ignore-memory").code == 0
