"""The epoch scrubber through real events: what it asks for, when, and what it says."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QVBoxLayout, QWidget

from engine.history.records import CheckpointRecord
from engine.training.events import Position
from gui.scrubber import Scrubber
from gui.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton


def record(number: int, step: int, kind: str = "snapshot", best: bool = False, per_epoch: int = 100):
    accuracy = math.nan if step < per_epoch else 0.9 + step / 1e5
    position = Position(step // per_epoch, step % per_epoch, step, step / 10)
    return CheckpointRecord(number, 1, kind, position, Path("w"), 1000, best, math.nan, accuracy)


# Not equally far apart: the first epoch is watched more closely than the others.
RUN = [record(number, step, best=step == 300) for number, step in enumerate((0, 25, 50, 100, 200, 300, 400), 1)]


@pytest.fixture
def bar(qtbot):
    bar = Scrubber()
    qtbot.addWidget(bar)
    bar.resize(1000, 40)
    bar.wanted = []
    bar.moment_wanted.connect(lambda moment: bar.wanted.append(moment.id))
    return bar


def find(bar, name, kind=QWidget):
    found = bar.findChild(kind, name)
    assert found is not None, name
    return found


def open_run(bar, moments=RUN, current=None):
    bar.set_moments("LeNet", moments, current)
    QApplication.processEvents()
    return find(bar, "momentSlider")


def label(bar):
    return find(bar, "momentLabel", QLabel).text()


def at(slider, place):
    return QPoint(round(slider.x_of(place)), slider.height() // 2)


def test_it_is_hidden_until_a_run_has_moments(bar):
    assert not bar.isVisible()
    open_run(bar)
    assert bar.isVisible()
    assert label(bar) == "the network of now"
    bar.set_moments("LeNet", [], None)
    assert not bar.isVisible()


def test_of_several_checkpoints_of_one_batch_the_snapshot_is_asked_for_and_the_best_is_known(bar, qtbot):
    moments = [record(1, 100, "state", best=True), record(3, 200, "state"), record(2, 100)]
    slider = open_run(bar, moments)
    assert slider.maximum() == 1

    qtbot.mouseClick(slider, LEFT, pos=at(slider, 0))

    assert bar.wanted == [2]
    assert label(bar) == "epoch 1 · batch 100 · validation 90.1% · best"


def test_moments_stand_where_their_batches_are(bar):
    slider = open_run(bar)
    first, last = slider.x_of(0), slider.x_of(6)

    assert slider.x_of(3) == pytest.approx(first + (last - first) / 4)
    assert slider.place_at(slider.x_of(2) + 1) == 2
    assert (slider.place_at(-50), slider.place_at(9999)) == (0, 6)


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (1, "untrained weights · batch 0"),
        (3, "in epoch 1 · batch 50"),
        (5, "epoch 2 · batch 200 · validation 90.2%"),
        (6, "epoch 3 · batch 300 · validation 90.3% · best"),
    ],
)
def test_the_moment_is_told_in_words(bar, current, words):
    slider = open_run(bar, current=current)
    assert label(bar) == words
    assert slider.accessibleDescription() == words


def test_the_slider_keeps_its_place_while_the_words_change(bar):
    slider = open_run(bar, current=1)
    widths = set()
    for moment in RUN:
        bar.set_moments("LeNet", RUN, moment.id)
        QApplication.processEvents()
        widths.add((slider.x(), slider.width()))
    assert len(widths) == 1


def test_dragging_asks_for_few_moments_and_always_for_the_last(bar, qtbot):
    many = [record(number, number * 100) for number in range(1, 101)]
    slider = open_run(bar, many)
    QTest.mousePress(slider, LEFT, pos=at(slider, 0))
    for place in range(1, 90):
        QTest.mouseMove(slider, at(slider, place))
    QTest.mouseRelease(slider, LEFT, pos=at(slider, 89))
    assert label(bar).startswith("epoch 90")

    qtbot.waitUntil(lambda: bar.wanted[-1:] == [90])

    assert bar.wanted[0] == 1
    assert len(bar.wanted) < 30


def test_going_away_and_back_asks_for_nothing(bar, qtbot):
    slider = open_run(bar, current=4)
    QTest.mousePress(slider, LEFT, pos=at(slider, 3))
    QTest.mouseRelease(slider, LEFT, pos=at(slider, 3))
    assert bar.wanted == []


def test_arrows_pages_and_ends_go_through_the_moments(bar, qtbot):
    slider = open_run(bar, current=4)
    for key, place in (
        (Qt.Key.Key_Right, 4), (Qt.Key.Key_Left, 3), (Qt.Key.Key_Home, 0), (Qt.Key.Key_PageUp, 1),
        (Qt.Key.Key_End, 6), (Qt.Key.Key_PageDown, 5), (Qt.Key.Key_Left, 4),
    ):  # fmt: skip
        qtbot.keyClick(slider, key)
        wanted = RUN[place].id
        qtbot.waitUntil(lambda wanted=wanted: bar.wanted[-1:] == [wanted])
        assert slider.value() == place


@pytest.mark.parametrize("way", [Qt.Key.Key_Left, Qt.Key.Key_End, "previousMomentButton"])
def test_the_first_step_back_from_now_is_to_the_last_moment(bar, qtbot, way):
    slider = open_run(bar)
    if isinstance(way, str):
        qtbot.mouseClick(find(bar, way), LEFT)
    else:
        qtbot.keyClick(slider, way)
    assert bar.wanted == [7]
    assert slider.value() == 6


def test_escape_and_the_button_go_back_to_now_once(bar, qtbot):
    slider = open_run(bar, current=3)
    with qtbot.waitSignal(bar.live_wanted):
        qtbot.keyClick(slider, Qt.Key.Key_Escape)
    assert label(bar) == "the network of now"
    assert not find(bar, "backToNowButton").isEnabled()
    with qtbot.assertNotEmitted(bar.live_wanted):
        qtbot.keyClick(slider, Qt.Key.Key_Escape)
    bar.set_moments("LeNet", RUN, 3)
    with qtbot.waitSignal(bar.live_wanted):
        qtbot.mouseClick(find(bar, "backToNowButton"), LEFT)


def test_after_now_the_same_moment_can_be_asked_for_again(bar, qtbot):
    slider = open_run(bar)
    qtbot.mouseClick(slider, LEFT, pos=at(slider, 2))
    bar.moment_shown(3)
    qtbot.keyClick(slider, Qt.Key.Key_Escape)
    qtbot.mouseClick(slider, LEFT, pos=at(slider, 2))
    qtbot.waitUntil(lambda: bar.wanted == [3, 3])


def test_a_film_begins_with_the_untrained_weights_and_ends_at_the_last_moment(bar, qtbot):
    slider = open_run(bar)
    find(bar, "fastFilmAction", object).trigger()
    bar.moment_wanted.connect(lambda moment: bar.moment_shown(moment.id))
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    assert bar.wanted == [1]

    qtbot.waitUntil(lambda: not bar.is_playing())

    assert bar.wanted == [moment.id for moment in RUN]
    assert slider.value() == 6


def test_a_film_plays_from_where_one_is(bar, qtbot):
    slider = open_run(bar, current=5)
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    assert bar.wanted == [6]


def test_the_next_moment_is_not_asked_for_before_the_last_was_shown(bar, qtbot):
    slider = open_run(bar)
    find(bar, "fastFilmAction", object).trigger()
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    assert bar.wanted == [1]

    with qtbot.assertNotEmitted(bar.moment_wanted, wait=300):
        bar.moment_shown(7)  # of one that was asked for at another time
    bar.moment_shown(1)

    assert bar.wanted == [1, 2]


def test_a_moment_that_is_shown_at_once_is_still_seen_for_a_while(bar, qtbot):
    slider = open_run(bar)
    find(bar, "slowFilmAction", object).trigger()
    bar.moment_wanted.connect(lambda moment: bar.moment_shown(moment.id))
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    with qtbot.assertNotEmitted(bar.moment_wanted, wait=300):
        pass
    with qtbot.waitSignal(bar.moment_wanted):
        pass
    assert bar.wanted == [1, 2]


def test_a_person_who_takes_the_handle_stops_the_film(bar, qtbot):
    slider = open_run(bar)
    qtbot.mouseClick(find(bar, "playFilmButton"), LEFT)
    assert bar.is_playing()
    assert find(bar, "playFilmButton").accessibleName() == "Pause the film"

    qtbot.mouseClick(slider, LEFT, pos=at(slider, 5))
    bar.moment_shown(1)  # late
    qtbot.waitUntil(lambda: bar.wanted == [1, 6])

    assert not bar.is_playing()
    assert slider.value() == 5


def test_a_film_can_begin_again_at_its_end(bar, qtbot):
    slider = open_run(bar, RUN[:2])
    find(bar, "fastFilmAction", object).trigger()
    find(bar, "loopFilmAction", object).trigger()
    bar.moment_wanted.connect(lambda moment: bar.moment_shown(moment.id))
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(bar.wanted) >= 5)
    bar.pause()
    assert bar.wanted[:5] == [1, 2, 1, 2, 1]


def test_a_moment_that_cannot_be_shown_ends_the_film_and_can_be_tried_again(bar, qtbot):
    slider = open_run(bar, current=2)
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    bar.moment_failed()
    assert not bar.is_playing()
    assert slider.value() == 1
    qtbot.keyClick(slider, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bar.wanted == [3, 3])


def test_a_moment_that_comes_after_somebody_went_back_to_now_is_not_believed(bar, qtbot):
    slider = open_run(bar)
    qtbot.mouseClick(slider, LEFT, pos=at(slider, 2))
    qtbot.keyClick(slider, Qt.Key.Key_Escape)
    bar.moment_shown(3)
    assert label(bar) == "the network of now"


def test_moments_that_come_during_a_drag_leave_the_handle_in_the_hand(bar, qtbot):
    slider = open_run(bar, current=1)
    QTest.mousePress(slider, LEFT, pos=at(slider, 1))
    QTest.mouseMove(slider, at(slider, 4))
    more = [*RUN, record(8, 500)]
    bar.set_moments("LeNet", more, 1)
    assert slider.value() == 4
    QTest.mouseRelease(slider, LEFT, pos=at(slider, 4))
    qtbot.waitUntil(lambda: bar.wanted[-1:] == [5])


def test_moments_that_come_while_one_is_on_its_way_do_not_move_the_handle(bar, qtbot):
    slider = open_run(bar)
    qtbot.mouseClick(slider, LEFT, pos=at(slider, 2))
    bar.set_moments("LeNet", [*RUN, record(8, 500)], None)
    assert slider.value() == 2
    bar.moment_shown(3)
    bar.set_moments("LeNet", [*RUN, record(8, 500)], 3)
    assert (slider.value(), slider.maximum()) == (2, 7)
    assert bar.wanted == [3]


def test_a_bar_put_away_stays_away_until_it_is_wanted_or_another_run_comes(bar, qtbot):
    open_run(bar, current=2)
    with qtbot.waitSignals([bar.live_wanted, bar.closed]):
        qtbot.mouseClick(find(bar, "closeScrubberButton"), LEFT)
    bar.set_moments("LeNet", RUN, None)
    assert not bar.isVisible()
    bar.bring_to_light()
    assert bar.isVisible()
    qtbot.mouseClick(find(bar, "closeScrubberButton"), LEFT)
    bar.set_moments("MLP", RUN, None)
    assert bar.isVisible()


@pytest.mark.parametrize("count", [1, 2, 5, 500])
@pytest.mark.parametrize("width", [1, 200, 430, 1600])
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_it_is_painted_at_any_width_with_any_number_of_moments(bar, count, width, theme):
    bar.apply_theme(theme)
    bar.resize(width, 40)
    open_run(bar, [record(number, number * 50) for number in range(1, count + 1)], current=count)
    assert not bar.grab().isNull()
    slider = find(bar, "momentSlider")
    slider.resize(3, 28)
    assert not slider.grab().isNull()


def test_nothing_overlaps_where_there_is_room_for_the_least(bar):
    for width in (480, 620, 900, 1300):
        bar.resize(width, 40)
        open_run(bar, current=6)
        QApplication.processEvents()
        shown = [w for w in bar.findChildren(QWidget) if w.parent() is bar and w.isVisible()]
        shown.sort(key=lambda w: w.x())
        for left, right in itertools.pairwise(shown):
            assert left.geometry().right() < right.x(), (width, left.objectName(), right.objectName())
        assert shown[-1].geometry().right() <= width
        assert "90.3%" in label(bar), width


@pytest.fixture
def host(bar, qtbot):
    """Return a window with the bar in it, which goes before the bar does."""
    host = QWidget()
    QVBoxLayout(host).addWidget(bar)
    yield host
    bar.setParent(None)
    host.deleteLater()


def test_long_words_do_not_keep_a_window_wide(host, bar):
    host.resize(1500, 80)
    host.show()
    open_run(bar, current=6)
    assert "validation" in label(bar)

    host.resize(500, 80)
    QApplication.processEvents()

    assert host.width() == 500
    assert label(bar) == "epoch 3 · 90.3% · best"


def test_everything_a_person_operates_is_named_and_explained(bar):
    open_run(bar)
    for widget in [*bar.findChildren(QAbstractButton), find(bar, "momentSlider")]:
        assert widget.objectName()
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
