"""Drives a worker from the thread of a test."""

from __future__ import annotations

import time

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.training.config import OptimizerConfig, TrainingConfig
from engine.training.events import RunStarted
from engine.worker import Worker

SPEC = NetworkSpec(
    "tiny", (1, 28, 28), (Flatten(), Dense(16), Activation("relu"), Dropout(0.2), Dense(2))
)  # fmt: skip
CONFIG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=20, epochs=2)
LONG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.01), batch_size=2, epochs=500)


class Listener:
    """Drives a worker from the test's thread and keeps all it told."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.told: list[m.Message] = []
        self._seen = 0

    def wait_for(self, wanted, seconds: float = 60.0) -> m.Message:
        """Return the next message for which ``wanted`` holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.told += self.worker.take()
            while self._seen < len(self.told):
                message = self.told[self._seen]
                self._seen += 1
                if wanted(message):
                    return message
            time.sleep(0.002)
        raise AssertionError(f"not told in {seconds} s; told {[type(t).__name__ for t in self.told[-20:]]}")

    def wait_for_state(self, state: str) -> m.StateChanged:
        return self.wait_for(lambda message: isinstance(message, m.StateChanged) and message.state == state)

    def wait_for_kind(self, kind):
        return self.wait_for(lambda message: isinstance(message, kind))

    def ask(self, command: m.Command, kind):
        self.told += self.worker.take()
        self._seen = len(self.told)
        self.worker.submit(command)
        return self.wait_for_kind(kind)


def train(listener: Listener, config: TrainingConfig = CONFIG, **more) -> None:
    listener.ask(m.Train("run 1", SPEC, config, "cpu", **more), RunStarted)
