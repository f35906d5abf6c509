"""Layers one after the other, and the two composites: their derivatives are added, or split."""

from __future__ import annotations

from engine.backends.scratch.layers import Array, ArrayModule, Layer, Pass


class Sequence(Layer):
    """Layers in order: ``y = f(g(x))``. The chain rule goes through them backwards. Without any it is the identity.

    Parameters
    ----------
    layers : list of (path, Layer)
        As they are written, which is how they are computed where outputs are recorded.
    quicker : list of Layer
        The same in an order of the same function that costs less (``engine.architecture.pooled_first``).
    """

    def __init__(self, layers: list[tuple[str, Layer]], quicker: list[Layer]) -> None:
        self.layers, self.quicker = layers, quicker

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the last layer's output."""
        if run.record is None:
            for layer in self.quicker:
                x = layer.forward(x, run)
            return x
        for path, layer in self.layers:
            x = layer.forward(x, run)
            run.record(path, x)
        return x

    def backward(self, dy: Array) -> Array:
        """Return dL/dx; None once a layer says that nobody before it wants to know."""
        for layer in reversed(self.quicker):
            dx = layer.backward(dy)
            layer.kept = None  # free as soon as it is used, so that the rest has room
            if dx is None:
                return None
            dy = dx
        return dy

    def choices(self) -> list[Array]:
        """Return those of all layers."""
        return [choice for layer in self.quicker for choice in layer.choices()]


class Residual(Layer):
    """``y = body(x) + shortcut(x)``; both get ``dy``, and their derivatives by x are added.

    Source: He et al., CVPR 2016.
    """

    def __init__(self, body: Sequence, shortcut: Sequence) -> None:
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``body(x) + shortcut(x)``."""
        return self.body.forward(x, run) + self.shortcut.forward(x, run)

    def backward(self, dy: Array) -> Array:
        """Return the sum of both derivatives."""
        return self.body.backward(dy) + self.shortcut.backward(dy)

    def choices(self) -> list[Array]:
        """Return those of both."""
        return self.body.choices() + self.shortcut.choices()


class Concat(Layer):
    """The outputs of several branches of one input, joined along the channels (or features).

    Each branch gets its own channels of ``dy``, and their derivatives by x are added.
    Source: Szegedy et al., CVPR 2015.
    """

    def __init__(self, xp: ArrayModule, branches: list[Sequence]) -> None:
        self.xp, self.branches = xp, branches

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the outputs side by side."""
        outputs = [branch.forward(x, run) for branch in self.branches]
        if run.training:
            self.kept = [output.shape[1] for output in outputs]
        return self.xp.concatenate(outputs, axis=1)

    def backward(self, dy: Array) -> Array:
        """Return the sum of the branches' derivatives."""
        total, begin = None, 0
        for branch, channels in zip(self.branches, self.kept, strict=True):
            dx = branch.backward(dy[:, begin : begin + channels])
            total = dx if total is None else total + dx
            begin += channels
        return total

    def choices(self) -> list[Array]:
        """Return those of all branches."""
        return [choice for branch in self.branches for choice in branch.choices()]
