"""Turns a drawing or a picture of a digit into a network's input, the way MNIST was made.

MNIST's digits were scaled into 20×20 pixels keeping their aspect ratio, anti-aliased, and placed in
28×28 pixels with their centre of mass in the middle. Source: LeCun, Bottou, Bengio and Haffner,
"Gradient-based learning applied to document recognition", Proceedings of the IEEE 1998, and the page
"The MNIST database of handwritten digits".
"""

from __future__ import annotations

import math

import numpy as np

from engine.data.resizing import resize

_VISIBLE = 0.5 / 255  # less is zero in eight bits
_CLEAR = 0.2  # of the peak; fainter ink is an anti-aliased edge, dust, or what JPEG leaves around a stroke
_FAINTEST = 0.1  # a drawing, or a picture's contrast, that nowhere reaches this is taken for empty
_LEAST_INK = 2.0  # pixels' worth of ink; less is a speck
_LARGEST = 1024  # pixels a side; larger pictures are reduced first, which costs nothing one could see
# Of the size that three quarters of the noise stays below. The largest of a million normal values, which is
# what a large empty picture may hold, is 4.3 times that; a network's input must not be made of it.
_NOISE_REACH = 4.7
_LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue appear (ITU-R BT.601)


def prepare_drawing(ink: np.ndarray, size: int = 28, box: int = 20) -> np.ndarray | None:
    """Fit a drawing into a network's input as MNIST's digits were fitted.

    Parameters
    ----------
    ink : array (height, width), float in [0, 1]
        How much ink each pixel has, of any size.
    size : int
        Pixels on each side of the result.
    box : int
        Pixels that the longer side of the digit is scaled to, at most ``size``.

    Returns
    -------
    array (size, size), float32 in [0, 1], or None
        The brightest pixel is 1 and the centre of mass is within half a pixel of ``size / 2``, counted in
        pixel indices as in MNIST, unless the digit would leave the frame. None if there is hardly any ink.
    """
    peak = float(ink.max())
    if peak < _FAINTEST:
        return None
    digit = ink[_extent(ink, peak, 0), _extent(ink, peak, 1)].astype(np.float32).clip(0, 1)
    if digit.sum() < _LEAST_INK:
        return None
    scale = box / max(digit.shape)
    height, width = (max(1, round(extent * scale)) for extent in digit.shape)
    digit = resize(digit[np.newaxis, np.newaxis], (height, width))[0, 0]
    return _centred(digit / digit.max(), size)


def prepare_image(pixels: np.ndarray, size: int = 28, box: int = 20) -> np.ndarray | None:
    """Find the digit in a picture, dark on light or light on dark, and prepare it as a drawing.

    The background's grey is the median of the picture's border. The noise is measured on all pixels nearer
    to it than to the ink; whatever does not rise above the noise becomes empty.

    Parameters
    ----------
    pixels : array (height, width) or (height, width, 3), uint8 or float in [0, 1]
        Grey or red, green and blue, of any size.
    size, box : int
        As for ``prepare_drawing``.

    Returns
    -------
    array (size, size), float32 in [0, 1], or None
        As from ``prepare_drawing``; None if nothing stands out from the background.
    """
    grey = _reduced(pixels)
    border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    difference = grey - np.median(border)
    if -difference.min() > difference.max():
        difference = -difference
    contrast = float(difference.max())
    if contrast < _FAINTEST:
        return None
    strong = difference > contrast / 2
    noise = _NOISE_REACH * float(np.percentile(np.abs(difference[~strong]), 75))
    if contrast < noise:
        return None
    full = float(np.percentile(difference[strong], 90))  # the very largest values have noise added to them
    ink = np.where(difference > min(noise, contrast / 2), difference, 0)
    return prepare_drawing((ink / full).clip(0, 1), size, box)


def _extent(ink: np.ndarray, peak: float, axis: int) -> slice:
    """Return where ink lies along an axis: clear ink, and the anti-aliased pixel that may border on it."""
    clear, visible = (np.flatnonzero((ink > least).any(axis=1 - axis)) for least in (_CLEAR * peak, _VISIBLE))
    return slice(max(clear[0] - 1, visible[0]), min(clear[-1] + 1, visible[-1]) + 1)


def _centred(digit: np.ndarray, size: int) -> np.ndarray:
    """Place a digit in an empty frame so that its centre of mass comes to the middle, in whole pixels."""
    frame = np.zeros((size, size), np.float32)
    top, left = (_offset(digit.sum(axis=1 - axis), extent, size) for axis, extent in enumerate(digit.shape))
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame


def _offset(mass: np.ndarray, extent: int, size: int) -> int:
    centre = float(mass @ np.arange(extent)) / float(mass.sum())
    # MNIST's centres of mass lie in [13.5, 14.5) of 28, counted in pixel indices.
    return min(max(math.ceil(size / 2 - 0.5 - centre), 0), size - extent)


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """Return a picture in grey, float32 in [0, 1], averaged over whole blocks where it is very large."""
    block = math.ceil(max(pixels.shape[:2]) / _LARGEST)
    if block > 1:
        rows, columns = (min(block, extent) for extent in pixels.shape[:2])
        height, width = pixels.shape[0] // rows, pixels.shape[1] // columns
        blocks = pixels[: height * rows, : width * columns].reshape(height, rows, width, columns, *pixels.shape[2:])
        reduced: np.ndarray = blocks.mean(axis=(1, 3), dtype=np.float32)
    else:
        reduced = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        reduced /= 255
    if reduced.ndim == 3:
        reduced = reduced @ np.array(_LUMA, np.float32)
    return reduced
