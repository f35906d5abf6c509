"""The headless command `train`: begins, continues or resumes a run, prints it, and records it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from engine.architecture.kept import kept_layers
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Backend
from engine.backends.choice import BACKEND_NAMES, make_backend
from engine.backends.mxnet import runtime
from engine.cli.cost import check_memory
from engine.cli.finding import find_run
from engine.cli.interrupt import Interrupt
from engine.cli.networks import chosen_dataset, chosen_network
from engine.cli.output import Progress, print_epoch, silence_stdout
from engine.cli.parser import DEFAULT_NETWORK, INTERRUPTED
from engine.cli.recording import Recording
from engine.data.catalog import DATASETS, load_dataset
from engine.data.dataset import Dataset
from engine.devices import check_device
from engine.errors import ConfigError, TrainingError
from engine.fastest import AUTO, find_fastest
from engine.history.records import FRESH, Origin, RunRecord
from engine.history.store import RunStore
from engine.networks import USUAL_SETTINGS
from engine.returning import return_to_run
from engine.session import Session
from engine.storage.model_file import load_model
from engine.storage.models import check_target, open_model, save_model_as
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, StoppingConfig, TrainingConfig
from engine.training.events import BatchesDone, EpochDone, RunFinished, TrainingEvent

# What ends a run as it was meant to.
_GOOD_ENDS = ("completed", "early")


def train(options: argparse.Namespace) -> int:
    """Train and print the figures of every epoch; Ctrl-C ends the run after its batch and still saves."""
    if options.save is not None:
        check_target(options.save)
    with Recording(options) as recording:
        session, events = _begun(options, recording)
        finished = _follow(session, events, options, recording)
    versions = runtime.versions()
    if options.save is not None:
        best = options.save_which == "best"
        save_model_as(options.save, session.best_model(versions) if best else session.model(versions))
        print(f"Saved {options.save}", file=sys.stderr)
    if finished is None:
        return INTERRUPTED
    if finished.reason not in _GOOD_ENDS:
        raise TrainingError(f"training.{finished.reason}", "{message}", message=finished.message)
    return 0


def _begun(options: argparse.Namespace, recording: Recording) -> tuple[Session, Generator[TrainingEvent, None, None]]:
    """Return the session to train and the run that trains it, told to the history."""
    if options.resumed is not None:
        return _resumed(options, recording)
    session = _session_to_train(options)
    events = session.train("run", _overridden(session.config, options))
    recording.begin(session, FRESH if options.continued is None else Origin("file"))
    return session, events


def _resumed(options: argparse.Namespace, recording: Recording) -> tuple[Session, Generator[TrainingEvent, None, None]]:
    """Go on exactly: with a run of the history, or with a file that holds a training state."""
    _refuse_settings(options)
    path = Path(options.resumed)
    if not path.is_file():
        store = recording.store()
        run = _run_to_resume(store, options.resumed)
        dataset = chosen_dataset(options) if options.dataset_path is not None else None
        found = return_to_run(store, run.id, dataset, make_backend)
        if found.note:
            print(found.note, file=sys.stderr)
        events = found.session.resume("run")
        recording.begin(found.session, found.origin, run.id)
        return found.session, events
    model = load_model(path)
    named = options.dataset_path is None and model.dataset in DATASETS
    dataset = load_dataset(model.dataset) if named else chosen_dataset(options)
    config = model.config or USUAL_SETTINGS
    session = Session(_backend(options, model.spec, config), model.spec, config, dataset, model)
    events = session.resume("run")
    recording.begin(session, Origin("file"))
    return session, events


def _run_to_resume(store: RunStore, name: str) -> RunRecord:
    try:
        return find_run(name, store.runs(), store.runs(deleted=True))
    except ConfigError as error:
        if error.code != "history.not_found":
            raise
        raise ConfigError(
            "resume.unknown",
            "There is neither a file nor a run {name}. `runs list` shows the runs there are.",
            name=name,
        ) from error  # fmt: skip


def _refuse_settings(options: argparse.Namespace) -> None:
    """Raise ``ConfigError`` if something is asked for that an exact resume takes from the run."""
    given = [name for name in ("network", "width", "dropout", "image_size") if getattr(options, name) is not None]
    kinds = (TrainingConfig, OptimizerConfig, ScheduleConfig, InitializerConfig, StoppingConfig)
    fields = {field for kind in kinds for field in kind.__struct_fields__}
    given += sorted(field for field in fields if getattr(options, field, None) is not None)
    if options.continued is not None:
        given.append("continue")
    if given:
        raise ConfigError(
            "resume.settings",
            "A run is resumed with its own settings, so --{option} cannot be given. To train its weights with others: "
            "--continue.",
            option=given[0].replace("_", "-"),
        )  # fmt: skip


def _session_to_train(options: argparse.Namespace) -> Session:
    dataset, device = chosen_dataset(options), options.device or "cpu"
    if options.continued is not None:
        session = _continued(options, dataset)
        if not options.ignore_memory:
            check_memory(session.spec, _overridden(session.config, options), device)
        return session
    chosen = chosen_network(options, dataset, options.network or DEFAULT_NETWORK)
    config = _overridden(chosen.config, options)
    if not options.ignore_memory:
        check_memory(chosen.spec, config, device)
    return Session(_backend(options, chosen.spec, config), chosen.spec, config, dataset)


def _backend(options: argparse.Namespace, spec: NetworkSpec, config: TrainingConfig) -> Backend:
    """Return what computes; where the fastest is wanted, which one that is is told."""
    name, device = options.backend or BACKEND_NAMES[0], options.device or "cpu"
    if name == AUTO:
        found = find_fastest(spec, config.checked(), device, make_backend)
        how = " with one thread" if found.threads == 1 else ""
        ahead = f", {found.ratio:.1f} times as fast as {BACKEND_NAMES[0]} here" if found.ratio > 1 else ""
        print(f"Computed by {found.backend}{how}{ahead}.", file=sys.stderr)
        return make_backend(found.backend, check_device(device, found.backend), found.threads)
    return make_backend(name, check_device(device, name))


def _continued(options: argparse.Namespace, dataset: Dataset) -> Session:
    """Return a session with a saved model, in an edited network if another is named."""
    if not options.network and (options.width, options.dropout, options.image_size) != (None, None, None):
        raise ConfigError(
            "network.unnamed",
            "A width, a dropout rate or an image size is of a named network; name it too (--network NAME).",
        )
    named = chosen_network(options, dataset, options.network) if options.network else None
    model = open_model(options.continued, named.spec if named else None).model
    config = model.config or (named.config if named else USUAL_SETTINGS)
    session = Session(_backend(options, model.spec, config), model.spec, config, dataset, model)
    if named is None or (named.spec.input_shape, named.spec.layers) == (model.spec.input_shape, model.spec.layers):
        return session
    kept, learning = kept_layers(session.summary, summarize(named.spec)), _learning(named.spec)
    print(f"{len(kept)} of {learning} layers keep the weights of {options.continued}.", file=sys.stderr)
    return session.edited(named.spec)


def _learning(spec: NetworkSpec) -> int:
    """Return how many layers of a network have anything to learn."""
    return sum(bool(layer.parameters) for layer in summarize(spec).layers)


def _follow(
    session: Session,
    events: Generator[TrainingEvent, None, None],
    options: argparse.Namespace,
    recording: Recording,
) -> RunFinished | None:
    """Print what a run tells until it ends; return None where it was interrupted."""
    progress = Progress()
    with Interrupt() as interrupt:
        for event in events:
            recording.follow(event)
            progress.show(event)
            if isinstance(event, EpochDone):
                _print_epoch(event, options)
            elif isinstance(event, RunFinished):
                if event.reason == "early":
                    print(event.message, file=sys.stderr)
                return event
            if not interrupt.asked:
                continue
            if session.live.synchronous and isinstance(event, (BatchesDone, EpochDone)):
                break
            session.live.synchronous, session.live.report_every = True, 0.0  # the next report tells every batch
    events.close()
    recording.follow(RunFinished("run", session.position, "stopped"))
    progress.clear()
    print(f"Stopped after batch {session.position.batch} of epoch {session.position.epoch + 1}.", file=sys.stderr)
    return None


def _print_epoch(event: EpochDone, options: argparse.Namespace) -> None:
    try:
        print_epoch(event, options.json)
    except BrokenPipeError:
        if options.save is None:
            raise
        silence_stdout()  # nobody reads on, but the model is still wanted


def _overridden(config: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return ``config`` with the settings that were given as options, checked."""

    def given(kind: type[msgspec.Struct], **names: str) -> dict[str, Any]:
        values = {field: getattr(options, names.get(field, field), None) for field in kind.__struct_fields__}
        return {field: value for field, value in values.items() if value is not None}

    optimizer = msgspec.structs.replace(config.optimizer, **given(OptimizerConfig, name="optimizer"))
    schedule = msgspec.structs.replace(config.schedule, **given(ScheduleConfig, name="schedule"))
    initializer = msgspec.structs.replace(config.initializer, **given(InitializerConfig, name="initializer"))
    stopping = msgspec.structs.replace(config.stopping, **given(StoppingConfig))
    own = given(TrainingConfig)
    for nested in ("optimizer", "schedule", "initializer", "stopping"):
        own.pop(nested, None)
    merged = msgspec.structs.replace(
        config, **own, optimizer=optimizer, schedule=schedule, initializer=initializer, stopping=stopping
    )  # fmt: skip
    return merged.checked()
