"""Functions applied to every value: ``y = f(x)``, so ``dx = dy · f'(x)`` (the chain rule for one variable)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.backends.scratch.layers import Array, ArrayModule, Layer, Pass

_SLOPE = 0.01


class ReLU(Layer):
    """``f(x) = max(x, 0)``, so ``f'(x)`` is 1 where x > 0 and 0 elsewhere.

    At x = 0 there is no derivative; 0 is taken, as everywhere. Source: Nair and Hinton, ICML 2010.
    """

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``max(x, 0)``."""
        y = self.xp.maximum(x, 0)
        if run.training:
            self.kept = y  # y > 0 exactly where x > 0
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy`` where x > 0, and 0 elsewhere."""
        return dy * (self.kept > 0)

    def choices(self) -> list[Array]:
        """Return where x > 0."""
        return [self.kept > 0]


class LeakyReLU(Layer):
    """``f(x) = x`` where x > 0 and ``0.01 x`` elsewhere, so ``f'(x)`` is 1 or 0.01. Source: Maas et al., 2013."""

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``max(x, 0.01 x)``."""
        if run.training:
            self.kept = x > 0
        return self.xp.maximum(x, _SLOPE * x)

    def backward(self, dy: Array) -> Array:
        """Return ``dy`` where x > 0, and ``0.01 dy`` elsewhere."""
        return self.xp.where(self.kept, dy, _SLOPE * dy)

    def choices(self) -> list[Array]:
        """Return where x > 0."""
        return [self.kept]


class Sigmoid(Layer):
    """``f(x) = 1 / (1 + exp(-x))``, and ``f'(x) = exp(-x) / (1 + exp(-x))² = y (1 - y)``."""

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``1 / (1 + exp(-x))``."""
        y = _sigmoid(self.xp, x)
        if run.training:
            self.kept = y
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy y (1 - y)``."""
        y = self.kept
        return dy * y * (1 - y)


class Tanh(Layer):
    """``f(x) = tanh(x)``, and ``f'(x) = 1 - y²``."""

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``tanh(x)``."""
        y = self.xp.tanh(x)
        if run.training:
            self.kept = y
        return y

    def backward(self, dy: Array) -> Array:
        """Return ``dy (1 - y²)``."""
        y = self.kept
        return dy * (1 - y * y)


class SoftReLU(Layer):
    """``f(x) = log(1 + exp(x))``, and ``f'(x) = exp(x) / (1 + exp(x)) = sigmoid(x)``.

    Computed as ``max(x, 0) + log(1 + exp(-|x|))``, which is equal and cannot overflow.
    """

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``log(1 + exp(x))``."""
        if run.training:
            self.kept = x
        return self.xp.maximum(x, 0) + self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def backward(self, dy: Array) -> Array:
        """Return ``dy sigmoid(x)``."""
        return dy * _sigmoid(self.xp, self.kept)


class GELU(Layer):
    """``f(x) = x Φ(x)`` with Φ the normal distribution function, so ``f'(x) = Φ(x) + x φ(x)`` with φ its density.

    ``Φ(x) = (1 + erf(x / √2)) / 2`` and ``φ(x) = exp(-x² / 2) / √(2π)``. Source: Hendrycks and Gimpel, 2016.
    """

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``x Φ(x)``."""
        distribution = (1 + erf(self.xp, x / math.sqrt(2))) / 2
        if run.training:
            self.kept = x, distribution
        return x * distribution

    def backward(self, dy: Array) -> Array:
        """Return ``dy (Φ(x) + x φ(x))``."""
        x, distribution = self.kept
        density = self.xp.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return dy * (distribution + x * density)


def erf(xp: ArrayModule, x: Array) -> Array:
    """Return the error function of every value, to the precision of its dtype.

    NumPy has none. For x >= 0, ``erf(x) = 1 - t exp(-x² + p(t))`` with ``t = 2 / (2 + x)``, where p is smooth enough
    for a polynomial; its coefficients are fitted once, with Python's ``math.erfc``. And ``erf(-x) = -erf(x)``.
    The form is that of Press et al., "Numerical Recipes", section 6.2.
    """
    coefficients = _erfc_polynomial(9 if x.dtype.itemsize <= 4 else 26)
    size = xp.minimum(xp.abs(x), 6)  # erf(6) is 1 to seventeen digits
    t = 2 / (2 + size)
    centred = (t - 0.625) / 0.375
    p = xp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        p *= centred
        p += coefficient
    return xp.sign(x) * (1 - t * xp.exp(p - size * size))


@lru_cache
def _erfc_polynomial(degree: int) -> tuple[float, ...]:
    """Return p as powers of ``(t - 0.625) / 0.375``, which runs from -1 to 1 while x runs from 6 to 0."""

    def p(centred: np.ndarray) -> np.ndarray:
        t = 0.625 + 0.375 * centred
        x = 2 / t - 2
        return np.array([math.log(math.erfc(v) / u) + v * v for v, u in zip(x, t, strict=True)])

    fitted = np.polynomial.Chebyshev.interpolate(p, degree)  # type: ignore[no-untyped-call]
    return tuple(float(c) for c in fitted.convert(kind=np.polynomial.Polynomial).coef)


def _sigmoid(xp: ArrayModule, x: Array) -> Array:
    return 1 / (1 + xp.exp(-x))
