"""The history's database: every run with its settings, its figures and its checkpoints. One object for each thread."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.architecture.network import NetworkSpec
from engine.errors import FileError
from engine.history.decimation import read_chunks
from engine.history.records import (
    BATCH_COLUMNS,
    EPOCH_COLUMNS,
    Array,
    ChangeRecord,
    CheckpointRecord,
    Origin,
    RunRecord,
    RunStart,
)
from engine.history.schema import migrate
from engine.storage.paths import data_home, make_data_home
from engine.training.config import TrainingConfig
from engine.training.events import Position

DATABASE = "runs.sqlite3"
_WAIT_S = 10.0  # for another process to finish its transaction

# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_CONFIG, _POSITION = msgspec.json.Decoder(TrainingConfig), msgspec.json.Decoder(Position)
_NAMES = msgspec.json.Decoder(tuple[str, ...])

_LISTED = (
    "id, name, note, star, colour, status, message, network, parameters, dataset, backend, device, threads, versions, "
    "config, started, ended, origin, parent, parent_step, epochs, last_epoch, step, seconds, train_loss, "
    "train_accuracy, validation_loss, validation_accuracy, best_epoch, best_loss, best_accuracy, thumbnail, deleted"
)


def history_folder() -> Path:
    """Return the folder of the history; it need not exist yet."""
    return data_home() / "history"


class RunStore:
    """Reads and writes the history.

    Parameters
    ----------
    folder : Path, optional
        Where database and checkpoints are, by default ``history_folder()``; created if it is missing.

    Raises
    ------
    FileError
        If the folder cannot be made, or a newer Netarium wrote the database.
    sqlite3.Error
        From every method, if the database is damaged or cannot be written; ``engine.history.recovery`` opens it so
        that this is told in a sentence.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            make_data_home()
        self.folder = folder or history_folder()
        try:
            (self.folder / "runs").mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                "file.folder", "The folder {folder} cannot be created: {reason}.",
                folder=self.folder, reason=error.strerror or error,
            ) from error  # fmt: skip
        self._known: dict[int, tuple[tuple[Any, ...], RunRecord]] = {}  # rows as they were listed last
        # Transactions are begun by hand; Python would begin them late.
        self._connection = sqlite3.connect(self.folder / DATABASE, timeout=_WAIT_S, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection)
            self._identity = os.stat(self.folder / DATABASE)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the file still lies where it was opened: one that was removed or replaced is written in vain."""
        try:
            return os.path.samestat(os.stat(self.folder / DATABASE), self._identity)
        except OSError:
            return False

    def run_folder(self, run: int) -> Path:
        """Return the folder of a run's checkpoints; it need not exist."""
        return self.folder / "runs" / f"{run:06}"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change several things together: all of them or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    # Reading

    def runs(self, deleted: bool = False) -> list[RunRecord]:
        """Return all runs, the newest first; those that were deleted instead if ``deleted``.

        One that did not change since it was listed last is the same object again: a long list is read quickly.
        """
        condition = "deleted != ''" if deleted else "deleted = ''"
        rows = self._connection.execute(f"SELECT {_LISTED} FROM runs WHERE {condition} ORDER BY id DESC")
        return [self._listed(row) for row in rows]

    def run(self, run: int) -> RunRecord | None:
        """Return one run, deleted or not; None if there is none."""
        row = self._connection.execute(f"SELECT {_LISTED} FROM runs WHERE id = ?", (run,)).fetchone()
        return None if row is None else _record(row)

    def newest(self) -> RunRecord | None:
        """Return the run that began last, unless it was deleted; None if there is none."""
        query = f"SELECT {_LISTED} FROM runs WHERE deleted = '' ORDER BY id DESC LIMIT 1"
        row = self._connection.execute(query).fetchone()
        return None if row is None else _record(row)

    def start(self, run: int) -> RunStart:
        """Return what was known of a run when it began, its network among it; ``KeyError`` if there is none."""
        row = self._connection.execute(
            "SELECT spec, config, dataset, digest, class_names, backend, device, threads, versions, first, last_epoch, "
            "batches_per_epoch, train_samples, origin, parent, parent_step, name FROM runs WHERE id = ?", (run,)
        ).fetchone()  # fmt: skip
        if row is None:
            raise KeyError(run)
        spec, config, dataset, digest, classes, backend, device, threads, versions, first, last, batches, samples = row[
            :13
        ]
        return RunStart(
            spec=NetworkSpec.from_json(spec),
            config=_CONFIG.decode(config),
            dataset=dataset,
            digest=digest,
            class_names=_NAMES.decode(classes),
            backend=backend,
            device=device,
            threads=threads,
            versions=msgspec.json.decode(versions),
            first=_POSITION.decode(first),
            last_epoch=last,
            batches_per_epoch=batches,
            train_samples=samples,
            origin=Origin(*row[13:16]),
            name=row[16],
        )

    def epochs(self, run: int, with_past: bool = False) -> dict[str, Array]:
        """Return a run's epochs as columns (epochs,), float64, by the names of ``EPOCH_COLUMNS``.

        ``with_past`` puts the epochs of the runs before it whose weights it went on with.
        """
        parts = [self._epochs_of(part, until) for part, until in self._line(run, with_past)]
        table = np.concatenate(parts) if parts else np.empty((0, len(EPOCH_COLUMNS)))
        return dict(zip(EPOCH_COLUMNS, table.T, strict=True))

    def batches(self, run: int, with_past: bool = False) -> dict[str, Array]:
        """Return a run's batches as columns (points,), float64, by the names of ``BATCH_COLUMNS``; see ``epochs``."""
        parts = []
        for part, until in self._line(run, with_past):
            rows = self._connection.execute("SELECT points FROM batches WHERE run = ? ORDER BY chunk", (part,))
            points = read_chunks([row[0] for row in rows])
            parts.append(points if until is None else points[points[:, 0] <= until])
        return dict(zip(BATCH_COLUMNS, np.concatenate(parts).T, strict=True))

    def changes(self, run: int) -> list[ChangeRecord]:
        """Return what was changed while a run went on, in order."""
        rows = self._connection.execute(
            "SELECT epoch, batch, step, seconds, setting, old, new FROM changes WHERE run = ? ORDER BY rowid", (run,)
        )
        return [ChangeRecord(Position(*row[:4]), *row[4:]) for row in rows]

    def checkpoints(self, run: int) -> list[CheckpointRecord]:
        """Return a run's checkpoints in order of their steps; of one step, snapshots first and the last epoch last."""
        return self._checkpoints("WHERE run = ? ORDER BY step, kind = 'state', epoch", run)

    def checkpoint(self, checkpoint: int) -> CheckpointRecord | None:
        """Return one checkpoint; None if there is none of this number."""
        return next(iter(self._checkpoints("WHERE id = ?", checkpoint)), None)

    # What a person says of runs

    def annotate(self, run: int, **values: str | int | bool | None) -> None:
        """Change ``name``, ``note``, ``star`` or ``colour`` of a run."""
        unknown = set(values) - {"name", "note", "star", "colour"}
        if unknown:
            raise ValueError(f"a run has no {', '.join(sorted(unknown))} to change")
        self.update(run, values)

    def delete(self, runs: Iterable[int]) -> None:
        """Take runs out of the list, but for those that go on; ``restore`` brings them back for a day."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE runs SET deleted = ? WHERE id = ? AND status != 'running'", [(now(), run) for run in runs]
            )

    def restore(self, runs: Iterable[int]) -> None:
        """Bring deleted runs back."""
        with self.transaction() as connection:
            connection.executemany("UPDATE runs SET deleted = '' WHERE id = ?", [(run,) for run in runs])

    # What the recorder tells

    def insert(self, start: RunStart, parameters: int, run: int | None = None) -> int:
        """Add a run that begins now, and return its number: ``run`` if it is given."""
        values = {
            "id": run,
            "name": start.name or start.spec.name,
            "status": "running",
            "network": start.spec.name,
            "parameters": parameters,
            "spec": start.spec.to_json(),
            "config": _json(start.config),
            "dataset": start.dataset,
            "digest": start.digest,
            "class_names": _json(start.class_names),
            "backend": start.backend,
            "device": start.device,
            "threads": start.threads,
            "versions": _json(start.versions),
            "first": _json(start.first),
            "last_epoch": start.last_epoch,
            "batches_per_epoch": start.batches_per_epoch,
            "train_samples": start.train_samples,
            "started": now(),
            "origin": start.origin.kind,
            "parent": start.origin.parent,
            "parent_step": start.origin.step,
            "epochs": start.first.epoch,
            "step": start.first.step,
            "seconds": start.first.seconds,
        }
        places = ", ".join("?" * len(values))
        cursor = self._connection.execute(
            f"INSERT INTO runs ({', '.join(values)}) VALUES ({places})", tuple(values.values())
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def update(self, run: int, values: Mapping[str, object]) -> None:
        """Change columns of a run."""
        columns = ", ".join(f"{column} = ?" for column in values)
        self._connection.execute(f"UPDATE runs SET {columns} WHERE id = ?", (*values.values(), run))

    def _listed(self, row: tuple[Any, ...]) -> RunRecord:
        known = self._known.get(row[0])
        if known is None or known[0] != row:
            known = self._known[row[0]] = (row, _record(row))
        return known[1]

    def _line(self, run: int, with_past: bool) -> list[tuple[int, int | None]]:
        """Return the runs that led to a run, the first one first, each with the step up to which it counts."""
        line: list[tuple[int, int | None]] = [(run, None)]
        while with_past:
            row = self._connection.execute("SELECT parent, parent_step FROM runs WHERE id = ?", line[0][:1]).fetchone()
            if row is None or row[0] is None or any(row[0] == known for known, _ in line):
                break
            line.insert(0, (row[0], row[1]))
        return line

    def _epochs_of(self, run: int, until: int | None) -> Array:
        rows = self._connection.execute(
            f"SELECT {', '.join(EPOCH_COLUMNS)} FROM epochs WHERE run = ? AND step <= ? ORDER BY epoch",
            (run, 2**62 if until is None else until),
        ).fetchall()
        table = np.array(rows, float)  # an absent figure becomes NaN
        return table.reshape(-1, len(EPOCH_COLUMNS))

    def _checkpoints(self, which: str, value: int) -> list[CheckpointRecord]:
        rows = self._connection.execute(
            "SELECT id, run, kind, epoch, batch, step, seconds, file, size, best, validation_loss, validation_accuracy "
            f"FROM checkpoints {which}", (value,)
        )  # fmt: skip
        return [
            CheckpointRecord(
                id=row[0],
                run=row[1],
                kind=row[2],
                position=Position(*row[3:7]),
                path=self.run_folder(row[1]) / row[7],
                size=row[8],
                best=bool(row[9]),
                validation_loss=_number(row[10]),
                validation_accuracy=_number(row[11]),
            )
            for row in rows
        ]


def now() -> str:
    """Return the time in ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _record(row: tuple[Any, ...]) -> RunRecord:
    fields = dict(zip(_LISTED.replace(" ", "").split(","), row, strict=True))
    fields["origin"] = Origin(fields.pop("origin"), fields.pop("parent"), fields.pop("parent_step"))
    fields["star"] = bool(fields["star"])
    fields["config"] = _CONFIG.decode(fields["config"])
    fields["versions"] = msgspec.json.decode(fields["versions"])
    fields["thumbnail"] = np.frombuffer(fields["thumbnail"], "<f4")
    for name in (
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "best_loss", "best_accuracy",
    ):  # fmt: skip
        fields[name] = _number(fields[name])
    return RunRecord(**fields)
