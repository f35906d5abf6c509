"""A network of ours in PyTorch, layer by layer from the same records, and the loop that one would write around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from engine.architecture import layers as our
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Weights
from engine.data.dataset import Dataset
from engine.training.chance import sample_order
from engine.training.config import TrainingConfig
from engine.training.data import fit_images
from engine.training.schedules import factor


class _Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


class _Concat(nn.Module):
    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


_FUNCTIONS = {
    "relu": nn.ReLU, "leaky-relu": nn.LeakyReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softrelu": nn.Softplus,
    "gelu": nn.GELU,
}  # fmt: skip


def torch_network(spec: NetworkSpec, weights: Weights | None = None) -> nn.Module:
    """Return the network in PyTorch, with these weights."""
    channels = {layer.path: (layer.input_shape[0], layer.parameters) for layer in summarize(spec).layers}

    def build(layers: Sequence[our.Layer], place: str) -> nn.Sequential:
        return nn.Sequential(*(one(layer, f"{place}{layer.name}") for layer in layers))

    def one(layer: our.Layer, path: str) -> nn.Module:
        match layer:
            case our.Dense(units=units, use_bias=bias):
                made: nn.Module = nn.Linear(channels[path][0], units, bias)
            case our.Conv2D(channels=count, kernel=kernel, stride=stride, padding=padding, use_bias=bias):
                made = nn.Conv2d(channels[path][0], count, kernel, stride, padding, bias=bias)
            case our.BatchNorm():
                made = nn.BatchNorm2d(channels[path][0])
            case our.MaxPool2D(size=size, stride=stride, padding=padding):
                return nn.MaxPool2d(size, stride, padding)
            case our.AvgPool2D(size=size, stride=stride, padding=padding):
                return nn.AvgPool2d(size, stride, padding)
            case our.GlobalAvgPool2D():
                return nn.AdaptiveAvgPool2d(1)
            case our.Flatten():
                return nn.Flatten()
            case our.Activation(function=function):
                return _FUNCTIONS[function]()
            case our.Dropout(rate=rate):
                return nn.Dropout(rate)
            case our.Residual(body=body, shortcut=shortcut):
                return _Residual(build(body, f"{path}/"), build(shortcut, f"{path}/shortcut/"))
            case our.Concat(branches=branches):
                return _Concat([build(part, f"{path}/branch{place}/") for place, part in enumerate(branches, 1)])
            case _:
                raise TypeError(layer)
        if weights is not None:
            _fill(made, {p.path.rsplit("/", 1)[1]: weights[p.path] for p in channels[path][1]})
        return made

    return build(spec.layers, "")


def _fill(module: nn.Module, values: dict[str, np.ndarray]) -> None:
    names = {"gamma": "weight", "beta": "bias", "running_var": "running_var", "running_mean": "running_mean"}
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, names.get(name, name)).copy_(torch.from_numpy(np.array(value)))


class TorchLoop:
    """PyTorch eager, written well: one tensor of images, no wait for the figures of a batch."""

    def __init__(self, spec: NetworkSpec, config: TrainingConfig, dataset: Dataset, weights: Weights, threads: int):
        torch.set_num_threads(threads)
        self.network = torch_network(spec, weights)
        self.network.train()
        # All at once and before the race, which our loop does batch by batch.
        self._fit = lambda images: torch.from_numpy(fit_images(spec, images.astype(np.float32) / 255))
        self._images = self._fit(dataset.train_images[: config.limit_train])
        self._labels = torch.from_numpy(dataset.train_labels[: config.limit_train].astype(np.int64))
        self._config = config
        self._loss = nn.CrossEntropyLoss()
        self._optimizer = self._made_optimizer(config)
        self._epoch = self._batch = self._step = 0
        self._order = self._new_order()
        self._per_epoch = -(-len(self._labels) // config.batch_size)
        self._sums: Any = [torch.zeros(()), torch.zeros((), dtype=torch.int64)]

    def train(self, batches: int) -> float:
        """Train so many batches, and return the sum of their losses."""
        for _ in range(batches):
            self._train_batch()
        return float(self._sums[0])

    def accuracy(self, dataset: Dataset) -> float:
        """Return the share of test images that are answered rightly."""
        self.network.eval()
        right = 0
        with torch.no_grad():
            for begin in range(0, len(dataset.test_labels), 256):
                images = self._fit(dataset.test_images[begin : begin + 256])
                labels = torch.from_numpy(dataset.test_labels[begin : begin + 256].astype(np.int64))
                right += int((self.network(images).argmax(1) == labels).sum())
        self.network.train()
        return right / len(dataset.test_labels)

    def _train_batch(self) -> None:
        config = self._config
        indices = self._order[self._batch * config.batch_size :][: config.batch_size]
        images, labels = self._images[indices], self._labels[indices]
        rate = config.optimizer.learning_rate * factor(config.schedule, self._step, self._per_epoch, config.epochs)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        logits = self.network(images)
        loss = self._loss(logits, labels)
        loss.backward()
        self._optimizer.step()
        with torch.no_grad():  # the figures that our loop tells too
            self._sums[0] += loss.detach()
            self._sums[1] += (logits.argmax(1) == labels).sum()
        self._step += 1
        self._batch += 1
        if self._batch == self._per_epoch:
            self._epoch, self._batch = self._epoch + 1, 0
            self._order = self._new_order()

    def _new_order(self) -> torch.Tensor:
        return torch.from_numpy(sample_order(self._config.seed, self._epoch, len(self._labels), self._config.sampling))

    def _made_optimizer(self, config: TrainingConfig) -> torch.optim.Optimizer:
        chosen = config.optimizer
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": chosen.weight_decay}, {"params": others}]
        if chosen.name == "adam":
            return torch.optim.Adam(groups, lr=chosen.learning_rate, betas=(chosen.beta1, chosen.beta2))
        momentum = chosen.momentum if chosen.name in ("momentum", "nesterov") else 0.0
        return torch.optim.SGD(groups, lr=chosen.learning_rate, momentum=momentum, nesterov=chosen.name == "nesterov")
