"""Translated errors: the templates fit what the engine raises, and English is the fallback."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from engine.errors import ConfigError, NetariumError
from engine.training.config import OptimizerConfig
from engine.validation import check_fields
from gui.messages import TEMPLATES, translate_error

ENGINE = Path(__file__).parents[2] / "engine"


def raised_by_the_engine(without: tuple[str, ...] = ()):
    """Return every code that is raised with a literal sentence, with its sentences; ``without`` some packages."""
    sentences: dict[str, set[str]] = {}
    for path in ENGINE.rglob("*.py"):
        if path.relative_to(ENGINE).parts[0] in without:
            continue
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        for call in calls:
            match call.args:
                case [ast.Constant(value=str(code)), ast.Constant(value=str(sentence)), *_]:
                    sentences.setdefault(code, set()).add(sentence)
    return sentences


def places(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name}


RAISED = raised_by_the_engine()


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_every_template_belongs_to_an_error_and_names_the_same_values(code):
    assert code in RAISED, "the engine no longer raises it"
    for sentence in RAISED[code]:
        assert places(TEMPLATES[code]) == places(sentence)


def test_whatever_goes_wrong_with_the_history_has_words_in_the_window():
    told = {code for code in raised_by_the_engine(("cli",)) if code.startswith("history.")}
    assert "history.unwritable" in told
    assert told <= set(TEMPLATES)


def test_an_error_without_translation_reads_as_the_engine_wrote_it(qapp):
    error = ConfigError(
        "config.out_of_range", "{field} is {value}, but must be {allowed}.", field="x", value=1, allowed=2
    )
    assert translate_error(error) == str(error) == "x is 1, but must be 2."
    assert translate_error(NetariumError("never.heard", "Plain {word}.", word="English")) == "Plain English."


def test_an_error_of_the_engine_is_told_in_the_window_language(qapp):
    class German(QTranslator):
        def translate(self, context, source, disambiguation=None, n=-1):
            if context == "messages" and "must be" in source:
                return "{field} ist {value}; erlaubt: {allowed}."
            return ""

        def isEmpty(self):
            return False

    translator = German()
    QCoreApplication.installTranslator(translator)
    try:
        with pytest.raises(ConfigError) as caught:
            check_fields(OptimizerConfig(learning_rate=-1))
        assert translate_error(caught.value).startswith("learning rate ist -1; erlaubt: ")
    finally:
        QCoreApplication.removeTranslator(translator)


def test_values_that_a_template_misses_fall_back_to_the_sentence(qapp):
    error = ConfigError("config.out_of_range", "Only {this}.", this="that")
    assert translate_error(error) == "Only that."
