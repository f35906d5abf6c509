"""What is compared of runs: their curves on common axes, their results, and the settings in which they differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.architecture.layers import Layer, describe
from engine.architecture.network import NetworkSpec
from engine.history.report_words import data_name, duration, number, settings_in_words, share
from gui.compared import ComparedRun
from gui.curve_points import Points

Measure = Literal[
    "validation_accuracy", "train_accuracy", "validation_loss", "train_loss", "batch_loss", "learning_rate"
]
Axis = Literal["epoch", "step", "seconds", "samples"]
Better = Literal["high", "low"]

SHARES = ("validation_accuracy", "train_accuracy")  # measured from 0 to 1
LOSSES = ("validation_loss", "train_loss", "batch_loss")
_MOST_LAYERS = 3  # named of those that others do not have


class Row(NamedTuple):
    """One line of the table: a value of every run.

    ``best`` are the places of the best values, all of them where several are as good; ``is_result`` tells what came out
    from what was chosen.
    """

    name: str
    texts: tuple[str, ...]
    is_result: bool
    best: frozenset[int] = frozenset()

    @property
    def differs(self) -> bool:
        """Whether the runs are not all alike."""
        return len(set(self.texts)) > 1


def better(measure: Measure) -> Better | None:
    """Return which values of a measure are the better ones; None where neither is."""
    return "high" if measure in SHARES else "low" if measure in LOSSES else None


def curve(run: ComparedRun, measure: Measure, axis: Axis) -> Points:
    """Return a run's curve, with that of the runs before it; without the values that are not known.

    Samples are counted by the epochs done, so they are right also for what was trained with other batch sizes, as long
    as the training images were as many.
    """
    table = run.batches if measure in ("batch_loss", "learning_rate") else run.epochs
    values = table["loss" if measure == "batch_loss" else measure]
    if axis != "samples":
        places = table[axis]
    elif run.start.train_samples:
        places = table["epoch"] * run.start.train_samples
    else:
        places = table["step"] * run.start.config.batch_size
    known = np.isfinite(values) & np.isfinite(places)
    places, values = places[known], values[known]
    order = np.argsort(places, kind="stable")  # time begins anew where weights of a file were trained on
    return Points(places[order], values[order])


def best_place(values: np.ndarray, measure: Measure) -> int | None:
    """Return the place of the best value (points,), the first of those that are as good; None where there is none."""
    way = better(measure)
    if way is None or not len(values):
        return None
    return int(np.argmax(values) if way == "high" else np.argmin(values))


def rows(runs: Sequence[ComparedRun]) -> list[Row]:
    """Return what came out of the runs, then what they were trained with."""
    return [*_results(runs), *_settings(runs)]


def _results(runs: Sequence[ComparedRun]) -> Iterator[Row]:
    def row(
        name: str, value: Callable[[ComparedRun], float], text: Callable[[float], str], way: Better | None
    ) -> Row:  # fmt: skip
        values = [value(run) for run in runs]
        return Row(name, tuple(_dash(one, text) for one in values), True, _best(values, way))

    def seconds(run: ComparedRun) -> float:
        return max(0.0, run.record.seconds - run.start.first.seconds)

    def own_epochs(run: ComparedRun) -> np.ndarray:
        return run.epochs["duration"][run.epochs["step"] > run.start.first.step]

    yield row(_tr("Best validation accuracy"), lambda run: run.record.best_accuracy, share, "high")
    yield row(_tr("… after epoch"), lambda run: run.record.best_epoch or math.nan, lambda epoch: f"{epoch:.0f}", None)
    yield row(_tr("… with loss"), lambda run: run.record.best_loss, number, "low")
    yield row(_tr("Last validation accuracy"), lambda run: run.record.validation_accuracy, share, "high")
    yield row(_tr("Last training accuracy"), lambda run: run.record.train_accuracy, share, None)
    yield row(_tr("Epochs done"), lambda run: run.record.epochs, lambda epochs: f"{epochs:.0f}", None)
    yield row(_tr("Training time"), seconds, duration, "low")
    yield row(_tr("Time of an epoch"), lambda run: _mean(own_epochs(run)), lambda time: f"{time:.2f} s", "low")
    yield row(_tr("Parameters"), lambda run: run.record.parameters, lambda count: f"{count:,.0f}", "low")


def _settings(runs: Sequence[ComparedRun]) -> Iterator[Row]:
    yield Row(_tr("Network"), tuple(run.record.network for run in runs), False)
    yield Row(_tr("Layers of its own"), own_layers([run.start.spec for run in runs]), False)
    yield Row(_tr("Data set"), tuple(data_name(run.start.dataset) for run in runs), False)
    told = [dict(settings_in_words(run.start)) for run in runs]
    for name in told[0] if told else ():
        if name != "Data set":
            yield Row(name, tuple(words.get(name, "–") for words in told), False)


def own_layers(specs: Sequence[NetworkSpec]) -> tuple[str, ...]:
    """Return for each network the layers that not all of them have, in short words; a dash where it has no other."""
    counts = [Counter(_leaves(spec.layers)) for spec in specs]
    common: Counter[str] = counts[0].copy() if counts else Counter()
    for count in counts:
        common &= count
    texts = []
    for count in counts:
        own = list((count - common).elements())
        text = ", ".join(own[:_MOST_LAYERS])
        if len(own) > _MOST_LAYERS:
            text = _tr("{layers} and {count} more").format(layers=text, count=len(own) - _MOST_LAYERS)
        texts.append(text or "–")
    return tuple(texts)


def _leaves(layers: Sequence[Layer]) -> Iterator[str]:
    """Yield all layers in words, those within blocks too."""
    for layer in layers:
        parts = [getattr(layer, name, ()) for name in ("body", "shortcut")] + list(getattr(layer, "branches", ()))
        if any(parts):
            for part in parts:
                yield from _leaves(part)
        else:
            yield describe(layer)


def _best(values: Sequence[float], way: Better | None) -> frozenset[int]:
    known = [value for value in values if math.isfinite(value)]
    if way is None or len(set(known)) < 2:  # a best one needs a worse one
        return frozenset()
    best = max(known) if way == "high" else min(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _dash(value: float, text: Callable[[float], str]) -> str:
    return text(value) if math.isfinite(value) else "–"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Comparison", text)
