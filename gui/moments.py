"""The moments of a run that can be gone back to: one for each batch at which weights were kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from engine.history.records import CheckpointRecord


@dataclass(frozen=True)
class Moment:
    """A place in a run.

    Parameters
    ----------
    record : CheckpointRecord
        What is loaded for it: a snapshot where there is one, since weights alone are read sooner than a whole state.
    ids : frozenset of int
        All checkpoints of this moment.
    best : bool
        Whether it is of the best epoch.
    validation_accuracy : float
        NaN if nothing was validated until then.
    """

    record: CheckpointRecord
    ids: frozenset[int]
    best: bool
    validation_accuracy: float

    @property
    def step(self) -> int:
        """Batches since the weights were drawn."""
        return self.record.position.step

    @property
    def ends_epoch(self) -> bool:
        """Whether an epoch was just finished."""
        return self.record.position.batch == 0

    def text(self, short: bool = False) -> str:
        """Return the moment in words: ``epoch 3 · batch 1,800 · validation 97.1% · best``."""
        position = self.record.position
        if position.step == 0:
            parts = [_tr("untrained")] if short else [_tr("untrained weights"), _tr("batch 0")]
        else:
            parts = []
            if self.ends_epoch:
                parts.append(_tr("epoch {epoch}").format(epoch=position.epoch))
            elif not short:
                # The one that is being trained, not the last that was finished.
                parts.append(_tr("in epoch {epoch}").format(epoch=position.epoch + 1))
            if not (short and self.ends_epoch):
                parts.append(_tr("batch {step}").format(step=f"{position.step:,}"))
        if not math.isnan(self.validation_accuracy):
            accuracy = f"{100 * self.validation_accuracy:.1f}%"
            parts.append(accuracy if short else _tr("validation {accuracy}").format(accuracy=accuracy))
        if self.best:
            parts.append(_tr("best"))
        return " · ".join(parts)


def moments_of(records: Sequence[CheckpointRecord]) -> list[Moment]:
    """Return one moment for each step at which there are checkpoints, in order."""
    by_step: dict[int, list[CheckpointRecord]] = {}
    for record in records:
        by_step.setdefault(record.position.step, []).append(record)
    moments = []
    for _, same in sorted(by_step.items()):
        chosen = next((record for record in same if record.kind == "snapshot"), same[-1])
        known = (record.validation_accuracy for record in (chosen, *same))
        moments.append(
            Moment(
                chosen,
                frozenset(record.id for record in same),
                any(record.best for record in same),
                next((accuracy for accuracy in known if not math.isnan(accuracy)), math.nan),
            )
        )
    return moments


def _tr(text: str) -> str:
    return QCoreApplication.translate("Moment", text)
