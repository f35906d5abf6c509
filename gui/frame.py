"""The window before anything is in it: its place, size and colours, on screen at once."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from engine.storage.paths import settings_file
from gui.theme import ThemeManager


class Frame(QMainWindow):
    """What can be shown before panels, NumPy and all else are loaded; whatever this file imports delays the window.

    Attributes
    ----------
    settings : QSettings
        What is remembered between two sittings.
    themes : ThemeManager
    """

    on_screen = Signal()  # once, after the first paint

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Netarium")
        self.settings = QSettings(str(settings_file()), QSettings.Format.IniFormat)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.themes = ThemeManager(application, str(self.settings.value("theme", "system")))
        self._was_painted = False
        self._choose_size()
        geometry = self.settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first paint once it has reached the screen."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.on_screen.emit)

    def _choose_size(self) -> None:
        screen = self.screen().availableGeometry()
        width = min(screen.width(), max(1280, screen.width() * 4 // 5))
        height = min(screen.height(), max(720, screen.height() * 4 // 5))
        self.resize(width, height)
