"""Asks what training the chosen network would cost, once the settings have come to rest, and shows it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, QTimer

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.errors import NetariumError
from engine.estimates.cost import Cost
from engine.training.config import TrainingConfig
from gui.setup_panel import SetupPanel

# Long enough that somebody who turns a field or walks through the list is not followed at every step.
_REST_MS = 400


class Costs(QObject):
    """Keeps the cost in the set-up panel that of the network and settings in it.

    Parameters
    ----------
    setup : SetupPanel
    submit : callable (Command)
        Hands a command to the worker.
    """

    def __init__(
        self, setup: SetupPanel, submit: Callable[[m.Command], None], parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._setup = setup
        self._submit = submit
        self._requests = itertools.count(1)
        self._network: NetworkSpec | None = None
        self._asked: m.Estimate | None = None
        self._known: Cost | None = None
        self._can_measure = False
        self._rest = QTimer(setup, interval=_REST_MS, singleShot=True)
        self._rest.timeout.connect(self._ask)
        setup.configuration_changed.connect(self._ask_soon)
        setup.device_chosen.connect(self._ask_soon)
        setup.backend_chosen.connect(self._ask_soon)

    def set_network(self, spec: NetworkSpec | None) -> None:
        """Ask about this network from now on."""
        self._network = spec
        self._tell_waiting()
        self._ask_soon()

    def set_can_measure(self, can_measure: bool) -> None:
        """Tell whether the worker is idle and has a data set."""
        came = can_measure and not self._can_measure
        self._can_measure = can_measure
        if not came:
            return
        if self._known is None or self._known.epoch is None:
            self._asked = None  # the answer that was waited for was dropped when something else began
        self._ask_soon()  # what is known may be of another network: a run of the history brings its own

    def receive(self, message: m.Message) -> bool:
        """Show an estimate, or ask for one again that was given up; False if the message is about none."""
        match message:
            case m.Estimated(request=request, cost=cost):
                if self._waits_for(request):
                    self._known = cost
                    self._setup.cost.set_cost(cost)
            case m.Dropped(command=m.Estimate(request=request)):
                if self._waits_for(request):
                    self.ask_anew()
            case _:
                return False
        return True

    def ask_anew(self) -> None:
        """Take what is known for out of date, as when there is another data set: an epoch is as long as that."""
        self._asked = None
        self._ask_soon()

    def give_up(self, command: m.Estimate) -> None:
        """Show nothing where there is no answer, as for a network that does not take the images there are."""
        if self._waits_for(command.request):
            self._setup.cost.set_cost(None)

    def _waits_for(self, request: int) -> bool:
        return self._asked is not None and request == self._asked.request

    def _tell_waiting(self) -> None:
        """Say when memory and time will be known; of no network nothing will be."""
        if self._network is None:
            self._setup.cost.set_cost(None)
        elif self._can_measure:
            self._setup.cost.set_waiting(self.tr("working it out…"))
        else:
            self._setup.cost.set_waiting(self.tr("as soon as nothing else runs"))

    def _ask_soon(self) -> None:
        self._rest.start()

    def _ask(self) -> None:
        if self._network is None:
            return
        try:
            config = self._setup.configuration_so_far()
        except NetariumError:
            return  # told when somebody wants to train with it
        device = self._setup.device_name() or "cpu"
        asked = self._asked
        backend = self._setup.backend_name()
        if asked is not None and (asked.spec, _matters(asked.config), asked.device, asked.backend) == (
            self._network, _matters(config), device, backend,
        ):  # fmt: skip
            if self._known is not None:  # the form forgot it when another network was there for a moment
                self._setup.cost.set_cost(self._known)
        elif self._can_measure:
            self._asked, self._known = m.Estimate(next(self._requests), self._network, config, device, backend), None
            self._tell_waiting()
            self._submit(self._asked)
        else:
            self._tell_waiting()


def _matters(config: TrainingConfig) -> TrainingConfig:
    """Return settings without those that change neither memory nor time."""
    optimizer = msgspec.structs.replace(config.optimizer, learning_rate=0.1, momentum=0.9, weight_decay=0.0)
    usual = TrainingConfig()
    return msgspec.structs.replace(
        config, optimizer=optimizer, schedule=usual.schedule, initializer=usual.initializer, epochs=usual.epochs,
        seed=usual.seed, limit_validation=None,
    )  # fmt: skip
