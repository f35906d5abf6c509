"""The colours of a confusion matrix: one hue for right answers, another for mistakes, and ink that reads on both."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor

from gui.confusion_facts import ConfusionFacts
from gui.theme import Theme

# The share of a row that is painted in the full colour of mistakes, at least: a good network's few mistakes show
# (by their square root), but do not look like those of a bad one.
_FULL_MISTAKE = 0.05
_FAINTEST = 0.14  # of a colour, for a single sample


def cell_colours(facts: ConfusionFacts, theme: Theme) -> np.ndarray:
    """Return the colour of every cell: array (classes, classes, 3), uint8."""
    off = ~np.eye(facts.classes, dtype=bool)
    strength = facts.shares.copy()
    wrong = strength[off]
    full = max(float(wrong.max(initial=0.0)), _FULL_MISTAKE)
    strength[off] = np.sqrt(wrong / full)
    strength = np.where(facts.matrix > 0, _FAINTEST + (1 - _FAINTEST) * strength, 0.0)[..., np.newaxis]
    colours = np.where(off[..., np.newaxis], _channels(theme.negative), _channels(theme.positive))
    ground = _channels(theme.surface)
    return np.asarray(np.rint(ground + (colours - ground) * strength), np.uint8)


def _channels(name: str) -> np.ndarray:
    return _rgb(QColor(name))


def _rgb(colour: QColor) -> np.ndarray:
    return np.array([colour.red(), colour.green(), colour.blue()], float)


def _luminance(colours: np.ndarray) -> np.ndarray:
    """Return the relative luminance of colours (..., 3) in 0..255. Source: WCAG 2.2."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def readable_ink(colours: np.ndarray, inks: list[QColor]) -> np.ndarray:
    """Return for every colour which of the inks reads best upon it."""
    ground = _luminance(colours) + 0.05
    contrasts = []
    for ink in inks:
        own = float(_luminance(_rgb(ink))) + 0.05
        contrasts.append(np.maximum(ground / own, own / ground))
    return np.asarray(np.argmax(contrasts, axis=0))
