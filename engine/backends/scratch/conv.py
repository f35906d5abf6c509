"""Convolution as one matrix product."""

from __future__ import annotations

import math

from engine.backends.scratch.layers import Array, ArrayModule, Layer, Parameter, Pass

Pair = tuple[int, int]

# Below this a product has too few rows for the pace at which it could be computed.
_ROWS_FOR_FULL_PACE = 64
# A window for two rows may be taller than one for a single row by a fifth.
_HEIGHT_FOR_TWO = 5


class Conv2D(Layer):
    """``y[n, o] = sum over c of x[n, c] ⋆ W[o, c] + b[o]``, a cross-correlation with W (out, in, height, width).

    Written out, with the padded input x and strides s and t,

        y[n, o, r, q] = sum over c, i, j of x[n, c, r s + i, q t + j] W[o, c, i, j] + b[o]

    For each output place (r, q, n) the same weights meet another window of the input. With the windows as the columns
    of one matrix (im2col), row (c, i, j) and column (r, q, n), and W as a matrix (out, c·i·j), this is a product of
    matrices, and so are its derivatives, as in a Dense layer:

    - ``Y = W X + b``, with X (c·i·j, r·q·n) and Y (out, r·q·n);
    - ``dW = dY Xᵀ``, and ``db`` is the sum of each row of dY;
    - ``dX = Wᵀ dY``. An input value that stands in several windows gets the sum of what it gets in each (col2im).

    The bias is the weight of a row of ones below X, so the products bring b and db as well.

    A product is computed faster the more rows W has. So where there are few, one window serves two rows of the output,
    r and r + 1: it is taller by s, and W stands twice in the matrix, once for each row, s lower and with zeros around
    (``banded``). dW is the sum of what both places get.

    Images lie in memory as Y has them, channels outermost and the batch innermost: then whatever is done to a window is
    done to long runs of neighbouring numbers, and no layer has to rearrange them. Their axes are (batch, channels,
    height, width) all the same.

    Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing",
    2006.

    Parameters
    ----------
    xp : module
    weight : Parameter (out, in, height, width)
    bias : Parameter (out,), optional
    stride, padding : (rows, columns)
    to_input : bool
        Whether anybody wants dL/dx; nobody does in the first layer that learns.
    """

    def __init__(
        self, xp: ArrayModule, weight: Parameter, bias: Parameter | None, stride: Pair, padding: Pair,
        to_input: bool = True,
    ) -> None:  # fmt: skip
        self.xp, self.weight, self.bias, self.to_input = xp, weight, bias, to_input
        self.stride, self.padding = stride, padding

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``W X + b`` as images (batch, out, rows, columns)."""
        out, _, height, width = self.weight.value.shape
        padded = pad(self.xp, x, self.padding, 0)
        at_once = self._rows_at_once((padded.shape[2] - height) // self.stride[0] + 1)
        size = height + (at_once - 1) * self.stride[0], width
        windows = windows_of(self.xp, padded, size, (at_once * self.stride[0], self.stride[1]))
        rows, columns, batch = windows.shape[3:]
        matrix, weight = self._columns(windows), self._banded(at_once, windows.shape[:3])
        y = (weight @ matrix).reshape(at_once, out, rows, columns * batch)
        if run.training:
            self.kept = matrix, weight, windows.shape, padded.shape
        y = y.transpose(1, 2, 0, 3).reshape(out, at_once * rows, columns, batch)
        return y.transpose(3, 0, 1, 2)

    def backward(self, dy: Array) -> Array:
        """Leave ``dY Xᵀ`` and the sums of dY; return ``Wᵀ dY``, added up where windows overlap."""
        matrix, weight, windows, padded = self.kept
        out, size, rows = len(self.weight.value), math.prod(windows[:3]), windows[3]
        at_once = len(weight) // out
        dy = dy.transpose(1, 2, 3, 0).reshape(out, rows, at_once, -1)
        dy = dy.transpose(2, 0, 1, 3).reshape(at_once * out, -1)
        dweight = (dy @ matrix.T).reshape(at_once, out, -1)
        self.weight.gradient[...] = sum(self._bands(dweight[:, :, :size].reshape(at_once, out, *windows[:3])))
        if self.bias is not None:
            self.bias.gradient[...] = dweight[:, :, size].sum(axis=0)
        if not self.to_input:
            return None
        dwindows = (weight[:, :size].T @ dy).reshape(windows)
        dx = empty_images(self.xp, padded, dy.dtype)
        dx[...] = 0
        stride = at_once * self.stride[0], self.stride[1]
        for (i, j), part in parts(dx, windows[1:3], stride, windows[3:5]):
            part += dwindows[:, i, j].transpose(3, 0, 1, 2)
        return unpad(dx, self.padding)

    def _rows_at_once(self, rows: int) -> int:
        """Return how many of the output's rows one window serves."""
        out, _, height, _ = self.weight.value.shape
        pays = out < _ROWS_FOR_FULL_PACE and height >= _HEIGHT_FOR_TWO * self.stride[0]
        return 2 if pays and rows % 2 == 0 else 1

    def _columns(self, windows: Array) -> Array:
        """Return the windows as the columns of a matrix, with a row of ones below if there is a bias."""
        size, places = math.prod(windows.shape[:3]), math.prod(windows.shape[3:])
        matrix = self.xp.empty((size if self.bias is None else size + 1, places), windows.dtype)
        matrix[:size].reshape(windows.shape)[...] = windows
        matrix[size:] = 1
        return matrix

    def _banded(self, at_once: int, window: tuple[int, ...]) -> Array:
        """Return W as a matrix, once for each row that a window serves, with the bias as its last column."""
        out, size = len(self.weight.value), math.prod(window)
        columns = size if self.bias is None else size + 1
        banded = self.xp.zeros((at_once, out, columns), self.weight.value.dtype)
        for band in self._bands(banded[:, :, :size].reshape(at_once, out, *window)):
            band[...] = self.weight.value
        if self.bias is not None:
            banded[:, :, size] = self.bias.value
        return banded.reshape(at_once * out, columns)

    def _bands(self, banded: Array) -> list[Array]:
        """Return where W stands in (rows at once, out, in, height of the window, width), once for each row."""
        height, step = self.weight.value.shape[2], self.stride[0]
        return [one[:, :, row * step : row * step + height] for row, one in enumerate(banded)]


