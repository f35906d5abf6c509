"""A batch shared among threads: each takes its samples through the whole network and back.

NumPy computes most operations on one thread, and lets others compute beside it meanwhile. Every sample goes through the
layers by itself, and the gradient of a sum of losses is the sum of their gradients; so each thread has layers of its
own with the same weights, and in the end the gradients are added. Only BatchNorm looks at all samples: there the
threads wait for each other and add up what they have. (Data parallelism with synchronised batch normalisation.)

Source: Dean et al., "Large scale distributed deep networks", NIPS 2012.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Generic, TypeVar

from engine.backends.scratch import blas
from engine.backends.scratch.layers import ALONE, Share

# With fewer samples in a share the neighbouring numbers in memory become too few for the processor's pace.
_FEWEST_SAMPLES = 16
# A share below this, forward, is done sooner than another thread is woken for it.
_FEWEST_MULTIPLY_ADDS = 10_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """What one thread has to do: samples ``within`` the batch, as share number ``rank``."""

    rank: int
    within: slice
    share: Share


class Crew:
    """Threads that each take a share of every batch.

    Parameters
    ----------
    size : int
        How many there are, at least 1. With 1, all is done on the thread that calls, matrix products included.
    multiply_adds : int
        What one sample costs, forward, in layers that are worth sharing.
    """

    def __init__(self, size: int, multiply_adds: int) -> None:
        self._size = size
        self._multiply_adds = multiply_adds
        self._threads = ThreadPoolExecutor(size, "netarium-share")  # they begin when there is something to do

    def shares_of(self, samples: int) -> int:
        """Return into how many shares a batch is cut; a small one is not shared."""
        costs = samples * self._multiply_adds
        return max(1, min(self._size, samples // _FEWEST_SAMPLES, costs // _FEWEST_MULTIPLY_ADDS))

    def share_out(self, samples: int, work: Callable[[Part], T]) -> list[T]:
        """Have ``work`` done for each share of a batch at the same time, and return the results in order.

        Parameters
        ----------
        samples : int
            In the batch.
        work : callable
            Called on threads of their own, or here if there is one share. The first error, in order, is raised once all
            have ended.
        """
        size = self.shares_of(samples)
        if size == 1:
            # Products for few samples are done before a thread of BLAS is awake, which then looks out for more.
            with blas.one_thread() if self._size == 1 or samples < _FEWEST_SAMPLES else nullcontext():
                return [work(Part(0, slice(0, samples), ALONE))]
        meeting: _Meeting[Any] = _Meeting(size)
        ends = [samples * rank // size for rank in range(size + 1)]
        with blas.one_thread():
            shares = [
                self._threads.submit(
                    meeting.attend, work, Part(rank, slice(*ends[rank : rank + 2]), meeting.share(rank))
                )
                for rank in range(size)
            ]
            wait(shares)
        errors = [share.exception() for share in shares]
        for error in errors:
            if error is not None and not isinstance(error, threading.BrokenBarrierError):
                raise error  # the others broke off because of it
        return [share.result() for share in shares]


class _Meeting(Generic[T]):
    """Where the shares of one batch add up what they have."""

    def __init__(self, size: int) -> None:
        self._parts: list[Any] = [None] * size
        self._total: Any = None
        self._all_here = threading.Barrier(size, action=self._add)

    def attend(self, work: Callable[[Part], T], part: Part) -> T:
        """Do the work; if it fails, nobody waits for this share any more."""
        try:
            return work(part)
        except BaseException:
            self._all_here.abort()
            raise

    def share(self, rank: int) -> Share:
        """Return what the layers of share number ``rank`` must know."""
        return Share(rank == 0, lambda part: self._sum(rank, part))

    def _sum(self, rank: int, part: Any) -> Any:
        self._parts[rank] = part
        self._all_here.wait()
        return self._total  # nobody adds again before all have come back for it

    def _add(self) -> None:
        self._total = reduce(add, self._parts)  # in this order, so that the result is always the same
