"""MXNet resizes as NumPy does."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.mxnet.placed import PlacedArrays
from engine.data.resizing import resize


@pytest.mark.parametrize("device", ["cpu", "cpu(1)"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("size", [(64, 96), (11, 9), (20, 40), (28, 30)], ids=str)
def test_images_on_the_device_are_those_of_numpy(device, dtype, size):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (7, 3, 28, 30)).astype(dtype) / (1 if dtype is np.uint8 else np.float32(255))
    images = images.astype(dtype)
    placed = PlacedArrays(runtime.load(), runtime.context(device), images, np.arange(7), (3, *size))
    scaled = images.astype(np.float32) / np.float32(255 if dtype is np.uint8 else 1)

    taken, labels = placed.batch(np.array([5, 0, 5]))
    sliced, _ = placed.slice(2, 6)

    assert str(taken.context) == str(runtime.context(device))
    assert labels.asnumpy().tolist() == [5, 0, 5]
    np.testing.assert_allclose(taken.asnumpy(), resize(scaled[[5, 0, 5]], size), atol=1e-6)
    np.testing.assert_allclose(sliced.asnumpy(), resize(scaled[2:6], size), atol=1e-6)
