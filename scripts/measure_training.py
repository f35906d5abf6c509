"""Measures by how much training grows this process, and prints the bytes: run in a fresh process for each figure.

Reads a JSON object from standard input: ``spec`` and ``config`` as the engine writes them, and ``steps``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.dataset import Dataset
from engine.session import Session
from engine.training import lastgood
from engine.training.config import config_from_json
from engine.training.events import BatchesDone


def main() -> None:
    """Train and print."""
    request = json.load(sys.stdin)
    spec = NetworkSpec.from_json(json.dumps(request["spec"]))
    config = config_from_json(json.dumps(request["config"]))
    steps = request["steps"]
    dataset = random_images(spec, config.batch_size * steps)
    # A run that lasts has two copies of its weights now and then; within ten steps it has them if none waits.
    lastgood._SECONDS, lastgood._SHARE = 0.0, 1.0
    backend = GluonBackend("cpu")
    before = resident("VmRSS")
    forget_peak()
    session = Session(backend, spec, config, dataset)
    session.live.report_every = 0
    done = 0
    for event in session.train("measured"):
        if isinstance(event, BatchesDone):
            done = event.position.step
            if done >= steps:
                break
    print(resident("VmHWM") - before)


def random_images(spec: NetworkSpec, samples: int) -> Dataset:
    """Return noise in the size of MNIST, which is resized on its way where a network takes other images."""
    random = np.random.default_rng(0)
    shape = (spec.input_shape[0], 28, 28) if len(spec.input_shape) == 3 else spec.input_shape
    images = random.integers(0, 256, (samples + 1, *shape), np.uint8)
    known = classes(spec)
    labels = random.integers(0, known, samples + 1).astype(np.uint8)
    names = tuple(str(label) for label in range(known))
    return Dataset("random", images[:samples], labels[:samples], images[samples:], labels[samples:], names)


def resident(field: str) -> int:
    """Return a figure of this process's memory in bytes."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def forget_peak() -> None:
    """Let VmHWM count from now on."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
