"""What the history tells of a single run beside its figures: where its weights come from, and its settings."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication

from engine.history.records import RunRecord, RunStart
from engine.history.report_words import data_name, duration, local_time, number, settings_in_words, share
from gui.history_columns import status_sentence


def origin_text(start: RunStart, parent_name: str | None) -> str:
    """Return where a run's first weights come from; ``parent_name`` is None where that run is gone."""
    origin = start.origin
    if origin.parent is None:
        return _tr("weights of a file that was opened") if origin.kind == "file" else _tr("freshly drawn weights")
    parent = _tr("run {id} ({name})").format(
        id=origin.parent, name=_tr("deleted") if parent_name is None else parent_name
    )
    text = {
        "state": _tr("branch of {parent} {place}, from a training state"),
        "snapshot": _tr("branch of {parent} {place}, from a snapshot: the optimizer's moments restarted"),
        "edited": _tr("an edited network that kept weights of {parent} {place}"),
    }.get(origin.kind, _tr("more epochs on the weights of {parent} {place}"))
    return text.format(parent=parent, place=_place(start))


def facts(record: RunRecord, start: RunStart, parent_name: str | None) -> list[tuple[str, str]]:
    """Return everything that there is to say of a run, as pairs of a name and a value in words."""
    best = _tr("none yet")
    if record.best_epoch:
        best = _tr("{accuracy} after epoch {epoch}, loss {loss}").format(
            accuracy=share(record.best_accuracy), epoch=record.best_epoch, loss=number(record.best_loss)
        )
    ended = local_time(record.ended) if record.ended else _tr("not yet")
    return [
        (_tr("Run"), str(record.id)),
        (_tr("Status"), status_sentence(record)),
        (_tr("Began from"), origin_text(start, parent_name)),
        (_tr("Began"), local_time(record.started)),
        (_tr("Ended"), ended),
        (_tr("Trained for"), duration(max(0.0, record.seconds - start.first.seconds))),
        (_tr("Best validation"), best),
        (_tr("Network"), _tr("{name}, {count} parameters").format(name=record.network, count=f"{record.parameters:,}")),
        (_tr("Data set"), data_name(start.dataset)),
        *(pair for pair in settings_in_words(start) if pair[0] != "Data set"),
    ]


def facts_table(pairs: list[tuple[str, str]], columns: int, muted: str) -> str:
    """Return pairs as an HTML table; with several columns they go on at the top of the next."""
    height = -(-len(pairs) // columns)
    rows = []
    for place in range(height):
        cells = []
        for name, value in pairs[place::height]:
            cells.append(
                f'<td style="color: {muted}; padding: 1px 10px 1px 0" width="{40 // columns}%">{escape(name)}</td>'
                f'<td style="padding: 1px 28px 1px 0" width="{60 // columns}%">{escape(value)}</td>'
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table width="100%" cellspacing="0" cellpadding="0">{"".join(rows)}</table>'


def _place(start: RunStart) -> str:
    step, first = start.origin.step, start.first
    if step is not None and step != first.step:  # counted anew, in another network
        return _tr("after batch {step}").format(step=f"{step:,}")
    if first.batch:
        return _tr("in epoch {epoch}, after batch {batch}").format(epoch=first.epoch + 1, batch=f"{first.batch:,}")
    return _tr("at epoch {epoch}").format(epoch=first.epoch)


def _tr(text: str) -> str:
    return QCoreApplication.translate("History", text)
