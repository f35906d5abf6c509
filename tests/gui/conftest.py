"""The real window on small data, opened and closed as often as a test likes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QTabBar, QWidget
from shiboken6 import isValid

from engine.data.catalog import load_dataset
from engine.data.dataset import Dataset
from gui.main_window import MainWindow

FASHION = Path(__file__).parents[3] / "shared" / "data" / "fashion-mnist"


def make_digits(train: int = 400, test: int = 60, side: int = 28, classes: int = 10) -> Dataset:
    """Return images that tell their class by which block of pixels is bright."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, train + test).astype(np.uint8)
    images = random.integers(0, 60, (train + test, 1, side, side)).astype(np.uint8)
    for label in range(classes):
        row, column = np.array(divmod(label, 4)) * side // 5 + 2
        images[labels == label, :, row : row + side // 5, column : column + side // 5] = 220
    names = tuple(str(label) for label in range(classes))
    return Dataset("mnist", images[:train], labels[:train], images[train:], labels[train:], names)


def write_idx_folder(folder: Path, dataset: Dataset) -> Path:
    """Write a data set as the four files of MNIST, and return their folder."""
    folder.mkdir()
    for part, images, labels in (
        ("train", dataset.train_images, dataset.train_labels),
        ("t10k", dataset.test_images, dataset.test_labels),
    ):
        for name, array in ((f"{part}-images-idx3-ubyte", images[:, 0]), (f"{part}-labels-idx1-ubyte", labels)):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (folder / name).write_bytes(header + array.tobytes())
    return folder


class Operator:
    """Someone in front of a window: finds widgets by name, and uses mouse and keyboard.

    Parameters
    ----------
    window : MainWindow
    qtbot : QtBot
    """

    def __init__(self, window: MainWindow, qtbot) -> None:
        self.window = window
        self.controller = window.controller
        self.qtbot = qtbot

    def find(self, name: str, kind: type = QWidget):
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def until(self, holds, seconds: float = 30) -> None:
        self.qtbot.waitUntil(holds, timeout=round(seconds * 1000))

    def until_state(self, *states: str) -> None:
        self.until(lambda: self.controller.state in states)

    def until_batch(self, step: int) -> None:
        self.until(lambda: self.controller.position.step >= step)

    def until_told(self, text: str) -> None:
        self.until(lambda: text in self.window.notices.text())

    def until_answered(self) -> None:
        asked = self.controller.latest_request
        self.until(lambda: self.controller.answered_request >= asked)

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isEnabled(), f"{name} cannot be pressed"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def enter(self, name: str, text: str) -> None:
        field = self.find(name, QAbstractSpinBox)
        field.setFocus()
        field.selectAll()
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def choose(self, name: str, text: str) -> None:
        combo = self.find(name)
        combo.setFocus()
        way = combo.findText(text) - combo.currentIndex()
        for _ in range(abs(way)):  # headings are passed over
            if combo.currentText() != text:
                self.qtbot.keyClick(combo, Qt.Key.Key_Down if way > 0 else Qt.Key.Key_Up)
        assert combo.currentText() == text

    def open_tab(self, title: str) -> None:
        """Click the tab of a dock."""
        for tabs in self.window.findChildren(QTabBar):
            for index in range(tabs.count()):
                if tabs.tabText(index) == title:
                    self.qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(index).center())

    def trigger(self, name: str) -> None:
        action = self.window.findChild(object, name)
        assert action.isEnabled(), f"{name} is disabled"
        action.trigger()

    def draw(self) -> None:
        """Draw a stroke across the canvas."""
        canvas, left = self.find("drawCanvas"), Qt.MouseButton.LeftButton
        centre = canvas.rect().center()
        points = [centre + (canvas.rect().topLeft() - centre) * (share / 10) for share in range(5, -6, -1)]
        self.qtbot.mousePress(canvas, left, pos=points[0])
        for point in points[1:]:
            self.qtbot.mouseMove(canvas, point)
        self.qtbot.mouseRelease(canvas, left, pos=points[-1])

    def pick(self, index: int) -> list[float]:
        """Choose a test image and return the answer to it."""
        wanted = self.controller.dataset.test_images[index] / np.float32(255)
        draw = self.window.views.draw
        with self.qtbot.waitSignal(draw.input_changed, check_params_cb=lambda image: np.array_equal(image, wanted)):
            self.enter("testImageSpin", str(index))
        self.until_answered()
        return self.probabilities()

    def probabilities(self) -> list[float] | None:
        return self.find("predictionBars").probabilities()

    def train(self, network: str = "softmax-regression", epochs: int = 1) -> None:
        """Choose a network and train it to the end."""
        self.begin(network, epochs)
        self.until_state("trained")

    def begin(self, network: str = "softmax-regression", epochs: int = 10_000) -> None:
        """Choose a network and begin to train it; by default for longer than any test."""
        self.choose("networkCombo", network)
        self.enter("epochsSpin", str(epochs))
        self.click("trainButton")
        self.until(lambda: self.controller.position.step > 0 and self.controller.state in ("training", "trained"))

    def close(self) -> None:
        """Close the window for good, if that was not done before."""
        if not isValid(self.window):
            return
        self.window.close_without_asking()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)


@pytest.fixture
def open_window(qtbot, monkeypatch):
    """Return a function that opens a window and waits until it is ready; all are closed at the end."""
    monkeypatch.setattr(
        "engine.data.catalog.load_dataset", lambda name: make_digits() if name == "mnist" else load_dataset(name)
    )  # fmt: skip
    opened: list[Operator] = []

    def open_one(dataset: Path | None = None, ready: bool = True) -> Operator:
        operator = Operator(MainWindow(dataset), qtbot)
        opened.append(operator)
        operator.window.show()
        if ready:
            operator.until(lambda: operator.controller.state == "ready" and operator.controller.dataset is not None)
        return operator

    yield open_one
    for operator in opened:
        operator.close()


@pytest.fixture
def operator(open_window):
    """Return someone in front of a window that is ready."""
    return open_window()
