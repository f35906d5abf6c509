"""How the command `runs` prints runs: the list as a tree, and everything about one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from engine.estimates.memory import describe_bytes
from engine.history.records import RunRecord
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
from engine.history.store import RunStore

_WIDEST = 40  # characters of a name in the list
_DEEPEST = 8  # levels of the tree that are indented; more would push the columns off the screen
HEADS = ("", "run", "name", "status", "network", "data set", "epochs", "best", "began")
"""The columns of the list; the first is for the star."""

_RIGHT = {1, 6, 7}  # columns of numbers


def listed_as_data(run: RunRecord) -> dict[str, Any]:
    """Return what `runs list --json` tells of a run."""
    names = (
        "id", "name", "note", "star", "status", "network", "parameters", "dataset", "backend", "device", "started",
        "ended", "epochs", "last_epoch", "step", "seconds", "validation_loss", "validation_accuracy", "best_epoch",
        "best_loss", "best_accuracy", "deleted",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names} | {"origin": msgspec.to_builtins(run.origin)}


def print_list(runs: Sequence[RunRecord]) -> None:
    """Print a line for each run; those that went on with another's weights stand under it, indented."""
    if not runs:
        print("There are no runs.")
        return
    rows = [HEADS]
    for depth, run in tree(runs):
        rows.append(
            (
                "*" if run.star else "",
                str(run.id),
                "  " * min(depth, _DEEPEST) + _shortened(run.name),
                run.status,
                _shortened(run.network),
                _shortened(data_name(run.dataset)),
                f"{run.epochs}/{run.last_epoch}",
                "" if math.isnan(run.best_accuracy) else f"{run.best_accuracy:.4f}",
                local_time(run.started),
            )
        )
    _print_table(rows, _RIGHT)


def tree(runs: Sequence[RunRecord]) -> list[tuple[int, RunRecord]]:
    """Return runs with their depth, each after the run it came from; a family with a newer run comes first.

    A run whose parent is not among them stands by itself.
    """
    known = {run.id: run for run in runs}
    children: dict[int | None, list[RunRecord]] = {}
    for run in sorted(runs, key=lambda run: run.id):
        parent = run.origin.parent
        # A parent is always older; a damaged history must not make a circle.
        children.setdefault(parent if parent in known and parent < run.id else None, []).append(run)
    newest: dict[int, int] = {}
    for run in sorted(runs, key=lambda run: -run.id):
        newest[run.id] = max([run.id, *(newest[child.id] for child in children.get(run.id, ()))])
    waiting = [(0, root) for root in sorted(children.get(None, ()), key=lambda run: newest[run.id])]
    order = []
    while waiting:
        depth, run = waiting.pop()
        order.append((depth, run))
        waiting += [(depth + 1, child) for child in reversed(children.get(run.id, ()))]
    return order


def print_run(store: RunStore, run: RunRecord) -> None:
    """Print everything about a run but the figures of its batches."""
    start = store.start(run.id)
    parent = store.run(run.origin.parent) if run.origin.parent is not None else None
    best = f"{share(run.best_accuracy)}, loss {number(run.best_loss)}, epoch {run.best_epoch}"
    facts = [
        ("Status", status_in_words(run)),
        ("Network", f"{run.network}, {run.parameters:,} parameters"),
        ("Began", local_time(run.started)),
        ("Ended", local_time(run.ended) if run.ended else "not yet"),
        ("Trained", f"up to epoch {run.epochs} of {run.last_epoch}, in {duration(run.seconds - start.first.seconds)}"),
        ("Best validation", best if run.best_epoch else "none yet"),
        ("Origin", origin_in_words(run.origin, parent.name if parent is not None else None)),
    ]
    if run.deleted:
        facts.append(("Deleted", f"{local_time(run.deleted)}; `runs restore {run.id}` brings it back"))
    facts += settings_in_words(start)
    facts.append(("Folder", str(store.run_folder(run.id))))
    print(f"Run {run.id}: {printable(run.name)}{' *' if run.star else ''}")
    for line in run.note.splitlines():
        print(f"  {printable(line)}")
    for name, value in facts:
        print(f"{name:32}{printable(value)}")
    _print_epochs(store, run)
    _print_changes(store, run)
    _print_checkpoints(store, run)


def _print_epochs(store: RunStore, run: RunRecord) -> None:
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "duration", "learning_rate")
    epochs = store.epochs(run.id)
    rows: list[tuple[str, ...]] = [
        ("epoch", "loss", "accuracy", "validation loss", "accuracy", "seconds", "learning rate", "")
    ]
    for epoch, *figures in zip(epochs["epoch"].tolist(), *(epochs[name].tolist() for name in names), strict=True):
        told = [*map(number, figures[:4]), _short(figures[4], "{:.1f}"), _short(figures[5], "{:.4g}")]
        rows.append((f"{epoch:.0f}", *told, "best" if epoch == run.best_epoch else ""))
    if len(rows) > 1:
        print()
        _print_table(rows, set(range(7)))


def _print_changes(store: RunStore, run: RunRecord) -> None:
    changes = store.changes(run.id)
    if changes:
        print()
    for change in changes:
        at = change.position
        setting = SETTING_WORDS[change.setting]
        print(f"After batch {at.batch} of epoch {at.epoch + 1}: {setting} {change.old:g} -> {change.new:g}")


def _print_checkpoints(store: RunStore, run: RunRecord) -> None:
    rows = [("checkpoint", "epochs", "batch", "step", "size", "file", "")]
    for checkpoint in store.checkpoints(run.id):
        at = checkpoint.position
        rows.append(
            (
                checkpoint.kind, str(at.epoch), str(at.batch), str(at.step), describe_bytes(checkpoint.size),
                checkpoint.path.name, "best" if checkpoint.best else "",
            )
        )  # fmt: skip
    if len(rows) > 1:
        print()
        _print_table(rows, {1, 2, 3, 4})


def printable(text: str) -> str:
    """Return a text without characters that would command a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _shortened(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _short(value: float, form: str) -> str:
    return "–" if math.isnan(value) else form.format(value)


def _print_table(rows: Sequence[Sequence[str]], right: set[int]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            f"{text:>{width}}" if column in right else f"{text:{width}}"
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
            if width
        ]
        print("  ".join(cells).rstrip())
