"""Keeps the last weights that are known to give a finite loss."""

from __future__ import annotations

import time

from engine.backends.base import Array, Network

# A copy costs time, so at most this share of the training is spent on copies.
_SHARE = 1 / 50
_SECONDS = 1.0


class LastGoodWeights:
    """Copies of a network's weights, taken about every second and trusted once their batch had a finite loss."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._good: tuple[int, dict[str, Array]] | None = None
        self._candidate: tuple[int, dict[str, Array]] | None = None
        self._next = 0.0

    def consider(self, step: int) -> None:
        """Maybe copy the weights that batch ``step`` is about to be computed with."""
        began = time.perf_counter()
        if began < self._next or self._candidate is not None:
            return
        self._candidate = (step, self._network.weights())
        cost = time.perf_counter() - began
        self._next = began + max(_SECONDS, cost / _SHARE)

    def confirm(self, step: int) -> None:
        """Learn that batch ``step`` had a finite loss."""
        if self._candidate is not None and step >= self._candidate[0]:
            self._good, self._candidate = self._candidate, None

    @property
    def weights(self) -> dict[str, Array] | None:
        """The last good weights, or those of the start if no batch has been confirmed; None before any batch."""
        kept = self._good or self._candidate
        return None if kept is None else kept[1]

    def restore(self) -> int:
        """Put these weights back into the network and return the step they were copied at."""
        kept = self._good or self._candidate
        assert kept is not None, "consider() runs before every batch"
        self._network.set_weights(kept[1])
        return kept[0]
