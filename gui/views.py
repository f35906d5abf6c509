"""The panels of a window, as the controller sees them."""

from __future__ import annotations

from dataclasses import dataclass

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
from gui.weights_panel import WeightsPanel


@dataclass(frozen=True)
class Views:
    """One of each panel."""

    setup: SetupPanel
    curves: CurvesPanel
    draw: DrawPanel
    weights: WeightsPanel
    features: FeatureMapsPanel
    progress: ProgressView
    diagram: DiagramPanel
    editor: EditorPanel
    confusion: ConfusionPanel
    history: HistoryPanel
    scrubber: Scrubber

    def that_fail(self) -> tuple[DrawPanel, WeightsPanel, CurvesPanel, DiagramPanel, EditorPanel]:
        """Return the panels with a signal ``failed``: they do something of their own that can go wrong."""
        return self.draw, self.weights, self.curves, self.diagram, self.editor
