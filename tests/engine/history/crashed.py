"""Trains a few batches in a process that ends without a word: `python -m tests.engine.history.crashed`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.history.recorder import Recorder
from engine.history.writer import HistoryWriter
from engine.training.events import BatchesDone
from tests.engine.history.runs import session_on, squares

ROOT = Path(__file__).parents[3]


def leave_a_run_without_a_state() -> None:
    """Have another process crash in the first batches of a run: the history keeps the weights it began with alone."""
    command = [sys.executable, "-m", "tests.engine.history.crashed"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 3


def main() -> None:
    writer = HistoryWriter()
    session = session_on(squares())
    recorder = Recorder(writer, session)
    session.live.report_every = 0.0
    for event in session.train("run", session.config):
        recorder.follow(event)
        if isinstance(event, BatchesDone) and event.position.step >= 3:
            writer.settle()
            os._exit(3)


if __name__ == "__main__":
    main()
