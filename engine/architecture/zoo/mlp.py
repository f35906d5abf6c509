"""Softmax regression and multilayer perceptrons."""

from __future__ import annotations

from engine.architecture.layers import Activation, Dense, Dropout, Flatten, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.experiment import Build, Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


def softmax_regression(input_shape: Shape, classes: int) -> NetworkSpec:
    """Build one dense layer on the pixels."""
    return NetworkSpec("softmax-regression", input_shape, (Flatten(), Dense(classes)))


def perceptron(name: str, hidden: tuple[int, ...]) -> Build:
    """Return a builder of a ReLU network with these hidden layers."""

    def build(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
        layers: list[Layer] = [Flatten()]
        for units in hidden:
            layers += [Dense(scaled(units, width)), Activation("relu")]
        return NetworkSpec(name, input_shape, (*layers, Dense(classes)))

    return build


def mlp_dropout(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build two hidden layers with dropout, less of it near the input, as the course advises.

    ``dropout`` is the rate of the second layer; the first has two fifths of it: 0.2 and 0.5 as published.
    """
    return NetworkSpec(
        "mlp-dropout",
        input_shape,
        (
            Flatten(),
            Dense(scaled(256, width)), Activation("relu"), Dropout(dropout * 0.4),
            Dense(scaled(256, width)), Activation("relu"), Dropout(dropout),
            Dense(classes),
        ),
    )  # fmt: skip


SOFTMAX_REGRESSION = Experiment(
    name="softmax-regression",
    family="Linear models",
    description="One dense layer: each class has a template, and the best match wins.",
    source="Dive into Deep Learning 0.x, section 3.7 (softmax regression)",
    build=softmax_regression,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=256,
        epochs=5,
    ),
)

MLP_64 = Experiment(
    name="mlp-64",
    family="Multilayer perceptrons",
    description="One hidden layer of 64, to learn noise by heart: for the data set random-labels.",
    source="MXNet's example of the Module API on random data: training accuracy 0.99875, validation 0.09",
    build=perceptron("mlp-64", (64,)),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("xavier", magnitude=2.0),
        batch_size=10,
        epochs=50,
        sampling="in-order",
    ),
)

MLP_128_64 = Experiment(
    name="mlp-128-64",
    family="Multilayer perceptrons",
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

MLP_256 = Experiment(
    name="mlp-256",
    family="Multilayer perceptrons",
    description="One hidden layer of 256: the first network in the course that is not linear.",
    source="Dive into Deep Learning, first edition (MXNet), section 3.10: about 0.86 on Fashion-MNIST",
    build=perceptron("mlp-256", (256,)),
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.5),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=256,
        epochs=5,
    ),
)

MLP_256_256 = Experiment(
    name="mlp-256-256",
    family="Multilayer perceptrons",
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
    family="Multilayer perceptrons",
    description="Two hidden layers of 256 with dropout 0.2 and 0.5: a crowd of thinner networks.",
    source="Dive into Deep Learning 0.x, section 4.6 (dropout)",
    build=mlp_dropout,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.5),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=256,
        epochs=10,
    ),
)
