from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.data.catalog import DATASETS, FASHION_CLASSES, MNIST_FOLDER, load_dataset, open_folder
from engine.errors import DataError

MNIST_SHA256 = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FASHION = Path(__file__).parents[4] / "shared" / "data" / "fashion-mnist"


def write_idx(path, array):
    data = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_folder(folder, separator="-", suffix="", images=None, labels=(0, 1, 2)):
    folder.mkdir(exist_ok=True)
    images = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5) if images is None else images
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images{separator}idx3-ubyte{suffix}", images)
        write_idx(folder / f"{part}-labels{separator}idx1-ubyte{suffix}", np.array(labels, np.uint8))
    return folder


@pytest.mark.parametrize("name", MNIST_SHA256)
def test_the_mnist_that_ships_is_the_original(name):
    with gzip.open(MNIST_FOLDER / name) as file:
        assert hashlib.sha256(file.read()).hexdigest() == MNIST_SHA256[name]


def test_mnist_loads_whole():
    mnist = load_dataset("mnist")
    assert mnist.train_images.shape == (60_000, 1, 28, 28)
    assert mnist.test_images.shape == (10_000, 1, 28, 28)
    assert mnist.class_names == tuple("0123456789")
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_an_unknown_name_is_told_with_those_that_exist():
    with pytest.raises(DataError, match=r"'imagenet'; choose one of .*mnist"):
        load_dataset("imagenet")


def test_every_source_is_described_in_a_sentence():
    for name, source in DATASETS.items():
        assert source.name == name
        assert source.description.endswith(".")


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_is_read_under_every_usual_spelling(tmp_path, separator, suffix):
    dataset = open_folder(write_folder(tmp_path / "letters", separator, suffix))
    assert dataset.name == "letters"
    assert dataset.input_shape == (1, 4, 5)
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.test_images[1, 0, 0].tolist() == [20, 21, 22, 23, 24]


def test_colour_images_keep_their_channels(tmp_path):
    folder = write_folder(tmp_path / "colours", images=np.zeros((3, 3, 4, 5), np.uint8))
    assert open_folder(folder).input_shape == (3, 4, 5)


def test_missing_files_are_listed(tmp_path):
    folder = write_folder(tmp_path / "half")
    (folder / "t10k-images-idx3-ubyte").unlink()
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError) as caught:
        open_folder(folder)
    assert "no train-labels-idx1-ubyte, no t10k-images-idx3-ubyte" in str(caught.value)
    assert "train-images" not in str(caught.value)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        open_folder(tmp_path / "nothing")


def test_labels_in_place_of_images_are_refused(tmp_path):
    folder = write_folder(tmp_path / "mixed")
    write_idx(folder / "train-images-idx3-ubyte", np.zeros(3, np.uint8))
    with pytest.raises(DataError, match="training images of mixed"):
        open_folder(folder)


def test_empty_files_are_refused(tmp_path):
    folder = write_folder(tmp_path / "empty", images=np.zeros((0, 4, 5), np.uint8), labels=())
    with pytest.raises(DataError, match="no training images"):
        open_folder(folder)


@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST lies beside the project, and is not here")
def test_fashion_mnist_is_read_with_its_class_names():
    fashion = open_folder(FASHION)
    assert fashion.train_images.shape == (60_000, 1, 28, 28)
    assert fashion.class_names == FASHION_CLASSES
    assert np.bincount(fashion.test_labels).tolist() == [1000] * 10
    assert fashion.class_names[fashion.train_labels[0]] == "Ankle boot"
