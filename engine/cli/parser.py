"""The commands and options of the headless Netarium."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, get_args

from engine.backends.choice import BACKEND_NAMES
from engine.cli.runs_parser import add_runs
from engine.fastest import AUTO
from engine.training import config as c

DEFAULT_NETWORK = "lenet-tanh"

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

_EPILOG = (
    "Without a command the window opens: app.py [MODEL] [--dataset-path FOLDER]. "
    "--data-dir FOLDER, with or without a command, moves everything Netarium keeps for itself."
)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one sentence on stderr and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. See --help.", file=sys.stderr)
        sys.exit(2)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = _Parser(prog="app.py", description="Netarium, a laboratory for neural networks.", epilog=_EPILOG)
    root.add_argument("--data-dir", type=Path, help=argparse.SUPPRESS)
    commands = root.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        # Without a default here, so that --data-dir before the command is not overwritten.
        made.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS, metavar="FOLDER", help=argparse.SUPPRESS)
        made.add_argument("--json", action="store_true", help="one JSON object a line instead of text for people")
        return made

    _add_train(command("train", "Train a network and print its figures after every epoch."))
    evaluate = command("evaluate", "Print accuracy and loss of a model on the test images.")
    _add_model(evaluate)
    _add_data(evaluate)
    predict = command("predict", "Tell which class images are of; any size, dark on light or light on dark.")
    _add_model(predict)
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    add_runs(command("runs", "List the runs that were recorded, and show, export, delete or restore them."))
    command("networks", "List the networks there are, your own among them.")
    summary = command("summary", "Print the layers of a network, and what training it would cost.")
    summary.add_argument("network", metavar="NETWORK", help="a name from `networks`, a .json file or a model file")
    _add_adjustments(summary)
    _add_data(summary)
    summary.add_argument("--batch-size", type=int, help="what memory and time are told for")
    _add_device(summary)
    summary.add_argument("--no-time", action="store_true", help="do not train a few batches to measure the time")
    gradients = command("check-gradients", "Compare backpropagated gradients with central differences in float64.")
    gradients.add_argument("network", metavar="NETWORK", help="a name from `networks`, a .json file or a model file")
    _add_adjustments(gradients)
    gradients.add_argument("--samples", type=_at_least(2), default=4, metavar="N", help="random inputs (default: 4)")
    gradients.add_argument("--seed", type=_at_least(0), default=0)
    gradients.add_argument(
        "--coordinates", type=_at_least(1), default=50, metavar="N",
        help="how many numbers of each tensor are moved at most (default: 50)",
    )  # fmt: skip
    _add_twin(command("twin", "Train a network in two backends at once, and tell how far they come apart."))
    command("devices", "List the devices that can compute, and why others cannot.")
    convert = command("convert", "Convert a model or weights to another format, named by the suffix.")
    convert.add_argument("source", type=Path, metavar="IN")
    convert.add_argument("target", type=Path, metavar="OUT", help=".safetensors, .params, .npz or -symbol.json")
    convert.add_argument("--network", help="the network that weights without a description belong to")
    convert.add_argument("--trainable", action="store_true", help="end a -symbol.json in SoftmaxOutput, for Module.fit")
    return root


def _at_least(low: int) -> Callable[[str], int]:
    """Return a type for options: a whole number that is not below ``low``."""

    def number(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}")
        return value

    return number


def _seconds(text: str) -> float:
    """Return a number of seconds, 0 or more."""
    value = float(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError("must be a number of seconds")
    return value


def _two_backends(text: str) -> tuple[str, str]:
    """Return two names of backends that are separated by a comma."""
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != 2 or not set(names) <= set(BACKEND_NAMES):
        raise argparse.ArgumentTypeError(f"must be two of {', '.join(BACKEND_NAMES)}, with a comma between")
    return names[0], names[1]


def _add_twin(to: argparse.ArgumentParser) -> None:
    to.add_argument("network", metavar="NETWORK", help="a name from `networks`, a .json file or a model file")
    to.add_argument(
        "--backends", type=_two_backends, default=("gluon", "scratch"), metavar="A,B",
        help="the two that compute it (default: gluon,scratch)",
    )  # fmt: skip
    to.add_argument("--batches", type=_at_least(1), default=50, metavar="N", help="how many (default: 50)")
    _add_adjustments(to)
    _add_data(to)
    to.add_argument("--batch-size", type=int)
    to.add_argument("--learning-rate", type=float)
    to.add_argument("--seed", type=int)


def _add_model(to: argparse.ArgumentParser) -> None:
    to.add_argument("model", type=Path, metavar="MODEL")
    to.add_argument("--network", help="the network, where MODEL holds weights alone (.params, .npz)")
    _add_device(to)


def _add_adjustments(to: argparse.ArgumentParser) -> None:
    to.add_argument("--width", type=float, help="multiply the channels and units of a named network")
    to.add_argument("--dropout", type=float, help="the rate of a named network's dropout layers")
    to.add_argument("--image-size", type=int, metavar="PIXELS", help="resize images to so many pixels a side")


def _add_device(to: argparse.ArgumentParser, trains: bool = False) -> None:
    to.add_argument("--device", default="cpu", help="a name from `devices` (default: cpu)")
    to.add_argument(
        "--backend", choices=(*BACKEND_NAMES, AUTO) if trains else BACKEND_NAMES, default=BACKEND_NAMES[0],
        help=f"what computes the network (default: {BACKEND_NAMES[0]})"
        + (f"; {AUTO} times a few batches of each and takes the fastest" if trains else ""),
    )  # fmt: skip


def _add_data(to: argparse.ArgumentParser) -> None:
    to.add_argument("--dataset", default="mnist", help="a data set by name (default: mnist)")
    to.add_argument("--dataset-path", type=Path, metavar="FOLDER", help="a folder with four IDX files, plain or .gz")


def _add_train(to: argparse.ArgumentParser) -> None:
    to.add_argument("--network", help=f"a name from `networks`, or a .json file (default: {DEFAULT_NETWORK})")
    _add_adjustments(to)
    to.add_argument(
        "--continue", dest="continued", type=Path, metavar="MODEL",
        help="train a saved model on; an edited --network keeps the weights of unchanged layers",
    )  # fmt: skip
    to.add_argument(
        "--resume", dest="resumed", metavar="RUN|FILE",
        help="go on exactly with a run of the history (its number, or `last`) or a file of a training state",
    )  # fmt: skip
    _add_data(to)
    _add_device(to, trains=True)
    to.set_defaults(device=None, backend=None)  # so that a resumed run has its own
    to.add_argument("--save", type=Path, metavar="FILE", help="write the trained model here")
    to.add_argument(
        "--save-which", choices=("last", "best"), default="last",
        help="the weights after the last epoch, or after the best (default: last)",
    )  # fmt: skip
    to.add_argument("--no-history", action="store_true", help="do not record the run")
    to.add_argument(
        "--checkpoint-every", type=_seconds, metavar="SECONDS",
        help="how often a training state is kept within an epoch (default: 30; 0: as often as possible)",
    )  # fmt: skip
    to.add_argument("--ignore-memory", action="store_true", help="train even if memory seems not to suffice")

    settings = to.add_argument_group("settings, by default those that the network was published with")

    def setting(flag: str, kind: Any = None, choices: Any = None, text: str = "") -> None:
        settings.add_argument(flag, type=kind, choices=get_args(choices) or None, help=text)

    setting("--epochs", int)
    setting("--batch-size", int)
    setting("--seed", int, text="the same seed gives the same run")
    setting("--optimizer", choices=c.OptimizerName)
    setting("--learning-rate", float)
    setting("--momentum", float)
    setting("--decay", float, text="share of the old mean square that RMSProp keeps")
    setting("--beta1", float)
    setting("--beta2", float)
    setting("--weight-decay", float)
    setting("--clip-value", float, text="largest value of a gradient")
    setting("--clip-norm", float, text="largest norm of all gradients together")
    setting("--schedule", choices=c.ScheduleName)
    setting("--warmup-epochs", float)
    setting("--step-epochs", int)
    setting("--step-factor", float)
    setting("--final-factor", float)
    setting("--rising-fraction", float)
    setting("--initializer", choices=c.InitializerName)
    setting("--distribution", choices=c.Distribution)
    setting("--magnitude", float)
    setting("--scale", float, text="spread of normal and uniform initial weights")
    setting("--biases", choices=c.Biases)
    setting("--monitor", choices=c.Monitor, text="what of the validation tells the best epoch")
    setting("--patience", int, text="end after so many epochs without a new best one")
    setting("--sampling", choices=c.Sampling)
    setting("--shift", int, text="move each training image at random by up to N pixels in every direction")
    setting("--loss-reduction", choices=c.Reduction)
    setting("--limit-train", int, text="use only the first N training images")
    setting("--limit-validation", int, text="use only the first N test images")
