"""What each headless command does; every function takes the parsed options and returns an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.architecture.layers import describe
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import format_shape, summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.backends.mxnet import runtime
from engine.backends.mxnet.gluon import GluonBackend
from engine.cli.interrupt import Interrupt
from engine.cli.output import Progress, print_epoch, print_json, silence_stdout, summary_as_data
from engine.cli.parser import DEFAULT_NETWORK
from engine.data.catalog import load_dataset, open_folder
from engine.data.dataset import Dataset
from engine.data.drawing import prepare_image
from engine.data.image_file import read_image
from engine.devices import check_device, list_devices
from engine.errors import DataError, TrainingError
from engine.session import Session, check_classes
from engine.storage.convert import convert as convert_file
from engine.storage.model_file import load_model
from engine.storage.models import check_target, open_model, save_model_as
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.training.data import place
from engine.training.events import BatchesDone, EpochDone, RunFinished, TrainingEvent
from engine.training.loop import evaluate as evaluate_network

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def train(options: argparse.Namespace) -> int:
    """Train and print the figures of every epoch; Ctrl-C ends the run after its batch and still saves."""
    if options.save is not None:
        check_target(options.save)
    session = _session_to_train(options)
    finished = _follow(session, session.train("run", _overridden(session.config, options)), options)
    if options.save is not None:
        save_model_as(options.save, session.model(runtime.versions()))
        print(f"Saved {options.save}", file=sys.stderr)
    if finished is None:
        return INTERRUPTED
    if finished.reason != "completed":
        raise TrainingError(f"training.{finished.reason}", "{message}", message=finished.message)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print accuracy and mean cross-entropy of a model on the test images."""
    dataset = _dataset(options)
    opened = open_model(options.model, _network_for(dataset, options.network))
    check_classes(opened.model.spec, dataset)
    backend = GluonBackend(check_device(options.device))
    network = backend.build(opened.model.spec, opened.model.weights)
    test = (dataset.test_images, dataset.test_labels)
    data = place(network, TrainingConfig(), test, test)
    loss, accuracy = _returned(evaluate_network(network, data.validation))
    if options.json:
        print_json({"accuracy": accuracy, "loss": loss, "samples": len(dataset.test_labels)})
    else:
        print(f"accuracy {accuracy:.4f}, loss {loss:.4f} on {len(dataset.test_labels)} images")
    return 0


def predict(options: argparse.Namespace) -> int:
    """Print the class of each image, prepared like a drawing in the window."""
    opened = open_model(options.model, _named_network(options.network))
    spec = opened.model.spec
    if spec.input_shape != (1, 28, 28):
        raise DataError(
            "predict.shape", "{network} takes images of {shape}; predict prepares 1×28×28.",
            network=spec.name, shape=format_shape(spec.input_shape),
        )  # fmt: skip
    images = [_prepared(path) for path in options.images]
    network = GluonBackend(check_device(options.device)).build(spec, opened.model.weights)
    for path, probabilities in zip(options.images, network.predict(np.stack(images)), strict=True):
        best = int(probabilities.argmax())
        label = opened.model.class_names[best] if best < len(opened.model.class_names) else str(best)
        file = os.fsencode(path).decode(errors="replace")  # a name may be in any encoding
        if options.json:
            answer = {"file": file, "prediction": best, "label": label}
            print_json(answer | {"probabilities": [round(float(p), 6) for p in probabilities]})
        else:
            print(f"{file}: {label} ({probabilities[best]:.1%})")
    return 0


def networks(options: argparse.Namespace) -> int:
    """List the named networks with a line each."""
    for entry in EXPERIMENTS.values():
        parameters = summarize(entry.network()).parameter_count
        if options.json:
            described = {"name": entry.name, "description": entry.description, "source": entry.source}
            print_json(described | {"parameters": parameters})
        else:
            print(f"{entry.name:20} {parameters:>9,}  {entry.description}")
    return 0


def summary(options: argparse.Namespace) -> int:
    """Print layers, shapes and parameters of a named network or of a model file."""
    named = options.network in EXPERIMENTS or not os.path.exists(options.network)
    spec = experiment(options.network).network() if named else load_model(Path(options.network)).spec
    described = summarize(spec)
    if options.json:
        print_json(summary_as_data(spec, described))
        return 0
    print(f"{spec.name}: input {format_shape(spec.input_shape)}")
    for layer in described.layers:
        name = "  " * layer.depth + layer.path.rsplit("/", 1)[-1]
        counted = f"{layer.parameter_count:>12,}" if layer.parameters else ""
        print(f"{name:20} {describe(layer.layer):30} {format_shape(layer.output_shape):>12}{counted}".rstrip())
    print(f"{described.parameter_count:,} parameters, {described.multiply_adds:,} multiply-adds per sample")
    return 0


