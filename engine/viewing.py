"""A moment of a run that is looked at in the place of the network of now."""

from __future__ import annotations

from engine.backends.base import MakeBackend
from engine.data.dataset import Dataset
from engine.history.records import CheckpointRecord
from engine.session import Session
from engine.storage.model_file import load_model
from engine.training.config import TrainingConfig


class Viewing:
    """Builds the network of a checkpoint, and keeps it as long as moments of the same network are looked at.

    Parameters
    ----------
    make_backend : MakeBackend

    Attributes
    ----------
    session : Session or None
        The moment that is looked at; None for the network of now.
    checkpoint : CheckpointRecord or None
    """

    def __init__(self, make_backend: MakeBackend) -> None:
        self._make_backend = make_backend
        self.session: Session | None = None
        self.checkpoint: CheckpointRecord | None = None

    def show(self, checkpoint: CheckpointRecord, dataset: Dataset | None) -> Session:
        """Look at a checkpoint.

        Raises
        ------
        FileError
            If it cannot be read; what was looked at before stays.
        """
        model = load_model(checkpoint.path)
        if self.session is not None and self.session.spec == model.spec:
            self.session.take(model)
        else:
            backend = self._make_backend("gluon", "cpu")
            self.session = Session(backend, model.spec, model.config or TrainingConfig(), dataset, model)
        self.session.dataset = dataset
        self.checkpoint = checkpoint
        return self.session

    def leave(self) -> None:
        """Go back to the network of now."""
        self.session = self.checkpoint = None
