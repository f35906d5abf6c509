"""The question where to export runs, through Qt's own dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget

from gui.history_export import HistoryExport
from tests.gui.run_records import run_record


@pytest.fixture
def export(qtbot, tmp_path):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    export = HistoryExport(window, tmp_path)
    export.chosen = []
    export.export_chosen.connect(lambda runs, path: export.chosen.append((runs, path)))
    export.window = window
    return export


def asked(export, *records):
    export.ask(records)
    dialog = export.window.findChild(QFileDialog, "historyExportDialog")
    assert dialog is not None
    return dialog


def enter(dialog, name):
    dialog.findChild(QLineEdit, "fileNameEdit").setText(name)
    dialog.accept()


def test_one_run_can_become_any_format_and_its_name_is_offered(export):
    dialog = asked(export, run_record(3, name="../A/B: test"))
    assert [text.split("*")[1].rstrip(")") for text in dialog.nameFilters()] == [
        ".csv", ".json", ".html", ".safetensors",
    ]  # fmt: skip
    assert dialog.findChild(QLineEdit, "fileNameEdit").text() == "A-B-test-3.csv"


def test_several_runs_become_a_table_and_the_dialog_says_so(export):
    dialog = asked(export, run_record(3), run_record(4))
    assert len(dialog.nameFilters()) == 1
    assert "table only" in dialog.windowTitle()


@pytest.mark.parametrize("suffix", ["json", "html", "safetensors"])
def test_the_chosen_format_ends_the_name(export, tmp_path, suffix):
    dialog = asked(export, run_record(3, name="first"))
    dialog.selectNameFilter(next(text for text in dialog.nameFilters() if suffix in text))
    dialog.filterSelected.emit(dialog.selectedNameFilter())
    enter(dialog, "mine")
    assert export.chosen == [([3], tmp_path / f"mine.{suffix}")]
    assert export.folder == tmp_path


def test_a_file_is_replaced_only_after_a_question(export, tmp_path, qtbot):
    (tmp_path / "old.csv").write_text("old")
    dialog = asked(export, run_record(3))
    questions = []

    def refuse():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        questions.append(box.text())
        box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(50, refuse)
    enter(dialog, "old.csv")
    assert "old.csv" in questions[0]
    assert not export.chosen
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("count", "name", "words"), [(2, "two.json", "a table only"), (1, "one.txt", "ends in .csv, .json, .html")]
)
def test_a_name_that_cannot_be_is_told(export, count, name, words):
    enter(asked(export, *(run_record(run) for run in range(1, count + 1))), name)
    assert not export.chosen
    problem = export.window.findChild(QMessageBox, "historyExportProblem")
    assert words in problem.text()
    problem.done(0)


def test_without_a_selection_nothing_is_asked(export):
    export.ask([])
    assert export.window.findChild(QFileDialog) is None
