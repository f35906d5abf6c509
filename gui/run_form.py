"""The forms for how long a run takes, and for what it learns from batch by batch."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.training.config import TrainingConfig
from engine.validation import field_range
from gui.form import SettingsForm
from gui.spin_boxes import Choice, CountSpin


class RunForm(SettingsForm):
    """Edits epochs, batch size and seed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seed = 0
        self.epochs = CountSpin(field_range(TrainingConfig, "epochs"))
        self.add_field(
            self.tr("Epochs"), self.epochs, "epochsSpin",
            self.tr("How often the network sees every training image. More can be added when the run is over."),
        )  # fmt: skip
        self.batch_size = CountSpin(field_range(TrainingConfig, "batch_size"))
        self.add_field(
            self.tr("Batch size"), self.batch_size, "batchSizeSpin",
            self.tr(
                "How many images are averaged into one step. Small batches take many noisy steps, large ones few "
                "steady steps; large ones use the processor better."
            ),
        )  # fmt: skip
        self.seed = CountSpin(field_range(TrainingConfig, "seed"))
        self.add_field(
            self.tr("Seed"), self.seed, "seedSpin",
            self.tr(
                "Everything random follows from this number: first weights, order of the images, dropout. The same "
                "seed gives the same run; another seed shows how much was luck."
            ),
        )  # fmt: skip

    def apply(self, config: TrainingConfig) -> TrainingConfig:
        """Return ``config`` with what the fields say."""
        shown = self.seed.value()
        return msgspec.structs.replace(
            config,
            epochs=self.epochs.value(),
            batch_size=self.batch_size.value(),
            seed=self._seed if shown == self._shown_seed() else shown,
        )

    def set_value(self, config: TrainingConfig) -> None:
        """Fill the fields."""
        self._seed = config.seed  # one larger than the field can show is kept until another is entered
        with QSignalBlocker(self):
            self.epochs.setValue(config.epochs)
            self.batch_size.setValue(config.batch_size)
            self.seed.setValue(self._shown_seed())

    def _shown_seed(self) -> int:
        return min(self._seed, self.seed.maximum())


class SamplingForm(SettingsForm):
    """Edits which images a run uses, in which order and where, and how a batch's losses become one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sampling = Choice(
            [
                ("shuffled", self.tr("Shuffled")),
                ("in-order", self.tr("Fixed order")),
                ("with-replacement", self.tr("Drawn anew")),
            ]
        )
        self.add_field(
            self.tr("Order"), self.sampling, "samplingCombo",
            self.tr(
                "Shuffled: every image once per epoch, in a new order. Fixed order: always as in the file. Drawn "
                "anew: each batch is drawn from all images, so some come twice and some not at all."
            ),
        )  # fmt: skip
        self.shift = CountSpin(field_range(TrainingConfig, "shift"), self.tr("Off"))
        self.shift.setSuffix(self.tr(" px"))
        self.add_field(
            self.tr("Random shifts"), self.shift, "shiftSpin",
            self.tr(
                "Moves every training image by up to so many pixels up, down, left and right, by chance and anew in "
                "each epoch. A moved 3 is still a 3: the network never sees quite the same image twice, learns what "
                "does not matter, and does better on images it has not seen. It takes more epochs, since every batch "
                "is harder. Validation images stay where they are. This is called augmentation."
            ),
        )  # fmt: skip
        self.reduction = Choice([("mean", self.tr("Mean")), ("sum", self.tr("Sum"))])
        self.add_field(
            self.tr("Loss of a batch"), self.reduction, "reductionCombo",
            self.tr(
                "Whether a step follows the mean of the losses in a batch, or their sum. With the sum, steps grow "
                "with the batch size, so the learning rate must be smaller."
            ),
        )  # fmt: skip
        everything = self.tr("All")
        self.limit_train = CountSpin(field_range(TrainingConfig, "limit_train"), everything, step=1000)
        self.add_field(
            self.tr("Training images"), self.limit_train, "limitTrainSpin",
            self.tr(
                "Uses only the first so many training images. Few make quick runs, and show how a network "
                "memorises instead of learning."
            ),
        )  # fmt: skip
        self.limit_validation = CountSpin(field_range(TrainingConfig, "limit_validation"), everything, step=1000)
        self.add_field(
            self.tr("Validation images"), self.limit_validation, "limitValidationSpin",
            self.tr(
                "Checks on only the first so many validation images after each epoch. Fewer are quicker, and tell "
                "the accuracy less exactly."
            ),
        )  # fmt: skip

    def apply(self, config: TrainingConfig) -> TrainingConfig:
        """Return ``config`` with what the fields say."""
        return msgspec.structs.replace(
            config,
            sampling=self.sampling.value(),
            shift=self.shift.value(),
            loss_reduction=self.reduction.value(),
            limit_train=self.limit_train.value() or None,
            limit_validation=self.limit_validation.value() or None,
        )

    def set_value(self, config: TrainingConfig) -> None:
        """Fill the fields."""
        with QSignalBlocker(self):
            self.sampling.choose(config.sampling)
            self.shift.setValue(config.shift)
            self.reduction.choose(config.loss_reduction)
            self.limit_train.setValue(config.limit_train or 0)
            self.limit_validation.setValue(config.limit_validation or 0)

    def summary(self) -> str:
        """Return the choice in a few words."""
        images = self.limit_train.text() if self.limit_train.value() else self.tr("all images")
        words = [images, self.sampling.currentText().lower()]
        if self.shift.value():
            words.append(self.tr("shifts of {reach}").format(reach=self.shift.text()))
        return ", ".join(words)
