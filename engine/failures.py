"""Tells people what a failed computation means, above all that memory ran out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.architecture.network import NetworkSpec
from engine.backends.base import Backend
from engine.errors import NetariumError, TrainingError

# What allocators write: MXNet's on the CPU, CUDA's, cuDNN's, the C++ library's.
_OUT_OF_MEMORY = (
    "failed to allocate",
    "out of memory",
    "memory allocation failed",
    "cudamalloc",
    "alloc_failed",
    "bad_alloc",
    "cannot allocate memory",
    "unable to allocate",
)


def ran_out_of_memory(error: Exception) -> bool:
    """Whether a computation failed because memory could not be had."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _OUT_OF_MEMORY)


@contextmanager
def explained(backend: Backend, spec: NetworkSpec, batch_size: int) -> Iterator[None]:
    """Turn an allocation that fails inside the ``with`` block into a sentence.

    Raises
    ------
    TrainingError
        Instead of whatever the allocator raised; other errors pass.
    """
    try:
        yield
    except NetariumError:
        raise
    except Exception as error:
        backend.settle()
        if not ran_out_of_memory(error):
            raise
        raise TrainingError(
            "training.memory",
            "Memory ran out while {network} was made for batches of {batch}. What was there before is untouched. "
            "Take a smaller batch, smaller images or a narrower network.",
            network=spec.name, batch=batch_size,
        ) from error  # fmt: skip


def failure_sentence(error: Exception, spec: NetworkSpec, batch_size: int) -> str:
    """Return what to tell when a run failed and its last good weights were put back."""
    if ran_out_of_memory(error):
        return (
            f"Memory ran out while {spec.name} was trained with batches of {batch_size}, so training stopped and "
            f"the last good weights were put back. Take a smaller batch, smaller images or a narrower network."
        )
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # MXNet gives a traceback of its C++ that ends, as Python's do, in what went wrong, or begins with that.
    traced = lines[:1] == ["Traceback (most recent call last):"]
    reason = (lines[-1 if traced else 0] if lines else type(error).__name__)[:300]
    speaker = "CuPy" if type(error).__module__.startswith("cupy") else "MXNet"
    return (
        f"The computation failed, so training stopped and the last good weights were put back. Your files are "
        f"untouched; training can begin again. {speaker} says: {reason}"
    )
