"""Saving, opening and remembering files through the actions of the real window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QPushButton

from gui.files import Files


class Dialogs:
    """Answers the dialogs for files, and counts them."""

    def __init__(self, monkeypatch) -> None:
        self.answer, self.filter = "", ""
        self.asked: list[tuple] = []
        monkeypatch.setattr(QFileDialog, "getSaveFileName", self._say)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", self._say)

    def _say(self, *arguments) -> tuple[str, str]:
        self.asked.append(arguments)
        return str(self.answer), self.filter


@pytest.fixture
def dialogs(monkeypatch):
    return Dialogs(monkeypatch)


@pytest.fixture
def trained(operator):
    """Return someone in front of a window that has trained a network."""
    operator.train()
    return operator


def save(operator, dialogs, path) -> None:
    dialogs.answer = path
    operator.trigger("saveAsAction")
    operator.until(lambda: path.exists() and not operator.window.isWindowModified())


def recent_names(operator) -> list[str]:
    return [action.text().split(" ", 1)[1] for action in operator.find("recentMenu", QMenu).actions()]


def test_save_asks_once_where_and_then_writes_to_the_same_file(trained, dialogs, tmp_path):
    path = dialogs.answer = tmp_path / "digits.safetensors"
    trained.trigger("saveAction")
    trained.until_told("Saved digits.safetensors")
    assert trained.window.windowTitle().startswith("digits.safetensors")
    assert not trained.window.isWindowModified()

    path.unlink()
    trained.trigger("saveAction")
    trained.until(path.exists)
    assert len(dialogs.asked) == 1


def test_a_dialog_that_is_cancelled_changes_nothing(trained, dialogs, tmp_path):
    trained.trigger("saveAction")
    trained.trigger("openAction")
    assert len(dialogs.asked) == 2
    assert trained.window.isWindowModified()
    assert list(tmp_path.glob("*.*")) == []


def test_a_saved_model_answers_as_before_when_it_is_opened(trained, dialogs, tmp_path):
    before = trained.pick(2)
    save(trained, dialogs, tmp_path / "first.safetensors")
    trained.train("lenet-bn")
    assert trained.pick(2) != before

    trained.trigger("openAction")
    trained.until(lambda: trained.window.windowTitle().startswith("first.safetensors"))
    assert trained.pick(2) == before
    assert trained.find("networkCombo").currentText() == "softmax-regression"
    assert not trained.window.isWindowModified()


def test_an_opened_model_is_trained_on_from_where_it_stood(trained, dialogs, tmp_path, open_window):
    save(trained, dialogs, tmp_path / "model.safetensors")
    position = trained.controller.position
    trained.close()

    later = open_window()
    later.trigger("openAction")
    later.until_state("trained")
    later.enter("moreEpochsSpin", "2")
    later.click("moreEpochsButton")
    later.until(lambda: later.controller.position.epoch == position.epoch + 2)
    assert later.controller.position.step == 3 * position.step


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.safetensors", b"\x10\x00\x00"),
        ("noise.safetensors", bytes(range(256)) * 8),
        ("noise.params", b"\xff" * 64),
        ("noise.npz", b"PK\x03\x04 no archive"),
        ("picture.png", b"\x89PNG"),
        ("missing.safetensors", None),
    ],
)
def test_a_file_that_cannot_be_opened_is_explained_and_the_network_stays(trained, dialogs, tmp_path, name, content):
    before, title = trained.pick(2), trained.window.windowTitle()
    path = dialogs.answer = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    trained.trigger("openAction")
    trained.until_told(name)
    assert trained.window.windowTitle() == title
    assert trained.controller.state == "trained"
    assert trained.pick(2) == before
    assert recent_names(trained) == []


def test_weights_of_another_network_are_refused_by_layer_and_shape(trained, dialogs, tmp_path):
    path = dialogs.answer = tmp_path / "softmax.npz"
    trained.trigger("saveAsAction")
    trained.until(path.exists)
    trained.choose("networkCombo", "lenet-bn")
    trained.trigger("openAction")
    trained.until(lambda: "conv1" in trained.window.notices.text() or "lenet-bn" in trained.window.notices.text())
    assert trained.controller.model_spec.name == "softmax-regression"


@pytest.mark.parametrize("suffix", [".params", ".npz"])
def test_weights_alone_go_out_and_come_back(trained, dialogs, tmp_path, suffix):
    before = trained.pick(2)
    path = dialogs.answer = tmp_path / f"weights{suffix}"
    trained.trigger("saveAsAction")
    trained.until_told(f"Saved weights{suffix}")
    assert trained.window.isWindowModified(), "weights without their network are not the model"

    trained.train("softmax-regression", epochs=3)
    trained.trigger("openAction")
    trained.until(lambda: trained.controller.model_path == path)
    assert trained.pick(2) == pytest.approx(before, rel=1e-5)  # perhaps by another backend than the one that trained


def test_a_model_is_exported_for_mxnet(trained, dialogs, tmp_path):
    dialogs.answer = tmp_path / "net-symbol.json"
    trained.trigger("saveAsAction")
    trained.until((tmp_path / "net-0000.params").exists)
    trained.until((tmp_path / "net-symbol.json").exists)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("", "model.v2.safetensors"),
        ("NumPy arrays (*.npz)", "model.v2.npz"),
        ("MXNet graph and parameters (*-symbol.json)", "model.v2-symbol.json"),
    ],
)
def test_a_name_without_a_format_takes_the_one_that_was_chosen(trained, dialogs, tmp_path, kind, written):
    dialogs.answer, dialogs.filter = tmp_path / "model.v2", kind
    trained.trigger("saveAsAction")
    trained.until((tmp_path / written).exists)
    assert not kind or kind in dialogs.asked[0][3].split(";;")


def test_a_file_the_dialog_could_not_ask_about_is_replaced_only_when_wanted(trained, dialogs, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_text("precious")
    dialogs.answer = tmp_path / "model"
    trained.trigger("saveAsAction")
    question = trained.find("replaceQuestion", QMessageBox)
    trained.qtbot.mouseClick(question.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    trained.until(lambda: trained.window.findChild(QMessageBox, "replaceQuestion") is None)
    assert path.read_text() == "precious"

    trained.trigger("saveAsAction")
    trained.qtbot.mouseClick(trained.find("replaceButton", QPushButton), Qt.MouseButton.LeftButton)
    trained.until_told("Saved model.safetensors")
    assert path.read_bytes()[:8] != b"precious"


def test_a_folder_that_is_gone_is_explained_and_the_model_stays_unsaved(trained, dialogs, tmp_path):
    dialogs.answer = tmp_path / "gone" / "model.safetensors"
    trained.trigger("saveAction")
    trained.until_told("gone")
    assert trained.window.isWindowModified()


def test_a_model_is_saved_while_it_trains_and_counts_as_changed_with_the_next_batch(operator, dialogs, tmp_path):
    operator.begin()
    path = dialogs.answer = tmp_path / "running.safetensors"
    operator.trigger("saveAction")
    operator.until_told("Saved running.safetensors")
    operator.until(operator.window.isWindowModified)
    assert operator.controller.state == "training"
    assert path.exists()


def test_recent_files_are_offered_newest_first_and_open_again(trained, dialogs, tmp_path, open_window):
    for name in ("one.safetensors", "two.safetensors", "three.safetensors"):
        save(trained, dialogs, tmp_path / name)
    assert recent_names(trained) == ["three.safetensors", "two.safetensors", "one.safetensors"]
    trained.close()
    (tmp_path / "three.safetensors").unlink()

    later = open_window()
    assert recent_names(later) == ["two.safetensors", "one.safetensors"]
    action = next(a for a in later.find("recentMenu", QMenu).actions() if a.text() == "&2 one.safetensors")
    action.trigger()
    later.until(lambda: later.window.windowTitle().startswith("one.safetensors"))
    assert recent_names(later) == ["one.safetensors", "two.safetensors"]


def test_only_the_latest_files_are_remembered(operator, tmp_path):
    paths = [tmp_path / f"{number}.safetensors" for number in range(12)]
    for path in paths:
        path.touch()
        operator.controller.saved.emit(path)
    assert operator.window.files.recent() == paths[:3:-1]


def test_the_dialog_begins_where_the_last_file_was(trained, dialogs, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    save(trained, dialogs, folder / "model.safetensors")
    trained.trigger("saveAsAction")
    assert dialogs.asked[-1][2] == str(folder / "softmax-regression.safetensors")


def test_a_saved_model_is_not_kept_a_second_time(trained, dialogs, tmp_path, open_window):
    save(trained, dialogs, tmp_path / "model.safetensors")
    trained.close()
    later = open_window()
    assert not later.window.files.unsaved_model.exists()
    assert not later.window.findChild(QAction, "reopenAction").isEnabled()


def test_the_kept_model_has_to_be_given_a_name_and_is_not_among_recent_files(trained, dialogs, tmp_path, open_window):
    trained.close()
    later = open_window()
    later.trigger("reopenAction")
    later.until_state("trained")
    assert recent_names(later) == []
    dialogs.answer = tmp_path / "named.safetensors"
    later.trigger("saveAction")
    later.until(lambda: recent_names(later) == ["named.safetensors"])
    assert dialogs.answer.exists()


def test_files_that_are_no_longer_there_are_not_offered(operator, tmp_path):
    settings = operator.window.settings
    settings.setValue("recentFiles", str(tmp_path / "gone.safetensors"))
    assert Files(operator.window, operator.controller, settings).recent() == []
