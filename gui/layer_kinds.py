"""The kinds of layers that can be added: their names, the idea of each, and what a new one is like."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
)


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer: what a new one is, and what people call it."""

    name: str  # of the menu's action
    new: Layer
    label: str
    idea: str


def layer_kinds() -> list[tuple[str, list[LayerKind]]]:
    """Return all kinds under their headings, in the language of the window.

    A new layer leaves the shape alone where it can, so that the network still fits together.
    """
    return [
        (
            _tr("Learn"),
            [
                LayerKind(
                    "addConv", Conv2D(32, (3, 3), padding=(1, 1)), _tr("Convolution"),
                    _tr("Looks everywhere for the same small patterns, one for each channel."),
                ),
                LayerKind(
                    "addDense", Dense(128), _tr("Dense"),
                    _tr("Every unit weighs all inputs. Takes a vector, so it comes after Flatten."),
                ),
                LayerKind(
                    "addBatchNorm", BatchNorm(), _tr("Batch norm"),
                    _tr("Brings every channel to mean 0 and variance 1, which lets deep networks learn fast."),
                ),
            ],
        ),
        (
            _tr("Shape"),
            [
                LayerKind(
                    "addMaxPool", MaxPool2D(), _tr("Max pool"),
                    _tr("Keeps the largest value of each window: that a pattern is there, not exactly where."),
                ),
                LayerKind(
                    "addAvgPool", AvgPool2D(), _tr("Average pool"),
                    _tr("Keeps the mean of each window: a smaller image that shows the same."),
                ),
                LayerKind(
                    "addGlobalAvgPool", GlobalAvgPool2D(), _tr("Global average pool"),
                    _tr("Keeps one number per channel: how much of its pattern the whole image has."),
                ),
                LayerKind(
                    "addFlatten", Flatten(), _tr("Flatten"),
                    _tr("Lays the image out as one vector, as dense layers need it."),
                ),
            ],
        ),
        (
            _tr("Bend and drop"),
            [
                LayerKind(
                    "addActivation", Activation("relu"), _tr("Activation"),
                    _tr("A bend between two layers that learn; without it, two of them can do no more than one."),
                ),
                LayerKind(
                    "addDropout", Dropout(0.5), _tr("Dropout"),
                    _tr("Sets some values to zero while training, so that no unit relies on a single other one."),
                ),
            ],
        ),
        (
            _tr("Blocks"),
            [
                LayerKind(
                    "addResidual", Residual(()), _tr("Residual"),
                    _tr("Adds its input to what its layers make of it: they only learn what is to be changed."),
                ),
                LayerKind(
                    "addConcat", Concat(((), ())), _tr("Concat"),
                    _tr("Several branches look at the same input, and their channels are put behind each other."),
                ),
            ],
        ),
    ]  # fmt: skip


def _tr(text: str) -> str:
    return QCoreApplication.translate("LayerKinds", text)
