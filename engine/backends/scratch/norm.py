"""Batch normalisation."""

from __future__ import annotations

from engine.backends.scratch.layers import Array, ArrayModule, Layer, Parameter, Pass

_EPSILON = 1e-5
_KEEP = 0.9


class BatchNorm(Layer):
    """``y = γ x̂ + β`` with ``x̂ = (x - μ) / σ``, for each channel (or feature) by itself.

    While training, μ is the mean over the batch and the image's places and ``σ = √(v + 1e-5)`` with v the (biased)
    variance; the running statistics keep 0.9 of their old value. In inference these take the place of μ and v.

    ``dβ = Σ dy`` and ``dγ = Σ dy x̂``, sums over the m values of the channel. For x, write ``dx̂ = γ dy`` and mind that
    μ and v depend on every x:

    - ``dv = Σ dx̂ (x - μ) · (-1/2) σ⁻³ = -Σ dx̂ x̂ / (2 σ²)``;
    - ``dμ = -Σ dx̂ / σ`` (what v adds to it is zero, since ``Σ (x - μ) = 0``);
    - ``dx = dx̂ / σ + dv 2 (x - μ) / m + dμ / m``, which is ``(dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / σ``.

    With ``mean(dx̂) = γ dβ / m`` and ``mean(dx̂ x̂) = γ dγ / m``: ``dx = γ/σ (dy - dβ / m - x̂ dγ / m)``.

    Where a batch is computed in shares, μ, v, dβ and dγ are sums over all of them.

    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015; the update of the running variance is MXNet's, without
    the factor m / (m - 1).

    Parameters
    ----------
    xp : module
    gamma, beta, mean, variance : Parameter (channels,)
        The last two are the running statistics.
    """

    def __init__(
        self, xp: ArrayModule, gamma: Parameter, beta: Parameter, mean: Parameter, variance: Parameter
    ) -> None:  # fmt: skip
        self.xp, self.gamma, self.beta, self.mean, self.variance = xp, gamma, beta, mean, variance

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``γ x̂ + β``, and move the running statistics while training."""
        axes, shape = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
        if not run.training:
            scale = self.gamma.value / self.xp.sqrt(self.variance.value + _EPSILON)
            return x * scale.reshape(shape) + (self.beta.value - self.mean.value * scale).reshape(shape)
        total = run.share.total
        m = total(x.size // x.shape[1])
        mean = total(x.sum(axis=axes)) / m
        centred = x - mean.reshape(shape)
        variance = total((centred * centred).sum(axis=axes)) / m
        deviation = self.xp.sqrt(variance + _EPSILON)
        if run.share.is_first:
            for running, batch in ((self.mean, mean), (self.variance, variance)):
                running.value *= _KEEP
                running.value += (1 - _KEEP) * batch
        self.kept = centred, deviation, m, total
        y = centred * (self.gamma.value / deviation).reshape(shape)
        y += self.beta.value.reshape(shape)
        return y

    def backward(self, dy: Array) -> Array:
        """Leave dγ and dβ; return ``γ/σ (dy - dβ / m - x̂ dγ / m)``."""
        centred, deviation, m, total = self.kept
        axes, shape = (0, *range(2, dy.ndim)), (-1, *[1] * (dy.ndim - 2))
        self.beta.gradient[...] = dy.sum(axis=axes)
        self.gamma.gradient[...] = (dy * centred).sum(axis=axes) / deviation
        dbeta, dgamma = total(self.xp.stack([self.beta.gradient, self.gamma.gradient]))
        dx = centred * (-dgamma / (m * deviation)).reshape(shape)
        dx += dy
        dx -= (dbeta / m).reshape(shape)
        dx *= (self.gamma.value / deviation).reshape(shape)
        return dx
