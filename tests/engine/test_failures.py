"""Memory that runs out is tried for real, in a child process whose memory is limited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.architecture.layers import Dense
from engine.architecture.network import NetworkSpec
from engine.failures import failure_sentence, ran_out_of_memory

_ROOT = Path(__file__).parents[2]

# Trains a small network; then, with too little memory, one that is too large; then the small one again.
_CHILD = """
import json, resource, sys
import numpy as np
from engine.architecture.layers import Activation, Conv2D, Dense, Flatten, GlobalAvgPool2D
from engine.architecture.network import NetworkSpec
from engine.backends.choice import make_backend
from engine.errors import NetariumError
from engine.session import Session
from engine.training.config import TrainingConfig
from tests.engine.conftest import make_dataset

kind, room = sys.argv[1], int(sys.argv[2])
data, backend = make_dataset(samples=2000), make_backend(sys.argv[3])
config = TrainingConfig(epochs=1)
small = Session(backend, NetworkSpec("small", (1, 28, 28), (Flatten(), Dense(16), Dense(2))), config, data)
*_, last = small.train("first")
before = small.network.predict(data.test_images[:3] / np.float32(255))

resident = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (resident + room * 2**20, resource.RLIM_INFINITY))
convolutions = [Conv2D(64, (3, 3), padding=(1, 1)) for _ in range(3)]
large = {
    "weights": (Flatten(), Dense(60_000), Activation("relu"), Dense(2)),
    "images": (*convolutions, GlobalAvgPool2D(), Flatten(), Dense(2)),
}[kind]
told = ""
try:
    spec = NetworkSpec("large", (1, 28, 28), large)
    session = Session(backend, spec, TrainingConfig(batch_size=2000, epochs=1), data)
    *_, event = session.train("second")
    told, learned = event.message, session.network.weights()
except NetariumError as error:
    told = str(error)
session = None
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

after = small.network.predict(data.test_images[:3] / np.float32(255))
*_, again = small.train("third")
print(json.dumps([last.reason, told, bool((before == after).all()), again.reason]))
"""


# Little room fails at the first tensors, more of it deep inside the first batch.
@pytest.mark.parametrize(
    ("backend", "kind", "room"),
    [
        *(("gluon", *much) for much in (("weights", 200), ("images", 200), ("images", 800), ("images", 1200))),
        *(("module", *much) for much in (("weights", 200), ("images", 800))),
        ("ndarray", "images", 800),
    ],
)
def test_when_memory_runs_out_it_is_told_and_other_networks_go_on(backend, kind, room):
    command = [sys.executable, "-c", _CHILD, kind, str(room), backend]
    child = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120)

    assert child.returncode == 0, child.stderr[-2000:]
    first, told, unharmed, again = json.loads(child.stdout.splitlines()[-1])
    assert first == again == "completed"
    assert told.startswith("Memory ran out while large was ")
    assert "batches of 2000" in told
    assert unharmed


def test_mxnets_traceback_is_cut_to_what_went_wrong():
    spec = NetworkSpec("net", (3,), (Dense(2),))
    traced = RuntimeError('Traceback (most recent call last):\n  File "x.cc", line 7\nMXNetError: Shape mismatch\n')
    stacked = RuntimeError("MXNetError: Shape mismatch\nStack trace:\n  0 somewhere")

    for error in (traced, stacked):
        assert not ran_out_of_memory(error)
        assert failure_sentence(error, spec, 10).endswith("MXNet says: MXNetError: Shape mismatch")
