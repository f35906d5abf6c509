"""Max, average and global average pooling.

A window of i × j values is looked at place by place, not window by window: the values at one place of all windows
are one array, so a few operations on whole arrays do the work of a loop over every window.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

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

    def gathered(self, padded: tuple[int, ...], dtype: object, shares: Iterable[Array]) -> Array:
        """Return the derivative of the input: each place of the windows brings its share, added up where they overlap.

        Parameters
        ----------
        padded : tuple of int
            The shape of the padded input.
        dtype : dtype
        shares : arrays (batch, channels, rows, columns)
            Place by place, as ``parts`` tells them.
        """
        dx = empty_images(self.xp, padded, dtype)
        places = self.parts(dx)
        is_tiled = self.size == self.stride and sum(place.size for place in places) == dx.size
        if not is_tiled:
            dx[...] = 0
        for place, share in zip(places, shares, strict=True):
            if is_tiled:
                place[...] = share  # nothing else comes here
            else:
                place += share
        return unpad(dx, self.padding)


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
        won = [self.xp.ones_like(y, dtype=bool)]  # for each place, where it has the largest value so far
        for part in others:
            if run.training:
                won.append(part > y)
            self.xp.maximum(y, part, out=y)
        if run.training:
            self.kept = padded.shape, won
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy`` at the winner of each window."""
        padded, _ = self.kept
        return self.gathered(padded, dy.dtype, (dy * winners for winners in self.choices()))

    def choices(self) -> list[Array]:
        """Return, for each place in the window, where it is the winner: the last that was larger than all before."""
        _, won = self.kept
        winners, open_ = [], self.xp.ones_like(won[0])
        for larger in reversed(won):
            winners.append(larger & open_)
            open_ &= ~larger
        return winners[::-1]


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
        share = dy / (self.size[0] * self.size[1])
        return self.gathered(self.kept, dy.dtype, repeat(share, self.size[0] * self.size[1]))


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