def windows_of(xp: ArrayModule, x: Array, size: Pair, stride: Pair) -> Array:
    """Return every window of images x (batch, channels, height, width), without copying a value.

    Returns
    -------
    array (channels, size[0], size[1], rows, columns, batch)
        A view: ``[c, i, j, r, q, n]`` is ``x[n, c, r stride[0] + i, q stride[1] + j]``. A step in the window and a step
        of the image's own row are the same step in memory; only how many of them are told differs.
    """
    batch, channels, height, width = x.shape
    rows, columns = (height - size[0]) // stride[0] + 1, (width - size[1]) // stride[1] + 1
    n, c, down, right = x.strides
    return xp.lib.stride_tricks.as_strided(
        x,
        shape=(channels, *size, rows, columns, batch),
        strides=(c, down, right, down * stride[0], right * stride[1], n),
    )


def parts(x: Array, size: Pair, stride: Pair, places: Pair) -> list[tuple[Pair, Array]]:
    """Return, for each place (i, j) in the window, the values at that place of all windows.

    Returns
    -------
    list of ((i, j), array (batch, channels, *places))
        Views, so that they can be added to.
    """
    rows, columns = (step * (count - 1) + 1 for step, count in zip(stride, places, strict=True))
    return [
        ((i, j), x[:, :, i : i + rows : stride[0], j : j + columns : stride[1]])
        for i in range(size[0])
        for j in range(size[1])
    ]


def pad(xp: ArrayModule, x: Array, padding: Pair, fill: float) -> Array:
    """Return images with ``fill`` around them, the batch innermost in memory; ``x`` itself if it is so already."""
    if padding == (0, 0) and x.strides[0] == x.itemsize:
        return x
    batch, channels, height, width = x.shape
    padded = empty_images(xp, (batch, channels, height + 2 * padding[0], width + 2 * padding[1]), x.dtype)
    padded[...] = fill
    unpad(padded, padding)[...] = x
    return padded


def unpad(x: Array, padding: Pair) -> Array:
    """Return the images within their padding."""
    rows, columns = padding
    return x[:, :, rows : x.shape[2] - rows, columns : x.shape[3] - columns]


def empty_images(xp: ArrayModule, shape: tuple[int, ...], dtype: object) -> Array:
    """Return room for images of ``shape`` (batch, channels, height, width), with the batch innermost in memory."""
    batch, channels, height, width = shape
    return xp.empty((channels, height, width, batch), dtype).transpose(3, 0, 1, 2)
