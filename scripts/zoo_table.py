"""Trains every scaled network of the zoo a little and writes what it took into docs/zoo.md.

    python scripts/zoo_table.py [--dataset-path FOLDER] [--only NAME ...] [--images 10000] [--epochs 2]

Each network trains for two epochs on the first 10,000 training images with its own settings and seed 0, in a process
of its own, and is then tested on all test images: of MNIST, or of the data set in FOLDER (four IDX files). The table
is written anew after every network, so the run can be ended at any time with Ctrl-C and gone on with by ``--only``.
Rows that were measured on other data, another machine or other versions are dropped when the first new one comes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- zoo-table: begin -->", "<!-- zoo-table: end -->"
HEAD = (
    "| network | parameters | multiply-adds | seconds per epoch | test accuracy |",
    "|---|---:|---:|---:|---:|",
)
SCALED = [name for name in EXPERIMENTS if not name.endswith("-original")]
SEED = 0


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for and keep the table up to date; return the exit code."""
    options = parse(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure, options.dataset_path, options.images, options.epochs)))
        return 0
    failed = []
    try:
        for place, name in enumerate(options.only, 1):
            print(f"{place}/{len(options.only)} {name} ...", end=" ", flush=True)
            measured = measure_apart(name, options)
            if measured is None:
                failed.append(name)
                print("failed")
                continue
            print(f"{measured['seconds']:.1f} s an epoch, accuracy {measured['accuracy']:.4f}", flush=True)
            update(options.document, row(measured), conditions(measured))
    except KeyboardInterrupt:
        print(f"\nEnded early; {options.document} holds what was measured.")
        return 130
    print(f"{options.document} is up to date." if not failed else f"Not measured: {', '.join(failed)}.")
    return 1 if failed else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the scaled networks and write the table of docs/zoo.md.")
    parser.add_argument("--dataset-path", metavar="FOLDER", type=Path, help="four IDX files, in place of MNIST")
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=SCALED, default=SCALED, help="these networks")
    parser.add_argument("--images", type=int, default=10_000, help="training images, the first of the data set")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--document", metavar="FILE", type=Path, default=ROOT / "docs" / "zoo.md")
    parser.add_argument("--measure", metavar="NAME", choices=SCALED, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def measure_apart(name: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Measure in a fresh process, so that no network pays for the memory of another; ``None`` if it fails."""
    command = [sys.executable, __file__, "--measure", name]
    command += ["--images", str(options.images), "--epochs", str(options.epochs)]
    if options.dataset_path:
        command += ["--dataset-path", str(options.dataset_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def measure(name: str, folder: Path | None, images: int, epochs: int) -> dict[str, Any]:
    """Train one network in this process and return its figures, and what they depend on."""
    import msgspec

    from engine.backends.mxnet import runtime
    from engine.backends.mxnet.gluon import GluonBackend
    from engine.data.catalog import load_dataset, open_folder
    from engine.session import Session
    from engine.training.events import EpochDone

    dataset = open_folder(folder) if folder else load_dataset("mnist")
    chosen = EXPERIMENTS[name]
    spec = chosen.network(dataset.input_shape, len(dataset.class_names))
    config = msgspec.structs.replace(
        chosen.config, epochs=epochs, seed=SEED, limit_train=images, limit_validation=None
    )  # fmt: skip
    session = Session(GluonBackend("cpu"), spec, config, dataset)
    done = [event for event in session.train("zoo-table") if isinstance(event, EpochDone)]
    if len(done) < epochs:
        raise SystemExit(f"{name} did not finish its {epochs} epochs.")
    summary = summarize(spec)
    return {
        "network": name,
        "parameters": summary.parameter_count,
        "multiply_adds": summary.multiply_adds,
        "seconds": sum(event.seconds for event in done) / epochs,
        "accuracy": done[-1].validation_accuracy,
        "dataset": dataset.name,
        "images": min(images, len(dataset.train_images)),
        "tested": len(dataset.test_images),
        "epochs": epochs,
        "processor": processor(),
        "versions": {key: str(value) for key, value in runtime.versions().items()},
    }


def processor() -> str:
    """Return what the processor is called, as far as the system tells."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else "unknown processor"


def row(measured: dict[str, Any]) -> str:
    """Return a network's line of the table."""
    return (
        f"| `{measured['network']}` | {measured['parameters']:,} | {measured['multiply_adds']:,} "
        f"| {measured['seconds']:.1f} | {measured['accuracy']:.4f} |"
    )


def conditions(measured: dict[str, Any]) -> str:
    """Return the sentence that says what all figures of the table depend on."""
    versions = measured["versions"]
    return (
        f"{measured['epochs']} epochs on the first {measured['images']:,} training images of {measured['dataset']}, "
        f"tested on {measured['tested']:,}; seed {SEED}. {measured['processor']}, {versions['threads']} threads, "
        f"{versions['mxnet']}, NumPy {versions['numpy']}, Python {versions['python']}."
    )


def update(document: Path, new: str, sentence: str) -> None:
    """Put a row into the document's table, in the order of the zoo; rows of other conditions go.

    Raises
    ------
    SystemExit
        If the document has no pair of markers to write between.
    """
    text = document.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise SystemExit(f"{document} has no place for the table: {BEGIN} and {END}, each once.")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    kept = old.splitlines() if sentence in old else []
    rows = {network_of(line): line for line in (*kept, new)}
    ordered = [rows[known] for known in SCALED if known in rows]
    table = "\n".join([BEGIN, "", sentence, "", *HEAD, *ordered, "", END])
    document.write_text(before + table + after, encoding="utf-8")


def network_of(line: str) -> str:
    """Return the network that a line of the table is about, or nothing."""
    found = re.match(r"\| `([\w.-]+)` \|", line)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main())
