"""The headless commands: what the window does, without a window."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from engine.cli import commands
from engine.cli.parser import parser
from engine.errors import NetariumError

_COMMANDS = {
    "train": commands.train,
    "evaluate": commands.evaluate,
    "predict": commands.predict,
    "networks": commands.networks,
    "summary": commands.summary,
    "devices": commands.devices,
    "convert": commands.convert,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the process's exit code: 0, 2 after an error, 130 when interrupted."""
    options = parser().parse_args(arguments)
    if options.data_dir is not None:
        os.environ["NETARIUM_HOME"] = str(options.data_dir.absolute())
    try:
        code: int = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except NetariumError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; no file was changed.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
