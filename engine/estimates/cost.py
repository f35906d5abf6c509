"""What training a network would cost: memory, worked out beforehand, and time, measured on a few batches."""

from __future__ import annotations

from dataclasses import dataclass

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.estimates.available import available_memory
from engine.estimates.memory import largest_batch, training_memory
from engine.estimates.timing import EpochEstimate
from engine.training.config import TrainingConfig


@dataclass(frozen=True)
class Cost:
    """The cost of training with batches of ``batch_size``.

    Parameters
    ----------
    device : str
    batch_size : int
    memory : int
        Bytes that training adds to the process.
    available : int or None
        Bytes that can be had; None if nobody can tell.
    largest_batch : int or None
        The largest batch that fits into what is available; None if not even one sample does, or nobody can tell.
    epoch : EpochEstimate or None
        None where the time was not measured, or not yet.
    """

    device: str
    batch_size: int
    memory: int
    available: int | None
    largest_batch: int | None
    epoch: EpochEstimate | None = None

    @property
    def fits(self) -> bool:
        """Whether there is memory for this batch size, as far as can be told."""
        return self.available is None or (self.largest_batch or 0) >= self.batch_size


def memory_cost(spec: NetworkSpec, config: TrainingConfig, device: str) -> Cost:
    """Estimate the memory that training takes, and how much there is.

    Raises
    ------
    NetariumError
        If the network does not fit together.
    """
    summary, available = summarize(spec), available_memory(device)
    fitting = None if available is None else largest_batch(summary, config, available)
    return Cost(device, config.batch_size, training_memory(summary, config), available, fitting)
