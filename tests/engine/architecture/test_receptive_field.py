from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    Concat,
    Conv2D,
    Dense,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.receptive_field import receptive_fields
from engine.architecture.shapes import summarize
from engine.architecture.zoo import experiment
from tests.engine.samples import EVERYTHING, build


def test_the_fields_of_lenet_grow_as_the_book_counts_them():
    fields = receptive_fields(experiment("lenet-tanh").network())

    assert [fields[path] for path in ("conv1", "pool1", "conv2", "pool2", "dense1")] == [
        (5, 5), (6, 6), (14, 14), (16, 16), (28, 28),
    ]  # fmt: skip


def test_vgg_16_sees_212_pixels_as_published():
    # Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill 2019.
    layers = []
    for count, channels in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        layers += [Conv2D(channels, (3, 3), padding=(1, 1)) for _ in range(count)] + [MaxPool2D()]

    assert receptive_fields(NetworkSpec("vgg-16", (3, 224, 224), tuple(layers)))["pool5"] == (212, 212)


def test_the_widest_branch_counts_and_an_identity_adds_nothing():
    block = Concat(((Conv2D(1, (1, 1)),), (Conv2D(1, (3, 5), padding=(1, 2)),), ()))
    residual = Residual(body=(Conv2D(3, (3, 3), padding=(1, 1)),), shortcut=())
    fields = receptive_fields(NetworkSpec("net", (1, 20, 20), (block, residual)))

    assert fields["concat1"] == (3, 5)
    assert fields["concat1/branch1/conv1"] == (1, 1)
    assert fields["residual1"] == (5, 7)


def test_the_whole_image_is_seen_after_global_pooling():
    fields = receptive_fields(NetworkSpec("net", (1, 30, 20), (Conv2D(2, (3, 3)), GlobalAvgPool2D(), Flatten())))

    assert fields == {"conv1": (3, 3), "pool1": (30, 20), "flatten1": (30, 20)}


def test_a_network_of_vectors_has_no_receptive_fields():
    summary = summarize(NetworkSpec("net", (7,), (Dense(4), Activation("relu"), Dense(2))))

    assert [layer.receptive_field for layer in summary.layers] == [None] * 3


def test_every_layer_has_one_in_the_summary():
    summary = summarize(EVERYTHING)

    assert {layer.path for layer in summary.layers} == {place.path for place in walk(EVERYTHING.layers)}
    assert all(layer.receptive_field for layer in summary.layers)


@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
def test_one_changed_pixel_changes_just_as_many_values_as_the_field_says(stride):
    """A value sees a pixel exactly if the pixel lies in its field: slide a changed pixel under one value."""
    layers = (Conv2D(1, (3, 2), stride=stride), AvgPool2D((2, 2), stride=(1, 1)), Conv2D(1, (2, 3)))
    spec = NetworkSpec("net", (1, 16, 14), (*layers, Flatten(), Dense(2)))
    network = build(spec)
    images = np.zeros((16 * 14 + 1, 1, 16, 14), np.float32)
    for place in range(16 * 14):
        images[place, 0, place // 14, place % 14] = 1

    outputs = network.activations(images)["conv2"][:, 0, 0, 0]
    seen = (np.abs(outputs[:-1] - outputs[-1]) > 1e-7).reshape(16, 14)
    extent = (int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum()))

    assert extent == receptive_fields(spec)["conv2"]


def test_a_field_can_be_written_however_many_strides_multiply():
    layers = tuple(Conv2D(1, (2, 2), stride=(1000, 1000), padding=(1, 1)) for _ in range(2000))

    fields = receptive_fields(NetworkSpec("deep", (1, 28, 28), layers))

    assert fields["conv2"] == (1002, 1002)
    assert len(str(fields["conv2000"][0])) <= 10
