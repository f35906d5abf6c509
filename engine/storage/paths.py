"""Where the app keeps what is its own: one folder that only the user can read."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.errors import FileError

HOME_VARIABLE = "NETARIUM_HOME"


def data_home() -> Path:
    """Return the folder for settings and data; it need not exist yet.

    It is ``$NETARIUM_HOME`` where that is set, otherwise the platform's folder for a user's data.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_dir("netarium", appauthor=False))


def use_data_home(folder: str | os.PathLike[str]) -> None:
    """Keep settings and data in ``folder`` from now on, in this process and those it starts."""
    os.environ[HOME_VARIABLE] = str(Path(folder).expanduser().absolute())


def make_data_home() -> Path:
    """Return the data folder, created with mode 0700 if it was missing; call it before writing there.

    Raises
    ------
    FileError
        If the folder cannot be created.
    """
    home = data_home()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            "storage.data_home",
            "The folder {folder} for settings and data cannot be created: {reason}. "
            "Choose another one with --data-dir or {variable}.",
            folder=home, reason=error.strerror, variable=HOME_VARIABLE,
        ) from error  # fmt: skip
    return home


def settings_file() -> Path:
    """Return the file with the window's settings, in Qt's INI format."""
    return data_home() / "settings.ini"
