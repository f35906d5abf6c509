"""Convolution as one matrix product."""

from __future__ import annotations

from engine.backends.scratch.layers import Array, ArrayModule, Layer, Parameter, Pass

Pair = tuple[int, int]


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
        out, _, *kernel = self.weight.value.shape
        padded = pad(self.xp, x, self.padding, 0)
        windows = windows_of(self.xp, padded, (kernel[0], kernel[1]), self.stride)
        rows, columns, batch = windows.shape[3:]
        matrix = windows.reshape(-1, rows * columns * batch)
        y = self.weight.value.reshape(out, -1) @ matrix
        if self.bias is not None:
            y += self.bias.value[:, None]
        if run.training:
            self.kept = matrix, windows.shape, padded.shape
        return y.reshape(out, rows, columns, batch).transpose(3, 0, 1, 2)

    def backward(self, dy: Array) -> Array:
        """Leave ``dY Xᵀ`` and the sums of dY; return ``Wᵀ dY``, added up where windows overlap."""
        matrix, windows, padded = self.kept
        weight = self.weight.value.reshape(len(self.weight.value), -1)
        dy = dy.transpose(1, 2, 3, 0).reshape(len(weight), -1)
        self.xp.matmul(dy, matrix.T, out=self.weight.gradient.reshape(weight.shape))
        if self.bias is not None:
            self.bias.gradient[...] = dy.sum(axis=1)
        if not self.to_input:
            return None
        dwindows = (weight.T @ dy).reshape(windows)
        dx = empty_images(self.xp, padded, dy.dtype)
        dx[...] = 0
        for (i, j), part in parts(dx, windows[1:3], self.stride, windows[3:5]):
            part += dwindows[:, i, j].transpose(3, 0, 1, 2)
        return unpad(dx, self.padding)


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
