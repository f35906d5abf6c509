"""What of a million values to draw: arrays that grow, smoothing, and decimation; pure NumPy."""

from __future__ import annotations

import math
from mmap import MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray[Any, np.dtype[Any]]

# More points than a wide screen has columns cost time and show nothing.
MAX_POINTS = 2000
# Smoothing works on pieces of this length, which stay in the processor's cache.
_PIECE = 32_768
# Weights below this do not change a sum in double precision.
_NEGLIGIBLE = 1e-18
# Bytes from which larger pages are worth their rounding up.
_LARGE = 1 << 22


class Points(NamedTuple):
    """A curve as it is drawn: two float arrays (points,)."""

    x: Array
    y: Array


class Growing:
    """A float64 array that grows at its end; appending costs amortised constant time."""

    def __init__(self) -> None:
        self._buffer = _room(1024)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> Array:
        """A view of what was appended; it stays valid and unchanged while the array grows."""
        return self._buffer[: self._length]

    def append(self, values: ArrayLike) -> None:
        """Append a number or an array (count,)."""
        new = np.atleast_1d(np.asarray(values, float))
        length = self._length + len(new)
        if length > len(self._buffer):
            grown = _room(max(length, 2 * len(self._buffer)))
            grown[: self._length] = self.values
            self._buffer = grown
        self._buffer[self._length : length] = new
        self._length = length

    def truncate(self, length: int) -> None:
        """Forget all but the first ``length`` values; views taken before keep theirs."""
        if length < self._length:
            kept = _room(max(length, 1))
            kept[:length] = self._buffer[:length]
            self._buffer = kept
            self._length = length

    def fold(self, averaged: bool = False) -> None:
        """Let each two values become one, their mean or the later one; a last one without a partner stays."""
        values, folded = self.values, _room(len(self._buffer))  # another buffer: views taken before keep theirs
        earlier, later, last = values[: len(values) // 2 * 2 : 2], values[1::2], values[len(values) // 2 * 2 :]
        pairs = folded[: len(later)]
        if averaged:
            np.add(earlier, later, out=pairs)
            pairs /= 2
        else:
            pairs[:] = later
        self._length = len(pairs) + len(last)
        folded[len(pairs) : self._length] = last
        self._buffer = folded


def _room(count: int) -> Array:
    """Return an array for so many values, in memory that comes from the system itself, page by page as it is written.

    From the heap it would come out of the room that the arrays of a batch fit into, and have them take more.
    """
    memory = mmap(-1, count * np.dtype(float).itemsize, flags=MAP_PRIVATE | MAP_ANONYMOUS)
    if len(memory) >= _LARGE:
        memory.madvise(MADV_HUGEPAGE)  # a thousand pages at once: filling it takes a quarter of the time
    return np.frombuffer(memory, float)


class Smoothed:
    """The exponential moving average of an array that grows; only what is new is computed.

    The average at t is ``Σ sᵗ⁻ⁱ xᵢ / Σ sᵗ⁻ⁱ`` over i from 0 to t: dividing by the sum of the weights removes
    the pull toward zero at the beginning. Values that are not finite carry no weight.

    Parameters
    ----------
    smoothing : float in [0, 1)
        s: the share of the past that is kept at every batch.
    stride : int
        How many batches each value stands for.
    """

    def __init__(self, smoothing: float, stride: int = 1) -> None:
        self.smoothing = smoothing
        self._decay = smoothing**stride
        self._averages = Growing()
        self._sum = self._weight = 0.0

    def follow(self, values: Array) -> Array:
        """Return the averages (count,) of ``values`` (count,), which begin with those of the last call."""
        for start in range(len(self._averages), len(values), _PIECE):
            new = values[start : start + _PIECE]
            finite = np.isfinite(new)
            sums = decayed_sums(np.where(finite, new, 0.0), self._decay, self._sum)
            weights = decayed_sums(finite, self._decay, self._weight)
            self._sum, self._weight = sums[-1], weights[-1]
            with np.errstate(invalid="ignore"):
                self._averages.append(sums / weights)
        return self._averages.values

    def fold(self) -> None:
        """Learn that from now on each value stands for twice as many batches, and so do those averaged before."""
        self._averages.fold()
        # Two values of the past weigh as much together as the one that stands for both.
        self._sum, self._weight = self._sum / (1 + self._decay), self._weight / (1 + self._decay)
        self._decay **= 2


def decayed_sums(values: Array, decay: float, before: float) -> Array:
    """Return the sums (count,) with ``s[t] = values[t] + decay * s[t - 1]``, where ``s[-1]`` is ``before``.

    Each pass doubles how far back the sums reach (Hillis and Steele's scan), until what lies further back
    no longer counts in double precision.
    """
    sums = values.astype(float)
    sums[0] += decay * before
    reach, weight = 1, decay
    while reach < len(sums) and weight > _NEGLIGIBLE:
        sums[reach:] += weight * sums[:-reach]
        reach, weight = 2 * reach, weight * weight
    return sums


def extremes(x: Array, y: Array, window: tuple[float, float], limit: int = MAX_POINTS) -> Points:
    """Return at most about ``limit`` points that look like the curve inside ``window``: no peak is lost.

    Each bin of neighbours gives its smallest and its largest value; values that are not finite count only
    where a bin has no other.

    Parameters
    ----------
    x, y : array (count,)
        ``x`` must not fall.
    window : (float, float)
        What is visible of ``x``; one point more is kept on each side, so that lines reach the edges.
    """
    first, last = _visible(x, window)
    if last - first <= limit:
        return Points(x[first:last], y[first:last])
    starts, size = _bins(first, last, limit // 2)
    part = y[:last]
    middles = np.minimum(starts + size // 2, last - 1)
    places = np.column_stack([x[starts], x[middles]]).ravel()
    values = np.column_stack([np.fmin.reduceat(part, starts), np.fmax.reduceat(part, starts)]).ravel()
    return Points(np.append(places, x[last - 1]), np.append(values, y[last - 1]))


def means(x: Array, y: Array, window: tuple[float, float], limit: int = MAX_POINTS) -> Points:
    """Return at most about ``limit`` points that show the trend inside ``window``: the mean of each bin.

    Right for smoothed values, whose extremes are not what one looks for; see ``extremes``.
    """
    first, last = _visible(x, window)
    if last - first <= limit:
        return Points(x[first:last], y[first:last])
    starts, size = _bins(first, last, limit)
    counts = np.minimum(starts + size, last) - starts
    return Points(x[starts + counts // 2], np.add.reduceat(y[:last], starts) / counts)


def nearest(places: Array, x: float) -> int | None:
    """Return the index of the place closest to ``x`` in a rising array (count,), None if it is empty."""
    if len(places) == 0:
        return None
    after = int(np.searchsorted(places, x))
    if after == 0:
        return 0
    if after == len(places):
        return after - 1
    return after if places[after] - x < x - places[after - 1] else after - 1


def _visible(x: Array, window: tuple[float, float]) -> tuple[int, int]:
    first = int(np.searchsorted(x, window[0])) - 1
    last = int(np.searchsorted(x, window[1], "right")) + 1
    return max(first, 0), min(last, len(x))


def _bins(first: int, last: int, limit: int) -> tuple[Array, int]:
    # Bins of a power of two that start at multiples of their size stay where they are while the run
    # grows and the view moves, so the curve does not shimmer.
    size = 2 ** math.ceil(math.log2((last - first) / limit))
    starts = np.arange(first - first % size, last, size)
    return starts, size
