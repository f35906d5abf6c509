"""Plays the five-minute tour by itself in the real window, and keeps screenshots of it and the model.

    python scripts/demo.py [FOLDER] [--pictures FOLDER]

Model and screenshots are put into FOLDER, ./demo-output unless told otherwise. Every step is told in a sentence; if
one fails, the last sentence says which, and the exit code is 1. Without a display the window is painted off screen.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLabel, QWidget

from engine.architecture.shapes import summarize
from gui.curve_plot import CurvePlot
from gui.error_report import install_exception_hooks
from gui.launch import display_problem
from gui.main_window import MainWindow
from scripts import hand

SMALL, LARGE = (1280, 720), (1600, 1000)
PATIENCE_SECONDS = 60.0
REPAINT_SECONDS = 0.6  # the panels follow the training three times a second
INPUT_SECONDS = 0.05  # the network is given what is on the canvas sixty times a second


class StepFailed(Exception):
    """A step of the tour did not go as it must; the text says what was seen."""


class Tour:
    """One window after the other, operated step by step.

    Parameters
    ----------
    application : QApplication
    model : Path
        Where the model is saved.
    pictures : Path
        The folder for screenshots.
    """

    def __init__(self, application: QApplication, model: Path, pictures: Path) -> None:
        self._application = application
        self._model = model
        self._pictures = pictures
        self._window: MainWindow | None = None
        self._answers: list[list[float]] = []
        self._problems: list[str] = []  # what the window told, and exceptions that nobody caught
        self._hooks = install_exception_hooks(lambda report: self._problems.append(report.sentence))

    def play(self) -> None:
        """Take all steps in order; ``StepFailed`` if one goes wrong."""
        try:
            self.open_window()
            self.train("lenet-bn", epochs=3, images=20_000)
            self.draw_while_it_trains()
            self.watch_the_weights()
            self.lower_the_learning_rate()
            self.finish(at_least=0.97)
            self.look_at_mistakes()
            self.draw_every_digit()
            self.look_at_the_feature_maps()
            self.save()
            self.compare_with_an_mlp()
            self.open_the_model_again()
        finally:
            self.close_window()
            self._hooks.remove()

    # The steps

    def open_window(self) -> None:
        """Open the window and wait for MXNet and MNIST."""
        self._window = window = MainWindow()
        window.controller.failed.connect(self._problems.append)
        window.controller.crashed.connect(lambda summary, _: self._problems.append(summary))
        window.resize(*LARGE)
        window.show()
        self._until(lambda: window.controller.state == "ready" and window.controller.dataset is not None, "get ready")
        self._tell("The window is open, and MNIST is loaded.")

    def train(self, network: str, epochs: int, images: int) -> None:
        """Choose a network, press Train, and wait until the curves move."""
        combo = self._find(QComboBox, "networkCombo")
        hand.choose(combo, network)
        self._check(combo.currentText() == network, f"The list of networks shows {combo.currentText()}.")
        self._enter("epochsSpin", epochs)
        if not self._find(QAbstractSpinBox, "limitTrainSpin").isVisible():
            self._click("samplingHeader")
        self._enter("limitTrainSpin", images)
        began = time.perf_counter()
        self._click("trainButton")
        self._until(lambda: self._controller.state == "training" and self._controller.position.step > 0, "train")
        self._tell(f"Train was pressed for {network}; the curves moved in {time.perf_counter() - began:.1f} seconds.")

    def draw_while_it_trains(self) -> None:
        """Draw digits and see that each is answered before the run ends."""
        for digit in (8, 5, 3):
            self._draw(digit)
        self._check(self._controller.state == "training", "The run was over before three digits were drawn.")
        self._tell(f"Three digits were drawn meanwhile, and answered; it takes the 3 for a {self._best()} so far.")

    def watch_the_weights(self) -> None:
        """See that kernels are shown, and change while it trains."""
        hand.open_tab(self._open_window, "Weights")
        picture = self._open_window.views.weights.display.picture_image
        self._until(lambda: not picture().isNull(), "show the kernels")
        before = picture()
        self._until(lambda: picture() != before, "show how the kernels change")
        self._tell("The kernels of the first layer are shown, and sharpen while it trains.")

    def lower_the_learning_rate(self) -> None:
        """Change a setting of the run that goes on, and see it marked on the curves."""
        rate = float(self._find(QAbstractSpinBox, "learningRateSpin").text())
        self._enter("learningRateSpin", rate / 2)
        mark = f"learning rate {rate:g} → {rate / 2:g}"
        changes = self._find(CurvePlot, "lossPlot").changes
        self._until(lambda: mark in changes.texts(), f"mark '{mark}' on the curves")
        self._tell(f"The learning rate was lowered from {rate:g} to {rate / 2:g} without stopping, and marked.")

    def finish(self, at_least: float) -> None:
        """Take pictures of the second epoch, and look at the accuracy when the run is over."""
        self._until(lambda: self._controller.position.epoch > 0, "finish the first epoch")
        self._picture("weights", "Weights")
        self._picture("training")
        self._until_trained()
        accuracy = float(self._find(CurvePlot, "accuracyPlot").values()[1].removesuffix("%")) / 100
        self._check(accuracy >= at_least, f"It gets only {accuracy:.2%} of the test images right.")
        self._tell(f"The run is over; it gets {accuracy:.2%} of the test images right.")

    def look_at_mistakes(self) -> None:
        """Pick a test image, then one that the network gets wrong."""
        label = self._find(QLabel, "trueLabel")
        self._answer_to(7)
        self._check("✓" in label.text() or "✗" in label.text(), "Test image 7 has no label.")
        self._click("wrongImageButton")
        self._until(lambda: "✗" in label.text(), "show a test image it gets wrong")
        self._picture("mistake")
        self._click("closeNoticeButton")
        digit = label.text().removeprefix("Label: ").removesuffix(" ✗")
        self._tell(f"It takes a {digit} among the test images for a {self._best()}.")

    def draw_every_digit(self) -> None:
        """Draw the ten digits; a trained network knows most of them."""
        answers: dict[int, int] = {}
        for digit in (*range(4, 10), *range(4)):
            self._draw(digit)
            answers[digit] = self._best()
        right = sum(digit == answer for digit, answer in answers.items())
        self._check(right >= 8, f"Only {right} of the ten drawn digits were answered right: {answers}.")
        self._tell(f"Of ten drawn digits, {right} were answered right.")

    def look_at_the_feature_maps(self) -> None:
        """See that every layer answers to the drawing."""
        maps = self._open_window.views.features.maps
        layers = [layer.path for layer in summarize(self._controller.model_spec).layers]
        self._until(lambda: all(maps.section(path).values is not None for path in layers), "show every layer's answer")
        self._picture("drawn")
        self._tell(f"All {len(layers)} layers show their answer to the drawing.")

    def save(self) -> None:
        """Write the model, and remember what it answers to some test images."""
        self._answers = [self._answer_to(index) for index in range(5)]
        self._controller.save(self._model)
        self._until(lambda: self._controller.model_path == self._model, "save the model")
        self._tell(f"The model is saved, {self._model.stat().st_size / 1000:,.0f} kB.")

    def compare_with_an_mlp(self) -> None:
        """Train another network on the same axes."""
        self.train("mlp-128-64", epochs=3, images=60_000)
        self._until_trained()
        self._check(self._answer_to(0) != self._answers[0], "The second network answers exactly as the first did.")
        self._picture("compared")
        self._tell("Its curves stand beside those of the first network.")

    def open_the_model_again(self) -> None:
        """Open the model in a new window and see that it answers exactly as before."""
        self.close_window()
        self.open_window()
        self._controller.open(self._model)
        self._until(lambda: self._controller.model_path == self._model, "open the model")
        answers = [self._answer_to(index) for index in range(5)]
        self._check(answers == self._answers, "The model that was opened does not answer as the one that was saved.")
        self._tell("In a new window the model was opened, and answers exactly as before.")

    def close_window(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close_without_asking()
            self._window.deleteLater()
            self._window = None
            self._application.processEvents()

    # What the steps are made of

    @property
    def _open_window(self) -> MainWindow:
        assert self._window is not None
        return self._window

    @property
    def _controller(self) -> Any:
        return self._open_window.controller

    def _find(self, kind: type, name: str) -> Any:
        found = self._open_window.findChild(kind, name)
        self._check(found is not None, f"The window has no {name}.")
        return found

    def _click(self, name: str) -> None:
        button = self._find(QAbstractButton, name)
        self._check(button.isEnabled(), f"{name} cannot be pressed.")
        hand.click(button)

    def _enter(self, name: str, number: float) -> None:
        field = self._find(QAbstractSpinBox, name)
        self._check(field.isEnabled(), f"Nothing can be entered into {name}.")
        hand.enter(field, f"{number:g}")

    def _draw(self, digit: int) -> None:
        canvas = self._find(QWidget, "drawCanvas")
        canvas.clear()
        hand.draw(canvas, digit)
        self._until_answered()

    def _answer_to(self, test_image: int) -> list[float]:
        self._enter("testImageSpin", test_image)
        self._wait(INPUT_SECONDS)
        self._until_answered()
        return self._probabilities()

    def _best(self) -> int:
        probabilities = self._probabilities()
        return probabilities.index(max(probabilities))

    def _probabilities(self) -> list[float]:
        probabilities: list[float] | None = self._find(QWidget, "predictionBars").probabilities()
        if probabilities is None or len(probabilities) != 10:
            raise StepFailed("There are no ten probabilities.")
        return probabilities

    def _until_answered(self) -> None:
        asked = self._controller.latest_request
        self._until(lambda: self._controller.answered_request >= asked, "answer")

    def _until_trained(self) -> None:
        self._until(lambda: self._controller.state == "trained", "finish the run")
        self._wait(REPAINT_SECONDS)

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while not holds():
            self._check(time.perf_counter() < deadline, f"The window did not {what} in {PATIENCE_SECONDS:g} seconds.")
            self._wait(0.005)

    def _wait(self, seconds: float) -> None:
        hand.wait(seconds)
        self._check(not self._problems, " ".join(self._problems))

    def _check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StepFailed(otherwise)

    def _picture(self, name: str, tab: str = "Feature maps") -> None:
        """Keep the window as it looks now, laid out as at first: light and dark, small and large."""
        for scheme in ("dark", "light"):
            self._find(QAction, f"{scheme}ThemeAction").trigger()
            for size in (SMALL, LARGE):
                self._open_window.resize(*size)
                self._find(QAction, "resetLayoutAction").trigger()
                hand.open_tab(self._open_window, tab)
                self._wait(REPAINT_SECONDS)
                path = self._pictures / f"{name}-{scheme}-{size[0]}.png"
                self._check(self._open_window.grab().save(str(path)), f"{path} cannot be written.")

    def _tell(self, sentence: str) -> None:
        print(sentence, flush=True)


def main() -> int:
    """Play the tour; return 0, or 1 where a step failed."""
    parser = argparse.ArgumentParser(description="Plays the five-minute tour by itself.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo-output"), metavar="FOLDER")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="for the screenshots, instead of FOLDER")
    options = parser.parse_args()
    folder, pictures = options.folder.resolve(), (options.pictures or options.folder).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"The folder {error.filename} cannot be made: {error.strerror}.", file=sys.stderr)
        return 1
    if display_problem():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["NETARIUM_HOME"] = home
        try:
            Tour(QApplication([]), folder / "lenet-bn.safetensors", pictures).play()
        except StepFailed as failure:
            print(f"The tour ended early. {failure}", file=sys.stderr)
            return 1
    print(f"The tour took {time.perf_counter() - began:.0f} seconds. The model is in {folder},")
    print(f"the screenshots are in {pictures}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
