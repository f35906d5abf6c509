"""The diagram panel: the network as boxes, branches and joins, with what is measured while it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QStackedWidget, QVBoxLayout, QWidget

from engine.architecture.layers import Concat, Residual
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import PartialSummary, format_shape
from engine.inspection.activity import LayerActivity
from gui.curves_export import BackgroundWriter, png_bytes
from gui.diagram_content import block_paths
from gui.diagram_controls import DiagramControls
from gui.diagram_export import picture_of, svg_bytes
from gui.diagram_view import DiagramView
from gui.network_summary import count_text
from gui.theme import GAP, LIGHT, MARGIN, Theme
from gui.visibility import can_be_seen


class DiagramPanel(QWidget):
    """A picture of a network in which every layer can be chosen."""

    layer_selected = Signal(str)  # the path of a layer that a person clicked or went to
    layer_activated = Signal(str)  # its weights and feature maps are wanted
    wanted_changed = Signal()  # ``wants_activity`` may answer differently now
    failed = Signal(str)  # a sentence for the user
    told = Signal(str)  # a sentence about what was done

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("diagramPanel")
        self.setAccessibleName(self.tr("Diagram"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._writer = BackgroundWriter()
        self._writer.failed.connect(self.failed)
        self._writer.written.connect(self._tell_written)
        self.view = DiagramView()
        self.view.setObjectName("diagramView")
        self.view.selected.connect(self.layer_selected)
        self.view.activated.connect(self.layer_activated)
        self._controls = DiagramControls()
        self._connect_controls()
        empty = QLabel(self.tr("Choose a network to see how it is built"))
        empty.setObjectName("emptyDiagramLabel")
        empty.setProperty("muted", True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self._controls)
        layout.addWidget(self._pages, 1)
        self.set_network(None, PartialSummary(()))
        self.apply_theme(LIGHT)

    def set_network(self, spec: NetworkSpec | None, summary: PartialSummary) -> None:
        """Draw a network.

        After an edit zoom, position, selection and folded blocks stay; another network is fitted into the panel.

        Parameters
        ----------
        spec : NetworkSpec, or None for none
        summary : PartialSummary
            Of ``spec``; a layer that does not fit is marked with the sentence that says why.
        """
        before = self.view.spec
        if before is not None and (spec, summary) == (before, self.view.summary):
            return
        keep = spec is not None and before is not None and is_edit_of(spec, before)
        self._controls.setEnabled(spec is not None)
        self._controls.set_network(
            self._about(spec, summary) if spec is not None else "", spec is not None and bool(block_paths(spec))
        )
        self._pages.setCurrentIndex(0 if spec is None else 1)
        self.view.set_network(spec, summary, keep)
        self.wanted_changed.emit()

    def select(self, path: str) -> None:
        """Mark a layer, or the folded block that it is in; an empty path marks none."""
        self.view.select(path)

    def set_activity(self, activity: Mapping[str, LayerActivity] | None) -> None:
        """Show the mean activation and the dead units of layers; None takes the figures away."""
        self.view.set_activity(activity)

    def wants_activity(self) -> bool:
        """Return whether somebody can see the boxes, so that figures are worth measuring."""
        return self.view.spec is not None and can_be_seen(self)

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        # A style sheet, since the application's own would take a palette back when the scheme changes.
        self.setStyleSheet(f"#diagramPanel {{ background: {theme.surface}; }}")
        self._controls.apply_theme(theme)
        self.view.apply_theme(theme)

    def copy_image(self) -> None:
        """Put a picture of the whole network on the clipboard."""
        self.view.ensure_drawn()
        QGuiApplication.clipboard().setImage(picture_of(self.view.diagram_scene))
        self.told.emit(self.tr("The diagram is on the clipboard."))

    def save_svg(self, path: Path) -> None:
        """Write the whole network as SVG; ``told`` or ``failed`` says how it went."""
        self.view.ensure_drawn()
        svg = svg_bytes(self.view.diagram_scene, self.view.spec.name if self.view.spec is not None else "")
        self._writer.write(path, lambda: svg)

    def save_png(self, path: Path) -> None:
        """Write the whole network as PNG; ``told`` or ``failed`` says how it went."""
        self.view.ensure_drawn()
        image = picture_of(self.view.diagram_scene)
        self._writer.write(path, lambda: png_bytes(image))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for figures again."""
        super().showEvent(event)
        self.wanted_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while out of sight."""
        super().hideEvent(event)
        self.wanted_changed.emit()

    def _about(self, spec: NetworkSpec, summary: PartialSummary) -> str:
        """Return the network in one line: its name, how many layers and how many parameters."""
        count = sum(not isinstance(placed.layer, (Residual, Concat)) for placed in walk(spec.layers))
        parts = [spec.name, format_shape(spec.input_shape)]
        parts.append(self.tr("1 layer") if count == 1 else self.tr("{count} layers").format(count=count))
        if summary.error is None:
            total = count_text(sum(entry.parameter_count for entry in summary.layers))
            parts.append(self.tr("{count} parameters").format(count=total))
        return " · ".join(parts)

    def _connect_controls(self) -> None:
        controls = self._controls
        controls.fit_asked.connect(self.view.fit)
        controls.zoom_asked.connect(lambda closer: self.view.zoom_in() if closer else self.view.zoom_out())
        controls.fold_asked.connect(self.view.fold_all)
        controls.copy_asked.connect(self.copy_image)
        controls.svg_asked.connect(lambda: self._ask_path("svg", self.save_svg))
        controls.png_asked.connect(lambda: self._ask_path("png", self.save_png))

    def _tell_written(self, path: str) -> None:
        self.told.emit(self.tr("The diagram is in {file}.").format(file=path))

    def _ask_path(self, suffix: str, save: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, self.tr("Save the diagram"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")
        dialog.setDefaultSuffix(suffix)
        name = self.view.spec.name if self.view.spec is not None else "network"
        dialog.selectFile(f"{name.replace('/', '-')}.{suffix}")
        dialog.fileSelected.connect(lambda path: save(Path(path)))
        dialog.open()


def is_edit_of(spec: NetworkSpec, before: NetworkSpec) -> bool:
    """Return whether a network came from another by changing, adding or removing one layer, or has its name."""
    if spec.name == before.name:
        return True
    new, old = spec.layers, before.layers
    most = min(len(new), len(old))
    first = next((i for i in range(most) if new[i] != old[i]), most)
    last = next((i for i in range(most - first) if new[-1 - i] != old[-1 - i]), most - first)
    return first + last > 0 and first + last >= max(len(new), len(old)) - 1
