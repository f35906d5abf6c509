"""Our engine beside PyTorch and beside its own bare loops: the same networks, batches, optimizers and data.

Every way to train is a process of its own that waits until its turn comes, so all are measured by turns in one run:
a machine that grows warmer or busier does so for all. Ratios are the result; samples a second depend on the machine.

    python benchmarks/frameworks.py [--rounds 5] [--seconds 1] [--only mlp-32 lenet] [--busy 1] [--json FILE]

``--busy`` has other programs beside it that take a core each, and races the NumPy backend once more with threads that
stay awake (decision 0020). Without PyTorch (``pip install torch==2.13.0``, see README.md beside this file) our own ways
are measured alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.races import RACES
from engine.backends.choice import BACKEND_NAMES

ROOT = Path(__file__).resolve().parent.parent
BARE = ("gluon", "scratch")
WAKEFUL = "wakeful scratch"


class Contestant:
    """A process that trains in rounds."""

    def __init__(self, race: str, kind: str, threads: int) -> None:
        self.kind = kind
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        if kind == WAKEFUL:
            environment["OPENBLAS_THREAD_TIMEOUT"] = "26"  # what OpenBLAS does by itself
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "contestant.py"), race, kind, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.rates: list[float] = []
        self._read()

    def run(self, seconds: float) -> None:
        """Have it train for so long, and note how fast it was."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        self.rates.append(float(self._read()))

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.kind} ended by itself.")
        return json.loads(line)


def measure(race: str, rounds: int, seconds: float, threads: int, busy: int = 0) -> dict[str, list[float]]:
    """Return samples a second of every way to train a network, a value for each round."""
    kinds = [*BACKEND_NAMES, *(f"bare {name}" for name in BARE)]
    if busy:
        kinds.append(WAKEFUL)
    if importlib.util.find_spec("torch") is not None:
        kinds.append("torch")
    contestants = [Contestant(race, kind, threads) for kind in kinds]
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    for number in range(rounds):
        turned = contestants[number % len(contestants) :] + contestants[: number % len(contestants)]
        for contestant in turned:
            contestant.run(seconds)
    for other in others:
        other.kill()
        other.wait()
    for contestant in contestants:
        contestant.end()
    return {contestant.kind: contestant.rates for contestant in contestants}


def ratio(rates: dict[str, list[float]], kind: str, other: str) -> tuple[float, float, float]:
    """Return the median of the rounds' own ratios, the smallest and the largest."""
    ratios = sorted(a / b for a, b in zip(rates[kind], rates[other], strict=True))
    return statistics.median(ratios), ratios[0], ratios[-1]


def report(race: str, rates: dict[str, list[float]]) -> dict[str, Any]:
    """Print a race's table, and return it."""
    aim = RACES[race].aim
    medians = {kind: statistics.median(values) for kind, values in rates.items()}
    best = max(BACKEND_NAMES, key=lambda name: medians[name])
    print(f"\n{RACES[race].title}")
    for kind, values in rates.items():
        spread = f"({min(values):,.0f} to {max(values):,.0f})"
        mark = "  best" if kind == best else ""
        print(f"  {kind:14} {medians[kind]:10,.0f} samples/s  {spread:24}{mark}")
    row: dict[str, Any] = {"race": race, "title": RACES[race].title, "aim": aim, "best": best, "rates": rates}
    if "torch" in rates:
        middle, low, high = row["to_torch"] = ratio(rates, best, "torch")
        verdict = "reached" if middle >= aim else "missed"
        print(f"  {best} to PyTorch: {middle:.2f} ({low:.2f} to {high:.2f}), aim {aim:g}: {verdict}")
    for name in BARE:
        middle, low, high = row[f"{name}_to_bare"] = ratio(rates, name, f"bare {name}")
        print(f"  {name} to its bare loop: {middle:.2f} ({low:.2f} to {high:.2f})")
    return row


def main() -> int:
    """Run the races, print their tables and a summary."""
    parser = argparse.ArgumentParser(description="Measures our engine beside PyTorch and its own bare loops.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", choices=RACES, default=list(RACES))
    parser.add_argument("--busy", type=int, default=0, help="other programs beside it, each with a core to itself")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for race in options.only:
        rows.append(report(race, measure(race, options.rounds, options.seconds, options.threads, options.busy)))
    if options.busy:
        print(f"\nBeside {options.busy} busy program(s):")
    print(f"\n{'':40}{'best backend':14}{'to PyTorch':>11}{'aim':>6}   gluon, scratch to their bare loops")
    for row in rows:
        to_torch = f"{row['to_torch'][0]:.2f}" if "to_torch" in row else "–"
        bares = ", ".join(f"{row[f'{name}_to_bare'][0]:.2f}" for name in BARE)
        print(f"{row['title']:40}{row['best']:14}{to_torch:>11}{row['aim']:>6}   {bares}")
    if options.json:
        options.json.write_text(json.dumps({"threads": options.threads, "busy": options.busy, "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
