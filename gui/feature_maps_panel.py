"""The feature-map viewer: what every layer answers to the drawing or test image of the moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from engine.architecture.shapes import NetworkSummary
from gui.elided_combo import ElidedCombo
from gui.enlarged_map import EnlargedMap
from gui.feature_maps_view import FeatureMapsView
from gui.form import ElidedLabel, wrapped
from gui.theme import GAP, MARGIN, Theme
from gui.visibility import can_be_seen


class FeatureMapsPanel(QWidget):
    """The layers in order of execution, each with its output as tiles, one of which can be enlarged."""

    wanted_changed = Signal()  # ``wants_activations`` may answer differently now
    tile_selected = Signal(str, int)  # layer path, channel or unit

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("featureMapsPanel")
        self.setAccessibleName(self.tr("Feature maps"))
        self._enlarged: tuple[str, int] | None = None
        self._pointed: tuple[str, tuple[int, ...]] = ("", ())
        self._build_overview()
        self.enlarged = EnlargedMap()
        self._arrange()
        self.scale_combo.currentIndexChanged.connect(self._choose_scale)
        self.maps.pointed.connect(self._show_value)
        self.maps.opened.connect(self.enlarge)
        self.maps.moved.connect(self._reveal)
        self.enlarged.closed.connect(self.show_all)
        self.enlarged.stepped.connect(self._step)
        self.enlarged.pointed.connect(self._show_enlarged_value)
        self.set_activations(None)

    def set_network(self, summary: NetworkSummary | None) -> None:
        """Show the layers of another network, without outputs until they come."""
        self._pointed = ("", ())
        self.maps.set_network(summary)
        self.set_activations(None)

    def has_maps(self) -> bool:
        """Return whether there is a drawing that layers have answered."""
        return self._pages.currentWidget() is not self._empty

    def wants_activations(self) -> bool:
        """Return whether somebody can see the panel, so that outputs are worth computing."""
        return can_be_seen(self)

    def set_activations(self, activations: Mapping[str, np.ndarray] | None) -> None:
        """Show the outputs of all layers.

        Parameters
        ----------
        activations : mapping of layer path to array (1, *layer shape) or (*layer shape), or None for no image
            Not copied: the arrays must not change afterwards. Those that do not fit the network are left out.
        """
        self.maps.set_activations(activations or {})
        if not activations:
            self._enlarged = None
            self._pages.setCurrentWidget(self._empty)
        elif self._enlarged is not None:
            self._show_enlarged()
        else:
            self._pages.setCurrentWidget(self._scroll)
        self.scale_combo.setEnabled(bool(activations))
        self.value_line.setVisible(bool(activations))
        self._show_value(*self._pointed)

    def select_layer(self, path: str) -> None:
        """Bring a layer to the top of the panel; an unknown one changes nothing."""
        section = self.maps.section(path)
        if section is not None:
            self.show_all()
            self._scroll.verticalScrollBar().setValue(section.area.top())

    def enlarge(self, path: str, index: int) -> None:
        """Show one feature map, or the vector of a layer, as large as there is room."""
        section = self.maps.section(path)
        if section is None or section.values is None:
            return
        self._enlarged = (path, index)
        self._pages.setCurrentWidget(self.enlarged)
        self._show_enlarged()
        self.enlarged.view.setFocus()
        self.tile_selected.emit(path, index)

    def show_all(self) -> None:
        """Go back from one feature map to all layers."""
        if self._enlarged is not None:
            self.maps.choose(*self._enlarged)
            self._enlarged = None
            self._pages.setCurrentWidget(self._scroll)
            self.maps.setFocus()
            self._show_value("", ())

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self.maps.apply_theme(theme)
        self.enlarged.apply_theme(theme)
        if self._enlarged is not None:
            self._show_enlarged()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for outputs."""
        super().showEvent(event)
        self.wanted_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while out of sight."""
        super().hideEvent(event)
        self.wanted_changed.emit()

    def sizeHint(self) -> QSize:
        """Return a size that suits a dock."""
        return QSize(340, 560)

    def _choose_scale(self) -> None:
        self.maps.set_shared(self.scale_combo.currentData())
        if self._enlarged is not None:
            self._show_enlarged()

    def _reveal(self, tile: QRect) -> None:
        centre = tile.center()
        self._scroll.ensureVisible(centre.x(), centre.y(), tile.width(), tile.height())

    def _step(self, by: int) -> None:
        if self._enlarged is not None:
            path, index = self._enlarged
            section = self.maps.section(path)
            if section is not None and not section.is_vector:
                self.enlarge(path, (index + by) % section.count)

    def _show_enlarged(self) -> None:
        assert self._enlarged is not None
        path, index = self._enlarged
        section = self.maps.section(path)
        if section is None or section.values is None:
            self.show_all()
            return
        if section.is_vector:
            title = self.tr("{path} · {count} units").format(path=path, count=section.count)
            values, columns = section.values.ravel(), section.columns
        else:
            title = self.tr("{path} · channel {index} of {count}").format(path=path, index=index, count=section.count)
            values, columns = section.values[index], None
        self.enlarged.show_map(title, values, self.maps.scale(section), columns)

    def _show_enlarged_value(self, place: tuple[int, ...]) -> None:
        if self._enlarged is not None:
            path, index = self._enlarged
            self._show_value(path, (index, *place) if len(place) == 2 else place)

    def _show_value(self, path: str, place: tuple[int, ...]) -> None:
        self._pointed = (path, place)
        section = self.maps.section(path)
        if section is None or section.values is None or not place:
            self.value_line.set_text(self.tr("Point at a value to read it"))
            return
        text = self.tr("{}, channel {}, row {}, column {}") if len(place) == 3 else self.tr("{}, unit {}")
        value = section.values.ravel()[place[0]] if section.is_vector else section.values[place]
        self.value_line.set_text(f"{text.format(path, *place)}: {value:.4g}")

    def _build_overview(self) -> None:
        self.scale_combo = ElidedCombo()
        self.scale_combo.setObjectName("scaleCombo")
        self.scale_combo.setAccessibleName(self.tr("Scale of colours"))
        self.scale_combo.addItem(self.tr("Own scale for each layer"), False)
        self.scale_combo.addItem(self.tr("One scale for all layers"), True)
        self.scale_combo.setToolTip(
            wrapped(
                self.tr(
                    "With its own scale every layer shows its pattern clearly. With one scale for all you see how "
                    "strong the layers are beside each other: whether signals grow or fade on their way."
                )
            )
        )
        self.maps = FeatureMapsView()
        self.maps.setObjectName("featureMapsView")
        self.maps.setAccessibleName(self.tr("Outputs of all layers"))
        self.maps.setToolTip(
            wrapped(
                self.tr(
                    "Early layers answer to edges and strokes at their place; later ones to shapes, with less and "
                    "less idea of where. Click a tile to enlarge it. Counting starts at 0."
                )
            )
        )
        self.value_line = ElidedLabel()
        self.value_line.setObjectName("activationValueLabel")
        self.value_line.setProperty("muted", True)

    def _arrange(self) -> None:
        self._empty = QLabel(self.tr("Draw a digit to see what every layer answers"))
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self.maps)
        self._pages = QStackedWidget()
        for page in (self._empty, self._scroll, self.enlarged):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self.scale_combo)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.value_line)
