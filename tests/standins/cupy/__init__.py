"""Plays CuPy in a child process: put this folder's parent on ``PYTHONPATH``."""

import sys

from tests.engine.backends.scratch.foreign import ForeignModule

_played = ForeignModule()
_played.__spec__ = __spec__
sys.modules[__name__] = _played
