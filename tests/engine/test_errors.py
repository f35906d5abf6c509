from __future__ import annotations

import pickle

import pytest

from engine.errors import ConfigError, NetariumError, ShapeError


def test_the_sentence_is_filled_with_the_values():
    error = ShapeError("shape.misfit", "{layer} gets {shape}.", layer="dense1", shape="20×4×4")

    assert str(error) == "dense1 gets 20×4×4."
    assert error.code == "shape.misfit"
    assert error.values == {"layer": "dense1", "shape": "20×4×4"}


def test_braces_in_a_value_are_left_alone():
    assert str(ConfigError("x", "{name} is unknown.", name="{0} {layer}")) == "{0} {layer} is unknown."


@pytest.mark.parametrize("values", [{"name": "a"}, {"name": "{b}", "size": 3}])
def test_an_error_survives_the_way_between_processes(values):
    error = ConfigError("config.x", "{name} is bad.", **values)

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is ConfigError
    assert isinstance(again, NetariumError)
    assert (str(again), again.code, again.values) == (str(error), error.code, error.values)
