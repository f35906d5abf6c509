"""The foot of the editor: the network's totals, what does not fit, and what a trained network would keep."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.architecture.kept import kept_layers
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import NetworkSummary, PartialSummary
from gui.form import ElidedLabel, wrapped
from gui.messages import translate_error
from gui.network_summary import count_text, short_count
from gui.theme import GAP, SPACE


class ProblemLine(QPushButton):
    """One line that says what does not fit; a click goes to the layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("editorProblemButton")
        self.setFlat(True)
        self._text = ElidedLabel()
        self._text.setProperty("error", True)
        self._text.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setStyleSheet(
            "QPushButton { border: 2px solid transparent; background: transparent; padding: 0; }"
            "QPushButton:focus { border-color: palette(highlight); }"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 0, SPACE, 0)
        row.addWidget(self._text)
        self.setMinimumHeight(self.fontMetrics().height() + SPACE)

    def set_problem(self, sentence: str) -> None:
        """Show a sentence; nothing is shown for an empty one."""
        self._text.set_text(sentence)
        self.setAccessibleName(sentence)
        self.setToolTip(wrapped(sentence))
        self.setVisible(bool(sentence))


class EditorFoot(QWidget):
    """Says what the edited network amounts to, and offers to go on with it in place of the trained one."""

    apply_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trained: NetworkSummary | None = None
        self._edited: tuple[NetworkSpec, PartialSummary] | None = None
        self._allowed = False
        self._totals = ElidedLabel()
        self._totals.setObjectName("editorTotals")
        self._kept = QLabel()
        self._kept.setObjectName("keptLabel")
        self._kept.setProperty("muted", True)
        self._kept.setWordWrap(True)
        self.apply_button = QPushButton(self.tr("Apply"))
        self.apply_button.setObjectName("applyEditButton")
        self.apply_button.setAccessibleName(self.tr("Apply to the trained network"))
        self.apply_button.setToolTip(
            wrapped(
                self.tr(
                    "Put this network in the place of the trained one. Layers that were not changed keep what they "
                    "have learned; the others start afresh."
                )
            )
        )
        self.apply_button.clicked.connect(self.apply_requested)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._kept, 1)
        row.addWidget(self.apply_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self._totals)
        layout.addLayout(row)
        self._refresh()

    def set_network(self, spec: NetworkSpec, partial: PartialSummary) -> None:
        """Show the totals of the edited network."""
        self._edited = (spec, partial)
        self._refresh()

    def set_trained(self, summary: NetworkSummary | None) -> None:
        """Tell which trained network there is, if any."""
        self._trained = summary
        self._refresh()

    def set_apply_enabled(self, enabled: bool) -> None:
        """Tell whether the trained network can be exchanged now."""
        self._allowed = enabled
        self._refresh()

    def _refresh(self) -> None:
        self._totals.set_text(self._total_text())
        kept = self._kept_text()
        self._kept.setText(kept)
        self._kept.setVisible(bool(kept))
        differs = self._fits() and not self._is_trained()
        self.apply_button.setVisible(self._trained is not None)
        self.apply_button.setEnabled(self._allowed and differs)

    def _fits(self) -> bool:
        return self._edited is not None and self._edited[1].error is None

    def _is_trained(self) -> bool:
        if self._trained is None or self._edited is None:
            return False
        spec, partial = self._edited
        same_input = self._trained.input_shape == spec.input_shape
        layers = [(entry.path, entry.layer) for entry in partial.layers]
        return same_input and layers == [(entry.path, entry.layer) for entry in self._trained.layers]

    def _total_text(self) -> str:
        if self._edited is None:
            return ""
        partial = self._edited[1]
        if partial.error is not None and partial.error_path:
            return self.tr("The totals are known when everything fits.")
        return self.tr("{parameters} parameters · {work} multiply-adds").format(
            parameters=count_text(sum(entry.parameter_count for entry in partial.layers)),
            work=short_count(sum(entry.multiply_adds for entry in partial.layers)),
        )

    def _kept_text(self) -> str:
        if self._trained is None or self._edited is None:
            return ""
        if not self._fits():
            return self.tr("What is kept of the trained weights is known when everything fits.")
        if self._is_trained():
            return self.tr("This is the trained network.")
        spec, partial = self._edited
        learning = [entry for entry in partial.layers if entry.parameters]
        edited = NetworkSummary(partial.layers, spec.input_shape, partial.layers[-1].output_shape)
        return self.tr("Keeps the weights of {kept} of {all} layers").format(
            kept=len(kept_layers(self._trained, edited)), all=len(learning)
        )


def problem(partial: PartialSummary) -> str:
    """Return what does not fit as a sentence; empty if everything does."""
    return "" if partial.error is None else translate_error(partial.error)
