"""Finds the run that a person means by a number, a name or `last`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import ConfigError
from engine.history.records import RunRecord


def find_runs(texts: Sequence[str], *groups: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the runs that are meant, each once, in the order in which they were named."""
    records = [find_run(text, *groups) for text in texts]
    return list({record.id: record for record in records}.values())


def find_run(text: str, *groups: Sequence[RunRecord]) -> RunRecord:
    """Return the run that a person means.

    Parameters
    ----------
    text : str
        ``last``, a number, or a name that only one run has; a number comes before a name.
    groups : sequences of RunRecord
        Where to look, one after the other, each with the one that ``last`` means first. Only the first has a last.

    Raises
    ------
    ConfigError
        If there is no such run, or several have this name.
    """
    if text == "last" and groups[0]:
        return groups[0][0]
    for records in groups:
        for record in records:
            if text == str(record.id):
                return record
        named = [record for record in records if record.name == text]
        if len(named) > 1:
            raise ConfigError(
                "history.ambiguous",
                "{count} runs are called {name!r}: {numbers}. Name one by its number.",
                count=len(named), name=text, numbers=", ".join(str(record.id) for record in reversed(named)),
            )  # fmt: skip
        if named:
            return named[0]
    raise ConfigError(
        "history.not_found",
        "There is no run {name!r} to be found; `runs list` names those there are, and `runs list --deleted` those "
        "that were deleted.",
        name=text,
    )  # fmt: skip
