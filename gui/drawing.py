"""What stands on the drawing canvas, with everything needed to undo and redo it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gui.strokes import Stroke

# Steps that can be undone; older ones are forgotten once the drawing on screen no longer needs them.
_MOST_MARKS = 200


@dataclass(frozen=True, eq=False)
class Picture:
    """An image shown in place of a drawing.

    Parameters
    ----------
    pixels : array (height, width), uint8
    network_input : array (channels, height, width), float32 in [0, 1]
        What was prepared of it for the network.
    from_data : bool
        Whether it is an image of the data set, where ink is white on black; the canvas gives it its own colours.
    label : str
        The true answer, empty where nobody knows it.
    """

    pixels: np.ndarray
    network_input: np.ndarray
    from_data: bool = False
    label: str = ""


@dataclass(frozen=True)
class Cleared:
    """The canvas was wiped."""


Mark = Stroke | Picture | Cleared


class Drawing:
    """A history of marks: strokes add up; a picture or a clear begins anew, as does a stroke after a picture."""

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._undone: list[Mark] = []

    @property
    def strokes(self) -> list[Stroke]:
        """The strokes on screen, oldest first."""
        strokes: list[Stroke] = []
        for mark in reversed(self._marks):
            if not isinstance(mark, Stroke):
                break
            strokes.append(mark)
        return strokes[::-1]

    @property
    def picture(self) -> Picture | None:
        """The picture on screen, if one is shown."""
        last = self._marks[-1] if self._marks else None
        return last if isinstance(last, Picture) else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on screen."""
        return not self._marks or isinstance(self._marks[-1], Cleared)

    @property
    def can_undo(self) -> bool:
        """Whether there is a mark to take back."""
        return bool(self._marks)

    @property
    def can_redo(self) -> bool:
        """Whether a mark was taken back and nothing was added since."""
        return bool(self._undone)

    def add(self, mark: Mark) -> None:
        """Add a mark; what was undone can no longer be redone."""
        self._marks.append(mark)
        self._undone.clear()
        while len(self._marks) > max(_MOST_MARKS, len(self.strokes)):
            del self._marks[0]

    def undo(self) -> None:
        """Take the last mark back, if there is one."""
        if self._marks:
            self._undone.append(self._marks.pop())

    def redo(self) -> None:
        """Put the last undone mark back, if there is one."""
        if self._undone:
            self._marks.append(self._undone.pop())
