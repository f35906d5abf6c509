"""The command that trains a network in two backends at once and tells how far they come apart."""

from __future__ import annotations

import argparse

import msgspec

from engine.backends.choice import make_backend
from engine.cli.networks import chosen_dataset, chosen_network
from engine.cli.output import print_json
from engine.failures import explained
from engine.training.config import TrainingConfig
from engine.twin import Difference, TwinStep, check_room, twin_run


def twin(options: argparse.Namespace) -> int:
    """Print losses and differences: of every batch as JSON, for people of batches 1, 2, 5, 10, 20, 50 and so on."""
    dataset = chosen_dataset(options)
    chosen = chosen_network(options, dataset, options.network)
    config = _settings(chosen.config, options)
    check_room(chosen.spec, config, "cpu")
    names = options.backends
    first, second = (make_backend(name) for name in names)
    worst = _Worst()
    with explained(first, chosen.spec, config.batch_size):
        for step in twin_run(chosen.spec, config, dataset, (first, second), options.batches):
            if options.json:
                print_json(step)
                continue
            if step.step == 1:
                print(f"{chosen.spec.name}: {' and '.join(names)}, batches of {config.batch_size}")
                heads = f"{names[0]:>12} {names[1]:>12} {'difference':>12} {'weights':>10} {'gradients':>10}"
                print(f"{'batch':>6} {heads}")
            worst.take(step)
            if _is_told(step.step) or step.step == options.batches:
                print(_line(step), flush=True)
    if not options.json:
        print(worst.sentence())
    return 0


class _Worst:
    """The largest differences so far."""

    def __init__(self) -> None:
        self._batches, self._loss = 0, 0.0
        self._tensors: dict[str, Difference] = {}

    def take(self, step: TwinStep) -> None:
        self._batches, self._loss = step.step, max(self._loss, step.loss_difference)
        for what, difference in (("weights", step.weight_difference), ("gradients", step.gradient_difference)):
            if difference and difference.absolute >= self._tensors.get(what, difference).absolute:
                self._tensors[what] = difference

    def sentence(self) -> str:
        if not self._loss and not any(difference.absolute for difference in self._tensors.values()):
            return f"Over {self._batches} batches nothing differs, bit for bit."
        told = [
            f"the {what} by {largest.absolute:.1e} ({largest.path})" if largest.path else f"the {what} not at all"
            for what, largest in self._tensors.items()
        ]
        return f"Over {self._batches} batches the losses differ by {self._loss:.1e} at most, {', '.join(told)}."


def _settings(config: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return the network's settings with what was given as an option."""
    if options.learning_rate is not None:
        optimizer = msgspec.structs.replace(config.optimizer, learning_rate=options.learning_rate)
        config = msgspec.structs.replace(config, optimizer=optimizer)
    given = {name: getattr(options, name) for name in ("batch_size", "seed") if getattr(options, name) is not None}
    return msgspec.structs.replace(config, **given).checked()


def _is_told(step: int) -> bool:
    return str(step).rstrip("0") in ("1", "2", "5")


def _line(step: TwinStep) -> str:
    tensors = (step.weight_difference, step.gradient_difference)
    told = " ".join(f"{difference.absolute:>10.1e}" if difference else f"{'':>10}" for difference in tensors)
    first, second = step.losses
    return f"{step.step:>6} {first:>12.6f} {second:>12.6f} {step.loss_difference:>12.1e} {told}".rstrip()
