from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from engine.data.image_file import FORMATS, read_image, read_image_bytes
from engine.errors import DataError


def encoded(image, **options):
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


@pytest.fixture
def picture():
    pixels = np.full((30, 40), 255, np.uint8)
    pixels[5:25, 10:14] = 0
    return Image.fromarray(pixels)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_grey_pixels(tmp_path, picture, form):
    path = tmp_path / "picture"
    path.write_bytes(encoded(picture, format=form, **({"lossless": True} if form == "WEBP" else {})))
    grey = read_image(path)
    assert grey.dtype == np.uint8
    assert np.abs(grey.astype(int) - np.asarray(picture)).max() <= (20 if form == "JPEG" else 0)


def test_colours_become_their_brightness():
    grey = read_image_bytes(encoded(Image.new("RGB", (2, 2), (0, 255, 0)), format="PNG"))
    assert grey.tolist() == [[150, 150]] * 2


def test_a_transparent_background_becomes_white():
    image = Image.new("RGBA", (4, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    image.putpixel((2, 0), (0, 0, 0, 128))
    assert read_image_bytes(encoded(image, format="PNG")).tolist() == [[255, 0, 127, 255]]


def test_a_transparent_palette_colour_becomes_white():
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 90, 90, 90])
    image.putpixel((1, 0), 1)
    assert read_image_bytes(encoded(image, format="PNG", transparency=0)).tolist() == [[255, 90]]


def test_the_orientation_of_a_photograph_is_followed(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    grey = read_image_bytes(encoded(picture, format="PNG", exif=exif))
    np.testing.assert_array_equal(grey, np.rot90(np.asarray(picture), -1))


def test_sixteen_bits_are_stretched_and_not_cut_off():
    deep = Image.fromarray(np.array([[0, 30_000, 60_000]], np.uint16))
    assert read_image_bytes(encoded(deep, format="PNG")).tolist() == [[0, 127, 255]]


def test_the_first_picture_of_an_animation_is_taken(picture):
    other = Image.new("L", picture.size, 90)
    data = encoded(picture, format="GIF", save_all=True, append_images=[other])
    np.testing.assert_array_equal(read_image_bytes(data), np.asarray(picture))


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"GIF89a"])
def test_what_is_no_picture_is_refused_by_name(tmp_path, data):
    path = tmp_path / "holiday.png"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"holiday\.png is damaged, or not a picture"):
        read_image(path)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "PPM"])
def test_a_picture_cut_short_is_refused(form):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    data = encoded(noise, format=form)
    with pytest.raises(DataError, match="pasted picture is damaged"):
        read_image_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("side", [9_000, 30_000, 2**31 - 1])
def test_a_bomb_is_refused_from_its_header(side):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(DataError) as caught:
        read_image_bytes(data)
    assert caught.value.code == "image.too_large"


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path):
    path = tmp_path / "huge.bmp"
    path.touch()
    os.truncate(path, 2**40)
    with pytest.raises(DataError, match=r"huge\.bmp is larger"):
        read_image(path)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(DataError, match="is not a file"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is not a file"):
        read_image(tmp_path / "pipe")
