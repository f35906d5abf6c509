from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.backends.checks import check_weights
from engine.errors import FileError
from tests.engine.samples import EVERYTHING

SUMMARY = summarize(EVERYTHING)


def weights() -> dict[str, np.ndarray]:
    return {p.path: np.zeros(p.shape, np.float32) for p in SUMMARY.parameters}


def test_exactly_the_parameters_of_the_network_are_accepted():
    check_weights(SUMMARY, weights())


@pytest.mark.parametrize("path", weights())
def test_each_parameter_has_to_be_there_with_its_shape(path):
    missing, wrong = weights(), weights()
    del missing[path]
    wrong[path] = wrong[path][np.newaxis]

    with pytest.raises(FileError, match=f"lack {path} ") as caught:
        check_weights(SUMMARY, missing)
    assert caught.value.code == "weights.missing"
    with pytest.raises(FileError, match=rf"^{path} has shape 1×.*, but the network needs ") as caught:
        check_weights(SUMMARY, wrong)
    assert caught.value.code == "weights.shape"


def test_nothing_else_may_be_there():
    with pytest.raises(FileError, match="hold dense7/weight, which the network has not") as caught:
        check_weights(SUMMARY, weights() | {"dense7/weight": np.zeros(3)})
    assert caught.value.code == "weights.extra"
