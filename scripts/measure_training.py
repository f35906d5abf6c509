"""Measures by how much training makes a process grow: ``growth`` starts a fresh one, which runs this file.

That process reads a JSON object from standard input (``spec`` and ``config`` as the engine writes them,
``steps`` and ``validate``) and prints the bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.dataset import Dataset
from engine.session import Session
from engine.training import lastgood
from engine.training.config import TrainingConfig, config_from_json
from engine.training.data import evaluation_batch
from engine.training.events import BatchesDone
from engine.training.loop import evaluate

STEPS = 10


def growth(spec: NetworkSpec, config: TrainingConfig, steps: int = STEPS, *, validate: bool = False) -> int:
    """Return by how many bytes a fresh process grows at most, after loading MXNet and the data, over a few batches.

    ``validate`` lets the beginning of a validation follow. ``RuntimeError`` with what the process said if it fails.
    """
    request = {
        "spec": json.loads(spec.to_json()), "config": msgspec.to_builtins(config), "steps": steps,
        "validate": validate,
    }  # fmt: skip
    child = subprocess.run(
        [sys.executable, __file__], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if child.returncode:
        raise RuntimeError(f"measuring {spec.name} failed ({child.returncode}): {child.stderr[-2000:]}")
    return int(child.stdout.split()[-1])


def main() -> None:
    """Train as the request says and print the growth."""
    request = json.load(sys.stdin)
    spec = NetworkSpec.from_json(json.dumps(request["spec"]))
    steps = request["steps"]
    config = config_from_json(json.dumps(request["config"]))
    config = msgspec.structs.replace(config, limit_train=None, limit_validation=None)
    dataset = random_images(spec, config.batch_size * steps)
    # A run that lasts has two copies of its weights now and then; within ten steps it has them if none waits.
    lastgood._SECONDS, lastgood._SHARE = 0.0, 1.0
    backend = GluonBackend("cpu")
    before = resident("VmRSS")
    forget_peak()
    session = Session(backend, spec, config, dataset)
    events = session.train("measured")
    session.live.report_every = 0
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step >= steps:
            break
    if request["validate"]:
        validate(session, 2 * evaluation_batch(session.summary))
    print(resident("VmHWM") - before)


def validate(session: Session, samples: int) -> None:
    """Classify as many images, in batches as a validation does."""
    known = random_images(session.spec, samples)
    for _ in evaluate(session.network, session.network.place(known.train_images, known.train_labels)):
        pass


def random_images(spec: NetworkSpec, samples: int) -> Dataset:
    """Return noise in the size of MNIST, which is resized on its way where a network takes other images."""
    random = np.random.default_rng(0)
    shape = (spec.input_shape[0], 28, 28) if len(spec.input_shape) == 3 else (1, 1, *spec.input_shape)
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
