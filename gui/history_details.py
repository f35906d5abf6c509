"""What is shown below the history's table of one run: its name, note and colour to edit, and its settings in words."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from engine.history.records import RunRecord
from gui.colour_choice import ColourChoice
from gui.compared import ComparedRun
from gui.form import wrapped
from gui.history_words import facts, facts_table
from gui.theme import GAP, LIGHT, MARGIN, SPACE, Theme

_FORM = 300  # pixels of width for what can be edited
_NARROW = 620  # below this width the facts stand under it
_NOTE = 64  # pixels of height of the note then
_WIDE = 760  # from this width of the facts on, they stand in two columns
_LARGEST = 16_777_215  # Qt's bound of sizes


class NoteField(QPlainTextEdit):
    """A text that counts when the keyboard goes elsewhere."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take over what was written."""
        super().focusOutEvent(event)
        self.left.emit()


class RunDetails(QWidget):
    """Tells of a run, and lets a person say something of it."""

    annotated = Signal(int, object)  # the run, and what is said of it, as a dict of columns

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runDetails")
        self.setAccessibleName(self.tr("The selected run"))
        self._theme = LIGHT
        self._record: RunRecord | None = None
        self._pairs: list[tuple[str, str]] = []
        self._html = ""
        self._is_narrow = False
        self._build()
        self._arrange()
        self.name.editingFinished.connect(self._take_name)
        self.note.left.connect(self._take_note)
        self.colour.chosen.connect(lambda colour: self._say(colour=colour))

    def set_run(self, record: RunRecord | None) -> None:
        """Show a run; of one that is shown already, what is being typed stays."""
        is_other = record is None or self._record is None or record.id != self._record.id
        if is_other:
            self.commit()
            self._pairs = []
            self._show_facts()
        self._record = record
        if record is None:
            return
        if is_other or not self.name.hasFocus():
            self.name.setText(record.name)
            self.name.setCursorPosition(0)
        if is_other or not self.note.hasFocus():
            self.note.setPlainText(record.note)
        self.colour.set_colour(record.colour)

    def set_compared(self, run: ComparedRun, parent_name: str | None) -> None:
        """Tell the settings of the run that is shown; ``parent_name`` is of the run it came from, if that exists."""
        if self._record is not None and run.record.id == self._record.id:
            self._pairs = facts(run.record, run.start, parent_name)
            self._show_facts()

    def commit(self) -> None:
        """Take over what is typed."""
        self._take_name()
        self._take_note()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        self.colour.apply_theme(theme)
        self._show_facts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the facts where there is room, in as many columns as fit."""
        super().resizeEvent(event)
        is_narrow = self.width() < _NARROW
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
            self._box.setDirection(way)
            self._form.setMinimumWidth(0 if is_narrow else _FORM)
            self._form.setMaximumWidth(_LARGEST if is_narrow else _FORM)
            self.note.setMaximumHeight(_NOTE if is_narrow else _LARGEST)
        self._show_facts()

    def _take_name(self) -> None:
        if self._record is None:
            return
        name = self.name.text().strip()
        if name:
            self._say(name=name)
        else:
            self.name.setText(self._record.name)

    def _take_note(self) -> None:
        if self._record is not None:
            self._say(note=self.note.toPlainText().strip())

    def _say(self, **values: object) -> None:
        record = self._record
        if record is not None and any(getattr(record, name) != value for name, value in values.items()):
            self.annotated.emit(record.id, values)

    def _show_facts(self) -> None:
        columns = 2 if self.width() - (0 if self._is_narrow else _FORM) > _WIDE else 1
        html = facts_table(self._pairs, columns, self._theme.muted) if self._pairs else ""
        if html != self._html:  # what is read or selected stays where it is
            self._html = html
            self._facts.setHtml(html)

    def _build(self) -> None:
        self.name = QLineEdit()
        self.name.setObjectName("runNameField")
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setMaxLength(200)
        self.name.setToolTip(wrapped(self.tr("What you call this run. Return or leaving the field takes it over.")))
        self.note = NoteField()
        self.note.setObjectName("runNoteField")
        self.note.setAccessibleName(self.tr("Note"))
        self.note.setTabChangesFocus(True)
        self.note.setPlaceholderText(self.tr("What did you try, and what came of it?"))
        self.note.setToolTip(
            wrapped(self.tr("Anything worth remembering of this run. The search finds its words. Leaving the field "
                            "keeps it."))
        )  # fmt: skip
        self.note.setMinimumHeight(44)
        self.colour = ColourChoice()
        self._facts = QTextBrowser()
        self._facts.setObjectName("runFactsText")
        self._facts.setAccessibleName(self.tr("Settings of the run"))
        self._facts.setToolTip(wrapped(self.tr("What the run was trained with; the text can be selected and copied.")))
        self._facts.setFrameShape(QFrame.Shape.NoFrame)
        self._facts.setTabChangesFocus(True)
        self._facts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._facts.setStyleSheet("QTextBrowser { background: transparent; }")
        self._facts.document().setDocumentMargin(0)

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(GAP)
        form.setVerticalSpacing(SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for title, field in ((self.tr("Name"), self.name), (self.tr("Colour"), self.colour)):
            form.addRow(title, field)
        self._form = QWidget()
        self._form.setFixedWidth(_FORM)
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(form)
        column.addWidget(self.note, 1)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(MARGIN + SPACE)
        self._box.addWidget(self._form)
        self._box.addWidget(self._facts, 1)

    def minimumSizeHint(self) -> QSize:
        """Return a size that is not larger for being wide now."""
        return QSize(_FORM, 3 * _NOTE)
