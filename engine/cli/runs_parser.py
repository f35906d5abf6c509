"""The options of the command `runs`, which looks after the history."""

from __future__ import annotations

import argparse
from pathlib import Path

_RUN = "a run's number, its name if no other has it, or `last`"


def add_runs(to: argparse.ArgumentParser) -> None:
    """Give the command `runs` what it can do."""
    actions = to.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text)
        # Without defaults here, so that options before the action are not overwritten.
        made.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS, metavar="FOLDER", help=argparse.SUPPRESS)
        made.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS,
            help="one JSON object a line instead of text for people",
        )  # fmt: skip
        return made

    listed = action("list", "List runs, the newest first; one that went on with another's weights stands under it.")
    listed.add_argument("--deleted", action="store_true", help="those that were deleted in the last day instead")
    listed.add_argument("--limit", type=_number, metavar="N", help="only the N newest")

    shown = action("show", "Tell everything about a run.")
    shown.add_argument("run", metavar="RUN", help=_RUN)

    exported = action("export", "Write a run as a table, as JSON, as a report or as a model, by the suffix of FILE.")
    exported.add_argument("runs", nargs="+", metavar="RUN", help=f"{_RUN}; several for a table")
    exported.add_argument("file", type=Path, metavar="FILE", help=".csv, .json, .html or .safetensors")
    exported.add_argument(
        "--weights", choices=("best", "last"), default="best",
        help="which weights a model holds, or a report is about (default: best)",
    )  # fmt: skip
    exported.add_argument("--last", dest="weights", action="store_const", const="last", help="--weights last")

    deleted = action("delete", "Take runs out of the list; for a day they can be restored.")
    deleted.add_argument("runs", nargs="+", metavar="RUN", help=_RUN)
    restored = action("restore", "Bring deleted runs back.")
    restored.add_argument("runs", nargs="+", metavar="RUN", help="as for delete; `last` is what was deleted last")


def _number(text: str) -> int:
    """Return how many are asked for."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a whole number, at least 1")
    return value
