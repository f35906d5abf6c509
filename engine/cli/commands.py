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

from engine.architecture.kept import kept_layers
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, Network
from engine.backends.choice import make_backend
from engine.backends.mxnet import runtime
from engine.cli.cost import check_memory
from engine.cli.interrupt import Interrupt
from engine.cli.networks import chosen_dataset, chosen_network
from engine.cli.output import Progress, print_epoch, print_json, silence_stdout
from engine.cli.parser import DEFAULT_NETWORK
from engine.data.dataset import Dataset
from engine.data.drawing import prepare_image
from engine.data.image_file import read_image
from engine.devices import DeviceInfo, check_device, list_devices
from engine.errors import ConfigError, DataError, TrainingError
from engine.networks import USUAL_SETTINGS, choose_network
from engine.session import Session, check_classes
from engine.storage.convert import convert as convert_file
from engine.storage.models import check_target, open_model, save_model_as
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.training.data import evaluation_batch, fit_images, place
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
    dataset = chosen_dataset(options)
    opened = open_model(options.model, _network_for(dataset, options.network))
    check_classes(opened.model.spec, dataset)
    backend = make_backend(options.backend, check_device(options.device, options.backend))
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
    images = np.stack([_prepared(path) for path in options.images])
    backend = make_backend(options.backend, check_device(options.device, options.backend))
    network = backend.build(spec, opened.model.weights)
    for path, probabilities in zip(options.images, _predicted(network, images), strict=True):
        best = int(probabilities.argmax())
        label = opened.model.class_names[best] if best < len(opened.model.class_names) else str(best)
        file = os.fsencode(path).decode(errors="replace")  # a name may be in any encoding
        if options.json:
            answer = {"file": file, "prediction": best, "label": label}
            print_json(answer | {"probabilities": [round(float(p), 6) for p in probabilities]})
        else:
            print(f"{file}: {label} ({probabilities[best]:.1%})")
    return 0


def devices(options: argparse.Namespace) -> int:
    """List devices, unusable ones with the reason."""
    for device in list_devices():
        if options.json:
            print_json(msgspec.structs.asdict(device))
        else:
            print(f"{device.name:8} {device.label}{_restriction(device)}")
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
    dataset = chosen_dataset(options)
    backend = make_backend(options.backend, check_device(options.device, options.backend))
    if options.continued is not None:
        session = _continued(options, backend, dataset)
        if not options.ignore_memory:
            check_memory(session.spec, _overridden(session.config, options), options.device)
        return session
    chosen = chosen_network(options, dataset, options.network or DEFAULT_NETWORK)
    config = _overridden(chosen.config, options)
    if not options.ignore_memory:
        check_memory(chosen.spec, config, options.device)
    return Session(backend, chosen.spec, config, dataset)


def _continued(options: argparse.Namespace, backend: Backend, dataset: Dataset) -> Session:
    """Return a session with a saved model, in an edited network if another is named."""
    if not options.network and (options.width, options.dropout, options.image_size) != (None, None, None):
        raise ConfigError(
            "network.unnamed",
            "A width, a dropout rate or an image size is of a named network; name it too (--network NAME).",
        )
    named = chosen_network(options, dataset, options.network) if options.network else None
    model = open_model(options.continued, named.spec if named else None).model
    config = model.config or (named.config if named else USUAL_SETTINGS)
    session = Session(backend, model.spec, config, dataset, model)
    if named is None or (named.spec.input_shape, named.spec.layers) == (model.spec.input_shape, model.spec.layers):
        return session
    kept, learning = kept_layers(session.summary, summarize(named.spec)), _learning(named.spec)
    print(f"{len(kept)} of {learning} layers keep the weights of {options.continued}.", file=sys.stderr)
    return session.edited(named.spec)


def _learning(spec: NetworkSpec) -> int:
    """Return how many layers of a network have anything to learn."""
    return sum(bool(layer.parameters) for layer in summarize(spec).layers)


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


def _named_network(name: str | None) -> NetworkSpec | None:
    return None if name is None else choose_network(name).spec


def _network_for(dataset: Dataset, name: str | None) -> NetworkSpec | None:
    return None if name is None else choose_network(name, dataset.input_shape, len(dataset.class_names)).spec


def _predicted(network: Network, images: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the class probabilities of each image; a few are resized and classified at a time."""
    batch = evaluation_batch(summarize(network.spec))
    for begin in range(0, len(images), batch):
        yield from network.predict(fit_images(network.spec, images[begin : begin + batch]))


def _restriction(device: DeviceInfo) -> str:
    """Return, in parentheses, who cannot use a device, and why."""
    if not device.available:
        return f" (cannot be used: {device.reason})"
    return f" (for {', '.join(device.backends)} only: {device.reason})" if device.reason else ""


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
