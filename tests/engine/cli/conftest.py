"""Runs commands in this process, on a small part of MNIST written as IDX files."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import main
from engine.data.catalog import load_dataset
from engine.data.dataset import Dataset


@dataclass(frozen=True)
class Answer:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of stdout, each of which must be JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    def refusal(self) -> str:
        """The one line that an error must be told in, with nothing on stdout."""
        assert (self.code, self.out) == (2, "")
        assert self.err.endswith(".\n") and self.err.count("\n") == 1, self.err
        return self.err.strip()


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys) -> Run:
    """Return a function that runs a command with these arguments."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # as argparse does
            code = end.code
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_dataset("mnist")


@pytest.fixture(scope="session")
def digits(mnist, tmp_path_factory) -> Path:
    """A folder of IDX files with the first 1,000 training and 300 test images of MNIST."""
    folder = tmp_path_factory.mktemp("digits")
    write_idx_folder(folder, mnist, 1000, 300)
    return folder


@pytest.fixture(scope="session")
def model(digits, tmp_path_factory) -> Path:
    """A perceptron that learned MNIST for a second, and is right about 95 times in 100."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    network = "--network mlp-128-64 --optimizer adam --learning-rate 0.005 --initializer xavier"
    amount = "--batch-size 500 --epochs 3 --limit-train 30000 --limit-validation 100"
    assert main(["train", *network.split(), *amount.split(), "--save", str(path), "--no-history"]) == 0
    return path


def write_idx_folder(folder: Path, dataset: Dataset, train: int, test: int, compressed: bool = False) -> None:
    """Write the first images of a data set as the four files of MNIST."""
    parts = {
        "train": (dataset.train_images[:train, 0], dataset.train_labels[:train]),
        "t10k": (dataset.test_images[:test, 0], dataset.test_labels[:test]),
    }
    for part, (images, labels) in parts.items():
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            write = gzip.open if compressed else open
            with write(folder / f"{part}-{kind}-ubyte{'.gz' if compressed else ''}", "wb") as file:
                file.write(idx(array))


def idx(array: np.ndarray) -> bytes:
    """Return an array of uint8 in the IDX format."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
