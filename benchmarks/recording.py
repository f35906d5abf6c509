"""What it costs to record a run: the same training with and without the history, by turns in one run.

The history is written as the window writes it: figures every 0.4 s, a training state after every epoch, snapshots of
the weights. What it may take is 2% of the time.

    python benchmarks/recording.py [--rounds 5] [--seconds 8]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.frameworks import Contestant, ratio
from benchmarks.races import RACES

WAYS = (("mlp-100", "scratch"), ("lenet-bn", "gluon"), ("vgg", "gluon"))
MOST = 0.02  # of the time


def main() -> int:
    """Measure, and print what recording costs each network."""
    parser = argparse.ArgumentParser(description="Measures what it costs to record a run.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    for race, backend in WAYS:
        with tempfile.TemporaryDirectory() as home:
            os.environ["NETARIUM_HOME"] = home
            ways = [Contestant(race, kind, options.threads) for kind in (backend, f"recorded {backend}")]
            for number in range(options.rounds):
                for way in ways[:: 1 if number % 2 else -1]:
                    way.run(options.seconds)
            for way in ways:
                way.end()
        middle, low, high = ratio({way.kind: way.rates for way in ways}, ways[1].kind, ways[0].kind)
        verdict = "within" if 1 - middle <= MOST else "over"
        print(
            f"{RACES[race].title}, {backend}: recording takes {1 - middle:+.1%} ({1 - high:+.1%} to {1 - low:+.1%}), "
            f"{verdict} {MOST:.0%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
