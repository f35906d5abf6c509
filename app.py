"""Netarium's entry point: with a command it works headless, without one it opens the window."""

from __future__ import annotations

import sys

COMMANDS = (
    "train", "evaluate", "predict", "runs", "networks", "summary", "check-gradients", "twin", "devices", "convert",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Return the process's exit code: 0, or 2 after an error that was told in a sentence."""
    if {*COMMANDS, "-h", "--help"}.intersection(arguments):
        from engine.cli import main as run_command

        return run_command(arguments)
    from gui.launch import run_window

    return run_window(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # while Python still imports; a command tells more once it runs
        sys.exit(130)
