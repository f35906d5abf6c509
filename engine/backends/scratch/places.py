"""Where the arrays of a scratch network live, and how results leave: the processor, or a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from engine.backends.base import Pending
from engine.backends.scratch.arrays import to_numpy
from engine.backends.scratch.layers import Array, ArrayModule

Copies = dict[str, np.ndarray]
T = TypeVar("T")


class Place(Protocol):
    """What a network must know of where it computes."""

    def active(self) -> AbstractContextManager[Any]:
        """Return a context in which arrays are made and computed with here."""
        ...

    def copies(self, arrays: Mapping[str, Array]) -> Pending[Copies]:
        """Begin to copy arrays as they are now into NumPy's."""
        ...

    def settle(self) -> None:
        """Wait for all that is under way, forget its errors, and let go of memory that nobody uses."""
        ...


class Processor:
    """Where NumPy computes: whatever was begun is done when the call returns."""

    def active(self) -> AbstractContextManager[Any]:
        """Return a context that changes nothing."""
        return nullcontext()

    def copies(self, arrays: Mapping[str, Array]) -> Pending[Copies]:
        """Copy at once."""
        return Ready({name: to_numpy(array) for name, array in arrays.items()})

    def settle(self) -> None:
        """Do nothing."""


class Gpu:
    """Where CuPy computes: calls return at once, and the GPU does one thing after the other behind them.

    Parameters
    ----------
    xp : module
        CuPy.
    index : int
        Which GPU. CuPy has a current one for each thread, and computes on that.
    """

    def __init__(self, xp: ArrayModule, index: int) -> None:
        self._xp = xp
        self._device = xp.cuda.Device(index)
        self._coming: list[_Coming] = []

    def active(self) -> AbstractContextManager[Any]:
        """Return a context in which this GPU is the current one."""
        context: AbstractContextManager[Any] = self._device
        return context

    def copies(self, arrays: Mapping[str, Array]) -> Pending[Copies]:
        """Let the GPU copy when it comes to it, and do not wait.

        Without this a copy would wait for all that was begun before it is read, the next batch included.
        """
        with self.active():
            rooms = {name: self._begin_copy(array) for name, array in arrays.items()}
            event = self._xp.cuda.Event(disable_timing=True)
            event.record()
        coming = _Coming(event, rooms)
        # The GPU writes into them even if nobody reads the result, so nothing else may get this memory before.
        self._coming = [*(earlier for earlier in self._coming if not earlier.is_there()), coming]
        return coming

    def _begin_copy(self, array: Array) -> np.ndarray:
        # Only into memory that stays where it is can a GPU copy by itself.
        pinned = self._xp.cuda.alloc_pinned_memory(max(array.nbytes, 1))
        room: np.ndarray = np.frombuffer(pinned, array.dtype, array.size).reshape(array.shape)
        array.get(out=room, blocking=False)
        return room

    def settle(self) -> None:
        """Wait for the GPU; what is left of a failed network's memory goes back to it."""
        with suppress(Exception), self.active():
            self._device.synchronize()
        self._coming.clear()
        with suppress(Exception), self.active():
            self._xp.get_default_memory_pool().free_all_blocks()


class Ready(Generic[T]):
    """Something that was computed at once."""

    def __init__(self, value: T) -> None:
        self._value = value

    def result(self) -> T:
        """Return it."""
        return self._value


class Later(Generic[T]):
    """Something to be made of copies once they are there."""

    def __init__(self, copies: Pending[Copies], make: Callable[[Copies], T]) -> None:
        self._copies, self._make = copies, make

    def result(self) -> T:
        """Wait for the copies, and make it."""
        return self._make(self._copies.result())


class _Coming:
    """Copies that are there as soon as an event has happened on the GPU."""

    def __init__(self, event: Any, rooms: Copies) -> None:
        self._event, self._rooms = event, rooms

    def is_there(self) -> bool:
        return bool(self._event.done)

    def result(self) -> Copies:
        self._event.synchronize()
        return {name: room.copy() for name, room in self._rooms.items()}  # memory that cannot move is scarce
