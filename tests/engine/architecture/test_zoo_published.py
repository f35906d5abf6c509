"""Sizes and shapes that were published, each with where it is written."""

from __future__ import annotations

import pytest

from engine.architecture.layers import Concat, Conv2D, Dense, Dropout, MaxPool2D, Residual
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.architecture.zoo.resnet import preactivation_resnet

IMAGENET = {"input_shape": (3, 224, 224), "classes": 1000, "image_size": 224}
PAIRS = [name for name in EXPERIMENTS if f"{name}-original" in EXPERIMENTS]


def densenet_parameters(growth: int = 32, classes: int = 10) -> int:
    """Count by hand: 7×7 convolution, four blocks of four 3×3 layers, and halving transitions between them."""
    channels = 64
    count = channels * 7 * 7 + 2 * channels
    for block in range(4):
        for _ in range(4):
            count += 2 * channels + channels * growth * 3 * 3
            channels += growth
        if block < 3:
            count += 2 * channels + channels * (channels // 2)
            channels //= 2
    return count + 2 * channels + channels * classes + classes


@pytest.mark.parametrize(
    ("name", "arguments", "parameters"),
    [
        # MXNet's tutorial on handwritten digits, layer by layer: 520 + 25,050 + 400,500 + 5,010.
        ("lenet-tanh", {}, 431_080),
        # The same tutorial, its multilayer perceptron: 784·128 + 128 + 128·64 + 64 + 64·10 + 10.
        ("mlp-128-64", {}, 109_386),
        # By hand from the layers of section 5.5: 156 + 2,416 + 30,840 + 10,164 + 850.
        ("lenet-sigmoid", {}, 44_426),
        # By hand from the shapes that section 5.6 prints: 11,712 + 614,656 + 885,120 + 1,327,488 + 884,992
        # + (256·5·5 + 1)·4096 + 4097·4096 + 40,970.
        ("alexnet-original", {}, 46_764_746),
        # torchvision's documentation of VGG11_Weights (num_params); the paper's table 2 rounds it to 133 million.
        ("vgg-11-original", {**IMAGENET, "width": 1.0}, 132_863_336),
        # Table 1 of the paper with biases, auxiliary classifiers left out, as in Caffe's bvlc_googlenet.
        ("googlenet-original", IMAGENET, 6_998_552),
        # torchvision's documentation of ResNet18_Weights (num_params).
        ("resnet-18-original", IMAGENET, 11_689_512),
        # No figure is published for the course's network; it is counted layer by layer below.
        ("densenet-original", {}, densenet_parameters()),
    ],
)
def test_as_many_parameters_as_published(name, arguments, parameters):
    assert summarize(experiment(name).network(**arguments)).parameter_count == parameters


def test_resnet_20_has_the_published_270_thousand_parameters():
    # He et al., CVPR 2016, table 6, for CIFAR-10.
    parameters = summarize(experiment("resnet-20").network((3, 32, 32))).parameter_count

    assert round(parameters / 1e6, 2) == 0.27


@pytest.mark.parametrize("n", [1, 3, 9])
def test_a_preactivation_resnet_is_6n_plus_2_layers_deep(n):
    spec = preactivation_resnet("resnet", n)((3, 32, 32), 10)
    on_the_way = [p for p in walk(spec.layers) if isinstance(p.layer, Conv2D | Dense) and "/shortcut/" not in p.path]

    assert len(on_the_way) == 6 * n + 2


# What the course prints, section by section: the shapes after the layers named here.
@pytest.mark.parametrize(
    ("name", "arguments", "layers", "shapes"),
    [
        (
            "alexnet-original", {}, (Conv2D, MaxPool2D),
            [(96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 12, 12), (256, 12, 12),
             (256, 5, 5)],
        ),
        (
            "vgg-11-original", {"width": 1.0}, (MaxPool2D,),
            [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)],
        ),
        ("nin-original", {}, (MaxPool2D, Dropout), [(96, 26, 26), (256, 12, 12), (384, 5, 5), (384, 5, 5)]),
        (
            "googlenet-original", {}, (Concat,),
            [(256, 12, 12), (480, 12, 12), (512, 6, 6), (512, 6, 6), (512, 6, 6), (528, 6, 6), (832, 6, 6),
             (832, 3, 3), (1024, 3, 3)],
        ),
        (
            "resnet-18-original", {"image_size": 224}, (Residual,),
            [(64, 56, 56), (64, 56, 56), (128, 28, 28), (128, 28, 28), (256, 14, 14), (256, 14, 14), (512, 7, 7),
             (512, 7, 7)],
        ),
        (
            "densenet-original", {}, (Concat,),
            [(64 + 32 * i, 24, 24) for i in (1, 2, 3, 4)] + [(96 + 32 * i, 12, 12) for i in (1, 2, 3, 4)]
            + [(112 + 32 * i, 6, 6) for i in (1, 2, 3, 4)] + [(120 + 32 * i, 3, 3) for i in (1, 2, 3, 4)],
        ),
    ],
)  # fmt: skip
def test_the_shapes_are_those_the_course_prints(name, arguments, layers, shapes):
    summary = summarize(experiment(name).network(**arguments))
    outermost = [entry for entry in summary.layers if entry.depth == 0]

    assert [entry.output_shape for entry in outermost if isinstance(entry.layer, layers)] == shapes


def kinds(spec: NetworkSpec) -> list[str]:
    return [type(place.layer).__name__ for place in walk(spec.layers)]


@pytest.mark.parametrize("name", PAIRS)
def test_a_scaled_network_has_every_layer_of_the_original(name):
    original, scaled = kinds(experiment(f"{name}-original").network()), kinds(experiment(name).network())
    if name == "resnet-18":
        original.remove("MaxPool2D")  # as the paper does for CIFAR: nothing is pooled at the beginning
    if name == "nin":
        assert original[-3:] == ["Activation", "GlobalAvgPool2D", "Flatten"]
        del original[-3]  # under which a class can die

    assert scaled == original


@pytest.mark.parametrize("name", PAIRS)
def test_a_scaled_network_costs_a_small_part_of_the_original_and_takes_small_images(name):
    original, scaled = experiment(f"{name}-original"), experiment(name)

    assert summarize(scaled.network()).multiply_adds * 5 < summarize(original.network()).multiply_adds
    assert summarize(scaled.network()).multiply_adds < 32e6
    assert scaled.image_size in (None, 32)
    assert original.image_size in (96, 224)
