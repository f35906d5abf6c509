"""Softmax regression and multilayer perceptrons."""

from __future__ import annotations

from engine.architecture.layers import Activation, Dense, Dropout, Flatten, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.experiment import Build, Experiment
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


def perceptron(name: str, hidden: tuple[int, ...], dropout: tuple[float, ...] = ()) -> Build:
    """Return a builder of a ReLU network with these hidden layers, each followed by dropout where given."""

    def build(input_shape: Shape, classes: int) -> NetworkSpec:
        layers: list[Layer] = [Flatten()]
        for place, units in enumerate(hidden):
            layers += [Dense(units), Activation("relu")]
            if place < len(dropout):
                layers.append(Dropout(dropout[place]))
        return NetworkSpec(name, input_shape, (*layers, Dense(classes)))

    return build


SOFTMAX_REGRESSION = Experiment(
    name="softmax-regression",
    description="One dense layer: each class has a template, and the best match wins.",
    source="Dive into Deep Learning 0.x, section 3.7 (softmax regression)",
    build=perceptron("softmax-regression", ()),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=256,
        epochs=5,
    ),
)

MLP_128_64 = Experiment(
    name="mlp-128-64",
    description="Two hidden layers of 128 and 64: the multilayer perceptron of MXNet's first tutorial.",
    source="MXNet tutorial, Handwritten digit recognition (multilayer perceptron): validation accuracy 0.964",
    build=perceptron("mlp-128-64", (128, 64)),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("uniform", scale=0.01),
        batch_size=100,
        epochs=10,
    ),
)

MLP_256_256 = Experiment(
    name="mlp-256-256",
    description="Two hidden layers of 256, trained as one does from scratch on NDArray.",
    source="The Straight Dope, Multilayer perceptrons from scratch: the loss falls every epoch",
    build=perceptron("mlp-256-256", (256, 256)),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.001),
        initializer=InitializerConfig("normal", scale=0.01, biases="drawn"),
        batch_size=64,
        epochs=10,
        loss_reduction="sum",
    ),
)

MLP_DROPOUT = Experiment(
    name="mlp-dropout",
    description="Two hidden layers of 256 with dropout 0.2 and 0.5: a crowd of thinner networks.",
    source="Dive into Deep Learning 0.x, section 4.6 (dropout)",
    build=perceptron("mlp-dropout", (256, 256), (0.2, 0.5)),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.5),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=256,
        epochs=10,
    ),
)
