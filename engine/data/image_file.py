"""Reads pictures in common formats as grey pixels, without trusting their files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from engine.errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_MOST_PIXELS = 64_000_000
_MOST_BYTES = 256 * 2**20


def read_image(path: Path) -> np.ndarray:
    """Read a picture file.

    Its orientation mark (EXIF) is followed, a transparent background becomes white, of an animation the
    first picture is taken, and values deeper than eight bits are stretched over 0..255.

    Returns
    -------
    array (height, width), uint8
        Grey values, 0 is black.

    Raises
    ------
    DataError
        Naming the file, if it cannot be read, is damaged, is not in one of ``FORMATS``, or is larger than
        64 megapixels or 256 MiB.
    """
    try:
        if path.exists() and not path.is_file():
            raise DataError("image.not_a_file", "{file} is not a file; choose a picture.", file=path)
        if path.stat().st_size > _MOST_BYTES:
            raise _too_large(str(path))
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            "image.unreadable", "{file} cannot be read: {reason}.", file=path, reason=error.strerror or error
        ) from error
    return _decode(data, str(path))


def read_image_bytes(data: bytes) -> np.ndarray:
    """Read a picture that was pasted or dropped as the bytes of a file; as ``read_image``."""
    if len(data) > _MOST_BYTES:
        raise _too_large("The pasted picture")
    return _decode(data, "The pasted picture")


def _decode(data: bytes, name: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise _too_large(name)
            return _grey(ImageOps.exif_transpose(image))
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except Exception as error:  # Pillow's decoders raise nearly anything on a damaged file
        raise DataError(
            "image.damaged",
            "{name} is damaged, or not a picture in a format that is read here ({formats}).",
            name=name, formats=", ".join(FORMATS),
        ) from error  # fmt: skip


def _grey(image: Image.Image) -> np.ndarray:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("L", image.size, "white")
        paper.paste(image.convert("L"), mask=image.getchannel("A"))
        image = paper
    elif image.mode == "F" or image.mode.startswith("I"):
        return _stretched(np.asarray(image, np.float32))
    return np.array(image.convert("L"))


def _stretched(values: np.ndarray) -> np.ndarray:
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    return ((finite - low) * (255 / max(high - low, 1e-30))).astype(np.uint8)


def _too_large(name: str) -> DataError:
    return DataError(
        "image.too_large",
        "{name} is larger than {pixels} megapixels or {bytes} MiB; make it smaller and try again.",
        name=name, pixels=_MOST_PIXELS // 1_000_000, bytes=_MOST_BYTES // 2**20,
    )  # fmt: skip
