"""The tables of the history's database, and how older ones are brought up to date."""

from __future__ import annotations

import sqlite3

from engine.errors import FileError

# Each entry brings a database from the version of its place to the next; never change one that was released.
_MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', star INTEGER NOT NULL DEFAULT 0, colour INTEGER,
        status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',
        network TEXT NOT NULL, parameters INTEGER NOT NULL, spec TEXT NOT NULL, config TEXT NOT NULL,
        dataset TEXT NOT NULL, digest TEXT NOT NULL, class_names TEXT NOT NULL,
        backend TEXT NOT NULL, device TEXT NOT NULL, threads INTEGER NOT NULL, versions TEXT NOT NULL,
        first TEXT NOT NULL, last_epoch INTEGER NOT NULL, batches_per_epoch INTEGER NOT NULL,
        train_samples INTEGER NOT NULL,
        started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '', deleted TEXT NOT NULL DEFAULT '',
        origin TEXT NOT NULL, parent INTEGER, parent_step INTEGER,
        epochs INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
        train_loss REAL, train_accuracy REAL, validation_loss REAL, validation_accuracy REAL,
        best_epoch INTEGER NOT NULL DEFAULT 0, best_loss REAL, best_accuracy REAL,
        thumbnail BLOB NOT NULL DEFAULT x''
    );
    CREATE TABLE epochs (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        epoch INTEGER NOT NULL, step INTEGER NOT NULL, seconds REAL NOT NULL,
        train_loss REAL, train_accuracy REAL, validation_loss REAL, validation_accuracy REAL,
        duration REAL, learning_rate REAL,
        PRIMARY KEY (run, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE batches (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        chunk INTEGER NOT NULL, points BLOB NOT NULL,
        PRIMARY KEY (run, chunk)
    ) WITHOUT ROWID;
    CREATE TABLE changes (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        epoch INTEGER NOT NULL, batch INTEGER NOT NULL, step INTEGER NOT NULL, seconds REAL NOT NULL,
        setting TEXT NOT NULL, old REAL NOT NULL, new REAL NOT NULL
    );
    CREATE INDEX changes_of_run ON changes (run);
    CREATE TABLE checkpoints (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        kind TEXT NOT NULL, epoch INTEGER NOT NULL, batch INTEGER NOT NULL, step INTEGER NOT NULL,
        seconds REAL NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, best INTEGER NOT NULL DEFAULT 0,
        validation_loss REAL, validation_accuracy REAL,
        UNIQUE (run, file)
    );
    """,
)

VERSION = len(_MIGRATIONS)
"""Of the database that this Netarium writes."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database up to date, each step whole or not at all.

    Raises
    ------
    FileError
        If a newer Netarium wrote it; it is left as it is.
    sqlite3.Error
        If it cannot be read or written.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise FileError(
            "history.newer",
            "The history of runs was written by a newer Netarium (version {version}, this one knows {known}); it is "
            "left untouched, and runs are not recorded until Netarium is updated.",
            version=version, known=VERSION,
        )  # fmt: skip
    while version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done it while this one waited.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version < VERSION:
                for statement in _MIGRATIONS[version].split(";\n"):
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
