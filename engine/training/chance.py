"""All randomness of a run, drawn in NumPy from counter-based generators.

Every draw is a function of the run's seed, its purpose and its place, not of what was drawn before. So the same
seed gives the same run in every backend, and a run goes on exactly from any batch.
Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from engine.backends.base import Array
from engine.training.config import Sampling


def generator(seed: int, purpose: str, place: str = "", step: int = 0) -> np.random.Generator:
    """Return a generator for one purpose at one place.

    Parameters
    ----------
    seed : int
        The run's seed.
    purpose : str
        Such as ``"weights"``, ``"order"``, ``"dropout"`` or ``"shift"``.
    place : str
        A layer or parameter path, where the purpose has one.
    step : int
        The global step or epoch. Generators of different steps do not overlap.
    """
    # Philox's counter has four 64-bit words and the low ones count what is drawn; the step goes above.
    return np.random.Generator(np.random.Philox(key=_key(seed, purpose, place), counter=step << 128))


def sample_order(seed: int, epoch: int, samples: int, sampling: Sampling) -> Array:
    """Return the indices of one epoch's samples, in the order they are trained: (samples,), int64."""
    if sampling == "in-order":
        return np.arange(samples)
    random = generator(seed, "order", step=epoch)
    if sampling == "with-replacement":
        return random.integers(samples, size=samples)
    return random.permutation(samples)


def dropout_mask(seed: int, path: str, step: int, shape: tuple[int, ...], rate: float) -> Array:
    """Return what a Dropout layer multiplies with in one step.

    Returns
    -------
    array of ``shape``, float32
        0 with probability ``rate``, otherwise 1 / (1 - rate).
    """
    keep = generator(seed, "dropout", path, step).random(shape, dtype=np.float32) >= rate
    return keep * np.float32(1 / (1 - rate))


def shift_offsets(seed: int, step: int, samples: int, reach: int) -> Array:
    """Return by how many pixels each image of one step is moved, down and to the right.

    Returns
    -------
    array (samples, 2), int64
        Each from ``-reach`` to ``reach``, all equally likely.
    """
    return generator(seed, "shift", step=step).integers(-reach, reach, size=(samples, 2), endpoint=True)


@lru_cache(maxsize=1024)
def _key(seed: int, purpose: str, place: str) -> int:
    digest = hashlib.sha256(f"{seed}|{purpose}|{place}".encode()).digest()
    return int.from_bytes(digest[:16], "little")
