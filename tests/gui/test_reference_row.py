"""What the set-up says of its settings: whether they are the published ones, and the way back, in the real window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QPushButton

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.storage.networks import save_own_network

OWN = NetworkSpec("mine", (1, 28, 28), (Flatten(), Dense(24), Dense(10)))


def row_of(operator) -> tuple[QLabel, QPushButton]:
    return operator.find("referenceLabel", QLabel), operator.find("resetButton", QPushButton)


def test_after_a_branch_of_one_epoch_the_settings_are_not_called_the_published_ones(operator):
    operator.train(epochs=2)
    note, reset = row_of(operator)
    panel = operator.window.views.history
    operator.trigger("showHistoryAction")
    operator.until(lambda: panel.record(1) is not None and panel.record(1).status == "completed")
    panel.table.select([1])
    operator.click("historyBranchButton")
    operator.until(lambda: operator.window.findChild(QDialog, "branchDialog") is not None)
    operator.qtbot.keyClick(operator.find("branchMomentsList"), Qt.Key.Key_Home)  # the end, from where it trains on
    operator.enter("branchEpochsSpin", "1")
    operator.click("branchBeginButton")
    operator.until(lambda: operator.controller.position.epoch == 3)
    operator.until_state("trained")
    assert operator.find("epochsSpin").value() == 1
    assert note.text() == "Changed from the published settings"

    operator.qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert operator.find("epochsSpin").value() == experiment("softmax-regression").config.epochs
    assert note.text() == "The published settings" and not reset.isEnabled()


def test_settings_are_called_published_only_where_some_were(operator, tmp_path):
    note, reset = row_of(operator)
    assert note.text() == "The published settings"
    save_own_network(OWN)
    operator.controller._subject.offer_networks()
    operator.choose("networkCombo", "mine")
    assert note.text() == "The usual settings"
    operator.train("mine", epochs=1)
    operator.controller.save(tmp_path / "mine.safetensors")
    operator.until(lambda: (tmp_path / "mine.safetensors").exists())
    operator.choose("networkCombo", "softmax-regression")
    operator.controller.open(tmp_path / "mine.safetensors")
    operator.until(lambda: note.text() == "The settings it was trained with")
    operator.enter("epochsSpin", "3")
    assert note.text() == "Changed from what it was trained with"
    operator.qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert operator.find("epochsSpin").value() == 1
