"""The report of a run: one HTML file that can be read, printed and passed on, and that asks nothing of a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from msgspec import Struct

from engine.architecture.layers import describe
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import format_shape, summarize
from engine.errors import NetariumError
from engine.history.records import Array, ChangeRecord, CheckpointRecord, RunRecord, RunStart
from engine.history.report_answers import answers_section, mistakes_section
from engine.history.report_curves import Figure, draw
from engine.history.report_style import STYLE
from engine.history.report_words import (
    SETTING_WORDS,
    data_name,
    duration,
    local_time,
    number,
    origin_in_words,
    settings_in_words,
    share,
    status_in_words,
)
from engine.inspection.assessment import Assessment
from engine.storage.atomic import write_atomically

_SHORT = 26  # rows of a table that is not divided between pages of paper

_WHOLE = ("Curves", "Answers to the test images")  # sections that are not divided between pages
_MOST_EPOCHS = 100  # in the table; of a longer run some are left out

# Whatever slips into the page can neither run nor fetch anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Report(Struct, frozen=True, kw_only=True, eq=False):
    """Everything that the report of a run tells.

    Parameters
    ----------
    run : RunRecord
    start : RunStart
    epochs, batches : mapping of column to array
        As ``RunStore.epochs`` and ``RunStore.batches`` return them; first those of the runs it began from.
    changes : sequence of ChangeRecord
    parent_name : str, optional
        The name of the run that it began from; None if there is none, or it is gone.
    weights : CheckpointRecord, optional
        Which weights ``assessment`` is of.
    assessment : Assessment, optional
    remark : str
        A sentence on the assessment: why there is none, or what to keep in mind.
    """

    run: RunRecord
    start: RunStart
    epochs: Mapping[str, Array]
    batches: Mapping[str, Array]
    changes: Sequence[ChangeRecord] = ()
    parent_name: str | None = None
    weights: CheckpointRecord | None = None
    assessment: Assessment | None = None
    remark: str = ""


def export_report(path: Path, report: Report) -> None:
    """Write the report of a run; ``FileError`` if it cannot be written, an older file is intact."""
    write_atomically(path, page(report).encode())


def page(report: Report) -> str:
    """Return the report as an HTML page of its own: style, curves and images are in it, scripts and addresses not."""
    run = report.run
    title = escape(run.name)
    note = f'<p class="note">{escape(run.note)}</p>' if run.note else ""
    sections = (
        ("Curves", _curves(report)),
        ("Epochs", _epochs(report)),
        ("Changes while it ran", _changes(report.changes)),
        ("Where its weights come from", f"<p>{escape(origin_in_words(run.origin, report.parent_name))}</p>"),
        ("Settings", _settings(report.start)),
        ("Network", _layers(report.start.spec)),
        ("Answers to the test images", _answers(report)),
        ("Mistakes", mistakes_section(report.assessment) if report.assessment is not None else ""),
    )
    body = "".join(
        f"<section{' class=whole' if heading in _WHOLE else ''}><h2>{heading}</h2>{content}</section>"
        for heading, content in sections
        if content
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><header><h1>{title}</h1>"
        f'<p class="muted">Run {run.id}: {escape(run.network)} learns {escape(data_name(run.dataset))}, '
        f"{_when(run)}</p>{note}{_summary(report)}</header>\n{body}\n"
        f"<footer>Made by Netarium from run {run.id} of its history.</footer></body></html>\n"
    )


def _when(run: RunRecord) -> str:
    ended = f" to {local_time(run.ended)}" if run.ended else ""
    return escape(f"{local_time(run.started)}{ended}")


def _summary(report: Report) -> str:
    run = report.run
    entries = [
        (
            "Best validation", share(run.best_accuracy),
            f"epoch {run.best_epoch}, loss {number(run.best_loss)}" if run.best_epoch else "no epoch yet",
        ),
        (
            "Last validation", share(run.validation_accuracy),
            f"epoch {run.epochs} of {run.last_epoch}, loss {number(run.validation_loss)}",
        ),
        ("Parameters", f"{run.parameters:,}", "numbers that are learned"),
        ("Training time", duration(run.seconds - report.start.first.seconds), f"{run.step:,} batches in all"),
    ]  # fmt: skip
    figures = "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>" for name, value, more in entries
    )
    return f'<dl class="figures">{figures}</dl><p>Status: {escape(status_in_words(run))}</p>'


def _curves(report: Report) -> str:
    epochs, batches, run = report.epochs, report.batches, report.run
    per_epoch = max(1, report.start.batches_per_epoch)
    changes = [change.position.epoch + change.position.batch / per_epoch for change in report.changes]
    first = report.start.first
    begins = first.epoch + first.batch / per_epoch if (epochs["step"] <= first.step).any() else None
    pictures = []
    for what, percent in (("loss", False), ("accuracy", True)):
        figure = Figure(
            title=what.capitalize(), key=what, epochs=epochs["epoch"], training=epochs[f"train_{what}"],
            validation=epochs[f"validation_{what}"], batch_epochs=batches["epoch"], batches=batches[what],
            best_epoch=run.best_epoch, changes=changes, begins=begins, percent=percent,
        )  # fmt: skip
        picture = draw(figure)
        if picture:
            pictures.append(f"<figure><h3>{figure.title}</h3>{picture}</figure>")
    if not pictures:
        return "<p>Not a single batch was trained.</p>"
    known = ["training", "validation"] if len(epochs["epoch"]) else []
    known += ["batch"] if len(batches["step"]) else []
    known += ["best"] if run.best_epoch else []
    known += ["change"] if changes else []
    known += ["begins"] if begins is not None else []
    return f'{_legend(known)}<div class="curves">{"".join(pictures)}</div>'


def _legend(known: Sequence[str]) -> str:
    words = {
        "training": "training, mean of the epoch",
        "validation": "validation after the epoch",
        "batch": "training, batches as they ran",
        "best": "best epoch",
        "change": "a setting was changed",
        "begins": "here this run began, with the weights of another",
    }
    entries = "".join(
        f'<li><svg class="sample" viewBox="0 0 28 12" aria-hidden="true"><path class="{kind}" d="M1 6L27 6"/></svg>'
        f"{words[kind]}</li>"
        for kind in known
    )
    return f'<ul class="legend">{entries}</ul>'


def _epochs(report: Report) -> str:
    own = report.epochs["step"] > report.start.first.step
    epochs = {name: values[own] for name, values in report.epochs.items()}
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "duration", "learning_rate")
    rows = []
    for epoch, *figures in zip(epochs["epoch"], *(epochs[name] for name in names), strict=True):
        loss, accuracy, validation_loss, validation_accuracy, seconds, rate = map(float, figures)
        texts = (
            f"{int(epoch)}", number(loss), share(accuracy), number(validation_loss), share(validation_accuracy),
            "–" if math.isnan(seconds) else f"{seconds:.1f} s", "–" if math.isnan(rate) else f"{rate:.4g}",
        )  # fmt: skip
        rows.append((texts, int(epoch) == report.run.best_epoch))
    heads = ("epoch", "loss", "accuracy", "validation loss", "accuracy", "time", "learning rate")
    if not rows:
        return ""
    every = -(-len(rows) // _MOST_EPOCHS)
    told = [row for place, row in enumerate(rows, 1) if place % every == 0 or row[1] or place in (1, len(rows))]
    left_out = f"<p>The first, the best, the last, and every {every}th epoch.</p>" if every > 1 else ""
    return left_out + _table(heads, told, numbers_from=0)


def _changes(changes: Sequence[ChangeRecord]) -> str:
    rows = [
        (
            (
                f"epoch {change.position.epoch + 1}, after batch {change.position.batch:,}",
                SETTING_WORDS[change.setting], f"{change.old:g}", f"{change.new:g}",
            ),
            False,
        )
        for change in changes
    ]  # fmt: skip
    return _table(("when", "setting", "before", "after"), rows, numbers_from=2) if rows else ""


def _settings(start: RunStart) -> str:
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>'
        for name, value in settings_in_words(start)
    )  # fmt: skip
    return f'<table class="full short settings"><tbody>{rows}</tbody></table>'


def _layers(spec: NetworkSpec) -> str:
    try:
        summary = summarize(spec)
    except NetariumError as error:  # of a Netarium that allowed other layers
        return f"<p>{escape(str(error))}</p>"
    rows = [
        (
            (
                "\u2003" * layer.depth + layer.path.rsplit("/", 1)[-1], describe(layer.layer),
                format_shape(layer.output_shape), f"{layer.parameter_count:,}" if layer.parameters else "",
            ),
            False,
        )
        for layer in summary.layers
    ]  # fmt: skip
    return (
        f"<p>{escape(spec.name)} takes {format_shape(spec.input_shape)} and learns {summary.parameter_count:,} "
        f"parameters; one image costs {summary.multiply_adds:,} multiplications with addition.</p>"
        + _table(("layer", "what it does", "output", "parameters"), rows, numbers_from=2)
    )  # fmt: skip


def _answers(report: Report) -> str:
    remark = f"<p>{escape(report.remark)}</p>" if report.remark else ""
    if report.assessment is None:
        return remark
    at = report.weights.position if report.weights is not None else None
    which = ""
    if report.weights is not None and at is not None:
        where = f"epoch {at.epoch}" if not at.batch else f"batch {at.batch} of epoch {at.epoch + 1}"
        which = f"<p>With the weights after {where}{', the best epoch' if report.weights.best else ''}.</p>"
    return remark + which + answers_section(report.assessment)


def _table(heads: Sequence[str], rows: Iterable[tuple[Sequence[str], bool]], numbers_from: int) -> str:
    """Return a table of texts that are escaped here; columns from ``numbers_from`` on hold numbers, to the right.

    A row comes with whether it is the best one.
    """

    def kind(column: int) -> str:
        return ' class="n"' if column >= numbers_from else ""

    rows = list(rows)
    head = "".join(f'<th scope="col"{kind(place)}>{escape(text)}</th>' for place, text in enumerate(heads))
    body = "".join(
        ('<tr class="best">' if best else "<tr>")
        + "".join(f"<td{kind(place)}>{escape(text)}</td>" for place, text in enumerate(texts))
        + "</tr>"
        for texts, best in rows
    )
    short = " short" if len(rows) <= _SHORT else ""
    return (
        f'<div class="wide"><table class="full{short}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
