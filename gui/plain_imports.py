"""Takes PySide's hand off Python's import statement."""

from __future__ import annotations

import builtins


def import_plainly() -> None:
    """Let ``import`` be Python's own again, for all modules that are loaded from now on.

    PySide puts a function of its own in its place, to learn which modules use its switches (``from __feature__ import
    snake_case``). For that it reads the source text of every module that is imported, MXNet's hundreds among them, and
    Python keeps what was read: 40 MB, and a fifth of the time that imports take. Netarium uses no such switch.
    """
    own = getattr(builtins, "__orig_import__", None)
    if own is not None:
        builtins.__import__ = own
