"""The claim of a process on the run that it records."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK = "running.lock"
"""The file in a run's folder that is locked."""


def claim(folder: Path) -> int | None:
    """Claim a run for this process while it records it; None if another process holds it.

    The lock is on a file in the run's folder, and the system lets it go when the process ends, however it ends;
    closing the descriptor that is returned lets it go too.
    """
    path = folder / LOCK
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass  # whoever held it before has just removed it: what is locked is no file any more
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
