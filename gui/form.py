"""What settings forms are made of: rows that name, explain and disable their fields, and sections that fold."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.spin_boxes import Choice, CountSpin, ScientificSpin
from gui.theme import GAP, SPACE

FIELD_HEIGHT = 26  # lists and number fields differ by themselves


class CompoundField(QWidget):
    """A field made of several widgets; the first of them is its focus proxy."""

    valueChanged = Signal()  # called as Qt's own fields call it


Field = Choice | CountSpin | ScientificSpin | CompoundField


class SettingsForm(QWidget):
    """Labelled fields under each other, of which only those that matter are shown."""

    changed = Signal()  # a person edited a field

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: list[QWidget] = []
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(GAP)
        self._layout.setVerticalSpacing(SPACE)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def add_field(self, label: str, field: Field, name: str, idea: str) -> None:
        """Add a row.

        Parameters
        ----------
        label : str
            Also the field's accessible name.
        name : str
            The field's objectName.
        idea : str
            The tooltip: what the setting means to the network.
        """
        field.setObjectName(name)
        field.setAccessibleName(label)
        field.setToolTip(wrapped(idea))
        field.setMinimumHeight(FIELD_HEIGHT)
        caption = QLabel(label)
        caption.setBuddy(field)
        caption.setToolTip(field.toolTip())
        caption.setMinimumHeight(FIELD_HEIGHT)
        self._layout.addRow(caption, field)
        self._fields.append(field)
        if isinstance(field, QComboBox):
            field.currentIndexChanged.connect(self._edited)
        else:
            field.valueChanged.connect(self._edited)

    def add_check(self, box: QCheckBox, name: str, idea: str) -> None:
        """Add a row with a box to tick, whose own text names it; ``name`` and ``idea`` as in ``add_field``."""
        box.setObjectName(name)
        box.setAccessibleName(box.text())
        box.setToolTip(wrapped(idea))
        box.setMinimumHeight(FIELD_HEIGHT)
        self._layout.addRow(box)
        self._fields.append(box)
        box.toggled.connect(self._edited)

    def add_wide(self, widget: QWidget) -> None:
        """Add a row without label."""
        self._layout.addRow(widget)

    def show_row(self, field: QWidget, shown: bool) -> None:
        """Show or hide a field with its label."""
        self._layout.setRowVisible(field, shown)

    def label_width(self) -> int:
        """Return the width that the widest label needs, in logical pixels."""
        return max((label.sizeHint().width() for label in self._labels()), default=0)

    def set_label_width(self, width: int) -> None:
        """Give all labels one width, so that the fields of several forms line up."""
        for label in self._labels():
            label.setFixedWidth(width)

    def set_editable(self, editable: bool, is_live: bool = False) -> None:
        """Enable or disable the fields.

        Parameters
        ----------
        editable : bool
            Whether a run can be set up now.
        is_live : bool
            Whether a run goes on, and what may change during it can be edited.
        """
        for field in self._fields:
            # Never disabled for a moment only: a field that is being typed into would lose the focus.
            field.setEnabled(self.is_field_editable(field, editable, is_live))

    def is_field_editable(self, field: QWidget, editable: bool, is_live: bool) -> bool:
        """Say whether a field can be edited; a form with settings that may change during a run overrides this."""
        return editable

    def take_text(self) -> None:
        """Take over what is typed but not yet confirmed."""
        for field in self._fields:
            if isinstance(field, QAbstractSpinBox) and field.hasFocus():
                field.interpretText()

    def _edited(self) -> None:
        self.show_relevant()
        self.changed.emit()

    def show_relevant(self) -> None:
        """Show the rows that matter for the present choice; a form with such rows overrides this."""

    def _labels(self) -> list[QWidget]:
        labels = (self._layout.labelForField(field) for field in self._fields)
        return [label for label in labels if label is not None]


class Section(QWidget):
    """A titled group that can be folded; folded, it shows its content in a few words.

    Parameters
    ----------
    title : str
    body : QWidget
    name : str
        The objectName of the header, which a person operates.
    idea : str
        The header's tooltip.
    is_open : bool
        Whether it starts unfolded.
    """

    def __init__(
        self, title: str, body: QWidget, name: str, idea: str, is_open: bool = True,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.body = body
        self._text = ""
        self.header = QToolButton()
        self.header.setObjectName(name)
        self.header.setAccessibleName(title)
        self.header.setToolTip(wrapped(idea))
        self.header.setText(title)
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setStyleSheet(
            "QToolButton { border: 2px solid transparent; border-radius: 5px; padding: 0 2px; font-weight: 600; }"
            "QToolButton:focus { border-color: palette(highlight); }"
        )
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._summary = ElidedLabel()
        self._summary.setProperty("muted", True)
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.header)
        top.addWidget(self._summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(body)
        self.header.toggled.connect(self._fold)
        self.header.setChecked(is_open)
        self._fold(is_open)

    def set_summary(self, text: str) -> None:
        """Set the words shown beside the title while folded."""
        self._text = text
        self._show_summary()

    def _fold(self, is_open: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.body.setVisible(is_open)
        self._show_summary()

    def _show_summary(self) -> None:
        self._summary.set_text("" if self.header.isChecked() else self._text)


class ElidedLabel(QLabel):
    """One line that gives way: what does not fit ends in an ellipsis and is in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str) -> None:
        """Show ``text``."""
        self._full = text
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text into the new width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width())
        self.setText(shown)
        self.setToolTip("" if shown == self._full else self._full)


def wrapped(text: str) -> str:
    """Return a tooltip that breaks its lines instead of growing as wide as the screen."""
    return f"<qt>{text}</qt>" if text else ""
