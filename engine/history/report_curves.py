"""Draws the curves of a run as SVG: figures of the epochs over the faint curve of the batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from engine.history.records import Array

_WIDTH, _HEIGHT = 480, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 12, 42
_MOST_BATCH_POINTS = 600  # about one for each pixel of the plot
_MOST_MARKERS = 40  # beyond, they would cover the curve
_SHOWN = 0.98  # of the batches' figures; the few beyond would flatten all others


class Figure(Struct, frozen=True, eq=False):
    """What one picture shows, over the epochs done.

    Parameters
    ----------
    title : str
    key : str
        A word that is unique on the page.
    epochs, training, validation : array (epochs,), float64
        Figures that are NaN leave a gap.
    batch_epochs, batches : array (points,), float64
        The same figure of the batches as they ran.
    best_epoch : int
        Marked by a line; 0 for none.
    changes : sequence of float
        When settings were changed, in epochs.
    begins : float, optional
        Where the run itself begins, in epochs, if what comes before is of another.
    percent : bool
        Whether the figure is a share of 1.
    """

    title: str
    key: str
    epochs: Array
    training: Array
    validation: Array
    batch_epochs: Array
    batches: Array
    best_epoch: int = 0
    changes: Sequence[float] = ()
    begins: float | None = None
    percent: bool = False


def draw(figure: Figure) -> str:
    """Return a picture as an ``svg`` element whose colours are those of the page's style; empty if nothing is known."""
    low, high = _extent(figure)
    positions = np.concatenate([figure.epochs, figure.batch_epochs])
    if math.isnan(low) or not len(positions):
        return ""
    first = min(float(figure.batch_epochs.min(initial=np.inf)), float(figure.epochs.min(initial=np.inf)))
    first, last = float(math.floor(first)), float(positions.max())
    if last - first < 1:
        last = first + 1
    across, up = _LEFT + 0.0, _HEIGHT - _BOTTOM + 0.0

    def x(value: float) -> float:
        return across + (value - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return up - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    drawn = [_grid(ticks(low, high), ticks(first, last, whole=True), x, y, figure.percent)]
    clip = f"clip-{figure.key}"
    drawn.append(
        f'<clipPath id="{clip}"><rect x="{_LEFT}" y="{_TOP - 4}" width="{_WIDTH - _LEFT - _RIGHT + 4}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM + 8}"/></clipPath><g clip-path="url(#{clip})">'
    )
    every = max(1, -(-len(figure.batches) // _MOST_BATCH_POINTS))
    drawn.append(_line(_means(figure.batch_epochs, every), _means(figure.batches, every), x, y, "batch"))
    drawn += [_upright(x(at), "change", "a setting was changed") for at in figure.changes]
    if figure.begins is not None:
        drawn.append(_upright(x(figure.begins), "begins", "here this run began, with the weights of another"))
    if figure.best_epoch:
        drawn.append(_upright(x(figure.best_epoch), "best", f"best epoch, {figure.best_epoch}"))
    for kind, values in (("training", figure.training), ("validation", figure.validation)):
        drawn.append(_line(figure.epochs, values, x, y, kind))
        if len(figure.epochs) <= _MOST_MARKERS:
            drawn += [
                f'<circle class="{kind}" cx="{x(at):.1f}" cy="{y(value):.1f}" r="3"/>'
                for at, value in zip(figure.epochs, values, strict=True)
                if math.isfinite(value)
            ]
    drawn.append("</g>")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{figure.title}: training and validation, '
        f'by epoch">{"".join(drawn)}</svg>'
    )


def ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Return round numbers from ``low`` to ``high``, about five of them: steps are 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    if whole:
        step = max(1.0, step)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _extent(figure: Figure) -> tuple[float, float]:
    """Return the lowest and highest value to be shown, with some room; NaN if there is none."""
    values = np.concatenate([figure.training, figure.validation])
    values = values[np.isfinite(values)]
    batches = figure.batches[np.isfinite(figure.batches)]
    if len(batches):
        values = np.concatenate([values, np.quantile(batches, [1 - _SHOWN, _SHOWN])])
    if not len(values):
        return math.nan, math.nan
    low, high = float(values.min()), float(values.max())
    room = max((high - low) * 0.06, abs(high) * 1e-3, 1e-6)
    low, high = max(0.0, low - room), high + room  # neither losses nor shares are negative
    return low, min(high, 1.0) if figure.percent else high


def _grid(
    values: Sequence[float], epochs: Sequence[float], x: Callable[[float], float], y: Callable[[float], float],
    percent: bool,
) -> str:  # fmt: skip
    parts = []
    digits = _digits(values, percent)
    for value in values:
        text = f"{value * 100:.{digits}f}%" if percent else f"{value:.{digits}f}"
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="end" x="{_LEFT - 8}" y="{y(value) + 4:.1f}">{text}</text>'
        )
    bottom = _HEIGHT - _BOTTOM
    for epoch in epochs:
        parts.append(
            f'<line class="grid" x1="{x(epoch):.1f}" x2="{x(epoch):.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
            f'<text class="middle" x="{x(epoch):.1f}" y="{bottom + 18}">{epoch:.0f}</text>'
        )
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return "".join(parts) + f'<text class="middle" x="{middle:.0f}" y="{_HEIGHT - 4}">epoch</text>'


def _digits(values: Sequence[float], percent: bool) -> int:
    """Return how many decimals tell neighbouring ticks apart."""
    if len(values) < 2:
        return 1 if percent else 4
    step = (values[1] - values[0]) * (100 if percent else 1)
    return max(0, math.ceil(-math.log10(step) - 1e-9))


def _line(
    positions: Array, values: Array, x: Callable[[float], float], y: Callable[[float], float], kind: str
) -> str:  # fmt: skip
    """Return a curve; it is interrupted where a value is not finite."""
    path, pen_is_down = [], False
    for at, value in zip(positions.tolist(), values.tolist(), strict=True):
        if math.isfinite(value):
            path.append(f"{'L' if pen_is_down else 'M'}{x(at):.1f} {y(value):.1f}")
        pen_is_down = math.isfinite(value)
    return f'<path class="{kind}" d="{"".join(path)}"/>' if path else ""


def _upright(at: float, kind: str, title: str) -> str:
    ends = f'y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"'
    return f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" {ends}><title>{title}</title></line>'


def _means(values: Array, every: int) -> Array:
    """Return the means of so many neighbours each."""
    if every == 1:
        return values
    starts = np.arange(0, len(values), every)
    means: Array = np.add.reduceat(values, starts) / np.diff([*starts, len(values)])
    return means
