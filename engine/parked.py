"""A network outside the device: the one before, while the next may need the memory and fail for want of it."""

from __future__ import annotations

from typing import NamedTuple

from engine.backends.base import Backend
from engine.backends.mxnet import runtime
from engine.data.dataset import Dataset
from engine.history.recorder import Recorder
from engine.session import Best, EditOrigin, Session
from engine.storage.model_file import Model


class Parked(NamedTuple):
    """All that a session has, but on no device."""

    backend: Backend
    model: Model
    best: Best | None
    edits: EditOrigin | None
    recorder: Recorder | None

    @staticmethod
    def of(session: Session, recorder: Recorder | None) -> Parked:
        """Copy what a session has."""
        return Parked(session.backend, session.model(runtime.versions()), session.best, session.origin, recorder)

    def bring_back(self, dataset: Dataset | None) -> Session:
        """Build the session again, on the data set there is."""
        assert self.model.config is not None
        session = Session(self.backend, self.model.spec, self.model.config, dataset, self.model)
        session.best, session.origin = self.best, self.edits
        return session
