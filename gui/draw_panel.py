"""The draw panel: a canvas or a test image goes in, and the network's answer stands beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from engine.data.drawing import prepare_drawing, prepare_image
from engine.errors import NetariumError
from gui.answer_view import AnswerView
from gui.draw_canvas import DrawCanvas
from gui.draw_tools import REDO_KEY, UNDO_KEY, DrawTools
from gui.drawing import Picture
from gui.image_picker import ImagePicker
from gui.input_preview import INPUT_SIDE
from gui.messages import translate_error
from gui.offered_images import read_offer
from gui.theme import GAP, MARGIN, Theme

_NO_LIMIT = 16_777_215  # Qt's own


class DrawPanel(QWidget):
    """Shows what the network is given and what it answers; knows no network.

    What is drawn, dropped, pasted or picked is prepared as an input and told by ``input_changed``; whoever
    has a network answers with ``set_probabilities``.
    """

    input_changed = Signal(object)  # array (channels, height, width), float32 in [0, 1], or None when empty
    mistake_requested = Signal()  # answered with show_test_image
    failed = Signal(str)  # a sentence for the person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: np.ndarray | None = None
        self._labels = np.zeros(0, np.int64)
        self._label_names: list[str] = []
        self._named = False  # whether a network has named its classes
        self._enabled = True
        self._input: np.ndarray | None = None
        self.canvas = DrawCanvas()
        self.tools = DrawTools()
        self.answer = AnswerView()
        self.picker = ImagePicker()
        self.set_message(self.tr("Train a network or open one, and it will answer while you draw."))
        self._beside = False  # whether the answer stands beside the canvas, or below it
        self._lay_out()
        self._connect()

    def set_images(self, images: np.ndarray | None, labels: np.ndarray | None, class_names: Sequence[str]) -> None:
        """Give the test images that can be picked.

        Parameters
        ----------
        images : array (samples, channels, height, width), uint8, or None
        labels : array (samples,), integers, or None
            Positions in ``class_names``.
        """
        self._images = images
        self._labels = np.zeros(0, np.int64) if labels is None else labels
        self._label_names = list(class_names)
        if not self._named:
            self.answer.set_class_names(class_names)
        shown = self.canvas.picture()
        if shown is not None and shown.from_data:  # of the data set that was there before
            self.canvas.clear()
        self.picker.set_count(0 if images is None else len(images))

    def set_class_names(self, names: Sequence[str]) -> None:
        """Say what classes the network tells apart."""
        self._named = True
        self.set_message("")
        self.answer.set_class_names(names)
        self._show_label()

    def set_mistakes_available(self, available: bool) -> None:
        """Say whether there is a network whose mistakes could be looked for."""
        self.picker.set_mistakes_available(available)

    def set_enabled_predictions(self, enabled: bool) -> None:
        """Say whether there is a network that answers; without one, probabilities are not shown."""
        self._enabled = enabled
        if not enabled:
            self.set_probabilities(None)

    def set_message(self, text: str) -> None:
        """Say in place of an answer why there is none, until there is one."""
        self.answer.bars.set_message(text)

    def set_probabilities(self, probabilities: np.ndarray | None) -> None:
        """Show the answer, array (classes,) in [0, 1], or that there is none; an empty canvas has none."""
        if self._input is None or not self._enabled:
            probabilities = None
        if probabilities is not None:
            self.set_message("")
        self.answer.set_probabilities(probabilities)
        self._show_label()

    def show_test_image(self, index: int) -> None:
        """Show a test image in place of the drawing, and make it the input until a stroke is drawn."""
        if self._images is None or not 0 <= index < len(self._images):
            return
        self.picker.show_index(index)
        image = self._images[index]
        label = self._label_names[int(self._labels[index])] if index < len(self._labels) else ""
        network_input = image.astype(np.float32) / np.float32(255)
        self.canvas.show_picture(Picture(image.mean(axis=0).astype(np.uint8), network_input, True, label))

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for view in (self.canvas, self.answer, self.picker):
            view.apply_theme(theme)

    def minimumSizeHint(self) -> QSize:
        """Return the room for the present arrangement, or for the other one where that would take its place."""
        now, other = self._needed(self._beside), self._needed(not self._beside)
        if self._beside:
            return QSize(other.width(), now.height()) if self.height() >= other.height() else now
        return QSize(now.width(), other.height()) if self.width() >= other.width() else now

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the answer below the canvas or beside it, whichever leaves the larger canvas."""
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        width, height = self.width() - 2 * MARGIN, self.height() - 2 * MARGIN
        tools, result = self.tools.sizeHint().height() + GAP, self._result.minimumSizeHint()
        if self.width() < self._needed(True).width():
            self._beside = False
        elif self.height() < self._needed(False).height():
            self._beside = True
        else:
            canvas_below = min(width, height - tools - GAP - result.height())
            canvas_beside = min(width - MARGIN - result.width(), height - tools)
            self._beside = canvas_beside > canvas_below
        self._layout.setDirection(
            QBoxLayout.Direction.LeftToRight if self._beside else QBoxLayout.Direction.TopToBottom
        )
        self._layout.setSpacing(MARGIN if self._beside else GAP)
        # The canvas is square: what is beyond that the bars can use.
        if self._beside:
            self._stage.setMaximumSize(max(height - tools, 1), _NO_LIMIT)
        else:
            self._stage.setMaximumSize(_NO_LIMIT, max(width + tools, 1))
        self._layout.activate()  # now, not in a later event, which would show as a flicker
        self.updateGeometry()

    def _needed(self, beside: bool) -> QSize:
        """Return the least size at which an arrangement shows everything."""
        stage, result = self._stage.minimumSizeHint(), self._result.minimumSizeHint()
        if beside:
            size = QSize(stage.width() + MARGIN + result.width(), max(stage.height(), result.height()))
        else:
            size = QSize(max(stage.width(), result.width()), stage.height() + GAP + result.height())
        return size + QSize(2 * MARGIN, 2 * MARGIN)

    def _connect(self) -> None:
        self.canvas.changed.connect(self._take_input)
        self.canvas.image_offered.connect(self._take_offer)
        self.tools.undo_requested.connect(self.canvas.undo)
        self.tools.redo_requested.connect(self.canvas.redo)
        self.tools.clear_requested.connect(self.canvas.clear)
        self.tools.brush_changed.connect(self.canvas.set_brush)
        self.picker.image_chosen.connect(self.show_test_image)
        self.picker.mistake_requested.connect(self.mistake_requested)
        for key, action in (
            (UNDO_KEY, self.canvas.undo),
            (REDO_KEY, self.canvas.redo),
            (QKeySequence("Ctrl+Y"), self.canvas.redo),
            (QKeySequence(QKeySequence.StandardKey.Paste), self._paste),
        ):
            # Set by a call of its own: PySide overlooks ``context`` beside a callable, and then these keys would be
            # the whole window's, and dead in the editor, which has them too.
            shortcut = QShortcut(key, self, action)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _lay_out(self) -> None:
        self._stage = QWidget()
        stage = QVBoxLayout(self._stage)
        stage.setContentsMargins(0, 0, 0, 0)
        stage.setSpacing(GAP)
        stage.addWidget(self.canvas, 1)
        stage.addWidget(self.tools)

        self._result = QWidget()
        result = QVBoxLayout(self._result)
        result.setContentsMargins(0, 0, 0, 0)
        result.setSpacing(GAP)
        result.addWidget(self.answer, 1)
        result.addWidget(self.picker)

        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)  # minimumSizeHint knows better
        self._layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._layout.addWidget(self._stage, 100)  # the canvas first; the answer takes what it leaves
        self._layout.addWidget(self._result, 1)

    def _take_input(self) -> None:
        """Prepare what is on the canvas, show it, and tell of it."""
        picture = self.canvas.picture()
        if picture is not None:
            self._input = picture.network_input
        else:
            digit = prepare_drawing(self.canvas.ink(), INPUT_SIDE)
            self._input = None if digit is None else digit[np.newaxis]
        self.answer.set_input(self._input)
        self.tools.set_possible(
            undo=self.canvas.can_undo(), redo=self.canvas.can_redo(), clear=not self.canvas.is_empty()
        )
        if self._input is None:
            self.answer.set_probabilities(None)
        self._show_label()
        self.input_changed.emit(self._input)

    def _show_label(self) -> None:
        """Show what a test image is, and whether the answer is that."""
        picture, best = self.canvas.picture(), self.answer.bars.best()
        self.picker.show_label(picture.label if picture else "", best[0] if best else None)

    def _paste(self) -> None:
        self._take_offer(QGuiApplication.clipboard().mimeData())

    def _take_offer(self, offer: QMimeData) -> None:
        """Show an image that was dropped or pasted; what is on the canvas stays if it cannot be used."""
        try:
            pixels = read_offer(offer)
        except NetariumError as error:
            self.failed.emit(translate_error(error))
            return
        if pixels is None:
            self.failed.emit(self.tr("There is no image to paste. Copy an image first; the drawing was not touched."))
            return
        digit = prepare_image(pixels, INPUT_SIDE)
        if digit is None:
            self.failed.emit(
                self.tr(
                    "Nothing in this image stands out from its background; try one with more contrast. "
                    "The drawing was not touched."
                )
            )
            return
        self.canvas.show_picture(Picture(pixels, digit[np.newaxis]))
