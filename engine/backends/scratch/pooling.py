"""Max, average and global average pooling.

A window of i × j values is looked at place by place, not window by window: the values at one place of all windows
are one array, so a few operations on whole arrays do the work of a loop over every window.
"""

from __future__ import annotations

from engine.backends.scratch.conv import Pair, empty_images, pad, parts, unpad
from engine.backends.scratch.layers import Array, ArrayModule, Layer, Pass


class _Pooling(Layer):
    """What max and average pooling share: where the windows are."""

    def __init__(self, xp: ArrayModule, size: Pair, stride: Pair, padding: Pair) -> None:
        self.xp, self.size, self.stride, self.padding = xp, size, stride, padding

    def parts(self, padded: Array) -> list[Array]:
        """Return, for each place in the window, the values there of all windows."""
        rows, columns = (
            (length - size) // step + 1
            for length, size, step in zip(padded.shape[2:], self.size, self.stride, strict=True)
        )
        return [part for _, part in parts(padded, self.size, self.stride, (rows, columns))]

    def room(self, padded: tuple[int, ...], dtype: object) -> Array:
        """Return zeros in the shape of the padded input, to gather its derivative in."""
        dx = empty_images(self.xp, padded, dtype)
        dx[...] = 0
        return dx


class MaxPool2D(_Pooling):
    """``y`` is the largest value of each window, so ``dy`` goes to the value that won and the others get nothing.

    Of equal values the first wins, row by row. Where windows overlap, a value gets the sum from all that it won.
    Source: LeCun et al., 1998, for subsampling; Ranzato et al., CVPR 2007, for the maximum.
    """

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the largest value of each window."""
        padded = pad(self.xp, x, self.padding, -self.xp.inf)
        first, *others = self.parts(padded)
        y = first.copy(order="K")
        for part in others:
            self.xp.maximum(y, part, out=y)
        if run.training:
            self.kept = padded, y
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy`` at the winner of each window."""
        padded, y = self.kept
        dx = self.room(padded.shape, dy.dtype)
        open_ = self.xp.ones_like(y, dtype=bool)  # windows whose winner is not found yet
        for part, dpart in zip(self.parts(padded), self.parts(dx), strict=True):
            won = part == y
            won &= open_
            open_ ^= won
            dpart += dy * won
        return unpad(dx, self.padding)

    def choices(self) -> list[Array]:
        """Return the place of each window's winner."""
        padded, _ = self.kept
        return [self.xp.stack(self.parts(padded)).argmax(axis=0)]


class AvgPool2D(_Pooling):
    """``y`` is the sum of each window over its size, padding counted as zeros; so each value gets ``dy / size``."""

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the mean of each window."""
        padded = pad(self.xp, x, self.padding, 0)
        first, *others = self.parts(padded)
        y = first.copy(order="K")
        for part in others:
            y += part
        if run.training:
            self.kept = padded.shape
        y /= self.size[0] * self.size[1]
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy / size`` for every value of each window, added up where windows overlap."""
        dx = self.room(self.kept, dy.dtype)
        share = dy / (self.size[0] * self.size[1])
        for dpart in self.parts(dx):
            dpart += share
        return unpad(dx, self.padding)


class GlobalAvgPool2D(Layer):
    """``y`` is the mean of each channel, so every pixel gets ``dy / (height · width)``. Source: Lin et al., 2014."""

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the mean of each channel: (batch, channels, 1, 1)."""
        if run.training:
            self.kept = x.shape
        return x.mean(axis=(2, 3), keepdims=True)

    def backward(self, dy: Array) -> Array:
        """Return ``dy / (height · width)`` for every pixel."""
        _, _, height, width = self.kept
        dx = empty_images(self.xp, self.kept, dy.dtype)
        dx[...] = dy / (height * width)
        return dx
