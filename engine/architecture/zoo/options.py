"""What a named network can be built with, beside its input: checked before anything is built."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from engine.architecture.layers import Rate
from engine.errors import ConfigError
from engine.validation import check_fields, field_range

# Beyond four times its width a network is another one, and seldom fits into memory.
Width = Annotated[float, Meta(gt=0.0, le=4.0)]


class BuilderOptions(Struct, frozen=True, kw_only=True):
    """The parameters of the builders, with their ranges.

    ``width`` multiplies channels and units, ``dropout`` is the rate of the Dropout layers, and ``image_size`` is how
    many pixels a side images are resized to; ``None`` leaves each as it is.
    """

    classes: Annotated[int, Meta(ge=2, le=1_000_000)] = 10
    width: Width | None = None
    dropout: Rate | None = None
    image_size: Annotated[int, Meta(ge=1, le=4096)] | None = None

    def checked(self) -> BuilderOptions:
        """Return these options if every value is in range; ``ConfigError`` naming the first that is not."""
        return check_fields(self)


_WIDTHS = field_range(BuilderOptions, "width")


def scaled(count: int, width: float) -> int:
    """Return ``width`` times as many channels or units, at least one.

    Raises
    ------
    ConfigError
        If ``width`` is not more than 0 and at most 4.
    """
    if width not in _WIDTHS:
        raise ConfigError(
            "config.out_of_range", "{field} is {value}, but must be {allowed}.",
            field="width", value=width, allowed=str(_WIDTHS),
        )  # fmt: skip
    return max(1, round(count * width))
