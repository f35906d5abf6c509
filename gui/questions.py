"""What is asked of the trained network for the panels that can be seen: answers to a drawing, weights, activity."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from gui.views import Views

# What is watched while training is asked for this often; each look costs the training a little.
_WATCH_EVERY_S = 0.5
# While training, the bars follow the moving pen at this pace, and the end of a stroke at once.
_FOLLOW_PEN_MS = 80
# Feature maps follow the pen more slowly still, and the figures in the diagram's boxes are read, not watched.
_LAYERS_EVERY_S = 0.3
_ACTIVITY_EVERY_S = 1.0


class Questions(QObject):
    """Asks the worker what the visible panels show, no more often than is worth it, and hands them the answers.

    Parameters
    ----------
    views : Views
    submit : callable (Command)
        Hands a command to the worker.

    Attributes
    ----------
    training : bool
        Whether a run goes on, so that every question costs it something.
    at_moment : bool
        Whether the panels show a moment of the past, which training does not change.
    model : NetworkSpec or None
        The network that answers: the trained one, or that of the moment.
    shown : NetworkSpec or None
        The network in the diagram, which need not be the trained one.
    latest_request, answered_request : int
        The numbers of the last drawing asked about, and of the one whose answer is shown.
    """

    told = Signal(str)  # a short notice
    answered = Signal(int)  # the request whose probabilities are shown now

    def __init__(self, views: Views, submit: Callable[[m.Command], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = views
        self._submit = submit
        self.training = self.at_moment = False
        self.model: NetworkSpec | None = None
        self.shown: NetworkSpec | None = None
        self.latest_request = 0
        self.answered_request = 0
        self._pen_request = 0
        self._pen_waits = False
        self._pen_pace = QTimer(self, interval=_FOLLOW_PEN_MS, singleShot=True)
        self._pen_pace.timeout.connect(self._catch_up_with_pen)
        self._image: np.ndarray | None = None
        self._weights_asked: str | None = None
        self._watched_at = 0.0
        self._layers_asked_at = 0.0
        self._activity_asked_at = 0.0
        self._mistakes: deque[int] = deque()
        views.draw.input_changed.connect(self._set_image)
        views.draw.canvas.stroke_ended.connect(self._catch_up_with_pen)
        views.draw.mistake_requested.connect(self._find_mistakes)
        views.weights.wanted_changed.connect(self._watch_weights)
        views.features.wanted_changed.connect(self._show_layers_at_once)
        views.diagram.wanted_changed.connect(self._watch_activity_at_once)

    def set_model(self, ready: m.NetworkReady) -> None:
        """Ask about this network from now on."""
        self.at_moment = False
        self._set_network(ready.spec, ready.class_names)

    def show_moment(self, shown: m.MomentShown) -> None:
        """Ask about a moment of the past from now on, or about the network of now again."""
        self.at_moment = shown.checkpoint is not None
        if shown.spec != self.model:
            self._set_network(shown.spec, shown.class_names)
        else:
            self.forget_mistakes()
            self._weights_asked = None
            self.refresh()

    def _set_network(self, spec: NetworkSpec | None, class_names: tuple[str, ...]) -> None:
        self.model = spec
        summary = summarize(spec) if spec is not None else None
        self._views.weights.set_network(summary)
        self._views.features.set_network(summary)
        if spec is None:
            self._views.draw.set_probabilities(None)
        else:
            self._views.draw.set_class_names(class_names)
        self._views.draw.set_mistakes_available(spec is not None)
        self.forget_mistakes()
        self._weights_asked = None
        self._views.diagram.set_activity(None)
        self.refresh()

    def set_shown(self, spec: NetworkSpec | None) -> None:
        """Tell which network the diagram shows."""
        self.shown = spec
        self._watch_activity_at_once()

    def forget_mistakes(self) -> None:
        """Look anew for test images it gets wrong when they are asked for: it has learned, or the images are others."""
        self._mistakes.clear()

    def refresh(self) -> None:
        """Ask anew for what the visible panels show."""
        if self._weights_asked is None:  # else the answer to the last question is still to come
            self._watch_weights()
        self._watch_activity()
        self._classify()

    def refresh_at_pace(self) -> bool:
        """Ask anew if it is time to, and tell whether it was."""
        now = time.monotonic()
        if now - self._watched_at < _WATCH_EVERY_S:
            return False
        self._watched_at = now
        if not self.at_moment:
            self.refresh()
        return True

    def receive(self, message: m.Message) -> bool:
        """Show an answer; False if the message is none."""
        match message:
            case m.Prediction():
                self._show_prediction(message)
            case m.WeightsRead(path=path, values=values):
                self._weights_asked = None
                self._views.weights.set_weights(path, values)
            case m.ActivityMeasured(activity=activity):
                self._views.diagram.set_activity(activity if self._diagram_shows_model() else None)
            case m.MistakesFound(indices=indices):
                self._take_mistakes(indices)
            case _:
                return False
        return True

    # The drawing

    def _set_image(self, image: np.ndarray | None) -> None:
        self._image = image
        if image is None:
            self.answered_request = self._next_request()  # answers on their way are about what was wiped away
            self._views.draw.set_probabilities(None)
            self._views.features.set_activations(None)
        elif self.training and self._pen_pace.isActive():
            self._pen_waits = True
        else:
            self._follow_pen()

    def _follow_pen(self) -> None:
        self._pen_waits = False
        self._pen_pace.start()
        self._classify(follows_pen=True)

    def _catch_up_with_pen(self) -> None:
        if self._pen_waits and self._image is not None:
            self._follow_pen()

    def _classify(self, follows_pen: bool = False) -> None:
        if self._image is None or self.model is None:
            return
        wanted = self._views.features.wants_activations() and self._may_show_layers()
        request = self._next_request()
        # This request replaces one of the pen's that still waits, and then is as urgent.
        is_urgent = follows_pen or self._pen_request > self.answered_request
        if follows_pen:
            self._pen_request = request
        self._submit(m.Predict(request, self._image, wanted, is_urgent))

    def _show_layers_at_once(self) -> None:
        """Fill the feature maps when they come to light, with the drawing of now."""
        self._layers_asked_at = 0.0
        self._classify()

    def _may_show_layers(self) -> bool:
        """Whether every layer's output may be asked for now: while training, painting them takes its cores."""
        now = time.monotonic()
        if self.training and now - self._layers_asked_at < _LAYERS_EVERY_S:
            return False
        self._layers_asked_at = now
        return True

    def _next_request(self) -> int:
        self.latest_request += 1
        return self.latest_request

    def _show_prediction(self, prediction: m.Prediction) -> None:
        if prediction.request <= self.answered_request or self._image is None:
            return
        self._views.draw.set_probabilities(prediction.probabilities)
        self.answered_request = prediction.request
        self.answered.emit(prediction.request)
        if prediction.activations is not None:
            self._views.features.set_activations(prediction.activations)

    # Weights and activity

    def _watch_weights(self) -> None:
        path = self._views.weights.wanted()
        if path is not None and self.model is not None:
            self._weights_asked = path
            self._submit(m.ReadWeights(path))

    def _watch_activity(self) -> None:
        now = time.monotonic()
        if self.training and now - self._activity_asked_at < _ACTIVITY_EVERY_S:
            return
        if self._diagram_shows_model() and self._views.diagram.wants_activity():
            self._activity_asked_at = now
            self._submit(m.MeasureActivity())

    def _watch_activity_at_once(self) -> None:
        self._activity_asked_at = 0.0
        self._watch_activity()

    def _diagram_shows_model(self) -> bool:
        return self.model is not None and self.shown is not None and self.model.layers == self.shown.layers

    # Test images it gets wrong

    def _find_mistakes(self) -> None:
        """Show the next test image it gets wrong; after more training, look which those are."""
        if self._mistakes:
            self._show_mistake()
        elif self.model is not None:
            self.told.emit(self.tr("Looking for test images it gets wrong…"))
            self._submit(m.FindMistakes())

    def _take_mistakes(self, indices: np.ndarray) -> None:
        self._mistakes = deque(indices.tolist())
        if self._mistakes:
            self.told.emit(self.tr("It gets {count} test images wrong.").format(count=len(self._mistakes)))
            self._show_mistake()
        else:
            self.told.emit(self.tr("It gets every test image right."))

    def _show_mistake(self) -> None:
        index = self._mistakes.popleft()
        self._mistakes.append(index)
        self._views.draw.show_test_image(index)
