"""The picture of the curves: loss and accuracy over one x axis, the runs' names, and the values at the pointer."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.curve_data import QUANTITIES, Quantity, Run, View, XAxis, merged
from gui.curve_plot import NOTHING, CurvePlot, earlier_colour
from gui.curve_points import MAX_POINTS, extremes, means, nearest
from gui.curves_export import picture_of
from gui.curves_layout import LEAST, arrange
from gui.steady_label import SteadyLabel
from gui.theme import GAP, LIGHT, MARGIN, SPACE, Theme

# Of an earlier run the trend is enough.
_EARLIER_POINTS = 250
# Changes of one setting closer than this share of the picture are told as one.
_CHANGE_GAP = 0.01


class CurvesFigure(QWidget):
    """Draws runs when it is told to; follows the run that goes on until the user zooms."""

    stale = Signal()  # another part of the runs is visible: draw again soon

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._view = View()
        self._current: Run | None = None
        self._follows_x = True
        self._is_following = False
        self._has_earlier = False
        self._pointer: float | None = None
        # What was drawn last, so that it is not drawn again before it changes.
        self._earlier_state: tuple[object, ...] = ()
        self._epochs_state: tuple[object, ...] = ()
        self._setting_names = {
            "learning_rate": self.tr("learning rate"),
            "momentum": self.tr("momentum"),
            "weight_decay": self.tr("weight decay"),
            "dropout": self.tr("dropout"),
        }
        self._axis_names: dict[XAxis, str] = {
            "step": self.tr("batch"),
            "epoch": self.tr("epoch"),
            "seconds": self.tr("training time (seconds)"),
        }
        self._loss = CurvePlot(self.tr("Loss"), self.tr("nats"))
        self._loss.setObjectName("lossPlot")
        self._loss.header.set_title_tip(
            self.tr(
                "Cross-entropy in nats: how surprised the network is by the right answer. Guessing among ten "
                "classes costs 2.30, certainty costs 0."
            )
        )
        self._accuracy = CurvePlot(self.tr("Accuracy"), style="percent")
        self._accuracy.setObjectName("accuracyPlot")
        self._accuracy.header.set_title_tip(self.tr("The share of images whose most probable class is the right one."))
        self._both = (self._loss, self._accuracy)
        for plot, other in (self._both, self._both[::-1]):
            plot.hovered.connect(self._on_hover)
            plot.zoomed.connect(self._on_zoom)
            plot.reset_asked.connect(self.reset_view)
            plot.x_range_changed.connect(lambda plot=plot, other=other: other.set_x_window(*plot.x_window()))
            plot.x_range_changed.connect(self._on_x_range)
        self._lay_out()
        self.apply_theme(LIGHT)

    def _lay_out(self) -> None:
        self._legend = QLabel()
        self._legend.setObjectName("runsLegend")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self._readout = SteadyLabel()
        self._readout.setObjectName("readoutLabel")
        self._readout.setAccessibleName(self.tr("Place in the run"))
        for label in (self._legend, self._readout):
            label.setProperty("muted", True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        for plot in self._both:
            self._plots.addWidget(plot, 1)
        self._picture = QWidget()
        self._picture.setObjectName("curvesPicture")
        self._picture.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        picture = QVBoxLayout(self._picture)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.setSpacing(SPACE)
        picture.addLayout(self._plots, 1)
        picture.addWidget(self._legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self._picture, 1)
        layout.addWidget(self._readout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the arrangement that suits the new size."""
        super().resizeEvent(event)
        self._arrange()
        self.stale.emit()

    def minimumSizeHint(self) -> QSize:
        """Return the size at which something can still be read, however the plots lie at the moment."""
        return QSize(*LEAST)

    def _arrange(self) -> None:
        """Lay the plots over or beside each other, and leave out what there is no room for."""
        line = QFontMetrics(self.font()).lineSpacing()
        legend = self._legend.heightForWidth(self.width()) if self._has_earlier else 0
        layout = arrange((self.width(), self.height()), line, legend, self._tightness_for)
        directions = QBoxLayout.Direction
        self._plots.setDirection(directions.LeftToRight if layout.beside else directions.TopToBottom)
        self._plots.setSpacing(2 * MARGIN if layout.beside else GAP)
        self._legend.setVisible(layout.has_legend)
        self._readout.setWordWrap(layout.readout_lines > 1)
        self._readout.setFixedHeight(line * layout.readout_lines)
        name = self._axis_names[self._view.axis] if layout.has_x_title else ""
        for plot in self._both:
            plot.header.set_tightness(layout.tightness, layout.plot_width)
            plot.set_x_axis(name, shown=layout.beside or plot is self._accuracy)

    def _tightness_for(self, width: int) -> int:
        return max(plot.header.tightness_for(width) for plot in self._both)

    def draw(
        self, current: Run, earlier: Sequence[Run], view: View, quantities: Sequence[Quantity] = QUANTITIES
    ) -> None:
        """Draw what is visible of the current run and of the earlier ones.

        Parameters
        ----------
        current : Run
        earlier : sequence of Run
        view : View
        quantities : sequence of Quantity
            Whose plots get the newest batches; each takes some milliseconds. With the first of ``QUANTITIES`` the axis
            follows and the values are written, for both.
        """
        self._current = current
        before, self._view = self._view, view
        if view.axis != before.axis:
            # What was zoomed into lies elsewhere on the new axis.
            self._follows_x = True
            self._arrange()
        if view.log != before.log:
            self._loss.set_log(view.log)
        begins = QUANTITIES[0] in quantities  # what both plots share is done once a round
        if self._follows_x and begins:
            self._follow(current, earlier)
        low, high = self._loss.x_window()
        window = (low - (high - low) / 4, high + (high - low) / 4)  # panning finds the next piece drawn already
        self._draw_earlier(current, earlier, window)
        self._draw_batches(current, window, quantities)
        self._draw_epochs(current, window)
        for quantity in quantities:
            values = current.batches[quantity]
            self._plot(quantity).fit_y(float(values[0]) if len(values) else float("nan"))
        if begins:
            self._show_values()

    def reset_view(self) -> None:
        """Show everything again, and follow the run."""
        self._follows_x = True
        for plot in self._both:
            plot.follow_y()
        self.stale.emit()

    def take_painting_seconds(self) -> float:
        """Return how long the plots were painted since the last call, in seconds of processor time."""
        return sum(plot.take_painting_seconds() for plot in self._both)

    def picture(self) -> QImage:
        """Return the plots and the names of the runs, without the pointer's line."""
        pointer = self._pointer
        self._on_hover(None)
        image = picture_of(self._picture)
        self._on_hover(pointer)
        return image

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``; the runs must be drawn again afterwards."""
        self._theme = theme
        # A style sheet, since the application's own would take a palette back when the scheme changes.
        self._picture.setStyleSheet(f"#curvesPicture {{ background: {theme.surface}; }}")
        self._earlier_state = self._epochs_state = ()
        for plot in self._both:
            plot.apply_theme(theme)

    def _plot(self, quantity: Quantity) -> CurvePlot:
        return self._loss if quantity == "loss" else self._accuracy

    def _follow(self, current: Run, earlier: Sequence[Run]) -> None:
        end = max(run.last_place(self._view.axis) for run in (current, *earlier)) or 1.0
        high = self._loss.x_window()[1]
        # Room to grow into, so that the axis moves now and then and not with every batch.
        if not current.live or not end <= high <= 1.25 * end:
            high = end * (1.1 if current.live else 1.015)
        self._is_following = True
        self._loss.show_x_from_zero(high)
        self._is_following = False

    def _draw_batches(self, run: Run, window: tuple[float, float], quantities: Sequence[Quantity]) -> None:
        x, smoothing = run.batches[self._view.axis], self._view.smoothing
        for column in quantities:
            plot = self._plot(column)
            limit = min(MAX_POINTS, 2 * plot.columns())
            raw = extremes(x, run.batches[column], window, limit)
            if smoothing:
                plot.set_batches(raw, means(x, run.smoothed(column, smoothing), window, limit // 2))
            else:
                plot.set_batches(NOTHING, raw)

    def _draw_epochs(self, run: Run, window: tuple[float, float]) -> None:
        state = (run.name, len(run.epochs), len(run.changes), window, self._view.axis, self._view.log)
        if state == self._epochs_state:
            return
        self._epochs_state = state
        ends = run.epochs[self._view.axis]
        middles = run.epoch_middles(self._view.axis)  # where a mean over an epoch belongs
        for plot, column in zip(self._both, ("loss", "accuracy"), strict=True):
            plot.set_epochs(
                means(middles, run.epochs[f"train_{column}"], window),
                means(ends, run.epochs[f"validation_{column}"], window),
            )
        self._mark_best(run)
        self._mark_changes(run)

    def _draw_earlier(self, current: Run, earlier: Sequence[Run], window: tuple[float, float]) -> None:
        names = tuple((run.name, run.label) for run in (current, *earlier))
        state = (names, window, self._view.axis, self._view.log)
        if state == self._earlier_state:
            return
        self._earlier_state = state
        axis = self._view.axis
        colours = [earlier_colour(run.number, self._theme) for run in earlier]
        for plot, column in zip(self._both, ("loss", "accuracy"), strict=True):
            curves = [
                (
                    means(run.batches[axis], run.batches[column], window, _EARLIER_POINTS),
                    means(run.epochs[axis], run.epochs[f"validation_{column}"], window, _EARLIER_POINTS),
                )
                for run in earlier
            ]
            plot.set_earlier(curves, colours)
        entries = [(self._theme.train, current.label)]
        entries += [(colour.name(), run.label) for colour, run in zip(colours, earlier, strict=True)]
        self._legend.setText(" &nbsp; ".join(
            f'<span style="color:{colour}">━</span>&nbsp;{html.escape(label).replace(" ", "&nbsp;")}'
            for colour, label in entries
        ))  # fmt: skip
        self._has_earlier = bool(earlier)
        self._arrange()

    def _mark_changes(self, run: Run) -> None:
        low, high = self._loss.x_window()
        places = [(run.change_place(change, self._view.axis), change) for change in run.changes]
        marks = [
            (place, f"{self._setting_names[change.setting]} {change.old:g} → {change.new:g}")
            for place, change in merged(places, _CHANGE_GAP * (high - low))
        ]
        for plot in self._both:
            plot.changes.show(marks)

    def _mark_best(self, run: Run) -> None:
        losses, accuracies = run.epochs["validation_loss"], run.epochs["validation_accuracy"]
        for plot, values, sign, write in (
            (self._loss, losses, 1, _loss_text), (self._accuracy, accuracies, -1, _share_text),
        ):  # fmt: skip
            if not np.isfinite(values).any():
                plot.set_best(None)
                continue
            best = int(np.nanargmin(sign * values))
            text = self.tr("best {value}").format(value=write(values[best]))
            plot.set_best((float(run.epochs[self._view.axis][best]), float(values[best])), text)

    def _show_values(self) -> None:
        run = self._current
        if run is None:
            return
        axis = self._view.axis
        place = run.last_place(axis) if self._pointer is None else self._pointer
        batch, epoch = nearest(run.batches[axis], place), nearest(run.epochs[axis], place)
        for plot, column, write in (
            (self._loss, "loss", _loss_text), (self._accuracy, "accuracy", _share_text),
        ):  # fmt: skip
            smoothing = self._view.smoothing
            values = run.smoothed(column, smoothing) if smoothing else run.batches[column]
            ends = run.epochs[f"validation_{column}"]
            plot.header.set_values(
                "–" if batch is None else write(values[batch]), "–" if epoch is None else write(ends[epoch])
            )
        if batch is None:
            self._readout.setText("")
            return
        row = {name: float(run.batches[name][batch]) for name in ("step", "epoch", "seconds", "learning_rate")}
        fields = (
            self.tr("epoch {value}").format(value=_padded(f"{row['epoch']:.2f}", 7)),
            self.tr("batch {value}").format(value=_padded(f"{row['step']:,.0f}", 9)),
            self.tr("time {value}").format(value=_padded(f"{row['seconds']:,.1f} s", 9)),
            self.tr("learning rate {value}").format(value=f"{row['learning_rate']:.4g}"),
        )
        # A line may break between the fields only.
        self._readout.setText(self._fitting([field.replace(" ", "\N{NO-BREAK SPACE}") for field in fields]))

    def _fitting(self, fields: list[str]) -> str:
        """Return epoch, batch, time and learning rate as they fit: on one line, first the padding goes, then time."""
        metrics, room = self._readout.fontMetrics(), self._readout.width()
        close = [field.rstrip("\N{FIGURE SPACE}") for field in fields]
        texts = [" ".join(fields), "  ".join(close), "  ".join([*close[:2], close[3]]), "  ".join(close[:2]), close[0]]
        if self._readout.wordWrap():
            return texts[0]
        return next((text for text in texts if metrics.horizontalAdvance(text) <= room), close[0])

    def _on_hover(self, x: float | None) -> None:
        self._pointer = x if self._current is not None else None
        for plot in self._both:
            plot.set_crosshair(self._pointer)
        self._show_values()

    def _on_x_range(self) -> None:
        if not self._is_following:  # otherwise it is being drawn
            self.stale.emit()

    def _on_zoom(self) -> None:
        self._follows_x = False
        self.stale.emit()


def _loss_text(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"


def _share_text(value: float) -> str:
    return f"{100 * value:.2f}%"


def _padded(text: str, width: int) -> str:
    # Figure spaces are as wide as digits, so that nothing to the right jumps.
    return text.ljust(width, "\N{FIGURE SPACE}")
