"""What can be done with runs of the history: as a row of buttons, in the context menu, and by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton, QTreeView, QWidget

from engine.history.records import RunRecord
from gui.form import wrapped
from gui.theme import Theme

_NATIVE = QKeySequence.SequenceFormat.NativeText
_GROUPS = (("best", "last", "continue", "branch", "moments"), ("rename", "star"), ("export", "delete"))
_BUTTONS = (("best", "last"), ("continue", "branch", "moments"), ("export", "delete"))
# What goes on while a run is trained: it reads and writes, but asks nothing of the network.
_NEEDS_REST = ("best", "last", "continue", "branch")


class HistoryActions(QObject):
    """Makes the actions, and says of each that is disabled why.

    Parameters
    ----------
    does : dict of str to callable
        What each action does.
    tree : QTreeView
        Where their keys are heard.
    """

    def __init__(self, does: dict[str, Callable[[], object]], tree: QTreeView, parent: QWidget) -> None:
        super().__init__(parent)
        self._tree = tree
        self._words = self._make_words()
        self.actions = {name: self._make(name, does[name]) for name in self._words}
        self.bar = self._make_bar()
        self.menu = QMenu(parent)
        self.menu.setObjectName("historyMenu")
        self.menu.setToolTipsVisible(True)
        for group in _GROUPS:
            self.menu.addActions([self.actions[name] for name in group])
            self.menu.addSeparator()
        tree.customContextMenuRequested.connect(self._show_menu)
        self.refresh((), is_busy=False)

    def refresh(self, selected: Sequence[RunRecord], is_busy: bool) -> None:
        """Enable what can be done with the selected runs now."""
        for name, action in self.actions.items():
            reason = self._reason(name, selected, is_busy)
            action.setEnabled(not reason)
            text, key, idea = self._words[name]
            shown = QKeySequence(key).toString(_NATIVE)
            head = f"<b>{text}</b>" + (f" ({shown})" if shown else "")
            action.setToolTip(wrapped(f"{head}<br>{idea}" + (f"<br><i>{reason}</i>" if reason else "")))
        starred = bool(selected) and all(record.star for record in selected)
        self.actions["star"].setText(self.tr("Take the star away") if starred else self._words["star"][0])

    def apply_theme(self, theme: Theme) -> None:
        """Draw the sign of the button that opens what has no room."""
        more = self.bar.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setIcon(_chevrons(QColor(theme.text)))
            more.setAccessibleName(self.tr("More actions"))
            more.setToolTip(self.tr("What has no room beside."))

    def _reason(self, name: str, selected: Sequence[RunRecord], is_busy: bool) -> str:
        """Return why an action cannot be done; empty if it can."""
        if not selected:
            return self.tr("Select a run first.")
        if name in ("export", "star"):
            return ""
        if name == "delete":
            going_on = all(record.status == "running" for record in selected)
            return self.tr("A run that goes on cannot be deleted; stop it first.") if going_on else ""
        if len(selected) > 1:
            return self.tr("Select a single run for this.")
        record = selected[0]
        if name in _NEEDS_REST and is_busy:
            return self.tr("A run is being trained; stop it first, or wait for its end.")
        if name == "continue":
            return self._cannot_continue(record)
        if name == "branch" and record.status == "running":
            return self.tr("It is being trained at this moment; branch from it when it has ended.")
        return ""

    def _cannot_continue(self, record: RunRecord) -> str:
        if record.status == "running":
            return self.tr("It is being trained at this moment.")
        if record.status == "completed" or record.epochs >= record.last_epoch:
            return self.tr("It has trained all its epochs; branch from it to train on.")
        return ""

    def _make_words(self) -> dict[str, tuple[str, str, str]]:
        """Return for each action its text, its key, and its idea."""
        return {
            "best": (
                self.tr("Load best weights"), "",
                self.tr("Put the weights after the run's best epoch, by validation, into all panels: draw a digit, "
                        "look at feature maps, save them as a model."),
            ),
            "last": (
                self.tr("Load last weights"), "",
                self.tr("Put the weights that the run ended with into all panels."),
            ),
            "continue": (
                self.tr("Continue"), "",
                self.tr("Train the run on from where it was left, to its planned end. With the same machine and "
                        "versions it comes out as if it had never been interrupted, bit for bit."),
            ),
            "branch": (
                self.tr("Branch…"), "",
                self.tr("Begin a new run from a moment of this one, with other settings or the same. The history "
                        "shows it under this run."),
            ),
            "moments": (
                self.tr("Show moments"), "",
                self.tr("Open the epoch scrubber on this run: go back to any moment at which weights were kept, and "
                        "watch the network learn as a film."),
            ),
            "rename": (self.tr("Rename"), "Ctrl+R", self.tr("Give the run another name.")),
            "star": (self.tr("Set a star"), "Ctrl+B", self.tr("Mark runs that are worth finding again.")),
            "export": (
                self.tr("Export…"), "",
                self.tr("Write runs to a file: figures as a table (.csv); of a single run everything (.json), a "
                        "report to read (.html), or its weights as a model (.safetensors)."),
            ),
            "delete": (
                self.tr("Delete"), "Del",
                self.tr("Take the selected runs out of the history, with their weights. It can be undone."),
            ),
        }  # fmt: skip

    def _make(self, name: str, does: Callable[[], object]) -> QAction:
        text, key, _ = self._words[name]  # no status tip: it would cover the progress while the pointer rests here
        action = QAction(text, self)
        action.setObjectName(f"history{name.title()}Action")
        action.setIconText(text)  # Qt would leave the dots away
        action.setShortcut(QKeySequence(key))
        # On the table alone: in the fields below, Delete means another thing.
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda: does())
        self._tree.addAction(action)
        return action

    def _make_bar(self) -> QToolBar:
        bar = QToolBar()
        bar.setObjectName("historyBar")
        bar.setAccessibleName(self.tr("What to do with the selected runs"))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        bar.setStyleSheet("QToolBar { border: none; background: transparent; spacing: 4px; padding: 0; }")
        for place, group in enumerate(_BUTTONS):
            if place:
                bar.addSeparator()
            for name in group:
                action = self.actions[name]
                bar.addAction(action)
                button = bar.widgetForAction(action)
                assert isinstance(button, QToolButton)
                button.setObjectName(action.objectName().replace("Action", "Button"))
                button.setAccessibleName(action.text())
                button.setProperty("framed", True)
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return bar

    def _show_menu(self, position: QPoint) -> None:
        self.menu.popup(self._tree.viewport().mapToGlobal(position))


def _chevrons(colour: QColor) -> QIcon:
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(12 * scale, 16 * scale)
        pixmap.setDevicePixelRatio(scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour)
        for left in (2, 6):
            painter.drawPolyline([QPointF(left, 4.5), QPointF(left + 3.5, 8), QPointF(left, 11.5)])
        painter.end()
        icon.addPixmap(pixmap)
    return icon
