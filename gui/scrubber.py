"""The epoch scrubber: goes back to any moment of a run at which weights were kept, and plays it as a film."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from engine.history.records import CheckpointRecord
from gui.film import Film
from gui.film_icons import film_icon
from gui.form import ElidedLabel, wrapped
from gui.moment_slider import MomentSlider
from gui.moments import moments_of
from gui.pacer import Pacer
from gui.speed_button import NORMAL, SpeedButton
from gui.theme import GAP, LIGHT, SPACE, Theme

_PACE = 66  # milliseconds: a dragged handle asks for weights at most 15 times a second
_HEIGHT, _NARROWEST = 40, 400
_TITLE = 160  # of the run's name, at most
_SLIDER, _SHORT_SLIDER = 240, 84  # what the slider should have before words, and then the speed, are left out


class Scrubber(QWidget):
    """A slim bar with the moments of one run; hidden while there are none.

    It asks for one moment at a time with ``moment_wanted``, and is told with ``moment_shown`` when it is on screen.
    """

    moment_wanted = Signal(object)  # a CheckpointRecord
    live_wanted = Signal()  # back to the network as it is now
    closed = Signal()  # put away by a person; ``bring_to_light`` or another run brings it back

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scrubber")
        self.setAccessibleName(self.tr("Epoch scrubber"))
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._run = ""
        self._moments = moments_of(())
        self._place: int | None = None  # where the handle stands; None at the network of now
        self._shown: int | None = None  # the checkpoint on screen
        self._requested: int | None = None  # the one that was asked for last, or is on screen
        self._is_waiting = False  # whether it is still to be shown
        self._restarts = False  # whether the film that plays begins anew
        self._is_put_away = False
        self._is_short = False  # whether words are left out for want of room
        self._film = Film(NORMAL, self)
        self._pacer = Pacer(_PACE, self)
        self._build()
        self._arrange()
        self._connect()
        self.apply_theme(LIGHT)
        self._show_place()
        self.hide()

    def set_moments(self, title: str, moments: Sequence[CheckpointRecord], current: int | None) -> None:
        """Offer the moments of a run, and show the bar if there are any.

        Parameters
        ----------
        title : str
            The run's name. Another one than before begins at rest, and brings back a bar that was put away.
        moments : sequence of CheckpointRecord
            In any order; of several at one step the snapshot is taken.
        current : int, or None
            The id of the checkpoint on screen; None for the network of now. While another moment is on its way the
            handle stays with that one.
        """
        if title != self._run or not moments:
            self._run = title
            self._is_put_away = False
            self._film.pause()
            self._shown = None
            self._settle()
        is_settled = not self._is_waiting and self._place == self._place_of(self._requested)
        kept = None if is_settled or self._place is None else self._moments[self._place].record.id
        self._moments = moments_of(moments)
        self._slider.set_moments(self._moments)
        self._shown = current
        self._place = self._place_of(kept)
        if self._place is None:
            self._settle()
        self._title.set_text(title)
        self._fit()
        self._show_place()
        self.setVisible(bool(self._moments) and not self._is_put_away)

    def moment_shown(self, checkpoint_id: int) -> None:
        """Tell that the moment asked for is on screen; a film goes on from it when it has been seen long enough."""
        place = self._place_of(checkpoint_id)
        if self._is_waiting and place is not None and place == self._place_of(self._requested):
            self._shown, self._is_waiting = checkpoint_id, False
            self._film.shown()

    def moment_failed(self) -> None:
        """Tell that the moment asked for last cannot be shown: the film stops, the handle goes back."""
        self._film.pause()
        self._settle()
        self._show_place()

    def pause(self) -> None:
        """Stop the film where it is."""
        self._film.pause()

    def is_playing(self) -> bool:
        """Return whether the film runs."""
        return self._film.is_playing

    def bring_to_light(self) -> None:
        """Show a bar that was put away, if it has moments, and give it the keyboard."""
        self._is_put_away = False
        self.setVisible(bool(self._moments))
        self._slider.setFocus()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._theme = theme
        self._slider.apply_theme(theme)
        self._previous.setIcon(film_icon("previous", theme))
        self._next.setIcon(film_icon("next", theme))
        self._close.setIcon(film_icon("close", theme))
        self._show_playing(self._film.is_playing)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the shortest words, whatever stands here now: a long text must not widen the window."""
        return QSize(_NARROWEST, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play or pause with the space bar, and go back to now with Escape."""
        if event.key() == Qt.Key.Key_Space:
            self._play_or_pause()
        elif event.key() == Qt.Key.Key_Escape and self._place is not None:
            self._go_live()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out words for which there is no room."""
        super().resizeEvent(event)
        self._fit()
        self._show_place()

    def _place_of(self, checkpoint_id: int | None) -> int | None:
        return next((place for place, moment in enumerate(self._moments) if checkpoint_id in moment.ids), None)

    def _settle(self) -> None:
        """Stand where the window is, and wait for nothing."""
        self._place = self._place_of(self._shown)
        self._requested = None if self._place is None else self._shown
        self._is_waiting = False
        self._film.shown()

    def _choose(self, place: int) -> None:
        """Go to a moment that a person chose."""
        self._film.pause()
        self._place = place
        self._show_place()
        self._pacer.request()

    def _ask(self) -> None:
        """Ask for the moment at which the handle stands, unless that is the last that was asked for."""
        if self._place is None or self._place == self._place_of(self._requested):
            return
        record = self._moments[self._place].record
        self._requested, self._is_waiting = record.id, True
        self._film.asked()
        self.moment_wanted.emit(record)

    def _step(self, by: int) -> None:
        last = len(self._moments) - 1
        # Back from now is the last moment; now is after it.
        start = self._place if self._place is not None else last + 1
        self._choose(min(max(start + by, 0), last))

    def _play_or_pause(self) -> None:
        if self._film.is_playing:
            self._film.pause()
        elif self._moments:
            # From the beginning, as any film that is over.
            self._restarts = self._place is None or self._place == len(self._moments) - 1
            self._film.play()

    def _play_next(self) -> None:
        place = 0 if self._place is None or self._restarts else self._place + 1
        if place == len(self._moments):
            if not self._speed.is_looping():
                self._film.pause()
                return
            place = 0
        self._place, self._restarts = place, False
        self._show_place()
        if self._place == self._place_of(self._requested):
            self._requested = None  # a film of one moment, or one that begins with what is on screen
        self._ask()

    def _go_live(self) -> None:
        self._film.pause()
        self._shown = None
        self._settle()
        self._show_place()
        self.live_wanted.emit()

    def _put_away(self) -> None:
        if self._place is not None:
            self._go_live()
        self._film.pause()
        self._is_put_away = True
        self.hide()
        self.closed.emit()

    def _show_place(self) -> None:
        self._slider.set_place(self._place)
        live = self._place is None
        text = self.tr("the network of now") if self._place is None else self._text(self._place)
        self._label.set_text(text)
        self._previous.setEnabled(live or self._place != 0)
        self._next.setEnabled(self._place is not None and self._place + 1 < len(self._moments))
        if self._live.property("primary") is not (not live):
            self._live.setProperty("primary", not live)  # stands out while the window shows the past
            self._live.style().unpolish(self._live)
            self._live.style().polish(self._live)
        self._live.setEnabled(not live)

    def _text(self, place: int) -> str:
        return self._moments[place].text(short=self._is_short)

    def _show_playing(self, is_playing: bool) -> None:
        self._play.setIcon(film_icon("pause" if is_playing else "play", self._theme))
        self._play.setAccessibleName(self.tr("Pause the film") if is_playing else self.tr("Play the film"))

    def _build(self) -> None:
        self._title = ElidedLabel()
        self._title.setObjectName("scrubberTitleLabel")
        self._title.setProperty("muted", True)
        self._previous = self._button("previousMomentButton", self.tr("Moment before"), self.tr(
            "Go to the moment before this one at which weights were kept (Left arrow)."
        ))  # fmt: skip
        self._play = self._button("playFilmButton", self.tr("Play the film"), self.tr(
            "Watch the network learn: weights, feature maps and answers of every kept moment, one after the other, "
            "from here to the end (space bar)."
        ))  # fmt: skip
        self._next = self._button("nextMomentButton", self.tr("Next moment"), self.tr(
            "Go to the next moment at which weights were kept (Right arrow)."
        ))  # fmt: skip
        self._slider = MomentSlider()
        self._slider.setObjectName("momentSlider")
        self._slider.setAccessibleName(self.tr("Moment of the run"))
        idea = self.tr(
            "Every tick is a moment at which the weights were kept, as far along as batches had been trained. Go back, "
            "and all panels show the network as it was then. The green mark is the best epoch by validation. Training "
            "is not disturbed. (Arrows, Page Up and Down, Home, End; Escape goes back to now.)"
        )
        self._slider.setToolTip(wrapped(idea))
        self._slider.setWhatsThis(idea)
        self._label = ElidedLabel()
        self._label.setObjectName("momentLabel")
        digits = QFont(self._label.font())
        digits.setFeature(QFont.Tag("tnum"), 1)  # figures of one width: the text does not jump
        self._label.setFont(digits)
        self._speed = SpeedButton()
        self._live = QPushButton()
        self._live.setObjectName("backToNowButton")
        self._live.setAccessibleName(self.tr("Back to the network of now"))
        self._live.setToolTip(
            wrapped(self.tr("Show the weights as they are now again, and follow them while they train (Escape)."))
        )
        self._live.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close = self._button("closeScrubberButton", self.tr("Close the scrubber"), self.tr(
            "Put the bar away and go back to the network of now. The kept moments stay in the run's history."
        ))  # fmt: skip
        self.setFocusProxy(self._slider)

    def _button(self, name: str, title: str, idea: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAccessibleName(title)
        button.setToolTip(wrapped(idea))
        button.setAutoRaise(True)
        button.setFixedSize(28, 28)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is
        return button

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, SPACE, 0)
        row.setSpacing(0)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        for button in (self._previous, self._play, self._next):
            row.addWidget(button)
        for label in (self._title, self._label):
            label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row.addSpacing(SPACE)
        row.addWidget(self._speed)
        for widget, stretch in ((self._title, 0), (self._slider, 1), (self._label, 0), (self._live, 0)):
            row.addSpacing(GAP)
            row.addWidget(widget, stretch)
        row.addSpacing(SPACE)
        row.addWidget(self._close)

    def _connect(self) -> None:
        self._previous.clicked.connect(lambda: self._step(-1))
        self._next.clicked.connect(lambda: self._step(1))
        self._play.clicked.connect(self._play_or_pause)
        self._slider.chosen.connect(self._choose)
        self._speed.interval_changed.connect(self._film.set_interval)
        self._live.clicked.connect(self._go_live)
        self._close.clicked.connect(self._put_away)
        self._pacer.due.connect(self._ask)
        self._film.due.connect(self._play_next)
        self._film.playing_changed.connect(self._show_playing)

    def _fit(self) -> None:
        """Choose the longest words for which there is room beside the slider."""
        metrics = QFontMetrics(self._label.font())
        title = min(self._title.fontMetrics().horizontalAdvance(self._run) + 2, _TITLE) if self._run else 0
        labels = [
            max([metrics.horizontalAdvance(m.text(short)) for m in self._moments], default=0) + 2
            for short in (False, True)
        ]
        backs = [self.tr("Back to the network of now"), self.tr("Now")]
        bold = QFont(self._live.font())
        bold.setWeight(QFont.Weight.DemiBold)  # as it is while it stands out
        widths = [QFontMetrics(bold).horizontalAdvance(back) + 26 for back in backs]
        buttons = sum(b.sizeHint().width() for b in (self._previous, self._play, self._next, self._close, self._speed))
        room = self.width() - buttons - _SLIDER - 9 * GAP
        choices = ((title, 0, 0), (title, 0, 1), (0, 0, 1), (0, 1, 1))
        name, short, back = next((c for c in choices if c[0] + labels[c[1]] + widths[c[2]] <= room), choices[-1])
        self._is_short = bool(short)
        self._title.setVisible(name > 0)
        self._title.setFixedWidth(max(name, 1))
        lacking = labels[short] + widths[back] - room - (_SLIDER - _SHORT_SLIDER)
        self._speed.setVisible(lacking <= 0)
        if lacking > 0:
            lacking -= self._speed.sizeHint().width()
        # As wide as the longest of its texts, so that the slider does not move while a film plays.
        self._label.setFixedWidth(max(labels[short] - max(lacking, 0), 1))
        self._live.setText(backs[back])
        self._live.setFixedWidth(widths[back])
