"""Where the parts of a confusion matrix lie in the room that there is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF

from gui.theme import GAP, SPACE

_WIDEST, _HIGHEST = 1.7, 1.3  # of a cell, against its other side
_WIDEST_OF_FEW, _FEW = 3.2, 20  # few classes make a table, in which names can be written across
_NAMES_SHARE = 0.28  # of the width or height that names may take
_FIGURES_FROM = 11.0  # pixels that a row or column needs to have its figure told
_SMALLEST_FONT, _LARGEST_FONT = 9, 12
_BARE_BELOW = 110.0  # pixels of width or height with no room for anything but cells


@dataclass(frozen=True)
class ConfusionLayout:
    """A plan for painting.

    Parameters
    ----------
    cells : QRectF
        The matrix itself.
    width, height : float
        Of one cell.
    font : QFont
        For names, counts and figures.
    left, top, right, bottom : float
        Room for the names on the left and above, and for the figures on the right and below; 0 where there is none.
    titles : float
        Room for the title of an axis, outside names and figures; 0 where there is none.
    rotated_names, rotated_figures : bool
        Whether the names above and the figures below are written upwards.
    row_step, column_step : int
        Every how many classes a name is written.
    """

    cells: QRectF
    width: float
    height: float
    font: QFont
    left: float
    top: float
    right: float
    bottom: float
    titles: float
    rotated_names: bool
    rotated_figures: bool
    row_step: int
    column_step: int

    def cell(self, row: int, column: int) -> QRectF:
        """Return where a cell is painted."""
        return QRectF(self.cells.x() + column * self.width, self.cells.y() + row * self.height, self.width, self.height)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the row and column at a point, if it is in a cell."""
        if not self.cells.contains(x, y) or self.cells.isEmpty():
            return None
        count = round(self.cells.width() / self.width)
        row, column = int((y - self.cells.y()) / self.height), int((x - self.cells.x()) / self.width)
        return min(row, count - 1), min(column, count - 1)


def lay_out(size: QSizeF, names: tuple[str, ...], font: QFont) -> ConfusionLayout:
    """Plan a matrix of these classes in so much room."""
    count = len(names)
    width, height = max(size.width(), 1.0), max(size.height(), 1.0)
    font = QFont(font)
    font.setPixelSize(round(min(max(height / (count + 4) * 0.6, _SMALLEST_FONT), _LARGEST_FONT)))
    metrics = QFontMetricsF(font)
    line = metrics.height()
    if min(width, height) < _BARE_BELOW:
        cells = QRectF(0, 0, width, height)
        return ConfusionLayout(
            cells, width / count, height / count, font, 0, 0, 0, 0, 0, False, False, count, count
        )  # fmt: skip
    longest = max(map(metrics.horizontalAdvance, names)) + 2
    figure = metrics.horizontalAdvance("100") + SPACE
    figure = max(figure, metrics.horizontalAdvance("99.9") + SPACE)
    titles = line + SPACE
    left = min(longest, width * _NAMES_SHARE) + SPACE
    right = figure + SPACE
    cell_width = cell_height = 0.0
    rotated = rotated_figures = False
    top = bottom = 0.0
    for _ in range(3):  # the height depends on how names are written, that on the width, and the width on the height
        cell_width = max(width - left - right - 2 * titles, 1) / count
        if cell_height:
            cell_width = min(cell_width, cell_height * (_WIDEST_OF_FEW if count <= _FEW else _WIDEST))
        rotated = longest > cell_width
        rotated_figures = figure > cell_width
        top = (min(longest, height * _NAMES_SHARE) if rotated else line) + SPACE
        bottom = (0.0 if cell_width < _FIGURES_FROM else figure if rotated_figures else line) + SPACE
        below = titles if cell_width >= _FIGURES_FROM else 0.0
        cell_height = min(max(height - top - bottom - titles - below, 1) / count, cell_width * _HIGHEST)
        right = figure + SPACE if cell_height >= _FIGURES_FROM else 0.0
    if cell_height < _FIGURES_FROM or cell_width < _FIGURES_FROM:  # figures of both or of none
        right = bottom = 0.0
    if cell_width >= 4 and cell_height >= 4:  # whole pixels: equally large cells, sharp lines
        cell_width, cell_height = math.floor(cell_width), math.floor(cell_height)
    used = left + right + titles + (titles if right else 0) + cell_width * count
    x = max((width - used) / 2, 0) + titles + left
    cells = QRectF(round(x), round(titles + top), cell_width * count, cell_height * count)
    return ConfusionLayout(
        cells, cell_width, cell_height, font, left, top, right, bottom, titles, rotated, rotated_figures,
        max(1, math.ceil(line * 0.9 / cell_height)), max(1, math.ceil((line * 0.9 if rotated else longest + GAP)
        / cell_width) if rotated else 1),
    )  # fmt: skip
