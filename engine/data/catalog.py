"""The data sets that can be chosen by name, and any folder with the four IDX files of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np

from engine.data.dataset import NOT_UTF8, Dataset, Unread
from engine.data.idx import read_idx, read_idx_shape
from engine.data.synthetic import random_labels
from engine.errors import DataError

MNIST_FOLDER = Path(__file__).parents[2] / "resources" / "datasets" / "mnist"

FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class DatasetSource:
    """Where a named data set comes from, and what it is in a sentence."""

    name: str
    title: str
    description: str
    load: Callable[[], Dataset]


DATASETS: dict[str, DatasetSource] = {
    source.name: source
    for source in (
        DatasetSource(
            "mnist",
            "MNIST digits",
            "70,000 handwritten digits of 28×28 grey pixels: 60,000 to learn from, 10,000 to be tested on.",
            lambda: _read_folder(MNIST_FOLDER, "mnist", later=True),
        ),
        DatasetSource(
            "random-labels",
            "Noise with random labels",
            "1,000 samples of 99 random numbers, each with a label drawn by lot: a network can learn the 800 it sees "
            "by heart, and knows nothing about the other 200. Memorising is not learning.",
            random_labels,
        ),
    )
}


def load_dataset(name: str) -> Dataset:
    """Read one of ``DATASETS`` by its name.

    Raises
    ------
    DataError
        If there is no such data set, or its files are missing or damaged.
    """
    if name not in DATASETS:
        raise DataError(
            "data.unknown", "There is no data set {name!r}; choose one of {available}.",
            name=name, available=", ".join(DATASETS),
        )  # fmt: skip
    return DATASETS[name].load()


def read_again(source: str) -> Dataset:
    """Read the data set that a ``Dataset.source`` names.

    Raises
    ------
    DataError
        If it is gone, or its files are missing or damaged.
    """
    if source in DATASETS:
        return load_dataset(source)
    if source.startswith(NOT_UTF8):
        return open_folder(Path(os.fsdecode(unquote_to_bytes(source.removeprefix(NOT_UTF8)))))
    return open_folder(Path(source))


def open_folder(folder: Path) -> Dataset:
    """Read a data set from a folder with four IDX files named as MNIST's are, plain or ``.gz``.

    Images are (samples, height, width) or (samples, channels, height, width), labels (samples,). Classes
    are called by their numbers, or by what Fashion-MNIST's stand for where the folder's name has "fashion".

    Raises
    ------
    DataError
        Naming the files that were looked for and not found, or the file that cannot be used.
    """
    if not os.path.isdir(folder):
        raise DataError("data.no_folder", "{folder} is not a folder; choose one with four IDX files.", folder=folder)
    folder = folder.resolve()
    return replace(_read_folder(folder, _printable(folder.name)), folder=folder)  # all read: checked at once


def _printable(name: str) -> str:
    """Return a folder's name with a mark for each byte that is no UTF-8, so that files and databases can hold it."""
    return os.fsencode(name).decode(errors="replace")


def read_dataset(source: str | Path) -> Dataset:
    """Read a data set by its name, or from a folder of IDX files; see ``load_dataset`` and ``open_folder``."""
    return open_folder(source) if isinstance(source, Path) else load_dataset(source)


def _read_folder(folder: Path, name: str, later: bool = False) -> Dataset:
    """Read a folder; with ``later`` the training images, most of it, only when they are used."""
    files = {
        (part, kind): _find(folder, _candidates(part, kind))
        for part in ("train", "t10k")
        for kind in ("images", "labels")
    }
    missing = [_candidates(*what)[0] for what, path in files.items() if path is None]
    if missing:
        raise DataError(
            "data.missing_files",
            "{folder} has no {missing}; a data set is four IDX files with these names, plain or .gz "
            "(also written with '.idx' in place of '-idx').",
            folder=folder, missing=", no ".join(missing),
        )  # fmt: skip
    found = {what: path for what, path in files.items() if path is not None}
    train_file = found.pop(("train", "images"))
    arrays = {what: read_idx(path) for what, path in found.items()}
    train_labels, test_labels = arrays["train", "labels"], arrays["t10k", "labels"]
    return Dataset(
        name=name,
        train_images=_unread(train_file) if later else _with_channels(read_idx(train_file)),  # type: ignore[arg-type]
        train_labels=train_labels,
        test_images=_with_channels(arrays["t10k", "images"]),
        test_labels=test_labels,
        class_names=_class_names(name, max(train_labels.max(initial=0), test_labels.max(initial=0)) + 1),
    )


def _candidates(part: str, kind: str) -> list[str]:
    dimensions = 3 if kind == "images" else 1
    stems = [f"{part}-{kind}{separator}idx{dimensions}-ubyte" for separator in "-."]
    return [stem + suffix for stem in stems for suffix in ("", ".gz")]


def _find(folder: Path, names: list[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _unread(path: Path) -> Unread:
    shape = read_idx_shape(path)
    return Unread((shape[0], 1, *shape[1:]) if len(shape) == 3 else shape, lambda: _with_channels(read_idx(path)))


def _with_channels(images: np.ndarray) -> np.ndarray:
    return images[:, np.newaxis] if images.ndim == 3 else images


def _class_names(name: str, classes: int) -> tuple[str, ...]:
    if "fashion" in name.lower() and classes <= len(FASHION_CLASSES):
        return FASHION_CLASSES
    return tuple(str(label) for label in range(classes))
