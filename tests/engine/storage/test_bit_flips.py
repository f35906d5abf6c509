"""A single bit that flips in a model file is noticed, wherever it is."""

from __future__ import annotations

import random

from engine.errors import FileError
from engine.storage.model_file import load_model, save_model
from engine.training.events import EpochDone
from tests.engine.history.runs import session_on, squares


def test_every_flipped_bit_is_noticed(torture, tmp_path):
    session = session_on(squares())
    for event in session.train("run"):
        if isinstance(event, EpochDone):
            break
    model = session.model({})
    assert model.state is not None and model.optimizer_state
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    data = bytearray(path.read_bytes())
    chance = random.Random(3)
    flips = 10_000 if torture else 300
    unnoticed = []
    for _ in range(flips):
        place, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        data[place] ^= bit
        path.write_bytes(data)
        try:
            load_model(path)
        except FileError:
            pass
        else:
            unnoticed.append((place, bit))
        data[place] ^= bit
    assert not unnoticed
    path.write_bytes(data)
    assert load_model(path).position == model.position
