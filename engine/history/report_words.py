"""Says in plain words what a run was trained with, how it ended and where its weights come from."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

from engine.history.records import Origin, RunRecord, RunStart
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig

STATUS_WORDS = {
    "running": "still running",
    "completed": "completed",
    "stopped": "stopped by hand",
    "early": "ended early: no better epoch for a while",
    "diverged": "diverged",
    "failed": "failed",
    "interrupted": "interrupted",
}

SETTING_WORDS = {
    "learning_rate": "learning rate",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "dropout": "dropout rate",
}

_OPTIMIZERS = {
    "sgd": "stochastic gradient descent",
    "momentum": "gradient descent with momentum",
    "nesterov": "gradient descent with Nesterov's momentum",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSProp",
    "adam": "Adam",
}
_SAMPLING = {
    "shuffled": "shuffled anew in every epoch",
    "in-order": "in the order of the data set",
    "with-replacement": "drawn anew for each batch, so that some come twice and others not at all",
}


def settings_in_words(start: RunStart) -> list[tuple[str, str]]:
    """Return what a run was trained with, as pairs of a setting's name and its value in words."""
    config = start.config
    stopping = config.stopping
    patience = f"; ends after {stopping.patience} epochs without a better one" if stopping.patience else ""
    versions = ", ".join(
        version if version.startswith(name) else f"{name} {version}" for name, version in start.versions.items()
    )
    threads = {0: "an unknown number of threads", 1: "one thread"}.get(start.threads, f"{start.threads} threads")
    return [
        ("Optimizer", _optimizer(config.optimizer)),
        ("Learning rate", f"{config.optimizer.learning_rate:g}"),
        ("Schedule of the learning rate", _schedule(config.schedule)),
        ("Weight decay", f"{config.optimizer.weight_decay:g}" if config.optimizer.weight_decay else "none"),
        ("Clipping of gradients", _clipping(config.optimizer)),
        ("Initial weights", _initializer(config.initializer)),
        ("Batch size", f"{config.batch_size:,}"),
        ("Epochs", _epochs(start)),
        ("Loss of a batch", f"{config.loss_reduction} of its samples' cross-entropies"),
        ("Order of the samples", _SAMPLING[config.sampling]),
        ("Random shift of training images", f"up to {config.shift} pixels" if config.shift else "none"),
        ("Training images", _amount(start.train_samples, config.limit_train)),
        ("Test images", _limit(config)),
        ("Best epoch", f"by the {stopping.monitor} of the validation{patience}"),
        ("Seed of all chance", str(config.seed)),
        ("Data set", data_name(start.dataset)),
        ("Computed by", f"{start.backend} on {start.device}, {threads}"),
        ("Versions", versions or "unknown"),
    ]


def origin_in_words(origin: Origin, parent_name: str | None) -> str:
    """Return where the weights that a run began with come from, as a sentence.

    ``parent_name`` is None where the parent run is no longer in the history.
    """
    parent = f"run {origin.parent} ({parent_name})" if parent_name is not None else f"run {origin.parent}"
    if origin.parent is not None and parent_name is None:
        parent += " (which is no longer in the history)"
    step = f"batch {origin.step:,}" if origin.step is not None else "its last batch"
    return {
        "fresh": "It began with freshly drawn weights.",
        "file": "It began with the weights of a file that was opened.",
        "state": f"It goes on exactly from the training state after {step} of {parent}.",
        "snapshot": f"It began with the weights after {step} of {parent}; the optimizer's moments began anew.",
        "more": f"It trains the weights of {parent} on, as they were after {step}.",
        "edited": f"It trains an edited network on that kept weights of {parent}, as they were after {step}.",
    }[origin.kind]


def status_in_words(run: RunRecord) -> str:
    """Return how a run ended, with its message where there is one."""
    words = STATUS_WORDS[run.status]
    return f"{words}. {run.message}" if run.message else words


def data_name(source: str) -> str:
    """Return a data set's name; of a folder the last part, since the rest says more of a machine than of the data."""
    return Path(source).name or source


def local_time(moment: str) -> str:
    """Return a time in ISO 8601 as a clock on the wall shows it; as it is where it cannot be read."""
    try:
        return datetime.datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return moment


def share(value: float) -> str:
    """Return a share of 1 in percent, a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.2%}"


def number(value: float) -> str:
    """Return a loss, a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.4f}"


def duration(seconds: float) -> str:
    """Return a time as people say it: ``6.3 s``, ``2 min 5 s`` or ``3 h 10 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _epochs(start: RunStart) -> str:
    """Return how many epochs were planned, and which where others came before them."""
    first, last = start.first.epoch + 1, start.last_epoch
    if first == 1:
        return str(last)
    return f"{last - start.first.epoch}, from {first} to {last}" if last > first else f"1, epoch {last}"


def _optimizer(config: OptimizerConfig) -> str:
    words = _OPTIMIZERS[config.name]
    if config.name in ("momentum", "nesterov"):
        return f"{words} of {config.momentum:g}"
    if config.name == "rmsprop":
        return f"{words}, keeping {config.decay:g} of the old mean square"
    if config.name == "adam":
        return f"{words} with β₁ = {config.beta1:g} and β₂ = {config.beta2:g}"
    return words


def _schedule(config: ScheduleConfig) -> str:
    end = f"{config.final_factor:g} times the rate" if config.final_factor else "0"
    words = {
        "constant": "constant",
        "step": f"multiplied by {config.step_factor:g} every {config.step_epochs} epochs",
        "cosine": f"falls as a cosine to {end}",
        "one-cycle": f"rises over {config.rising_fraction:.0%} of the batches, then falls to {end}",
    }[config.name]
    return f"{words}, after a rise over {config.warmup_epochs:g} epochs" if config.warmup_epochs else words


def _clipping(config: OptimizerConfig) -> str:
    parts = []
    if config.clip_value is not None:
        parts.append(f"each value to {config.clip_value:g}")
    if config.clip_norm is not None:
        parts.append(f"the norm of all together to {config.clip_norm:g}")
    return ", ".join(parts) or "none"


def _initializer(config: InitializerConfig) -> str:
    name = {"xavier": "Xavier", "he": "He"}.get(config.name, config.name)
    if config.name in ("xavier", "he"):
        name += f", {config.distribution}" + (f", magnitude {config.magnitude:g}" if config.name == "xavier" else "")
    elif config.name in ("normal", "uniform"):
        name += f" with a spread of {config.scale:g}"
    return f"{name}; biases {config.biases}"


def _amount(samples: int, limit: int | None) -> str:
    told = f"{samples:,}" if samples else "unknown"
    return f"{told} (the first of the data set)" if limit is not None else told


def _limit(config: TrainingConfig) -> str:
    return "all" if config.limit_validation is None else f"the first {config.limit_validation:,}"
