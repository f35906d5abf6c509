"""A process that is killed at any moment leaves a history from which its run goes on."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from engine.backends.choice import make_backend
from engine.history.recovery import open_history
from engine.returning import return_to_run
from engine.storage.model_file import load_model
from engine.training.events import BatchesDone
from tests.engine.history.killed import LONG
from tests.engine.history.runs import session_on, squares

ROOT = Path(__file__).parents[3]


def killed(after: float, run: int | None) -> list[tuple[int, float]]:
    """Train in another process, kill it so many seconds after its first step; return the steps it told, with times."""
    command = [sys.executable, "-m", "tests.engine.history.killed", *([str(run)] if run else [])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment) as process:
        told, deadline = b"", None
        while deadline is None or time.monotonic() < deadline:
            timeout = 60 if deadline is None else max(0.0, deadline - time.monotonic())
            if select.select([process.stdout], [], [], timeout)[0]:
                piece = os.read(process.stdout.fileno(), 2**16)
                assert piece, "the process ended by itself"
                told += piece
                deadline = deadline or time.monotonic() + after
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read()
    lines = told.decode().splitlines()
    assert not [line for line in lines if line.startswith("trouble")]
    return [(int(step), float(at)) for _, step, at in (line.split() for line in lines if line.count(" ") == 2)]


def test_a_killed_run_can_always_go_on(torture, netarium_home):
    kills = 200 if torture else 6
    chance = random.Random(7)
    run = None
    for kill in range(kills):
        told = killed(chance.expovariate(2.5) + 0.002, run)
        store, opening = open_history()
        try:
            assert opening.note is None, f"kill {kill}: {opening.note}"
            newest = store.newest()
            if run is None and newest is None:
                assert told[-1][1] - told[0][1] <= 1.0
                continue
            (record,) = [r for r in store.runs() if r.id == (run or newest.id)]
            assert record.status == "interrupted"
            # Before the history's thread has had its turn, a run that goes on is what the kill before made of it.
            assert opening.interrupted == (record.id,) or (not opening.interrupted and told[-1][1] - told[0][1] <= 1.0)
            lost = [(step, at) for step, at in told if step > record.step]
            assert not lost or lost[-1][0] - record.step <= 100 or lost[-1][1] - lost[0][1] <= 1.0, lost
            assert not list(netarium_home.rglob("*.tmp"))
            assert not list(netarium_home.rglob("running.lock"))
            checkpoints = store.checkpoints(record.id)
            assert {c.path for c in checkpoints} == set(store.run_folder(record.id).glob("*.safetensors"))
            for checkpoint in checkpoints:
                assert load_model(checkpoint.path).position == checkpoint.position
            states = [c for c in checkpoints if c.kind == "state"]
            # Killed again and again in the same run; sometimes in a new one.
            run = record.id if states and chance.random() < 0.8 else None
        finally:
            store.close()


def test_what_goes_on_after_kills_is_what_would_have_been(netarium_home):
    run, kills = None, 0
    for after in (0.3, 0.2, 0.4, *9 * [1.0]):  # a busy machine may kill before anything was kept
        killed(after, run)
        store, _ = open_history()
        kept = store.newest()
        if kept is not None and any(checkpoint.kind == "state" for checkpoint in store.checkpoints(kept.id)):
            run, kills = kept.id, kills + 1
        store.close()
        if kills == 3:
            break
    assert kills == 3
    dataset = squares()
    store, _ = open_history()
    again = return_to_run(store, run, dataset, make_backend).session
    store.close()
    step = again.position.step
    whole = session_on(dataset, config=LONG)
    events = whole.train("whole", LONG)
    whole.live.report_every, whole.live.synchronous = 0.0, True
    assert any(isinstance(event, BatchesDone) and event.position.step == step for event in events)
    for path, values in whole.network.weights().items():
        assert np.array_equal(values, again.network.weights()[path]), path
