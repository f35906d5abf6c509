"""Trains and records in a process that is killed: `python -m tests.engine.history.killed [RUN]`.

Every event is told on stdout at once, so that whoever kills the process knows how far it came.
"""

from __future__ import annotations

import os
import sys
import time

import msgspec

from engine.backends.choice import make_backend
from engine.history.recorder import Recorder
from engine.history.writer import HistoryWriter
from engine.returning import return_to_run
from tests.engine.history.runs import ALWAYS, CONFIG, session_on, squares

LONG = msgspec.structs.replace(CONFIG, epochs=10_000)


def main(arguments: list[str]) -> None:
    dataset = squares()
    writer = HistoryWriter(troubled=lambda error: os.write(1, f"trouble {error}\n".encode()))
    writer.settle()
    if arguments:
        from engine.history.store import RunStore

        run = int(arguments[0])
        session = return_to_run(RunStore(), run, dataset, make_backend).session
        events = session.resume("run")
    else:
        run, session = None, session_on(dataset, config=LONG)
        events = session.train("run", LONG)
    recorder = Recorder(writer, session, run=run, pace=ALWAYS)
    session.live.report_every = 0.0
    for event in events:
        recorder.follow(event)
        step = session.position.step
        os.write(1, f"step {step} {time.monotonic()}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1:])
