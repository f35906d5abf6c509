"""Opens the history and puts it in order: what a crash, a power cut or a damaged disk left behind."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from shutil import rmtree

from msgspec import Struct

from engine.architecture.shapes import summarize
from engine.errors import FileError, NetariumError
from engine.history.checkpoints import figures, forget
from engine.history.records import Origin, RunStart
from engine.history.run_lock import LOCK, claim
from engine.history.store import DATABASE, RunStore, history_folder, now
from engine.storage.model_file import Model, load_model
from engine.storage.paths import data_home
from engine.training.config import TrainingConfig
from engine.training.events import Position

_TEMPORARY = ".netarium-*.tmp"
_OLD_S = 3600.0  # a temporary file of this age belongs to no process that still writes it
_UNDO = timedelta(days=1)  # for so long a deleted run can be brought back


class Opening(Struct, frozen=True):
    """What was found when the history was opened.

    ``interrupted`` are the runs that nobody ended; ``note`` is a sentence where something had to be mended.
    """

    interrupted: tuple[int, ...] = ()
    note: NetariumError | None = None


def open_history(folder: Path | None = None) -> tuple[RunStore, Opening]:
    """Open the history; a damaged database is set aside, and its runs are found again by their checkpoints.

    Raises
    ------
    FileError
        If the folder cannot be made, or a newer Netarium wrote the history.
    sqlite3.Error
        If the database cannot be opened for a reason that is no damage, such as a disk that is full.
    """
    folder = folder or history_folder()
    note: NetariumError | None = None
    try:
        store = _checked(folder)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        aside = _set_aside(folder)
        store = _checked(folder)
        found = _recover_runs(store)
        note = FileError(
            "history.damaged",
            "The history of runs was damaged and set aside as {file}. {count} runs were found again by their "
            "checkpoints; saved models are untouched.",
            file=aside, count=found,
        )  # fmt: skip
    interrupted = _mark_interrupted(store)
    _purge(store)
    _release_abandoned(store)
    _sweep(data_home())
    return store, Opening(interrupted, note)


def _checked(folder: Path) -> RunStore:
    """Open the store; look through the whole database if the last process did not close it."""
    unclean = (folder / f"{DATABASE}-wal").exists()
    store = RunStore(folder)
    try:
        if unclean:
            with store.transaction() as connection:
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"database disk image is malformed: {verdict}")
    except BaseException:
        store.close()
        raise
    return store


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell damage from what may pass: a full disk, a busy database, a folder that can only be read."""
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return any(text in str(error) for text in ("malformed", "not a database", "no such table", "no such column"))


