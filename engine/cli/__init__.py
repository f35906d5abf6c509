"""The headless commands: what the window does, without a window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engine import spare_memory
from engine.cli import commands, gradients, networks, runs, training, twin
from engine.cli.output import silence_stdout
from engine.cli.parser import INTERRUPTED, parser
from engine.errors import NetariumError
from engine.storage.paths import use_data_home

_COMMANDS = {
    "train": training.train,
    "evaluate": commands.evaluate,
    "predict": commands.predict,
    "runs": runs.runs,
    "networks": networks.networks,
    "summary": networks.summary,
    "check-gradients": gradients.check_gradients,
    "twin": twin.twin,
    "devices": commands.devices,
    "convert": commands.convert,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the process's exit code: 0, 2 after an error, 130 when interrupted."""
    options = parser().parse_args(arguments)
    spare_memory.keep()
    if options.data_dir is not None:
        use_data_home(options.data_dir)
    try:
        code: int = _COMMANDS[options.command](options)
        print(end="", flush=True)
        return code
    except NetariumError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; no file was changed.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        silence_stdout()
        return 0
    except OSError as error:
        silence_stdout()  # which may be what cannot be written to
        print(f"The command could not be finished: {error.strerror or error}.", file=sys.stderr)
        return 2
