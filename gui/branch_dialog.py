"""The window in which a branch is begun: from which moment of a run, with which settings, and for how long."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.history.records import CheckpointRecord, RunRecord
from engine.history.report_words import share
from engine.training.config import TrainingConfig
from engine.validation import field_range
from gui.dialog_parts import dialog_button, paragraph
from gui.form import FIELD_HEIGHT, wrapped
from gui.spin_boxes import CountSpin
from gui.theme import GAP, MARGIN, SPACE, Theme

_WIDTH, _HEIGHT = 520, 520
_CHECKPOINT = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class BranchDialog(QDialog):
    """Offers the moments of a run; of a training state and a snapshot at one batch the state, which holds more.

    Parameters
    ----------
    run : RunRecord
    checkpoints : sequence of CheckpointRecord
        In any order.
    """

    # The CheckpointRecord; whether with the run's own settings; and how many epochs, 0 for to the run's planned end,
    # as it did itself.
    branch_chosen = Signal(object, bool, int)

    def __init__(
        self, run: RunRecord, checkpoints: Sequence[CheckpointRecord], parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("branchDialog")
        self.setWindowTitle(self.tr("Branch"))
        self._run = run
        self._offered = _offered(checkpoints)
        self._best = max((c.position.step for c in checkpoints if c.best), default=None)
        self._build()
        self._lay_out()
        self._fill()
        self._list.currentItemChanged.connect(lambda: self._show_choice())
        self._list.itemActivated.connect(lambda: self._begin.click())
        self._settings.idToggled.connect(lambda: self._show_choice())
        self._begin.clicked.connect(self._choose)
        self._cancel.clicked.connect(self.reject)
        self._show_choice()
        self._list.setFocus()

    def checkpoint(self) -> CheckpointRecord | None:
        """Return the chosen moment; None if the run left none."""
        item = self._list.currentItem()
        chosen = item.data(0, _CHECKPOINT) if item is not None else None
        return chosen if isinstance(chosen, CheckpointRecord) else None

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._list.setStyleSheet(
            f"QTreeView::item {{ padding: 2px {SPACE}px; }}"
            f"QHeaderView::section {{ padding: {SPACE}px {GAP}px; background: {theme.window}; color: {theme.muted};"
            f" border: none; border-bottom: 1px solid {theme.border}; }}"
        )

    def _choose(self) -> None:
        checkpoint = self.checkpoint()
        if checkpoint is not None:
            self._epochs.interpretText()  # what is typed but not yet confirmed
            epochs = 0 if self._replays(checkpoint) else self._epochs.value()
            self.branch_chosen.emit(checkpoint, self._own.isChecked(), epochs)
            self.accept()

    def _replays(self, checkpoint: CheckpointRecord) -> bool:
        """Whether the branch does again what the run did from there, to its planned end."""
        is_before_the_end = checkpoint.position.epoch < self._run.last_epoch
        return self._own.isChecked() and checkpoint.kind == "state" and is_before_the_end

    def _show_choice(self) -> None:
        checkpoint = self.checkpoint()
        self._begin.setEnabled(checkpoint is not None)
        if checkpoint is None:
            self._note.setText(self.tr("This run left no weights to branch from."))
            return
        replays = self._replays(checkpoint)
        self._epochs.setEnabled(not replays)
        left = self._run.last_epoch - checkpoint.position.epoch
        if replays:
            self._epochs.setValue(left)
        if checkpoint.kind == "snapshot":
            note = self.tr(
                "Weights alone were kept at this moment: the optimizer's moments restart, and the learning rate "
                "schedule begins anew."
            )
        elif replays:
            note = self.tr(
                "Everything was kept at this moment: the branch does again what the run did from there, up to epoch "
                "{epoch}, and tells whether it comes out the same."
            ).format(epoch=self._run.last_epoch)
        else:
            note = self.tr("Everything was kept at this moment: the optimizer goes on with its moments.")
        self._note.setText(note)

    def _fill(self) -> None:
        for checkpoint in reversed(self._offered):
            self._list.addTopLevelItem(self._item(checkpoint))
        default = next((c for c in self._offered if c.position.step == self._best), None)
        if default is None:
            states = [c for c in self._offered if c.kind == "state"]
            default = next(reversed(states or self._offered), None)
        for place in range(self._list.topLevelItemCount()):
            item = self._list.topLevelItem(place)
            if item is not None and item.data(0, _CHECKPOINT) is default:
                self._list.setCurrentItem(item)
        last_epoch = default.position.epoch if default is not None else 0
        self._epochs.setValue(max(1, self._run.last_epoch - last_epoch))

    def _item(self, checkpoint: CheckpointRecord) -> QTreeWidgetItem:
        at = checkpoint.position
        if at.step == 0:
            when = self.tr("untrained weights")
        elif at.batch:
            when = self.tr("in epoch {epoch}, after batch {batch}").format(epoch=at.epoch + 1, batch=f"{at.batch:,}")
        else:
            when = self.tr("after epoch {epoch}").format(epoch=at.epoch)
        is_state = checkpoint.kind == "state"
        accuracy = checkpoint.validation_accuracy
        item = QTreeWidgetItem([
            when,
            "–" if math.isnan(accuracy) else share(accuracy),
            self.tr("best") if at.step == self._best else "",
            self.tr("everything") if is_state else self.tr("weights only"),
        ])  # fmt: skip
        item.setTextAlignment(1, _RIGHT)
        item.setData(0, _CHECKPOINT, checkpoint)
        return item

    def _build(self) -> None:
        self._list = QTreeWidget()
        self._list.setObjectName("branchMomentsList")
        self._list.setAccessibleName(self.tr("Moment to branch from"))
        self._list.setToolTip(
            wrapped(
                self.tr(
                    "The moments at which weights of this run were kept. The branch begins with the weights of the one "
                    "that is chosen; the run itself stays as it is."
                )
            )
        )
        self._list.setHeaderLabels([self.tr("Moment"), self.tr("Validation"), "", self.tr("Kept")])
        self._list.headerItem().setTextAlignment(1, _RIGHT)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._note = paragraph("branchNote", muted=True)
        self._note.setMinimumHeight(3 * self._note.fontMetrics().lineSpacing())
        self._own = self._radio(
            self.tr("With its own settings"), "branchOwnRadio",
            self.tr("Train on as the run did: its optimizer, schedule, batch size and seed."),
        )  # fmt: skip
        self._set_up = self._radio(
            self.tr("With the settings in Set-up"), "branchSetupRadio",
            self.tr("Train on with what is set in the Set-up panel now, such as a lower learning rate."),
        )  # fmt: skip
        self._settings = QButtonGroup(self)
        self._settings.addButton(self._own, 0)
        self._settings.addButton(self._set_up, 1)
        self._own.setChecked(True)
        self._epochs = CountSpin(field_range(TrainingConfig, "epochs"))
        self._epochs.setObjectName("branchEpochsSpin")
        self._epochs.setAccessibleName(self.tr("Epochs to train"))
        self._epochs.setToolTip(
            wrapped(self.tr("How often the branch goes through the training images from the chosen moment on."))
        )
        self._epochs.setMinimumHeight(FIELD_HEIGHT)
        self._begin = dialog_button(
            self.tr("Begin branch"), "branchBeginButton",
            self.tr("Begin a new run from the chosen moment; the history shows it under this run."),
        )  # fmt: skip
        self._begin.setProperty("primary", True)
        self._begin.setDefault(True)
        self._cancel = dialog_button(self.tr("Cancel"), "branchCancelButton", self.tr("Begin nothing."))

    def _radio(self, text: str, name: str, idea: str) -> QRadioButton:
        radio = QRadioButton(text)
        radio.setObjectName(name)
        radio.setAccessibleName(text)
        radio.setToolTip(wrapped(idea))
        return radio

    def _lay_out(self) -> None:
        title = paragraph("branchTitle", self.tr("Branch from which moment of “{name}”?").format(name=self._run.name))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        form = QFormLayout()
        form.setHorizontalSpacing(GAP)
        form.addRow(self.tr("Epochs to train"), self._epochs)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._begin)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(title)
        layout.addWidget(self._list, 1)
        for radio in (self._own, self._set_up):
            layout.addWidget(radio, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(form)
        layout.addWidget(self._note)
        layout.addLayout(buttons)
        self.resize(_WIDTH, _HEIGHT)


def _offered(checkpoints: Sequence[CheckpointRecord]) -> list[CheckpointRecord]:
    """Return one checkpoint for each step, in order."""
    by_step: dict[int, CheckpointRecord] = {}
    for checkpoint in checkpoints:
        if checkpoint.kind == "state" or checkpoint.position.step not in by_step:
            by_step[checkpoint.position.step] = checkpoint
    return [checkpoint for _, checkpoint in sorted(by_step.items())]
