"""The menu bar: every command of the window by name and key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox

from gui.files import Files
from gui.panel_action import PanelAction

if TYPE_CHECKING:
    from gui.main_window import MainWindow

_Key = QKeySequence.StandardKey | str | None


class Menus:
    """Builds the menus of a window and keeps their actions up to date.

    Parameters
    ----------
    window : MainWindow
    files : Files
    """

    def __init__(self, window: MainWindow, files: Files) -> None:
        self._window = window
        self._files = files
        self._add_file_menu()
        self._add_train_menu()
        self._add_view_menu()
        self._add_tools_menu()
        self._add_help_menu()
        files.recent_changed.connect(self._fill_recent)
        window.controller.state_changed.connect(self._enable)
        window.controller.model_changed.connect(self._enable)
        window.controller.history.offered.connect(lambda run: self._continue.setEnabled(run is not None))
        self._fill_recent()
        self._enable()

    def _action(self, menu: QMenu, name: str, text: str, key: _Key, does: Callable[[], object], idea: str) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(name)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        action.setStatusTip(idea)
        action.setToolTip(idea)
        action.triggered.connect(lambda: does())
        menu.addAction(action)
        return action

    def _add_file_menu(self) -> None:
        tr, files = self._window.tr, self._files
        menu = self._window.menuBar().addMenu(tr("&File"))
        standard = QKeySequence.StandardKey
        self._open = self._action(
            menu, "openAction", tr("&Open model…"), standard.Open, files.open,
            tr("Open a trained network, or weights for the network that is chosen."),
        )  # fmt: skip
        self._recent = menu.addMenu(tr("Open &recent"))
        self._recent.setObjectName("recentMenu")
        self._reopen = self._action(
            menu, "reopenAction", tr("Reopen the &last model"), None, files.reopen_unsaved,
            tr("The model of the last sitting that was not saved to a file."),
        )  # fmt: skip
        menu.aboutToShow.connect(self._enable)
        menu.addSeparator()
        self._save = self._action(
            menu, "saveAction", tr("&Save model"), standard.Save, files.save,
            tr("Write network, weights, settings and history into one file, to go on from there any time."),
        )  # fmt: skip
        self._save_as = self._action(
            menu, "saveAsAction", tr("Save model &as…"), "Ctrl+Shift+S", files.save_as,
            tr("Write the model to a new file, or its weights for MXNet or NumPy."),
        )  # fmt: skip
        self._save_best = self._action(
            menu, "saveBestAction", tr("Save &best epoch as…"), None, files.save_best,
            tr(
                "Write the model as it was after the epoch with the best validation of its last run: later ones may "
                "have learned the training images by heart."
            ),
        )  # fmt: skip
        menu.addSeparator()
        self._dataset = self._action(
            menu, "openDatasetAction", tr("Open &data set…"), "Ctrl+D", files.open_dataset,
            tr("Learn from a folder of four IDX files, the format of MNIST and Fashion-MNIST."),
        )  # fmt: skip
        menu.addSeparator()
        self._action(
            menu, "quitAction", tr("&Quit"), "Ctrl+Q", self._window.close, tr("Close the window; nothing is lost.")
        )  # fmt: skip

    def _add_train_menu(self) -> None:
        menu = self._window.menuBar().addMenu(self._window.tr("&Train"))
        menu.addActions(self._window.views.setup.transport.actions())
        menu.addSeparator()
        tr = self._window.tr
        self._continue = self._action(
            menu, "continueUnfinishedAction", tr("&Continue where I left off"), "Ctrl+Shift+R",
            self._window.controller.history.continue_unfinished,
            tr("Go on with the run that was under way when Netarium ended: weights, moments, batches as they were."),
        )  # fmt: skip

    def _add_view_menu(self) -> None:
        window, tr = self._window, self._window.tr
        menu = window.menuBar().addMenu(tr("&View"))
        titles = (
            tr("&Set-up"), tr("&Draw"), tr("&Weights"), tr("&Feature maps"), tr("Ed&itor"), tr("Conf&usion"),
        )  # fmt: skip
        for place, (dock, title) in enumerate(zip(window.docks(), titles, strict=True), 1):
            menu.addAction(PanelAction(dock, title, f"Ctrl+{place}", window))
        menu.addSeparator()
        self._action(
            menu, "showCurvesAction", tr("&Curves"), "F2", window.show_curves,
            tr("Bring the curves into the centre."),
        )  # fmt: skip
        self._action(
            menu, "showDiagramAction", tr("&Network"), "F3", window.show_diagram,
            tr("Bring the picture of the network into the centre."),
        )  # fmt: skip
        self._action(
            menu, "showHistoryAction", tr("&History"), "F9", window.show_history,
            tr("Bring all runs there were into the centre: to compare them, and to go back to them."),
        )  # fmt: skip
        self._action(
            menu, "showMomentsAction", tr("&Moments of the run"), "Shift+F9", window.show_moments,
            tr("Bring the slider to light that goes back to earlier moments of the run."),
        )  # fmt: skip
        edit = self._action(
            menu, "editNetworkAction", tr("&Edit network"), "F4", window.show_editor,
            tr("Add, change, move or take away layers, with the picture of the network beside."),
        )  # fmt: skip
        # In a field Ctrl+E may be the field's own key: it goes to the end of the line.
        edit.setShortcuts([QKeySequence("F4"), QKeySequence("Ctrl+E")])
        menu.addSeparator()
        themes = menu.addMenu(tr("Co&lours"))
        group = QActionGroup(window)
        for scheme, text in (
            ("system", tr("As the &system")), ("light", tr("&Light")), ("dark", tr("&Dark")),
        ):  # fmt: skip
            action = self._action(
                themes, f"{scheme}ThemeAction", text, None, partial(self._choose_theme, scheme),
                tr("Light or dark colours for window and plots."),
            )  # fmt: skip
            action.setCheckable(True)
            action.setChecked(window.themes.scheme == scheme)
            group.addAction(action)
        self._action(
            menu, "resetLayoutAction", tr("&Reset layout"), None, window.reset_layout,
            tr("Put all panels back to where they were at first."),
        )  # fmt: skip

    def _add_tools_menu(self) -> None:
        window, tr = self._window, self._window.tr
        menu = window.menuBar().addMenu(tr("T&ools"))
        self._action(
            menu, "checkGradientsAction", tr("Check &gradients…"), None, window.show_gradient_check,
            tr("Compare the gradients of the network in Set-up with what its loss does when a weight moves a little."),
        )  # fmt: skip
        self._action(
            menu, "twinRunAction", tr("&Twin run…"), None, window.show_twin_run,
            tr("Train the network in Set-up in two backends at once, and see how far they come apart."),
        )  # fmt: skip

    def _add_help_menu(self) -> None:
        tr = self._window.tr
        menu = self._window.menuBar().addMenu(tr("&Help"))
        self._action(
            menu, "tourAction", tr("&First steps"), QKeySequence.StandardKey.HelpContents, self._show_tour,
            tr("What to try in the first five minutes."),
        )  # fmt: skip
        self._action(menu, "aboutAction", tr("&About Netarium"), None, self._show_about, tr("What this is."))

    def _choose_theme(self, scheme: str) -> None:
        self._window.themes.set_scheme(scheme)
        self._window.settings.setValue("theme", scheme)

    def _fill_recent(self) -> None:
        self._recent.clear()
        for place, path in enumerate(self._files.recent(), 1):
            name = path.name.replace("&", "&&")
            action = self._recent.addAction(f"&{place} {name}")
            action.setToolTip(str(path))
            action.setStatusTip(str(path))
            action.triggered.connect(partial(self._open_recent, path))
        self._recent.setEnabled(not self._recent.isEmpty())

    def _open_recent(self, path: Path, _checked: bool = False) -> None:
        self._window.controller.open(path)

    def _enable(self) -> None:
        controller = self._window.controller
        idle = controller.state in ("ready", "trained")
        has_model = controller.model_spec is not None
        self._open.setEnabled(idle)
        self._reopen.setEnabled(idle and self._files.unsaved_model.is_file())
        self._recent.setEnabled(idle and not self._recent.isEmpty())
        self._dataset.setEnabled(idle)
        self._save.setEnabled(has_model)
        self._save_as.setEnabled(has_model)
        self._save_best.setEnabled(has_model)
        self._continue.setEnabled(idle and controller.history.unfinished is not None)

    def _show_tour(self) -> None:
        tr = self._window.tr
        steps = [
            tr("Press F5 to train LeNet on handwritten digits; the curves move within a second."),
            tr("Draw a digit while it trains, and watch the ten probabilities follow your pen."),
            tr("Open Weights and Feature maps: kernels sharpen, and every layer answers your drawing."),
            tr("Lower the learning rate while it runs; the change is marked on the curves."),
            tr("Save with Ctrl+S, open it tomorrow, and add more epochs."),
        ]
        self._box(tr("First steps"), "".join(f"<p>{place}. {text}</p>" for place, text in enumerate(steps, 1)))

    def _show_about(self) -> None:
        tr = self._window.tr
        text = tr("A laboratory for neural networks: train, draw, look inside.")
        computing = tr("It computes with Apache MXNet, and shows with Qt and pyqtgraph. Apache-2.0 licence.")
        self._box(tr("About Netarium"), f"<p><b>Netarium</b></p><p>{text}</p><p>{computing}</p>")

    def _box(self, title: str, text: str) -> None:
        box = QMessageBox(QMessageBox.Icon.NoIcon, title, text, QMessageBox.StandardButton.Ok, self._window)
        box.setObjectName("helpBox")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
