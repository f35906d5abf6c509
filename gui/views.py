"""The panels of a window, as the controller sees them."""

from __future__ import annotations

from dataclasses import dataclass

from gui.curves_panel import CurvesPanel
from gui.diagram_panel import DiagramPanel
from gui.draw_panel import DrawPanel
from gui.editor_panel import EditorPanel
from gui.feature_maps_panel import FeatureMapsPanel
from gui.progress_view import ProgressView
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
