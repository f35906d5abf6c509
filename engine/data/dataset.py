"""A data set: labelled images to learn from, and others to be tested on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import numpy as np

from engine.errors import DataError

NOT_UTF8 = "file://"  # before a path whose bytes are no UTF-8


class Unread:
    """Images in a file, of which no more than their number and size is known.

    Parameters
    ----------
    shape : tuple of int
        (samples, channels, height, width).
    read : callable () -> array of that shape, uint8
        Raises ``DataError`` if the file cannot be used.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, shape: tuple[int, ...], read: Callable[[], np.ndarray]) -> None:
        self.shape = shape
        self.read = read

    def __len__(self) -> int:
        return self.shape[0]


class _ReadWhenUsed:
    """A field of a dataclass that is given as an array or as ``Unread``, and is always got as an array."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __get__(self, dataset: object, owner: type) -> np.ndarray:
        images: np.ndarray | Unread = vars(dataset)[self._place]
        if isinstance(images, Unread):
            images = _protected(images.read())
            self.__set__(dataset, images)
        return images

    def __set__(self, dataset: object, images: np.ndarray | Unread) -> None:
        vars(dataset)[self._place] = images


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels, in a training and a test part; its arrays cannot be written to.

    Parameters
    ----------
    name : str
        What the data set is called in lists, runs and errors.
    train_images, test_images : array (samples, channels, height, width), uint8
        Grey or colour values in 0..255. The training images may be given as ``Unread``: then they are read when
        they are first used, which may take long and fail; ``train_labels`` tells how many there are.
    train_labels, test_labels : array (samples,), uint8
        Positions in ``class_names``.
    class_names : tuple of str
        What the labels mean.
    folder : Path, optional
        Where it was read from, if it cannot be had by its name.

    Raises
    ------
    DataError
        If the parts are empty, do not fit one another, or hold a label that has no name.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    folder: Path | None = None

    def __post_init__(self) -> None:
        train_images: np.ndarray | Unread = vars(self)["_train_images"]
        self._check_part("training", train_images, self.train_labels)
        self._check_part("test", self.test_images, self.test_labels)
        if train_images.shape[1:] != self.test_images.shape[1:]:
            raise DataError(
                "data.different_sizes",
                "The training images of {name} are {train}, but its test images are {test}; they must be "
                "of one size.",
                name=self.name, train=_size(train_images), test=_size(self.test_images),
            )  # fmt: skip
        if not isinstance(train_images, Unread):
            object.__setattr__(self, "train_images", _protected(train_images))
        for field in ("train_labels", "test_images", "test_labels"):
            object.__setattr__(self, field, _protected(getattr(self, field)))

    @property
    def is_read(self) -> bool:
        """Whether the training images are there, so that using them takes no time."""
        return not isinstance(vars(self)["_train_images"], Unread)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """The (channels, height, width) of one image."""
        _, channels, height, width = self.test_images.shape
        return channels, height, width

    @property
    def source(self) -> str:
        """What it can be read again by: its name, or the path of its folder; see ``catalog.read_again``.

        Always a text that files and databases can hold: a path of other bytes than UTF-8 is written as a URI.
        """
        if self.folder is None:
            return self.name
        path = str(self.folder)
        try:
            path.encode()
        except UnicodeEncodeError:
            return NOT_UTF8 + quote(os.fsencode(path))
        return path

    @cached_property
    def digest(self) -> str:
        """A fingerprint of all images and labels, by which a run knows its data again: 32 hexadecimal digits."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(str(part.shape).encode())
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    def _check_part(self, part: str, images: np.ndarray | Unread, labels: np.ndarray) -> None:
        if images.ndim != 4 or images.dtype != np.uint8:
            raise DataError(
                "data.not_images",
                "The {part} images of {name} are an array {shape} of {dtype}, but must be (samples, "
                "channels, height, width) of uint8.",
                part=part, name=self.name, shape=images.shape, dtype=images.dtype,
            )  # fmt: skip
        if labels.ndim != 1 or labels.dtype != np.uint8:
            raise DataError(
                "data.not_labels",
                "The {part} labels of {name} are an array {shape} of {dtype}, but must be (samples,) "
                "of uint8.",
                part=part, name=self.name, shape=labels.shape, dtype=labels.dtype,
            )  # fmt: skip
        if 0 in images.shape:
            raise DataError("data.empty", "{name} has no {part} images.", name=self.name, part=part)
        if len(images) != len(labels):
            raise DataError(
                "data.counts",
                "{name} has {images} {part} images, but {labels} {part} labels; each image needs one.",
                name=self.name, part=part, images=len(images), labels=len(labels),
            )  # fmt: skip
        if labels.max() >= len(self.class_names):
            raise DataError(
                "data.label_range",
                "The {part} labels of {name} go up to {highest}, but its {classes} classes are numbered "
                "from 0.",
                part=part, name=self.name, highest=int(labels.max()), classes=len(self.class_names),
            )  # fmt: skip


# Not within the class, where it would be taken for the default of the field.
Dataset.train_images = _ReadWhenUsed("_train_images")  # type: ignore[assignment]


def _protected(values: np.ndarray) -> np.ndarray:
    view = values.view()
    view.flags.writeable = False
    return view


def _size(images: np.ndarray | Unread) -> str:
    return "×".join(str(extent) for extent in images.shape[1:])
