"""Keeps diagram, editor, set-up and costs about one network, and tells them which network is trained."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import PartialSummary, summarize
from gui.costs import Costs
from gui.questions import Questions
from gui.subject import Subject
from gui.views import Views


class NetworkViews(QObject):
    """Joins the views of a network to the subject of the next run.

    Parameters
    ----------
    views : Views
    subject : Subject
    questions : Questions
    costs : Costs
    """

    layer_wanted = Signal(bool)  # a layer is to be seen, which has weights or only feature maps
    apply_wanted = Signal(object)  # the NetworkSpec to put in the place of the trained one

    def __init__(
        self, views: Views, subject: Subject, questions: Questions, costs: Costs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._views = views
        self._subject = subject
        self._questions = questions
        self._costs = costs
        self._trained: NetworkSpec | None = None
        subject.network_changed.connect(self._show)
        views.diagram.layer_selected.connect(views.editor.select)
        views.diagram.layer_activated.connect(self._show_layer)
        views.editor.layer_selected.connect(views.diagram.select)
        views.editor.edited.connect(subject.take_edited)
        views.editor.apply_requested.connect(self._apply)
        views.editor.own_networks_changed.connect(subject.offer_networks)

    def set_trained(self, spec: NetworkSpec) -> None:
        """Tell which network has weights now."""
        self._trained = spec
        self._subject.note_trained(spec)
        self._tell_editor()

    def _show(self, spec: NetworkSpec, partly: PartialSummary) -> None:
        self._views.diagram.set_network(spec, partly)
        self._views.editor.set_network(spec)
        self._tell_editor()
        self._questions.set_shown(spec)
        self._costs.set_network(self._subject.network)

    def _tell_editor(self) -> None:
        """Let the editor say what is kept of the trained network, if that is what is edited."""
        trained = self._trained if self._trained and self._subject.comes_from(self._trained) else None
        self._views.editor.set_trained(summarize(trained) if trained else None)

    def _apply(self) -> None:
        if self._subject.network is not None:
            self.apply_wanted.emit(self._subject.network)

    def _show_layer(self, path: str) -> None:
        """Go to a layer's weights and feature maps."""
        self._views.features.select_layer(path)
        self.layer_wanted.emit(self._views.weights.select_layer(path))
