"""A workbench with a small data set and a history, for tests of what it is asked."""

from __future__ import annotations

import numpy as np

from engine import messages as m
from engine.backends.choice import make_backend
from engine.history.store import RunStore
from engine.training.config import TrainingConfig
from engine.workbench import Workbench
from tests.engine.history.runs import CONFIG, SMALL, squares


class Bench:
    """A workbench with a small data set, and all it told."""

    def __init__(self, monkeypatch) -> None:
        self.dataset = squares()
        monkeypatch.setattr("engine.data.catalog.load_dataset", lambda _: self.dataset)
        self.told: list[m.Message] = []
        self.open()

    def open(self) -> None:
        self.bench = Workbench(self.told.append, make_backend)
        self.bench.load()
        self.bench.handle(m.LoadDataset("squares"))

    def ask(self, command: m.Command, until=lambda message: False) -> list[m.Message]:
        """Do what is asked, to its end or until something was told; return what was told meanwhile."""
        before = len(self.told)
        self.bench.handle(command)
        for _ in range(10_000):
            told = self.told[before:]
            if not self.bench.is_busy or any(map(until, told)):
                return told
            self.bench.go_on()
        raise AssertionError("it never ends")

    def train(self, name="run 1", config: TrainingConfig = CONFIG, until=lambda message: False) -> list[m.Message]:
        return self.ask(m.Train(name, SMALL, config, "cpu", backend="scratch"), until)

    def train_to(self, step: int, name: str = "cut") -> None:
        """Train so many batches and pause."""
        self.ask(m.Train(name, SMALL, CONFIG, "cpu", one_batch=True, backend="scratch"))
        while self.bench.trainer.session.position.step < step:
            self.ask(m.StepBatch())

    def close(self) -> None:
        self.bench.close()

    def history(self) -> RunStore:
        self.bench._records.store()
        return RunStore()

    def weights(self) -> dict[str, np.ndarray]:
        return self.bench.trainer.session.network.weights()


def of_kind(told, kind):
    return [message for message in told if isinstance(message, kind)]
