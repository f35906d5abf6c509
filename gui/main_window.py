"""The window: panels in docks around the curves, menus, and what is remembered between two sittings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMessageBox, QTabWidget, QVBoxLayout, QWidget

from gui.docking import hide_stray_tab_bars
from gui.error_dialog import ErrorPresenter
from gui.error_report import ErrorReport
from gui.frame import Frame
from gui.theme import GAP, Theme

if TYPE_CHECKING:
    from engine.estimates.cost import Cost
    from gui.twin_dialog import TwinDialog

# Raised when docks come or go, so that an older layout is not restored into the wrong places.
_LAYOUT_VERSION = 3
# From this width on, weights and feature maps have room beside each other.
_WIDE = 1700
# Below this height a list of runs needs the room of what is under it.
_LOW = 1100


class MainWindow(Frame):
    """Netarium's window.

    Parameters
    ----------
    dataset : Path, optional
        A folder of IDX files to learn from, instead of MNIST.
    at_once : bool
        Whether the panels are there from the beginning; otherwise the frame is on screen first, and they follow.
    """

    filled = Signal()  # the panels are there, and the worker has begun

    def __init__(self, dataset: Path | None = None, at_once: bool = True) -> None:
        super().__init__()
        self._dataset: str | Path = dataset or "mnist"
        self.errors = ErrorPresenter(self)
        self._may_close = self._is_filled = self._is_closed = False
        if at_once:
            self._fill()
        self.on_screen.connect(self._begin, Qt.ConnectionType.QueuedConnection)

    def _begin(self) -> None:
        """Fill the frame if that was left for later, and start the worker, which loads MXNet beside the window."""
        if self._is_closed:
            return
        if not self._is_filled:
            from engine.backends.mxnet import runtime

            runtime.preload()
            self.setUpdatesEnabled(False)  # one picture of it all, not one of each panel
            self._fill()
            self.setUpdatesEnabled(True)
        self.controller.start(self._dataset)
        self.filled.emit()

    def _fill(self) -> None:
        # Loaded here and not with this file: the frame is on screen before any of it.
        from gui.confusion_panel import ConfusionPanel
        from gui.curves_panel import CurvesPanel
        from gui.diagram_panel import DiagramPanel
        from gui.draw_panel import DrawPanel
        from gui.editor_panel import EditorPanel
        from gui.feature_maps_panel import FeatureMapsPanel
        from gui.files import Files
        from gui.gradient_dialog import GradientDialog
        from gui.history_dialogs import HistoryDialogs
        from gui.history_panel import HistoryPanel
        from gui.menus import Menus
        from gui.notice_bar import NoticeBar
        from gui.progress_view import ProgressView
        from gui.scrubber import Scrubber
        from gui.setup_panel import SetupPanel
        from gui.training_controller import TrainingController
        from gui.views import Views
        from gui.weights_panel import WeightsPanel

        self.views = Views(
            SetupPanel(), CurvesPanel(), DrawPanel(), WeightsPanel(), FeatureMapsPanel(), ProgressView(),
            DiagramPanel(), EditorPanel(), ConfusionPanel(), HistoryPanel(), Scrubber(),
        )  # fmt: skip
        self.notices = NoticeBar()
        self.controller = TrainingController(self.views, parent=self)
        self.files = Files(self, self.controller, self.settings)
        self._history_dialogs = HistoryDialogs(self)
        self.gradient_dialog = GradientDialog(self)
        self._twin_dialog: TwinDialog | None = None
        self._height_below = 0  # of the docks at the bottom, while the history has their room
        self._lay_out()
        self.menus = Menus(self, self.files)
        self._connect()
        self._apply_theme(self.themes.theme)
        self._show_title()
        self._default_state = self.saveState(_LAYOUT_VERSION)
        self._restore()
        self._is_filled = True
        QTimer.singleShot(0, self, lambda: hide_stray_tab_bars(self))

    def docks(self) -> list[QDockWidget]:
        """Return the docks in the order of the View menu."""
        return self._docks

    def show_curves(self) -> None:
        """Bring the curves into the centre."""
        self.tabs.setCurrentWidget(self.views.curves)

    def show_diagram(self) -> None:
        """Bring the picture of the network into the centre."""
        self.tabs.setCurrentWidget(self.views.diagram)

    def show_history(self) -> None:
        """Bring the history of runs into the centre."""
        self.tabs.setCurrentWidget(self.views.history)

    def show_moments(self) -> None:
        """Bring the scrubber to light, if there are moments to go back to."""
        self.views.scrubber.bring_to_light()
        if self.views.scrubber.isHidden():
            self.notices.show_notice(self.tr("There is no moment to go back to yet; they are kept while a run trains."))

    def show_editor(self) -> None:
        """Bring the editor to light, with the picture of what is edited beside it."""
        editor = self._docks[4]
        editor.show()
        editor.raise_()
        self.show_diagram()
        self.views.editor.take_keyboard()

    def show_gradient_check(self) -> None:
        """Check the gradients of the network in Set-up, in a window beside this one."""
        self.gradient_dialog.bring_to_light()
        self.controller.gradients.start()

    def show_twin_run(self) -> None:
        """Compare two backends on the network in Set-up, in a window beside this one."""
        if self._twin_dialog is None:  # not before: plots take a while to be made
            from gui.twin_dialog import TwinDialog

            self._twin_dialog = dialog = TwinDialog(self)
            dialog.apply_theme(self.themes.theme)
            twins = self.controller.twins
            dialog.start_requested.connect(twins.start)
            dialog.cancel_requested.connect(twins.cancel)
            twins.began.connect(dialog.begin)
            twins.stepped.connect(dialog.add_steps)
            twins.ended.connect(dialog.end)
        self._twin_dialog.bring_to_light()

    def reset_layout(self) -> None:
        """Put every dock back to where it was at first."""
        self.restoreState(self._default_state, _LAYOUT_VERSION)
        for dock in self._docks:
            dock.show()
        self._arrange()

    def close_without_asking(self) -> None:
        """Stop a run if one goes on, and close."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run goes on; otherwise keep the model and the layout, stop the worker and close."""
        if not self._is_filled:
            self._is_closed = True
            event.accept()
            return
        if self.controller.is_running and not self._may_close:
            event.ignore()
            self._ask_to_stop()
            return
        self.files.keep_unsaved()
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("layout", self.saveState(_LAYOUT_VERSION))
        self.settings.setValue("history", QByteArray(self.views.history.save_state()))
        self.settings.setValue("centre", self.tabs.currentWidget().objectName())
        self.settings.sync()
        self._is_closed = True
        self.controller.close()
        event.accept()

    def _show_layer(self, has_weights: bool) -> None:
        """Bring weights or feature maps to light, unless one of them is in sight and has something to show."""
        from gui.visibility import can_be_seen

        _, _, weights, features, *_ = self._docks
        if can_be_seen(features.widget()) and self.views.features.has_maps():
            return
        if not can_be_seen(weights.widget()):
            dock = weights if has_weights else features
            dock.show()
            dock.raise_()

    def _make_room(self) -> None:
        """Give the history the room that it needs where the window is low, and what is below it back afterwards."""
        below = self._docks[3]
        if self.tabs.currentWidget() is self.views.history and self.height() < _LOW:
            self._height_below = below.height()
            self.resizeDocks([below], [1], Qt.Orientation.Vertical)  # as low as it can be
        elif self._height_below:
            self.resizeDocks([below], [self._height_below], Qt.Orientation.Vertical)
            self._height_below = 0

    def _ask_about_memory(self, cost: Cost) -> None:
        from gui.memory_question import MemoryQuestion

        question = MemoryQuestion(cost, self)
        question.train_with.connect(self.controller.runs.train_with_batches)
        question.train_anyway.connect(self.controller.runs.train_anyway)
        question.open()

    def _ask_to_stop(self) -> None:
        question = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Close Netarium"),
            self.tr("A run is going on. Stop it and close?"),
            QMessageBox.StandardButton.Cancel,
            self,
        )
        question.setObjectName("closeQuestion")
        question.setInformativeText(self.tr("The weights as they are now are kept: File, Reopen the last model."))
        stop = question.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        stop.setObjectName("stopAndCloseButton")
        stop.clicked.connect(self.close_without_asking)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.open()

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self.notices)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("centreTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.views.curves, self.tr("Curves"))
        self.tabs.setTabToolTip(0, self.tr("How well it does, batch by batch and epoch by epoch"))
        self.tabs.addTab(self.views.diagram, self.tr("Network"))
        self.tabs.setTabToolTip(1, self.tr("How the network is built, and what its layers do while it trains"))
        self.tabs.addTab(self.views.history, self.tr("History"))
        self.tabs.setTabToolTip(2, self.tr("All runs there were: to compare them, go back to them and on from them"))
        column.addWidget(self.tabs, 1)
        column.addWidget(self.views.scrubber)
        self.setCentralWidget(centre)
        centre.show()  # at once and not in the next turn, as the docks: what is not shown is left out of the layout
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self._docks = [
            self._dock(self.tr("Set-up"), "setupDock", self.views.setup, left),
            self._dock(self.tr("Draw"), "drawDock", self.views.draw, right),
            self._dock(self.tr("Weights"), "weightsDock", self.views.weights, bottom),
            self._dock(self.tr("Feature maps"), "featureMapsDock", self.views.features, bottom),
            self._dock(self.tr("Editor"), "editorDock", self.views.editor, left),
            self._dock(self.tr("Confusion"), "confusionDock", self.views.confusion, bottom),
        ]
        self.views.editor.add_transport(self.views.setup.transport.short_row())
        self.statusBar().addWidget(self.views.progress)
        self.statusBar().setSizeGripEnabled(False)
        self._arrange()

    def _dock(self, title: str, name: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        dock.show()
        return dock

    def _arrange(self) -> None:
        """Give every dock its first place and size."""
        setup, draw, weights, features, editor, confusion = self._docks
        self.tabifyDockWidget(setup, editor)
        setup.raise_()
        if self.width() >= _WIDE:
            self.splitDockWidget(weights, features, Qt.Orientation.Horizontal)
            self.tabifyDockWidget(weights, confusion)
            weights.raise_()
        else:
            self.tabifyDockWidget(weights, features)
            self.tabifyDockWidget(features, confusion)
            features.raise_()
        self.resizeDocks([setup, draw], [340, 320 if self.width() < _WIDE else 380], Qt.Orientation.Horizontal)
        self.resizeDocks([weights], [self.height() * 8 // 20], Qt.Orientation.Vertical)

    def _connect(self) -> None:
        self.themes.changed.connect(self._apply_theme)
        self.controller.failed.connect(self.notices.show_error)
        self.controller.mended.connect(self.notices.withdraw)
        self.controller.told.connect(self.notices.show_notice)
        self.controller.too_large.connect(self._ask_about_memory)
        self.controller.layer_wanted.connect(self._show_layer)
        self.tabs.currentChanged.connect(self._make_room)
        self.views.setup.edit_requested.connect(self.show_editor)
        checks, shown = self.controller.gradients, self.gradient_dialog
        checks.began.connect(shown.begin)
        checks.found.connect(shown.add_check)
        checks.ended.connect(shown.end)
        shown.check_requested.connect(checks.start)
        shown.cancel_requested.connect(checks.cancel)
        self.controller.crashed.connect(lambda summary, report: self.errors.show(ErrorReport(summary, report)))
        self.controller.model_changed.connect(self._show_title)
        self.controller.saved.connect(self._show_title)
        self.controller.state_changed.connect(self._show_title)
        for dock in self._docks:
            # A panel that comes to light asks for what it shows only then.
            dock.visibilityChanged.connect(self.controller.refresh_watched)
        application = QApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.controller.close)

    def _apply_theme(self, theme: Theme) -> None:
        for view in (*vars(self.views).values(), self.notices, self.gradient_dialog):
            if view is not self.views.progress:
                view.apply_theme(theme)
        if self._twin_dialog is not None:
            self._twin_dialog.apply_theme(theme)

    def _show_title(self) -> None:
        controller = self.controller
        if controller.model_spec is None:
            self.setWindowTitle("Netarium")
            return
        name = controller.model_path.name if controller.model_path else controller.model_spec.name
        self.setWindowTitle(f"{name}[*] – Netarium")
        self.setWindowModified(controller.model_unsaved)

    def _restore(self) -> None:
        layout = self.settings.value("layout")
        if isinstance(layout, QByteArray):
            self.restoreState(layout, _LAYOUT_VERSION)
        columns = self.settings.value("history")
        if isinstance(columns, QByteArray):
            self.views.history.restore_state(bytes(columns.data()))
        for panel in (self.views.diagram, self.views.history):
            if self.settings.value("centre") == panel.objectName():
                self.tabs.setCurrentWidget(panel)
