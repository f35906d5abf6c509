"""How the headless commands print: lines for people, JSON for programs, a bar while training."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import msgspec

from engine.architecture.layers import describe
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import NetworkSummary
from engine.training.events import BatchesDone, EpochDone, RunFinished, RunStarted, TrainingEvent

_BAR = 30


class Progress:
    """One line on the terminal, overwritten ten times a second; silent where stderr is a file."""

    def __init__(self) -> None:
        self._batches_per_epoch = 1
        self._last_epoch = 0
        self._shown_at = 0.0

    def show(self, event: TrainingEvent) -> None:
        """Follow an event of the training loop."""
        if not sys.stderr.isatty():
            return
        if isinstance(event, RunStarted):
            self._batches_per_epoch, self._last_epoch = event.batches_per_epoch, event.last_epoch
        elif isinstance(event, (EpochDone, RunFinished)):
            self.clear()
        elif isinstance(event, BatchesDone) and time.monotonic() - self._shown_at >= 0.1:
            self._shown_at = time.monotonic()
            done = event.position.batch * _BAR // self._batches_per_epoch
            print(
                f"\repoch {event.position.epoch + 1}/{self._last_epoch} [{'#' * done}{'.' * (_BAR - done)}] "
                f"loss {event.losses[-1]:.4f}  {event.samples_per_second:,.0f} samples/s\033[K",
                end="", file=sys.stderr, flush=True,
            )  # fmt: skip

    def clear(self) -> None:
        """Make the line empty again."""
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def print_epoch(event: EpochDone, as_json: bool) -> None:
    """Print the figures of an epoch in one line."""
    names = (
        "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds",
        "samples_per_second",
    )  # fmt: skip
    figures = {name: getattr(event, name) for name in names}
    if as_json:
        print_json(figures)
        return
    print(
        f"epoch {event.epoch:3}  loss {event.train_loss:.4f}  accuracy {event.train_accuracy:.4f}  "
        f"validation loss {event.validation_loss:.4f}  accuracy {event.validation_accuracy:.4f}  "
        f"{event.seconds:.1f} s  {event.samples_per_second:,.0f} samples/s",
        flush=True,
    )


def summary_as_data(spec: NetworkSpec, described: NetworkSummary) -> dict[str, Any]:
    """Return what `summary --json` tells."""
    layers = [
        {
            "path": layer.path,
            "layer": describe(layer.layer),
            "output_shape": layer.output_shape,
            "parameters": layer.parameter_count,
            "multiply_adds": layer.multiply_adds,
            "receptive_field": layer.receptive_field,
        }
        for layer in described.layers
    ]
    return {
        "name": spec.name,
        "input_shape": spec.input_shape,
        "layers": layers,
        "parameters": described.parameter_count,
        "multiply_adds": described.multiply_adds,
    }


def print_json(value: object) -> None:
    """Print one JSON object on a line of its own, at once."""
    print(msgspec.json.encode(value).decode(), flush=True)


def silence_stdout() -> None:
    """Send everything still to be printed nowhere; else Python tries once more to write it as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
