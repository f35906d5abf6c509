"""What each headless command does; every function takes the parsed options and returns an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Network
from engine.backends.choice import make_backend
from engine.cli.networks import chosen_dataset
from engine.cli.output import print_json
from engine.data.dataset import Dataset
from engine.data.drawing import prepare_image
from engine.data.image_file import read_image
from engine.devices import DeviceInfo, check_device, list_devices
from engine.errors import DataError
from engine.networks import choose_network
from engine.outputs import check_classes, output_names
from engine.storage.convert import convert as convert_file
from engine.storage.models import open_model
from engine.training.config import TrainingConfig
from engine.training.data import evaluation_batch, fit_images, place
from engine.training.loop import evaluate as evaluate_network


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
        label = output_names(opened.model.spec, opened.model.class_names)[best]
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
