"""Memory that nothing uses is kept for what comes next, until it is given back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROBE = """
import resource, sys
import numpy as np
from engine import spare_memory

def resident_mb():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20

def new_pages():
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.full(8 << 20, 1, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin

if sys.argv[1] == "kept":
    spare_memory.keep()
new_pages()
faults, before = new_pages(), resident_mb()
spare_memory.give_back()
print(faults, before - resident_mb())
"""


def _probe(way: str) -> tuple[int, float]:
    """Return the pages that a second array of 8 MB cost, and the megabytes that could be given back after it."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _PROBE, way], capture_output=True, text=True, check=True, cwd=root)
    faults, given = done.stdout.split()
    return int(faults), float(given)


def test_what_is_freed_is_at_hand_for_the_next_array_and_can_be_given_back():
    faults, given = _probe("kept")
    assert faults < 100  # of 2,048 pages
    assert given > 7


def test_otherwise_every_large_array_is_made_of_new_pages():
    faults, _ = _probe("left alone")
    assert faults > 300  # the system may hand out large pages
