"""Answers to what the window asks of the network: begun at once, read when the device has something else to do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np

from engine import messages as m
from engine.errors import DataError
from engine.session import Session
from engine.training.data import evaluation_batch, fit_images

# Somebody who draws asks again within this time.
_STILL_DRAWING_S = 0.1
# Test images over which the activity of layers is measured: enough to tell a dead unit, few enough to cost little.
_ACTIVITY_SAMPLES = 64


class Answers:
    """What was asked of the network and is being computed.

    Parameters
    ----------
    post : callable (Message)
        Takes the answers.
    """

    def __init__(self, post: Callable[[m.Message], None]) -> None:
        self._post = post
        self._waiting: deque[Callable[[], None]] = deque()
        self._drawn_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def someone_draws(self) -> bool:
        """Whether a question followed the pen a moment ago."""
        return time.monotonic() - self._drawn_at < _STILL_DRAWING_S

    def give(self) -> None:
        """Read all answers, waiting for those that are still computed, and tell them."""
        while self._waiting:
            self._waiting.popleft()()

    def predict(self, session: Session, command: m.Predict) -> None:
        """Begin to classify a drawing."""
        if command.follows_pen:
            self._drawn_at = time.monotonic()
        try:
            images = fit_images(session.spec, command.image[np.newaxis])
        except DataError:
            return  # drawn for a network that takes other channels
        pending = session.network.classify(images, command.with_activations)

        def answer() -> None:
            classified = pending.result()
            self._post(m.Prediction(command.request, classified.probabilities[0], classified.activations))

        self._waiting.append(answer)

    def read_weights(self, session: Session, path: str) -> None:
        """Begin to copy a weight tensor."""
        pending, step = session.network.copy_weight(path), session.position.step
        if pending is not None:
            self._waiting.append(lambda: self._post(m.WeightsRead(path, pending.result(), step)))

    def measure_activity(self, session: Session) -> None:
        """Begin to measure how lively the layers are."""
        if session.dataset is None:
            return
        count = min(_ACTIVITY_SAMPLES, evaluation_batch(session.summary))
        try:
            images = fit_images(session.spec, session.dataset.test_images[:count] / np.float32(255))
        except DataError:
            return  # the data set was changed for another network
        pending, step = session.network.activity(images), session.position.step
        self._waiting.append(lambda: self._post(m.ActivityMeasured(pending.result(), step)))
