"""A controller between real panels and a worker that only writes down what it is asked."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from engine import messages as m
from engine.architecture.layers import Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.devices import DeviceInfo
from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunStarted
from gui.confusion_panel import ConfusionPanel
from gui.curves_panel import CurvesPanel
from gui.diagram_panel import DiagramPanel
from gui.draw_panel import DrawPanel
from gui.editor_panel import EditorPanel
from gui.feature_maps_panel import FeatureMapsPanel
from gui.history_panel import HistoryPanel
from gui.progress_view import ProgressView
from gui.scrubber import Scrubber
from gui.setup_panel import SetupPanel
from gui.training_controller import TrainingController
from gui.views import Views
from gui.weights_panel import WeightsPanel
from tests.gui.conftest import make_digits

SPEC = NetworkSpec("small", (1, 28, 28), (Conv2D(4, (5, 5)), Flatten(), Dense(10)))
IMAGE = np.zeros((1, 28, 28), np.float32)


class FakeWorker:
    """Keeps commands, and hands out messages when the controller looks."""

    def __init__(self) -> None:
        self.commands: list[m.Command] = []
        self.messages: deque[m.Message] = deque()
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def submit(self, command: m.Command) -> None:
        self.commands.append(command)

    def take(self) -> list[m.Message]:
        taken = list(self.messages)
        self.messages.clear()
        return taken

    def close(self, timeout: float = 10.0) -> bool:
        self.closed = True
        return True

    def asked(self, kind: type) -> list:
        return [command for command in self.commands if isinstance(command, kind)]


class Desk:
    """A controller with its panels and its worker."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.views = Views(
            SetupPanel(), CurvesPanel(), DrawPanel(), WeightsPanel(), FeatureMapsPanel(), ProgressView(),
            DiagramPanel(), EditorPanel(), ConfusionPanel(), HistoryPanel(), Scrubber(),
        )  # fmt: skip
        self.worker = FakeWorker()
        self.controller = TrainingController(self.views, self.worker)
        self.failures: list[str] = []
        self.notices: list[str] = []
        self.controller.failed.connect(self.failures.append)
        self.controller.told.connect(self.notices.append)
        for view in vars(self.views).values():
            qtbot.addWidget(view)

    @property
    def transport(self):
        return self.views.setup.transport

    def tell(self, *messages: m.Message) -> None:
        """Let the worker tell something, and the controller hear it."""
        self.worker.messages.extend(messages)
        self.controller._woken.emit()
        self.qtbot.waitUntil(lambda: not self.worker.messages, timeout=2000)

    def get_ready(self) -> None:
        self.controller.start()
        self.tell(
            m.DevicesListed((DeviceInfo("cpu", "CPU, 2 threads"),)), m.StateChanged("ready", False),
            m.DatasetLoaded(make_digits()),
        )  # fmt: skip

    def have_network(self, spec: NetworkSpec = SPEC, path: Path | None = None) -> None:
        names = tuple(str(digit) for digit in range(10))
        origin = "opened" if path else "fresh"
        self.tell(m.NetworkReady(spec, TrainingConfig(), names, origin, path), m.StateChanged("ready", True))

    def finish_run(self, run="run 1", reason="completed", message="") -> None:
        position = Position(1, 0, 4, 1.0)
        self.tell(
            RunStarted(run, TrainingConfig(), Position(), 1, 4, 400, 60), batches(run, 4),
            EpochDone(run, position, 1, 0.5, 0.8, 0.4, 0.9, 1.0, 400.0, 0.1),
            RunFinished(run, position, reason, message), m.StateChanged("ready", True),
        )  # fmt: skip

    def show_image(self) -> None:
        self.views.draw.show_test_image(3)
        self.qtbot.waitUntil(lambda: bool(self.worker.asked(m.Predict)), timeout=2000)

    def answer(self, request: int, best: int, activations=None) -> None:
        probabilities = np.full(10, 0.01, np.float32)
        probabilities[best] = 0.91
        self.tell(m.Prediction(request, probabilities, activations))

    @property
    def shown(self) -> int | None:
        """The class that the bars hold for the likeliest."""
        probabilities = self.views.draw.answer.bars.probabilities()
        return None if probabilities is None else int(np.argmax(probabilities))


def batches(run, step):
    return BatchesDone(run, Position(0, step, step, 0.1 * step), np.ones(1), np.ones(1), 0.1, 900.0)
