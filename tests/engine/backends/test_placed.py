"""Batches on a device are what NumPy would make of the same images."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.mxnet.placed import PlacedArrays
from engine.data.resizing import resize
from engine.training.augmentation import shifted

# Memory that MXNet shares with other processes is not plain "cpu": data is copied there, as to a GPU.
DEVICES = [("cpu", 0), ("cpu", 1), ("cpu_shared", 0)]
SHIFTS = np.array([[2, -1], [0, 0], [-2, -2]])


@pytest.fixture(params=DEVICES, ids=str)
def placed(request):
    """Return a function that places seven images for networks of a size, and the same images scaled."""

    def place(dtype, size):
        mx = runtime.load()
        grey = np.random.default_rng(0).integers(0, 256, (7, 3, 28, 30), np.uint8)
        scaled = grey / np.float32(255)
        images = grey if dtype is np.uint8 else scaled
        return PlacedArrays(mx, mx.Context(*request.param), images, np.arange(7), (3, *size)), scaled

    return place


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("size", [(64, 96), (11, 9), (20, 40), (28, 30)], ids=str)
def test_batches_are_resized_as_numpy_does_it(placed, dtype, size):
    data, scaled = placed(dtype, size)

    taken, labels = data.batch(np.array([5, 0, 5]))
    sliced, following = data.slice(2, 6)

    assert (labels.asnumpy().tolist(), following.asnumpy().tolist()) == ([5, 0, 5], [2, 3, 4, 5])
    np.testing.assert_allclose(taken.asnumpy(), resize(scaled[[5, 0, 5]], size), atol=1e-6)
    np.testing.assert_allclose(sliced.asnumpy(), resize(scaled[2:6], size), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("size", [(28, 30), (40, 20)], ids=str)
def test_batches_are_moved_as_numpy_does_it(placed, dtype, size):
    data, scaled = placed(dtype, size)

    taken, labels = data.batch(np.array([5, 0, 5]), SHIFTS)

    assert labels.asnumpy().tolist() == [5, 0, 5]
    np.testing.assert_allclose(taken.asnumpy(), resize(shifted(scaled[[5, 0, 5]], SHIFTS), size), atol=1e-6)


def test_a_batch_stays_on_the_device_it_is_for():
    mx = runtime.load()
    images = np.zeros((2, 1, 4, 4), np.uint8)

    for context in (mx.cpu(0), mx.cpu(1)):
        for size in ((4, 4), (8, 8)):
            data = PlacedArrays(mx, context, images, np.arange(2), (1, *size))
            for array in (*data.batch(np.array([1])), *data.slice(0, 1)):
                assert array.context == context
