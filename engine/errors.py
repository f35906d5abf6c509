"""Errors that reach the user: each carries a sentence, a stable code and the values the sentence names."""

from __future__ import annotations


class NetariumError(Exception):
    """An expected failure, told in one sentence.

    Parameters
    ----------
    code : str
        A stable identifier such as ``"shape.dense_needs_flat"``; the window translates by it.
    sentence : str
        The English text with ``{named}`` places: what happened, what is safe, what to do.
    **values : object
        What fills those places.
    """

    def __init__(self, code: str, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.code = code
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, str(self), self.values))


class ShapeError(NetariumError):
    """A layer does not fit the shape that reaches it; ``values["layer"]`` is its path."""


class ConfigError(NetariumError):
    """A setting is outside what is allowed; the sentence names the field, the value and the range."""


class DataError(NetariumError):
    """A data set or an image cannot be used."""


class FileError(NetariumError):
    """A file cannot be read or written; what is on screen and on disk stays as it was."""


class DeviceError(NetariumError):
    """The chosen device or the MXNet installation cannot compute."""


class TrainingError(NetariumError):
    """Training cannot start or go on."""


def _rebuild(kind: type[NetariumError], code: str, sentence: str, values: dict[str, object]) -> NetariumError:
    error = kind(code, "{_sentence}", _sentence=sentence)
    error.values = values
    return error
