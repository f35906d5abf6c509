from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.training.augmentation import shifted
from engine.training.chance import sample_order, shift_offsets
from engine.training.loop import evaluate
from tests.engine.samples import EVERYTHING, Samples, samples
from tests.engine.training.runs import CONFIG, batch_losses, different, figures, prepare

IMAGE = np.arange(1, 13, dtype=np.uint8).reshape(1, 1, 3, 4)


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ((0, 0), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]),
        ((1, 0), [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]),
        ((0, 2), [[0, 0, 1, 2], [0, 0, 5, 6], [0, 0, 9, 10]]),
        ((-2, -1), [[10, 11, 12, 0], [0, 0, 0, 0], [0, 0, 0, 0]]),
        ((8, 8), np.zeros((3, 4))),
    ],
)
def test_an_image_moves_down_and_to_the_right_and_zeros_come_in(shift, expected):
    assert np.array_equal(shifted(IMAGE, np.array([shift])), [[expected]])


def test_every_image_moves_on_its_own_with_all_its_channels():
    images = np.random.default_rng(0).random((200, 3, 9, 7), np.float32)
    before, shifts = images.copy(), shift_offsets(0, 0, 200, 3)

    moved = shifted(images, shifts)

    assert (moved.shape, moved.dtype) == (images.shape, images.dtype)
    assert np.array_equal(images, before)
    for image, result, (down, right) in zip(images, moved, shifts, strict=True):
        expected = np.zeros_like(image)
        for row in range(9):
            for column in range(7):
                if 0 <= row - down < 9 and 0 <= column - right < 7:
                    expected[:, row, column] = image[:, row - down, column - right]
        assert np.array_equal(result, expected)


def test_a_run_trains_on_moved_images_and_validates_on_those_that_are():
    """One epoch with shifts is the epoch without them on images that were moved beforehand."""
    config = msgspec.structs.replace(CONFIG, epochs=1, shift=2)
    train, validation = samples(EVERYTHING, 46, seed=0), samples(EVERYTHING, 40, seed=1)
    order = sample_order(config.seed, 0, 46, "shuffled")
    sizes = (10, 10, 10, 10, 6)
    shifts = np.concatenate([shift_offsets(config.seed, step, size, 2) for step, size in enumerate(sizes)])
    moved = Samples(train.images.copy(), train.labels)
    moved.images[order] = shifted(train.images[order], shifts)
    plain = msgspec.structs.replace(config, shift=0)

    ours = prepare(config, EVERYTHING, train_samples=train, validation_samples=validation)
    theirs = prepare(plain, EVERYTHING, train_samples=moved, validation_samples=validation)
    events, expected = list(ours.events), list(theirs.events)

    assert different(ours.network, theirs.network) == []
    assert np.array_equal(batch_losses(events), batch_losses(expected))
    assert figures(events) == figures(expected)


def test_the_same_seed_moves_the_same_and_validation_never_moves():
    config = msgspec.structs.replace(CONFIG, shift=2)
    first, second = prepare(config), prepare(config)
    events = list(first.events)

    assert figures(events) == figures(list(second.events))
    assert different(first.network, second.network) == []
    steps = evaluate(first.network, first.data.validation)
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    assert end.value.value == figures(events)[-1][3:5]
