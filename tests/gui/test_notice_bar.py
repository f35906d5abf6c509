"""The line above the curves: errors stay, notices go by themselves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from gui import notice_bar
from gui.notice_bar import NoticeBar
from gui.theme import DARK, LIGHT


@pytest.fixture
def bar(qtbot, monkeypatch):
    monkeypatch.setattr(notice_bar, "_READ_MS", 50)
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.apply_theme(LIGHT)
    return bar


def test_it_takes_no_room_while_there_is_nothing_to_tell(bar):
    assert bar.isHidden()
    assert bar.text() == ""


def test_a_notice_goes_by_itself(bar, qtbot):
    bar.show_notice("Saved model.safetensors")
    assert bar.isVisible()
    assert bar.text() == "Saved model.safetensors"
    qtbot.waitUntil(bar.isHidden, timeout=2000)


def test_an_error_stays_until_it_is_closed(bar, qtbot):
    bar.show_notice("Looking…")
    bar.show_error("The file is damaged.")
    bar.show_notice("Saved.")
    assert bar.text() == "The file is damaged."
    with pytest.raises(qtbot.TimeoutError):
        qtbot.waitUntil(bar.isHidden, timeout=120)  # longer than a notice would stay
    qtbot.mouseClick(bar.findChild(QToolButton, "closeNoticeButton"), Qt.MouseButton.LeftButton)
    assert bar.text() == ""
    bar.show_notice("Saved.")
    assert bar.text() == "Saved."


def test_a_newer_error_replaces_an_older_one_and_is_told_to_screen_readers(bar):
    bar.show_error("First.")
    bar.show_error("Second.")
    assert bar.text() == bar.accessibleDescription() == "Second."


def test_errors_and_notices_differ_in_colour_in_every_scheme(bar):
    for theme in (LIGHT, DARK):
        bar.apply_theme(theme)
        bar.show_error("Wrong.")
        assert theme.bad in bar.styleSheet()
        bar.hide()
        bar.show_notice("Done.")
        assert theme.accent in bar.styleSheet()
        assert theme.bad not in bar.styleSheet()
        bar.hide()


def test_an_offer_stays_until_it_is_taken(bar, qtbot):
    taken = []
    bar.show_offer("A run was under way.", "Continue", "Goes on.", lambda: taken.append(True))
    bar.show_notice("Saved.")
    assert bar.text() == "A run was under way."
    with pytest.raises(qtbot.TimeoutError):
        qtbot.waitUntil(bar.isHidden, timeout=200)
    qtbot.mouseClick(bar.findChild(QPushButton, "acceptOfferButton"), Qt.MouseButton.LeftButton)
    assert taken == [True] and bar.isHidden()
    bar.show_notice("Saved.")
    assert bar.text() == "Saved."


def test_an_offer_that_makes_no_sense_any_more_goes_and_what_failed_stays(bar):
    bar.show_offer("A run was under way.", "Continue", "Goes on.", lambda: None)
    bar.withdraw_offer()
    assert bar.isHidden()
    bar.show_offer("A run was under way.", "Continue", "Goes on.", lambda: None)
    bar.show_error("The file is damaged.")
    bar.withdraw_offer()
    assert bar.text() == "The file is damaged."


def test_after_an_offer_was_closed_notices_are_shown_again(bar, qtbot):
    bar.show_offer("A run was under way.", "Continue", "Goes on.", lambda: None)
    qtbot.mouseClick(bar.findChild(QToolButton, "closeNoticeButton"), Qt.MouseButton.LeftButton)
    bar.show_notice("Saved.")
    assert bar.text() == "Saved."
