"""The columns of the history: what each tells of a run, in words and as a value to sort by."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from engine.history.records import RunRecord, Status
from engine.history.report_words import data_name, duration, local_time, number, share


class Column(IntEnum):
    """The columns in their first order, but for ``NUMBER``, which stands second.

    Kept layouts of the table know columns by these numbers.
    """

    STAR = 0
    NAME = 1
    CURVE = 2
    STATUS = 3
    NETWORK = 4
    DATASET = 5
    EPOCHS = 6
    BEST = 7
    LAST = 8
    LOSS = 9
    TIME = 10
    BACKEND = 11
    BEGAN = 12
    NUMBER = 13


COLUMNS = tuple(Column)

FIGURES = frozenset({Column.NUMBER, Column.EPOCHS, Column.BEST, Column.LAST, Column.LOSS, Column.TIME})
"""Columns of numbers, which stand to the right."""


class Heading(NamedTuple):
    """The title of a column, its idea in a sentence, and the pixels it begins with."""

    title: str
    idea: str
    width: int


def headings() -> tuple[Heading, ...]:
    """Return the heading of every column, in order."""
    return (
        Heading(
            _tr("Star"), _tr("Runs worth finding again. A click on a star sets it or takes it away."), 30,
        ),
        Heading(
            _tr("Name"),
            _tr("What you call the run; Ctrl+R or a double click edits it. A run that went on with another's weights "
                "stands under that run."),
            190,
        ),
        Heading(_tr("Curve"), _tr("Validation accuracy over the epochs; every curve has its own height."), 84),
        Heading(_tr("Status"), _tr("Whether the run goes on, or how it ended."), 104),
        Heading(_tr("Network"), _tr("What was trained."), 130),
        Heading(_tr("Data set"), _tr("What it learned from."), 92),
        Heading(
            _tr("Epochs"),
            _tr("The last epoch that was finished, and the one it was to end with; both count from when the weights "
                "were drawn."),
            64,
        ),
        Heading(
            _tr("Best"),
            _tr("Validation accuracy after the best epoch, which is found by the measure that the run's settings "
                "name."),
            66,
        ),
        Heading(_tr("Last"), _tr("Validation accuracy after the last epoch."), 66),
        Heading(_tr("Loss"), _tr("Validation loss after the last epoch."), 66),
        Heading(
            _tr("Trained"),
            _tr("Time spent training these weights, in the runs before it whose weights it went on with too."),
            88,
        ),
        Heading(_tr("Backend"), _tr("What computed the network, and on which device."), 96),
        Heading(_tr("Began"), _tr("When the run began, by the clock of this place."), 124),
        Heading(
            _tr("Run"),
            _tr("The number of the run, by which messages, the comparison and the command line call it."), 46,
        ),
    )  # fmt: skip


@cache
def status_word(status: Status) -> str:
    """Return how a run ended, in one or two words."""
    return {
        "running": _tr("running"),
        "completed": _tr("completed"),
        "stopped": _tr("stopped"),
        "early": _tr("ended early"),
        "diverged": _tr("diverged"),
        "failed": _tr("failed"),
        "interrupted": _tr("interrupted"),
    }[status]


def status_sentence(record: RunRecord) -> str:
    """Return how a run ended, for a tooltip."""
    sentence = {
        "running": _tr("It is being trained at this moment."),
        "completed": _tr("It trained all epochs that were planned."),
        "stopped": _tr("It was stopped by hand; its weights were kept."),
        "early": _tr("It ended early, since no better epoch came for a while."),
        "diverged": _tr("Its loss became infinite or undefined."),
        "failed": _tr("An error ended it; what was kept before can be used."),
        "interrupted": _tr(
            "Nobody ended it: Netarium was closed or the machine went off. It can be continued if a training state was "
            "kept before."
        ),
    }[record.status]
    return f"{sentence} {record.message}" if record.message else sentence


def cell_text(record: RunRecord, column: Column, today: datetime.date) -> str:
    """Return what a cell says; the curve says nothing, and a star only that it is set."""
    if column == Column.STAR:
        return _tr("starred") if record.star else ""
    if column == Column.NAME:
        return record.name
    if column == Column.STATUS:
        return status_word(record.status)
    if column == Column.NETWORK:
        return record.network
    if column == Column.DATASET:
        return data_name(record.dataset)
    if column == Column.EPOCHS:
        return f"{record.epochs}/{record.last_epoch}"
    if column == Column.BEST:
        return share(record.best_accuracy)
    if column == Column.LAST:
        return share(record.validation_accuracy)
    if column == Column.LOSS:
        return number(record.validation_loss)
    if column == Column.TIME:
        return duration(record.seconds)
    if column == Column.BACKEND:
        return record.backend if record.device == "cpu" else f"{record.backend} · {record.device}"
    if column == Column.NUMBER:
        return str(record.id)
    return began_text(record.started, today) if column == Column.BEGAN else ""


def sort_value(record: RunRecord, column: Column) -> float | str | None:
    """Return what a column sorts by; None where there is nothing yet, which comes last either way."""
    value: float | str = _SORTED_BY[column](record)
    return None if isinstance(value, float) and math.isnan(value) else value


_SORTED_BY: dict[Column, Callable[[RunRecord], float | str]] = {
    Column.STAR: lambda record: float(record.star),
    Column.NAME: lambda record: record.name.casefold(),
    Column.CURVE: lambda record: record.best_accuracy,
    Column.STATUS: lambda record: status_word(record.status),
    Column.NETWORK: lambda record: record.network.casefold(),
    Column.DATASET: lambda record: data_name(record.dataset).casefold(),
    Column.EPOCHS: lambda record: float(record.epochs),
    Column.BEST: lambda record: record.best_accuracy,
    Column.LAST: lambda record: record.validation_accuracy,
    Column.LOSS: lambda record: record.validation_loss,
    Column.TIME: lambda record: record.seconds,
    Column.BACKEND: lambda record: f"{record.backend} {record.device}",
    Column.BEGAN: lambda record: record.started,
    Column.NUMBER: lambda record: float(record.id),
}


def searched_text(record: RunRecord) -> str:
    """Return what the search looks through."""
    parts = (record.name, record.note, record.network, data_name(record.dataset), status_word(record.status))
    return "\n".join(parts).casefold()


def began_text(moment: str, today: datetime.date) -> str:
    """Return a time in ISO 8601 by the clock of this place; today and yesterday are said so."""
    try:
        local = datetime.datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return moment
    days = (today - local.date()).days
    if days in (0, 1):
        return (_tr("today {time}") if days == 0 else _tr("yesterday {time}")).format(time=f"{local:%H:%M}")
    return local_time(moment)


def _tr(text: str) -> str:
    return QCoreApplication.translate("History", text)
