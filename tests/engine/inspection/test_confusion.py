from __future__ import annotations

import numpy as np
import pytest

from engine.inspection.confusion import confusion_matrix, mistakes


def test_rows_are_the_true_classes_and_columns_the_answers():
    labels = np.array([0, 0, 1, 2, 2, 2], np.uint8)
    predictions = np.array([0, 1, 1, 0, 0, 2], np.int64)
    matrix = confusion_matrix(labels, predictions, 3)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 1]]


def test_many_classes_do_not_overflow_small_integers():
    labels = np.full(3, 250, np.uint8)
    assert confusion_matrix(labels, labels, 251)[250, 250] == 3


def test_no_samples_give_an_empty_matrix():
    nothing = np.array([], np.int64)
    assert confusion_matrix(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("prediction", [-1, 3])
def test_what_is_no_class_is_refused(prediction):
    with pytest.raises(ValueError, match=r"0\.\.2"):
        confusion_matrix(np.array([0]), np.array([prediction]), 3)


def test_the_surest_mistake_comes_first_and_right_answers_not_at_all():
    labels = np.array([0, 1, 2, 0])
    probabilities = np.array([[0.4, 0.6, 0], [0, 1, 0], [0.9, 0.1, 0], [0.2, 0.2, 0.6]], np.float32)
    assert mistakes(labels, probabilities).tolist() == [2, 0, 3]


def test_without_mistakes_there_are_none():
    assert mistakes(np.array([0, 1]), np.eye(2)).size == 0