def _set_aside(folder: Path) -> Path:
    """Rename a damaged database and what belongs to it, and return its new name."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    aside = folder / f"runs-damaged-{stamp}.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / f"{DATABASE}{suffix}", f"{aside}{suffix}")
    return aside


def _mark_interrupted(store: RunStore) -> tuple[int, ...]:
    """Find runs that nobody ended and nobody records any more, and put their folders in order."""
    interrupted = []
    for record in store.runs() + store.runs(deleted=True):
        if record.status != "running":
            continue
        lock = claim(store.run_folder(record.id))
        if lock is None:
            continue  # another Netarium trains it at this moment
        store.update(record.id, {"status": "interrupted", "ended": now()})
        _tidy(store, record.id)
        (store.run_folder(record.id) / LOCK).unlink(missing_ok=True)
        os.close(lock)
        interrupted.append(record.id)
    return tuple(sorted(interrupted))


def _tidy(store: RunStore, run: int) -> None:
    """Make files and database agree: no temporary files, no entries without a file, no whole file without an entry."""
    folder = store.run_folder(run)
    for path in folder.glob(_TEMPORARY):
        path.unlink(missing_ok=True)
    known = {checkpoint.path.name for checkpoint in store.checkpoints(run)}
    present = {path.name for path in folder.glob("*.safetensors")}
    forget(store, run, known - present)
    for name in sorted(present - known):
        _adopt(store, run, folder / name)


def _adopt(store: RunStore, run: int, path: Path) -> Model | None:
    """Note a checkpoint that was whole when its process ended, but not yet noted; None if it cannot be used."""
    try:
        model = load_model(path)
    except FileError:
        return None  # left where it is: it may be of use to somebody, and is named in no list
    position = model.position or Position()
    last = figures(model)
    with store.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO checkpoints (run, kind, epoch, batch, step, seconds, file, size, validation_loss, "
            "validation_accuracy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, "snapshot" if model.state is None else "state", position.epoch, position.batch, position.step,
                position.seconds, path.name, path.stat().st_size, last.validation_loss, last.validation_accuracy,
            ),
        )  # fmt: skip
    return model


def _recover_runs(store: RunStore) -> int:
    """Make an entry for every folder of checkpoints that the database knows nothing of; return how many."""
    found = 0
    for folder in sorted((store.folder / "runs").glob("[0-9]*")):
        files = sorted(folder.glob("*.safetensors"), key=lambda path: path.name.split("-")[-1])
        if not folder.name.isdigit() or store.run(int(folder.name)) is not None:
            continue
        models = []
        for path in reversed(files):
            with contextlib.suppress(FileError):
                models = [load_model(path)]
                break
        if models:
            _insert_recovered(store, int(folder.name), models[0])
            _tidy(store, int(folder.name))
            found += 1
    return found


def _insert_recovered(store: RunStore, run: int, model: Model) -> None:
    config, position = model.config or TrainingConfig(), model.position or Position()
    versions = {name: str(version) for name, version in model.versions.items()}
    start = RunStart(
        spec=model.spec, config=config, dataset=model.dataset, digest="", class_names=model.class_names,
        backend=versions.get("backend", "gluon"), device="cpu", threads=int(versions.get("threads", 0) or 0),
        versions=versions, first=model.state.first if model.state else Position(),
        last_epoch=(model.state.first.epoch if model.state else 0) + config.epochs,
        batches_per_epoch=max(1, position.step // max(1, position.epoch)), train_samples=0, origin=Origin(),
    )  # fmt: skip
    store.insert(start, summarize(model.spec).parameter_count, run)
    last = figures(model)
    with store.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            [
                (
                    run, m.epoch, position.step * m.epoch // max(1, position.epoch), m.seconds, m.train_loss,
                    m.train_accuracy, m.validation_loss, m.validation_accuracy, m.seconds,
                )
                for m in model.metrics
            ],
        )  # fmt: skip
        connection.execute(
            "UPDATE runs SET started = ?, epochs = ?, step = ?, seconds = ?, train_loss = ?, train_accuracy = ?, "
            "validation_loss = ?, validation_accuracy = ? WHERE id = ?",
            (
                model.created or now(), position.epoch, position.step, position.seconds, last.train_loss,
                last.train_accuracy, last.validation_loss, last.validation_accuracy, run,
            ),
        )  # fmt: skip


def _purge(store: RunStore) -> None:
    """Let go of runs that were deleted long enough ago."""
    oldest = (datetime.now(timezone.utc) - _UNDO).isoformat(timespec="milliseconds")
    gone = [record.id for record in store.runs(deleted=True) if record.deleted < oldest]
    for run in gone:
        with store.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run,))
        rmtree(store.run_folder(run), ignore_errors=True)


def _release_abandoned(store: RunStore) -> None:
    """Remove locks whose process ended before the history knew that its run goes on."""
    for path in (store.folder / "runs").glob(f"*/{LOCK}"):
        if not path.parent.name.isdigit():
            continue
        lock = claim(path.parent)
        if lock is not None:
            path.unlink(missing_ok=True)
            os.close(lock)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # of a run that never came to be: nothing else is in it


def _sweep(home: Path) -> None:
    """Delete temporary files that no process writes any more."""
    for path in home.glob(_TEMPORARY):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _OLD_S:
                path.unlink()
