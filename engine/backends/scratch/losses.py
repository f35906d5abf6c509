"""The loss of a classifier."""

from __future__ import annotations

from engine.backends.scratch.layers import Array, ArrayModule


def softmax(xp: ArrayModule, logits: Array) -> Array:
    """Return ``exp(z) / Σ exp(z)`` of each row, the largest logit taken off first so that exp cannot overflow."""
    powers = xp.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    """The negative logarithm of the probability that softmax gives the right class.

    With logits z and the right class k, ``L = -log(exp(z_k) / Σ exp(z_j)) = log Σ exp(z_j) - z_k``. The logarithm of
    the sum is taken as ``m + log Σ exp(z_j - m)`` with m the largest logit (log-sum-exp), so that no power overflows
    and no logarithm meets a zero. By each logit, ``dL/dz_j = exp(z_j) / Σ exp(z_i) - [j = k]``: the probabilities,
    less one at the right class.

    Parameters
    ----------
    xp : module
    """

    def __init__(self, xp: ArrayModule) -> None:
        self.xp = xp

    def forward(self, logits: Array, labels: Array) -> Array:
        """Return the loss of each sample (batch,), for logits (batch, classes) and labels (batch,), integers."""
        self.kept = logits, labels
        shifted = logits - logits.max(axis=1, keepdims=True)
        return self.xp.log(self.xp.exp(shifted).sum(axis=1)) - shifted[self.xp.arange(len(labels)), labels]

    def backward(self) -> Array:
        """Return the derivative of the losses' sum by each logit (batch, classes)."""
        logits, labels = self.kept
        dlogits = softmax(self.xp, logits)
        dlogits[self.xp.arange(len(labels)), labels] -= 1
        return dlogits