def devices(options: argparse.Namespace) -> int:
    """List devices, unusable ones with the reason."""
    for device in list_devices():
        if options.json:
            print_json(msgspec.structs.asdict(device))
        else:
            print(
                f"{device.name:8} {device.label}" + ("" if device.available else f" (cannot be used: {device.reason})")
            )
    return 0


def convert(options: argparse.Namespace) -> int:
    """Convert a file to the format that the target's suffix names, and show which tensor became which."""
    mapping = convert_file(options.source, options.target, _named_network(options.network), options.trainable)
    for source, target in mapping:
        if options.json:
            print_json({"source": source, "target": target})
        else:
            print(f"{source} -> {target}")
    print(f"Wrote {options.target}", file=sys.stderr)
    return 0


def _session_to_train(options: argparse.Namespace) -> Session:
    dataset = _dataset(options)
    backend = GluonBackend(check_device(options.device))
    chosen = experiment(options.network or DEFAULT_NETWORK)
    if options.continued is not None:
        model = open_model(options.continued, _network_for(dataset, options.network)).model
        return Session(backend, model.spec, model.config or chosen.config, dataset, model)
    spec = chosen.network(dataset.input_shape, len(dataset.class_names))
    return Session(backend, spec, _overridden(chosen.config, options), dataset)


def _follow(
    session: Session, events: Generator[TrainingEvent, None, None], options: argparse.Namespace
) -> RunFinished | None:
    """Print what a run tells until it ends; return None where it was interrupted."""
    progress = Progress()
    with Interrupt() as interrupt:
        for event in events:
            progress.show(event)
            if isinstance(event, EpochDone):
                _print_epoch(event, options)
            elif isinstance(event, RunFinished):
                return event
            if not interrupt.asked:
                continue
            if session.live.synchronous and isinstance(event, (BatchesDone, EpochDone)):
                break
            session.live.synchronous, session.live.report_every = True, 0.0  # the next report tells every batch
    events.close()
    progress.clear()
    print(f"Stopped after batch {session.position.batch} of epoch {session.position.epoch + 1}.", file=sys.stderr)
    return None


def _print_epoch(event: EpochDone, options: argparse.Namespace) -> None:
    try:
        print_epoch(event, options.json)
    except BrokenPipeError:
        if options.save is None:
            raise
        silence_stdout()  # nobody reads on, but the model is still wanted


def _overridden(config: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return ``config`` with the settings that were given as options, checked."""

    def given(kind: type[msgspec.Struct], **names: str) -> dict[str, Any]:
        values = {field: getattr(options, names.get(field, field), None) for field in kind.__struct_fields__}
        return {field: value for field, value in values.items() if value is not None}

    optimizer = msgspec.structs.replace(config.optimizer, **given(OptimizerConfig, name="optimizer"))
    schedule = msgspec.structs.replace(config.schedule, **given(ScheduleConfig, name="schedule"))
    initializer = msgspec.structs.replace(config.initializer, **given(InitializerConfig, name="initializer"))
    own = given(TrainingConfig)
    for nested in ("optimizer", "schedule", "initializer"):
        own.pop(nested, None)
    merged = msgspec.structs.replace(
        config, **own, optimizer=optimizer, schedule=schedule, initializer=initializer
    )  # fmt: skip
    return merged.checked()


def _dataset(options: argparse.Namespace) -> Dataset:
    return open_folder(options.dataset_path) if options.dataset_path else load_dataset(options.dataset)


def _named_network(name: str | None) -> NetworkSpec | None:
    return None if name is None else experiment(name).network()


def _network_for(dataset: Dataset, name: str | None) -> NetworkSpec | None:
    return None if name is None else experiment(name).network(dataset.input_shape, len(dataset.class_names))


def _prepared(path: Path) -> np.ndarray:
    image = prepare_image(read_image(path))
    if image is None:
        raise DataError("predict.empty", "There is nothing drawn in {file}.", file=path)
    return image[np.newaxis]


def _returned(steps: Iterator[object]) -> Any:
    """Run a generator to its end and return its value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
