"""Shows one tensor: as a picture with the value under the pointer, as a histogram and in figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.inspection.weights import histogram, statistics, symmetric_limit
from gui.colour_bar import ColourBar
from gui.colour_scale import ColourScale, format_value
from gui.figures_row import FiguresRow
from gui.form import ElidedLabel, wrapped
from gui.histogram_plot import HistogramPlot
from gui.image_view import ImageView
from gui.theme import GAP, LIGHT, MARGIN, SPACE, Theme
from gui.tick_box import TickBox
from gui.weight_picture import ImageShape, WeightPicture, picture

# From this width on the distribution stands beside the picture; below it, it needs this height in all.
_BESIDE, _BELOW = 440, 300
_SAVED_SIDE = 1024
_SAMPLE = 20_000  # pixels, enough to choose the strength of colours
# Slow enough to read the figures while they change, and cheap for large tensors.
_DISTRIBUTION_INTERVAL_MS = 250


class WeightDisplay(QWidget):
    """What can be seen of one tensor; colours diverge around zero."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._values: np.ndarray | None = None
        self._image_shape: ImageShape | None = None
        self._channel: int | None = None
        self._picture: WeightPicture | None = None
        self._distribution_pace = QTimer(self)
        self._distribution_pace.setSingleShot(True)
        self._distribution_pace.setInterval(_DISTRIBUTION_INTERVAL_MS)
        self._distribution_pace.timeout.connect(self._catch_up)
        self._distribution_is_old = False
        self._build_picture()
        self._build_distribution()
        self._lay_out()
        self._show_pointed()

    def set_values(self, values: np.ndarray | None, image_shape: ImageShape | None = None) -> None:
        """Show a tensor.

        Parameters
        ----------
        values : array of one to four axes, or None for nothing
            Not copied: it must not change afterwards.
        image_shape : (channels, height, width) or None
            Of the image that the features of a Dense weight are.
        """
        self._values, self._image_shape = values, image_shape
        if values is None:
            self._picture = None
            self._distribution_pace.stop()
            self.view.set_image(None)
            return
        if (layout := self.layout()) is not None:
            layout.activate()  # the first time, gives the view the size on which the tiles depend
        self._show_picture()
        if self._distribution_pace.isActive():
            self._distribution_is_old = True
        else:
            self._show_distribution(values)

    def set_channel(self, channel: int | None) -> None:
        """Choose the input channel of a convolution's kernels; None for the mean."""
        self._channel = channel
        self._show_picture()

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._theme = theme
        for part in (self.view, self.colour_bar, self.histogram):
            part.apply_theme(theme)
        self._show_picture()

    def picture_image(self) -> QImage:
        """Return the picture with each weight as a square, some 1,000 pixels long; null while there is none."""
        if self._picture is None:
            return QImage()
        image = self._scale().image(self._picture.pixels)
        factor = max(1, _SAVED_SIDE // max(image.width(), image.height()))
        result = QImage(image.size() * factor, QImage.Format.Format_RGB32)
        result.fill(QColor(self._theme.sunken))
        painter = QPainter(result)
        painter.drawImage(result.rect(), image)
        painter.end()
        return result

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the tiles anew."""
        super().resizeEvent(event)
        self._arrange()
        self._show_picture()

    def _show_picture(self) -> None:
        if self._values is None:
            return
        room = (max(1, self.view.width()), max(1, self.view.height()))
        self._picture = picture(self._values, self._image_shape, self._channel, room)
        scale = self._scale()
        self.view.set_image(self._picture.pixels, scale, keep_aspect=self._picture.mosaic is not None)
        self.colour_bar.set_scale(scale)
        self._show_pointed()

    def _show_distribution(self, values: np.ndarray) -> None:
        self._distribution_is_old = False
        self._distribution_pace.start()
        self.histogram.set_counts(*histogram(values))
        figures = statistics(values)
        numbers = (figures.mean, figures.std, figures.norm, figures.minimum, figures.maximum)
        self.figures.set_figures([*map(format_value, numbers), f"{figures.zeros_share:.1%}"])

    def _catch_up(self) -> None:
        if self._distribution_is_old and self._values is not None:
            self._show_distribution(self._values)

    def _scale(self) -> ColourScale:
        assert self._picture is not None
        pixels = self._picture.pixels.ravel()
        sample = pixels[:: max(1, pixels.size // _SAMPLE)]
        return ColourScale.diverging(symmetric_limit(sample), self._theme)

    def _show_pointed(self) -> None:
        cell = self.view.cell()
        place = self._picture.place(*cell) if self._picture is not None and cell is not None else None
        if cell is None or place is None or self._picture is None:
            self.value_line.set_text(self.tr("Point at a weight to read its value"))
        else:
            self.value_line.set_text(f"{self._place_text(place)}: {self._picture.pixels[cell]:.4g}")

    def _place_text(self, place: tuple[int, ...]) -> str:
        is_kernel = self._values is not None and self._values.ndim == 4
        if len(place) == 3:
            text = self.tr("kernel {}, row {}, column {}") if is_kernel else self.tr("unit {}, row {}, column {}")
        elif len(place) == 2:
            text = self.tr("kernel {}, input channel {}") if is_kernel else self.tr("unit {}, input {}")
        else:
            text = self.tr("index {}")
        return text.format(*place)

    def _build_picture(self) -> None:
        self.view = ImageView()
        self.view.setObjectName("weightsView")
        self.view.setAccessibleName(self.tr("Picture of the weights"))
        self.view.setToolTip(
            wrapped(
                self.tr(
                    "A unit answers most to an input that is bright where its weights are positive and dark where "
                    "they are negative. The wheel or + and - zoom, dragging moves, 0 shows all; the arrow keys go "
                    "from weight to weight. Counting starts at 0."
                )
            )
        )
        self.colour_bar = ColourBar()
        self.value_line = ElidedLabel()
        self.value_line.setObjectName("weightValueLabel")
        self.value_line.setProperty("muted", True)
        self.view.hovered.connect(self._show_pointed)
        self.view.left.connect(self._show_pointed)

    def _build_distribution(self) -> None:
        self.histogram = HistogramPlot()
        self.histogram.setAccessibleName(self.tr("Histogram of the weights"))
        self.histogram.setToolTip(
            wrapped(self.tr("How often each value occurs. Training usually widens what initialization drew narrow."))
        )
        self.log_check = TickBox(self.tr("Log counts"))
        self.log_check.setObjectName("logCountsCheck")
        self.log_check.setAccessibleName(self.tr("Logarithmic counts"))
        self.log_check.setToolTip(
            wrapped(self.tr("Few weights are large, and those few matter much: a logarithm makes them visible."))
        )
        self.log_check.toggled.connect(self.histogram.set_logarithmic)
        self.figures = FiguresRow(
            [
                (self.tr("mean"), self.tr("Near zero where no sign is preferred.")),
                (self.tr("std"), self.tr("The standard deviation: how far weights spread around their mean.")),
                (self.tr("norm"), self.tr("The root of the sum of squares; weight decay keeps it small.")),
                (self.tr("min"), self.tr("The most negative weight.")),
                (self.tr("max"), self.tr("The most positive weight.")),
                (self.tr("zeros"), self.tr("The share of weights that are exactly zero and so take no part.")),
            ]
        )

    def _lay_out(self) -> None:
        picture = QVBoxLayout()
        picture.setSpacing(SPACE)
        picture.addWidget(self.view, 1)
        picture.addWidget(self.colour_bar)
        picture.addWidget(self.value_line)
        heading = QHBoxLayout()
        heading.addWidget(QLabel(self.tr("Distribution")), 1)
        heading.addWidget(self.log_check)
        self._distribution = QWidget()
        column = QVBoxLayout(self._distribution)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(heading)
        column.addWidget(self.histogram, 1)
        column.addWidget(self.figures)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(GAP)
        self._columns.addLayout(picture, 3)
        self._columns.addWidget(self._distribution, 0)

    def minimumSizeHint(self) -> QSize:
        """Return the size below which even the picture alone is of no use."""
        return QSize(160, 150)

    def _arrange(self) -> None:
        """Put the distribution beside the picture where there is room, and leave it out where there is none."""
        beside = self.width() > _BESIDE and self.width() > self.height()
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        self._columns.setSpacing(2 * MARGIN if beside else GAP)
        self._columns.setStretch(1, 2 if beside else 0)
        self._distribution.setVisible(beside or self.height() > _BELOW)
