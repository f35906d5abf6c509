"""How far a run is and how long it will take, worked out from its events."""

from __future__ import annotations

from engine.training.events import BatchesDone, EpochDone, Evaluating, Position, RunFinished, RunStarted, TrainingEvent

# Weight of the newest report in the running mean of the speed.
_NEWEST = 0.1


class Progress:
    """Follows one run.

    Attributes
    ----------
    run : str
        The run that is followed; empty before the first.
    epoch, last_epoch : int
        The epoch that is being trained, from 1, and the last one of the run.
    batch, batches_per_epoch : int
    fraction : float
        How much of the run is done, in [0, 1].
    samples_per_second : float
        Smoothed; 0 before the first report.
    position : Position
        Where the loop stood when it last told.
    evaluating : bool
        Whether the validation images are being classified just now.
    is_over : bool
        Whether the run has ended, by itself or because it was stopped.
    """

    def __init__(self) -> None:
        self.run = ""
        self.epoch = 0
        self.last_epoch = 0
        self.batch = 0
        self.batches_per_epoch = 0
        self.samples_per_second = 0.0
        self.position = Position()
        self.evaluating = False
        self.is_over = False
        self._first_epoch = 0
        self._train_samples = 0
        self._seconds_per_validation = 0.0
        self._epoch_ended = 0.0

    def follow(self, event: TrainingEvent) -> None:
        """Take in an event of the training loop."""
        match event:
            case RunStarted():
                self.run = event.run
                self._first_epoch, self.last_epoch = event.start.epoch, event.last_epoch
                self.epoch, self.batch = event.start.epoch + 1, event.start.batch
                self.position = event.start
                self.batches_per_epoch = event.batches_per_epoch
                self._train_samples = event.train_samples
                self.samples_per_second = 0.0
                self.evaluating = False
                self.is_over = False
            case BatchesDone(position=position, samples_per_second=speed):
                self.epoch, self.batch = position.epoch + 1, position.batch
                self.position = position
                known = self.samples_per_second
                self.samples_per_second = speed if known == 0 else known + _NEWEST * (speed - known)
                self.evaluating = False
                self._epoch_ended = position.seconds
            case Evaluating():
                self.evaluating = True
            case EpochDone(position=position):
                self.evaluating = False
                self.epoch, self.batch = position.epoch, self.batches_per_epoch
                self.position = position
                self._seconds_per_validation = max(0.0, position.seconds - self._epoch_ended)
            case RunFinished():
                self.evaluating = False
                self.is_over = True
            case _:
                self.evaluating = False

    @property
    def fraction(self) -> float:
        """How much of the run is done, in [0, 1]."""
        total = (self.last_epoch - self._first_epoch) * self.batches_per_epoch
        done = (self.epoch - 1 - self._first_epoch) * self.batches_per_epoch + self.batch
        return min(1.0, max(0.0, done / total)) if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present speed, validation included; None before the speed is known.

        None too once the run is over.
        """
        if self.is_over or not self.samples_per_second:
            return None
        epochs = (1 - self.fraction) * (self.last_epoch - self._first_epoch)
        return epochs * (self._train_samples / self.samples_per_second + self._seconds_per_validation)
