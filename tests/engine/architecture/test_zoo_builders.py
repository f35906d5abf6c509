"""The parameters of the builders: what they change, and what is said of values that do not fit."""

from __future__ import annotations

import math

import pytest

from engine.architecture.layers import Conv2D, Dense, Dropout
from engine.architecture.network import walk
from engine.architecture.shapes import classes, summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.architecture.zoo.options import scaled
from engine.errors import ConfigError, ShapeError

WITH_WIDTH = [name for name, entry in EXPERIMENTS.items() if "width" in entry.parameters]
WITH_DROPOUT = [name for name, entry in EXPERIMENTS.items() if "dropout" in entry.parameters]


def widths(name, **arguments):
    layers = [place.layer for place in walk(experiment(name).network(**arguments).layers)]
    return [layer.channels if isinstance(layer, Conv2D) else layer.units for layer in layers
            if isinstance(layer, Conv2D | Dense)]  # fmt: skip


def rates(name, **arguments):
    layers = [place.layer for place in walk(experiment(name).network(**arguments).layers)]
    return [layer.rate for layer in layers if isinstance(layer, Dropout)]


def test_all_but_the_linear_model_have_a_width_and_those_with_dropout_layers_a_rate():
    assert set(EXPERIMENTS) - set(WITH_WIDTH) == {"softmax-regression"}
    assert set(WITH_DROPOUT) == {name for name in EXPERIMENTS if rates(name)}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_is_said_to_be_the_value_is_the_value(name):
    chosen = experiment(name)
    assert chosen.network(**chosen.parameters) == chosen.network()


@pytest.mark.parametrize("name", WITH_WIDTH)
def test_twice_the_width_is_twice_the_channels_and_as_many_classes(name):
    if name == "vgg-11-original":  # whose dense layers keep their units, as in the course
        assert widths(name, width=1.0)[:8] == [4 * count for count in widths(name)[:8]]
        assert widths(name, width=1.0)[8:] == widths(name)[8:] == [4096, 4096, 10]
        return
    narrow, wide = widths(name), widths(name, width=2.0)
    fixed = [after for before, after in zip(narrow, wide, strict=True) if after != 2 * before]
    assert fixed == ([10, 10, 10] if name.startswith("nin") else [10])


@pytest.mark.parametrize("name", WITH_WIDTH)
def test_at_least_one_channel_stays(name):
    assert min(widths(name, width=0.001)) == 1
    assert classes(experiment(name).network(width=0.001)) == 10


@pytest.mark.parametrize("name", WITH_DROPOUT)
def test_the_dropout_rate_is_the_one_asked_for(name):
    asked = rates(name, dropout=0.25)

    assert asked == ([0.1, 0.25] if name == "mlp-dropout" else [0.25] * len(rates(name)))
    assert set(rates(name, dropout=0.0)) == {0.0}


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("alexnet", {"width": 0}, "width is 0, but must be more than 0 and at most 4."),
        ("alexnet", {"width": -0.5}, "width is -0.5, but must be more than 0 and at most 4."),
        ("alexnet", {"width": 4.1}, "width is 4.1, but must be more than 0 and at most 4."),
        ("alexnet", {"width": math.nan}, "width is nan, but must be more than 0 and at most 4."),
        ("nin", {"dropout": 1.0}, "dropout is 1.0, but must be at least 0 and less than 1."),
        ("nin", {"dropout": -0.1}, "dropout is -0.1, but must be at least 0 and less than 1."),
        ("lenet-bn", {"classes": 1}, "classes is 1, but must be at least 2 and at most 1e+06."),
        ("lenet-bn", {"image_size": 0}, "image size is 0, but must be at least 1 and at most 4096."),
        ("softmax-regression", {"width": 2.0}, "softmax-regression has no width to choose; it has none."),
        ("lenet-bn", {"dropout": 0.5}, "lenet-bn has no dropout to choose; it has width."),
        (
            "mlp-256", {"input_shape": (99,), "image_size": 20},
            "Only images can be resized, but the input has shape 99.",
        ),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_with_its_range(name, arguments, sentence):
    with pytest.raises(ConfigError) as caught:
        experiment(name).network(**arguments)

    assert str(caught.value) == sentence


def test_a_builder_that_is_called_by_itself_refuses_a_width_too():
    with pytest.raises(ConfigError, match="width is 9, but must be more than 0 and at most 4"):
        scaled(16, 9)
    assert [scaled(30, width) for width in (0.01, 0.5, 1, 4)] == [1, 15, 30, 120]


def test_the_image_size_asked_for_goes_before_the_experiments_own():
    alexnet, lenet = experiment("alexnet-original"), experiment("lenet-bn")

    assert alexnet.network((3, 28, 30)).input_shape == (3, 224, 224)
    assert alexnet.network((3, 28, 30), image_size=96).input_shape == (3, 96, 96)
    assert lenet.network((3, 28, 30)).input_shape == (3, 28, 30)
    assert lenet.network((3, 28, 30), image_size=64).input_shape == (3, 64, 64)
    assert experiment("mlp-256").network((99,)).input_shape == (99,)


@pytest.mark.parametrize("name", ["lenet-bn", "alexnet", "vgg-11", "nin-original", "alexnet-original", "densenet"])
def test_an_image_that_is_too_small_is_refused_with_the_size_that_would_do(name):
    chosen = experiment(name)
    with pytest.raises(ShapeError) as caught:
        chosen.network(image_size=4)
    least = caught.value.values["least"]

    assert caught.value.code == "zoo.image_too_small"
    assert str(caught.value).startswith(f"{name} needs images of at least {least}×{least} pixels, but gets 4×4: ")
    layer = str(caught.value.values["layer"])
    assert layer in str(caught.value)
    assert layer in [entry.path for entry in summarize(chosen.network()).layers]
    assert classes(chosen.network(image_size=least)) == 10
    with pytest.raises(ShapeError, match=f"at least {least}×{least} pixels"):
        chosen.network(image_size=least - 1)


def test_the_shorter_side_of_an_image_counts():
    with pytest.raises(ShapeError, match="at least 16×16 pixels, but gets 40×9"):
        experiment("lenet-bn").network((1, 40, 9))


def test_a_convolution_still_says_that_it_needs_an_image():
    with pytest.raises(ShapeError, match="needs an image"):
        experiment("densenet").network((99,))
