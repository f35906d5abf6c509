"""Checks the fields of a configuration against the ranges written in their types."""

from __future__ import annotations

import functools
import math
import types
import typing
from typing import Any, Literal, TypeVar, Union

import msgspec

from engine.errors import ConfigError

S = TypeVar("S", bound=msgspec.Struct)


class Range(msgspec.Struct, frozen=True):
    """The values a number may take; ``None`` means unbounded, the flags exclude the bound itself."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return self.high is None or value < self.high or (value == self.high and not self.high_open)

    def __str__(self) -> str:
        low = "more than" if self.low_open else "at least"
        high = "less than" if self.high_open else "at most"
        parts = []
        if self.low is not None:
            parts.append(f"{low} {self.low:g}")
        if self.high is not None:
            parts.append(f"{high} {self.high:g}")
        return " and ".join(parts) or "a finite number"


def field_range(kind: type[msgspec.Struct], field: str) -> Range:
    """Return the range written in the type of a numeric field of ``kind``."""
    return _range(_hints(kind)[field])


def check_fields(struct: S, owner: str = "") -> S:
    """Return ``struct`` if every field has an allowed value.

    Parameters
    ----------
    struct : msgspec.Struct
        Nested structs and tuples of fixed length are checked too.
    owner : str
        Named in front of the field in the error's sentence.

    Raises
    ------
    ConfigError
        Naming the field, the value and the range.
    """
    hints = _hints(type(struct))
    for field in struct.__struct_fields__:
        _check(f"{owner}.{field}" if owner else field, getattr(struct, field), hints[field])
    return struct


@functools.cache  # evaluating the annotations takes longer than all checks of a layer
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _check(field: str, value: Any, hint: Any) -> None:
    if isinstance(value, msgspec.Struct):
        check_fields(value, field)
        return
    if typing.get_origin(_bare(hint)) is tuple:
        _check_tuple(field, value, typing.get_args(_bare(hint)))
        return
    options = _options(hint)
    if options is not None:
        if value not in options:
            raise _bad(field, value, "one of " + ", ".join(map(str, options)))
    elif value is None:
        if type(None) not in typing.get_args(_bare(hint)):
            raise _bad(field, value, "set")
    else:
        _check_number(field, value, hint)


def _check_tuple(field: str, value: Any, kinds: tuple[Any, ...]) -> None:
    if not isinstance(value, tuple) or len(value) != len(kinds):
        raise _bad(field, value, f"{len(kinds)} numbers")
    for entry, kind in zip(value, kinds, strict=True):
        _check(field, entry, kind)


def _check_number(field: str, value: Any, hint: Any) -> None:
    kinds = {_bare(kind) for kind in _alternatives(hint)}
    if not kinds & {int, float}:
        if str in kinds and not isinstance(value, str):
            raise _bad(field, value, "a text")
        if bool in kinds and not isinstance(value, bool):
            raise _bad(field, value, "true or false")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(field, value, "a number")
    if float not in kinds and not isinstance(value, int):
        raise _bad(field, value, "a whole number")
    allowed = _range(hint)
    if value not in allowed:
        raise _bad(field, value, str(allowed))


def _bad(field: str, value: object, allowed: str) -> ConfigError:
    return ConfigError(
        "config.out_of_range", "{field} is {value}, but must be {allowed}.",
        field=field.replace("_", " "), value=value, allowed=allowed,
    )  # fmt: skip


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def _alternatives(hint: Any) -> tuple[Any, ...]:
    bare = _bare(hint)
    if typing.get_origin(bare) in (Union, types.UnionType):
        return tuple(arg for arg in typing.get_args(bare) if arg is not type(None))
    return (hint,)


def _options(hint: Any) -> tuple[Any, ...] | None:
    for kind in _alternatives(hint):
        if typing.get_origin(_bare(kind)) is Literal:
            return typing.get_args(_bare(kind))
    return None


def _range(hint: Any) -> Range:
    for kind in (hint, *_alternatives(hint)):
        for meta in getattr(kind, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta):
                return Range(
                    low=meta.ge if meta.ge is not None else meta.gt,
                    high=meta.le if meta.le is not None else meta.lt,
                    low_open=meta.gt is not None,
                    high_open=meta.lt is not None,
                )
    return Range()
