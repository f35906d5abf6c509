"""Makes the pictures of the history in docs/images anew: trains a few runs in the real window and takes its pictures.

    python scripts/history_pictures.py

Without a display it starts a virtual one (xvfb-run).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1600, 1000


class Photographer:
    """Someone at the window who trains, looks back and takes pictures."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from gui.main_window import MainWindow

        self._application = QApplication([])
        self.window = MainWindow()
        self.window.themes.set_scheme("light")
        self.window.resize(WIDTH, HEIGHT)
        self.window.show()
        self.controller = self.window.controller
        self.until(lambda: self.controller.state == "ready" and self.controller.dataset is not None)

    def find(self, name: str) -> Any:
        """Return the widget of this name."""
        found = self.window.findChild(object, name)
        assert found is not None, name
        return found

    def until(self, holds: Callable[[], bool], seconds: float = 600.0) -> None:
        """Let the window work until ``holds()``."""
        deadline = time.monotonic() + seconds
        while not holds():
            self._application.processEvents()
            time.sleep(0.005)
            if time.monotonic() > deadline:
                raise SystemExit("The window took too long.")

    def rest(self, seconds: float = 1.0) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def train(self, network: str, epochs: int, learning_rate: float | None = None) -> None:
        """Train a network to the end."""
        self.find("networkCombo").setCurrentText(network)
        self.rest(0.2)
        self.find("epochsSpin").setValue(epochs)
        if learning_rate is not None:
            self.find("learningRateSpin").setValue(learning_rate)
        self.rest(0.2)
        self.find("trainButton").click()
        self.until(lambda: self.controller.state == "training")
        self.until(lambda: self.controller.state == "trained")
        self.rest(1.5)

    def take(self, name: str, scheme: str = "light") -> None:
        """Take a picture of the window, with few enough colours to be small."""
        self.window.themes.set_scheme(scheme)
        self.rest()
        path = IMAGES / f"{name}.png"
        self.window.grab().save(str(path))
        if shutil.which("convert"):
            subprocess.run(["convert", str(path), "-colors", "128", "-depth", "8", f"PNG8:{path}"], check=True)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def main() -> int:
    """Take the pictures."""
    if not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24", sys.executable, *sys.argv])
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    with tempfile.TemporaryDirectory() as home:
        os.environ["NETARIUM_HOME"] = home
        someone = Photographer()
        panel, scrubber = someone.window.views.history, someone.window.views.scrubber
        for network, epochs, rate in (
            ("softmax-regression", 6, None), ("mlp-128-64", 8, 0.1), ("mlp-128-64", 8, 0.3), ("mlp-256", 8, None),
            ("lenet-bn", 5, None),
        ):  # fmt: skip
            someone.train(network, epochs, rate)
        someone.window.views.draw.show_test_image(18)
        someone.until(lambda: panel.record(5) is not None and panel.record(5).status == "completed")
        panel.annotate_wanted.emit(5, {"star": True, "name": "LeNet of today"})
        panel.annotate_wanted.emit(3, {"name": "three times the learning rate", "note": "Learns sooner, ends as well."})
        someone.rest(0.5)
        someone.window.show_history()
        panel.table.select([3])
        someone.take("history-light-1600")
        panel.table.select([5, 4, 3, 2, 1])
        someone.take("comparison-dark-1600", "dark")
        someone.window.show_curves()
        someone.find("confusionDock").raise_()
        someone.until(lambda: not scrubber.isHidden())
        slider = someone.find("momentSlider")
        QTest.keyClick(slider, Qt.Key.Key_Home)
        someone.rest()
        QTest.keyClick(slider, Qt.Key.Key_Right)
        someone.until(lambda: someone.controller.questions.at_moment)
        someone.rest(2.0)
        someone.take("scrubber-light-1600", "light")
        someone.window.close_without_asking()
    return 0


if __name__ == "__main__":
    sys.exit(main())
