"""What the window tells the curves, and what the curves tell the window."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction, QGuiApplication

from gui import curves_figure  # noqa: F401  # so that the panel need not load it when the first run begins
from tests.gui.controlled import Desk


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    desk.get_ready()
    yield desk
    desk.controller.close()


def test_what_becomes_of_the_curves_is_told(desk, tmp_path):
    desk.have_network()
    desk.finish_run()
    curves = desk.views.curves
    curves.findChild(QAction, "copyCurvesAction").trigger()
    assert desk.notices[-1] == "The curves are on the clipboard."
    assert not QGuiApplication.clipboard().image().isNull()
    for save, name in ((curves.save_image, "curves.png"), (curves.save_table, "curves.csv")):
        path = tmp_path / name
        save(path)
        desk.qtbot.waitUntil(lambda path=path: desk.notices[-1] == f"The curves are in {path}.")
        assert path.exists()
