from __future__ import annotations

import numpy as np
import pytest

from engine.data.dataset import Dataset, Unread
from engine.errors import DataError


def parts(**changes):
    return {
        "name": "small",
        "train_images": np.zeros((6, 1, 4, 5), np.uint8),
        "train_labels": np.array([0, 1, 2, 0, 1, 2], np.uint8),
        "test_images": np.zeros((2, 1, 4, 5), np.uint8),
        "test_labels": np.array([2, 0], np.uint8),
        "class_names": ("a", "b", "c"),
    } | changes


def test_input_shape_is_that_of_one_image():
    assert Dataset(**parts()).input_shape == (1, 4, 5)


def test_arrays_cannot_be_written_to():
    given = parts()
    dataset = Dataset(**given)
    for field in ("train_images", "train_labels", "test_images", "test_labels"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(dataset, field)[0] = 1
        assert given[field].flags.writeable, "the caller's own array stays as it was"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"train_labels": np.zeros(5, np.uint8)}, "data.counts"),
        ({"test_labels": np.array([3, 0], np.uint8)}, "data.label_range"),
        ({"class_names": ()}, "data.label_range"),
        ({"test_images": np.zeros((2, 1, 5, 4), np.uint8)}, "data.different_sizes"),
        ({"train_images": np.zeros((0, 1, 4, 5), np.uint8)}, "data.empty"),
        ({"train_images": np.zeros((6, 1, 0, 5), np.uint8)}, "data.empty"),
        ({"train_images": np.zeros((6, 4, 5), np.uint8)}, "data.not_images"),
        ({"train_images": np.zeros((6, 1, 4, 5), np.float32)}, "data.not_images"),
        ({"test_labels": np.zeros((2, 1), np.uint8)}, "data.not_labels"),
        ({"test_labels": np.zeros(2, np.int64)}, "data.not_labels"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, code):
    with pytest.raises(DataError) as caught:
        Dataset(**parts(**changes))
    assert caught.value.code == code
    assert "small" in str(caught.value)


def test_training_images_that_are_unread_are_read_once_when_they_are_used():
    given = parts()
    reads = []

    def read():
        reads.append(1)
        return given["train_images"]

    dataset = Dataset(**{**given, "train_images": Unread(given["train_images"].shape, read)})
    assert dataset.input_shape == (1, 4, 5) and not dataset.is_read and reads == []
    assert np.array_equal(dataset.train_images, given["train_images"])
    assert dataset.train_images is dataset.train_images
    assert dataset.is_read and reads == [1]
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0] = 1
    assert dataset.digest == Dataset(**given).digest


def test_unread_images_are_checked_by_what_is_known_of_them():
    given = parts()
    for shape, code in (((5, 1, 4, 5), "data.counts"), ((6, 1, 5, 4), "data.different_sizes")):
        with pytest.raises(DataError) as caught:
            Dataset(**{**given, "train_images": Unread(shape, lambda: None)})
        assert caught.value.code == code


def test_a_file_that_cannot_be_read_is_told_at_every_use():
    def read():
        raise DataError("data.idx", "{file} cannot be used.", file="train-images")

    dataset = Dataset(**{**parts(), "train_images": Unread((6, 1, 4, 5), read)})
    for _ in range(2):
        with pytest.raises(DataError, match="train-images"):
            dataset.train_images  # noqa: B018
    assert not dataset.is_read
