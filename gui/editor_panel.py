"""The network editor: a tree of layers, the form of the selected one, and what the whole amounts to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.architecture import editing
from engine.architecture.layers import Layer
from engine.architecture.network import NetworkSpec, Shape, walk
from engine.architecture.shapes import NetworkSummary
from gui.editor_actions import EditorActions
from gui.editor_files import EditorFiles
from gui.editor_foot import EditorFoot, ProblemLine, problem
from gui.editor_head import EditorHead
from gui.editor_places import only_branch
from gui.editor_session import EditorSession
from gui.form import FIELD_HEIGHT
from gui.layer_facts import LayerFacts
from gui.layer_form import LayerForms
from gui.layer_rows import build_rows
from gui.layer_tree import LayerTree
from gui.theme import GAP, MARGIN, SPACE, Theme

# What the longest form needs with the facts below it; what is more belongs to the tree.
_MOST_DETAILS = 7 * (FIELD_HEIGHT + SPACE) + 72


class EditorPanel(QWidget):
    """Edits a network, and tells of every edit; what is done with the network is up to who listens."""

    edited = Signal(object)  # the NetworkSpec after every edit, also while its shapes do not fit
    layer_selected = Signal(str)  # the path of the layer that a person selected, added, moved or renamed
    apply_requested = Signal()  # put the edited network in the place of the trained one
    saved = Signal(object)  # the Path that was written
    own_networks_changed = Signal()
    failed = Signal(str)  # a sentence for the user
    told = Signal(str)  # likewise, of something that went well

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("editorPanel")
        self.setAccessibleName(self.tr("Network editor"))
        self._session = EditorSession(self)
        self._told = ""  # the layer of which it was said last that it is selected
        self._afresh = True  # whether the tree is to forget what was folded
        self._head = EditorHead()
        self._tree = LayerTree()
        self.setFocusProxy(self._tree)
        self._actions = EditorActions(self._session, self, self._tree)
        self._problem = ProblemLine()
        self._forms = LayerForms()
        self._facts = LayerFacts()
        self._hint = QLabel()
        self._foot = EditorFoot()
        self._files = EditorFiles(self._session, self)
        self._lay_out()
        self._connect()
        self._show()

    def set_network(self, spec: NetworkSpec) -> None:
        """Edit another network from its start; the one that is being edited already goes on as it is."""
        if spec != self._session.spec:
            self._afresh = True
            self._session.start(spec)

    def network(self) -> NetworkSpec:
        """Return the network as it is now."""
        return self._session.spec

    def select(self, path: str) -> None:
        """Select the layer with this path, if there is one, without a signal."""
        if path in self._paths() and self._session.selection != (path,):
            self._told = path
            self._session.select((path,))
            self._tree.select((path,))
            self._show_selection()

    def set_trained(self, summary: NetworkSummary | None) -> None:
        """Tell which trained network an edit may keep weights of, if there is one."""
        self._foot.set_trained(summary)

    def set_apply_enabled(self, enabled: bool) -> None:
        """Tell whether the trained network could be exchanged now; it also has to fit, and to differ."""
        self._foot.set_apply_enabled(enabled)

    def set_data(self, input_shape: Shape, classes: int) -> None:
        """Tell which images and how many classes new networks are made for."""
        self._files.set_data(input_shape, classes)

    def add_transport(self, row: QWidget) -> None:
        """Put the buttons that train under everything, so that nobody has to leave to try an edit."""
        line = QFrame()
        line.setFrameStyle(QFrame.Shape.HLine | QFrame.Shadow.Plain)
        line.setStyleSheet("color: palette(mid)")
        self._column.addWidget(line)
        self._column.addWidget(row)

    def open_file(self, path: Path) -> None:
        """Go over to the network in a file; undo comes back to this one."""
        self._files.open_file(path)

    def take_keyboard(self) -> None:
        """Let the arrow keys go through the layers from now on."""
        self._tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def undo(self) -> None:
        """Take the last edit back."""
        self._session.undo()

    def redo(self) -> None:
        """Put back the edit that was taken back."""
        self._session.redo()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._tree.apply_theme(theme)
        self._actions.apply_theme(theme)

    def sizeHint(self) -> QSize:
        """Return a size that suits a dock."""
        return QSize(340, 800)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let undo and redo through to the editor where a field has no typing of its own to take back."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            line = watched.lineEdit() if isinstance(watched, QAbstractSpinBox) else watched
            if isinstance(line, QLineEdit):
                standard = QKeySequence.StandardKey
                spent = (event.matches(standard.Undo) and not line.isUndoAvailable()) or (
                    event.matches(standard.Redo) and not line.isRedoAvailable()
                )
                if spent:
                    event.ignore()
                    return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        """Bring everything up to date with the session."""
        afresh, self._afresh = self._afresh, False
        spec, partial = self._session.spec, self._session.partial
        sentence = problem(partial)
        self._head.set_network(spec)
        self._tree.set_rows(build_rows(spec, partial, sentence), self._session.selection, afresh)
        self._problem.set_problem(sentence)
        self._foot.set_network(spec, partial)
        self._show_selection()

    def _show_selection(self) -> None:
        selection = self._session.selection
        is_layer = len(selection) == 1 and not selection[0].endswith("/")
        layer = editing.layer_at(self._session.spec, selection[0]) if is_layer else None
        self._forms.set_layer(layer)
        form = self._forms.form()
        if form is not None:
            self._head.set_label_width(form.caption_width)
        self._watch_fields()
        self._facts.setVisible(layer is not None)
        if layer is not None:
            self._facts.set_layer(selection[0], self._session.partial, self._session.spec.input_shape)
        self._hint.setText("" if layer is not None else self._hint_text())
        self._hint.setVisible(layer is None)
        self._actions.refresh()

    def _hint_text(self) -> str:
        selection = self._session.selection
        if not selection:
            return self.tr("Select a layer to change its settings.")
        if only_branch(self._session.spec, selection) is not None:
            return self.tr("New layers go to the end of this branch.")
        return self.tr("{count} layers are selected.").format(count=len(selection))

    def _select_rows(self, keys: tuple[str, ...]) -> None:
        self._session.select(keys)
        self._show_selection()
        if len(keys) == 1 and not keys[0].endswith("/"):
            self._told = keys[0]
            self.layer_selected.emit(self._told)

    def _tell_edit(self, spec: NetworkSpec) -> None:
        before = self._told
        self.edited.emit(spec)
        selection = self._session.selection
        # A layer that was added or moved is selected by that; who shows the network too has it only now.
        if len(selection) == 1 and not selection[0].endswith("/") and selection[0] != before:
            self._told = selection[0]
            self.layer_selected.emit(self._told)

    def _edit_layer(self, layer: Layer, field: str) -> None:
        self._session.replace(self._session.selection[0], layer, field)

    def _go_to_problem(self) -> None:
        path = self._session.partial.error_path
        if path:
            self._tree.select((path,))
            self._select_rows((path,))
            self._tree.setFocus()

    def _apply(self) -> None:
        self._tree.setFocus()  # the button goes grey, and the keyboard would go on to whatever is next
        self.apply_requested.emit()

    def _rename(self, name: str) -> None:
        if not self._session.rename(name):
            self._head.set_network(self._session.spec)

    def _paths(self) -> set[str]:
        return {entry.path for entry in walk(self._session.spec.layers)}

    def _watch_fields(self) -> None:
        """See the keys of all fields, also of a form that has just been made."""
        for kind in (QAbstractSpinBox, QLineEdit):
            for field in self.findChildren(kind):
                field.removeEventFilter(self)
                field.installEventFilter(self)

    def _lay_out(self) -> None:
        above = QWidget()
        upper = QVBoxLayout(above)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(SPACE)
        upper.addWidget(self._actions.bar)
        upper.addWidget(self._tree, 1)
        upper.addWidget(self._problem)
        content = QWidget()
        details = QVBoxLayout(content)
        details.setContentsMargins(0, SPACE, SPACE, 0)
        details.setSpacing(GAP)
        self._hint.setProperty("muted", True)
        self._hint.setWordWrap(True)
        details.addWidget(self._hint)
        details.addWidget(self._forms)
        details.addWidget(self._facts)
        details.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(110)
        scroll.setMaximumHeight(_MOST_DETAILS)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(above)
        self._splitter.addWidget(scroll)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        self._splitter.setSizes([330, 200])  # only their relation counts
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._column.setSpacing(GAP)
        self._column.addWidget(self._head)
        self._column.addWidget(self._splitter, 1)
        self._column.addWidget(self._foot)
        self._column.addWidget(self._files.bar)

    def _connect(self) -> None:
        self._session.changed.connect(self._show)
        self._session.edited.connect(self._tell_edit)
        self._session.failed.connect(self.failed)
        self._head.renamed.connect(self._rename)
        self._head.input_changed.connect(self._session.set_input_shape)
        self._tree.selected.connect(self._select_rows)
        self._tree.moved.connect(self._session.move)
        self._tree.itemActivated.connect(lambda: self._forms.focus_setting())
        self._forms.edited.connect(self._edit_layer)
        self._problem.clicked.connect(self._go_to_problem)
        self._foot.apply_requested.connect(self._apply)
        for signal in ("saved", "own_networks_changed", "failed", "told"):
            getattr(self._files, signal).connect(getattr(self, signal))
