from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from alseg import DataError
from alseg.toolkit.image_file import AGAIN
from alseg.toolkit.imaging import (
    image_size,
    read_image,
    read_label,
    read_label16,
)

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def saved(path: Path, pixels: NDArray[np.generic], mode: str | None = None, **options: object) -> Path:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)  # type: ignore[arg-type]
    return path


def png(
    path: Path,
    rows: NDArray[np.uint8],
    *,
    width: int,
    bits: int,
    color_type: int,
    filters: tuple[int, ...] = (0,),
    bytes_per_pixel: int = 1,
) -> Path:
    """Write raw rows, uint8 ``(H, bytes per row)``, as a PNG that takes the row filters in turn."""
    above, lines = np.zeros(rows.shape[1], np.int64), b""
    for number, row in enumerate(rows.astype(np.int64)):
        left = np.concatenate([np.zeros(bytes_per_pixel, np.int64), row[:-bytes_per_pixel]])
        corner = np.concatenate([np.zeros(bytes_per_pixel, np.int64), above[:-bytes_per_pixel]])
        guess = left + above - corner
        distance = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(distance.argmin(0), [left, above, corner])
        kind = filters[number % len(filters)]
        prediction = [np.zeros_like(row), left, above, (left + above) // 2, paeth][kind]
        lines += bytes([kind]) + (row - prediction).astype(np.uint8).tobytes()
        above = row
    header = struct.pack(">IIBBBBB", width, len(rows), bits, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def refusal(message: str) -> str:
    return f"^{re.escape(message)}$"


# -- images


def test_an_rgb_image_comes_back_as_it_was_written_and_can_be_changed(tmp_path: Path) -> None:
    image = read_image(saved(tmp_path / "a.png", PIXELS))
    np.testing.assert_array_equal(image, PIXELS)
    assert image.dtype == np.uint8
    assert image.flags.writeable


def test_a_grayscale_image_becomes_rgb_with_equal_channels(tmp_path: Path) -> None:
    image = read_image(saved(tmp_path / "a.png", PIXELS[..., 0]))
    np.testing.assert_array_equal(image, np.repeat(PIXELS[..., :1], 3, axis=2))


def test_the_alpha_channel_of_an_image_is_dropped(tmp_path: Path) -> None:
    transparent = np.dstack([PIXELS, np.zeros((5, 7), np.uint8)])
    np.testing.assert_array_equal(read_image(saved(tmp_path / "a.png", transparent)), PIXELS)


@pytest.mark.filterwarnings("error")
def test_a_palette_image_with_transparency_becomes_its_colors(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=b"\x00\xff")
    assert read_image(tmp_path / "a.png").tolist() == [[[10, 20, 30], [40, 50, 60]]]


def mode_of(path: Path) -> str:
    """Return what Pillow calls 16 bits of grey: ``I;16``, before version 11 ``I``."""
    with Image.open(path) as image:
        return image.mode


def test_a_16_bit_grayscale_image_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.full((2, 2), 1000, np.uint16))
    message = f"{path} has pixels of mode {mode_of(path)}, which do not fit RGB. Convert it to 8-bit RGB."
    with pytest.raises(DataError, match=refusal(message)):
        read_image(path)


def test_the_size_is_height_and_width(tmp_path: Path) -> None:
    assert image_size(saved(tmp_path / "a.png", PIXELS)) == (5, 7)


def test_the_size_is_read_without_the_pixels(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    content = path.read_bytes()
    # The signature, the header and the start of the pixel data; zeros; the end chunk of 12 bytes.
    path.write_bytes(content[:45] + bytes(len(content) - 57) + content[-12:])
    assert image_size(path) == (5, 7)


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        (
            "image",
            "{} has pixels of mode {}, which do not fit RGB.",
            "Convert it to 8-bit RGB.",
        ),
        (
            "label16",
            "{} is a PNG with pixels of mode I;16B, not a 16-bit RGB PNG.",
            "Use the label maps as they come in the archive.",
        ),
    ],
)
def test_the_header_tells_what_cannot_be_read_as_wanted(
    content: Literal["image", "label16"], mode: str, remedy: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "a.png", np.zeros((5, 7), np.uint16))
    assert image_size(path, "label") == (5, 7)
    problem = mode.format(path, mode_of(path))
    with pytest.raises(DataError, match=refusal(f"{problem} {remedy}")) as caught:
        image_size(path, content)
    assert (caught.value.problem, caught.value.remedy) == (problem, remedy)


# -- files that cannot be used


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for read in (read_image, read_label, read_label16, image_size):
        with pytest.raises(DataError, match=refusal(f"{path} does not exist. Copy or unpack it again.")):
            read(path)


def test_a_folder_is_not_an_image(tmp_path: Path) -> None:
    message = f"{tmp_path} is a folder, not an image file. Copy or unpack it again."
    with pytest.raises(DataError, match=refusal(message)):
        read_image(tmp_path)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.touch()
    with pytest.raises(DataError, match=refusal(f"{path} is empty (0 bytes). Copy or unpack it again.")):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"GIF no more", "is not an image of a known format. Copy or unpack it again."),
        (b"<html>Not found</html>", "is a web page, not an image. Download it again, signed in if needed."),
        (bytes(4000), "holds zero bytes where an image should start. Copy or unpack it again."),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "is a Git LFS pointer, not the image. Run 'git lfs pull' where the files come from.",
        ),
        (
            b"/annex/objects/SHA256E-s31390--f50d7a.png\n",
            "is a git-annex pointer, not the image. Run 'git annex get' where the files come from.",
        ),
    ],
)
def test_what_is_no_image_is_told_by_what_it_is(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for read in (read_image, read_label, read_label16, image_size):
        with pytest.raises(DataError, match=refusal(f"{path} {told}")):
            read(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("missing", [1, 12, 20])
def test_a_file_without_its_end_is_refused_by_its_size(missing: int, suffix: str, tmp_path: Path) -> None:
    path = saved(tmp_path / f"a{suffix}", PIXELS)
    path.write_bytes(path.read_bytes()[:-missing])
    message = f"{path} is damaged: its end is missing. Copy or unpack it again."
    for read in (image_size, read_image):
        with pytest.raises(DataError, match=refusal(message)):
            read(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_bytes_that_a_program_has_appended_do_no_harm(suffix: str, tmp_path: Path) -> None:
    path = saved(tmp_path / f"a{suffix}", PIXELS)
    expected = read_image(path)
    path.write_bytes(path.read_bytes() + b"made with a camera\0\0")
    assert image_size(path) == (5, 7)
    np.testing.assert_array_equal(read_image(path), expected)


def test_the_end_of_a_thumbnail_is_not_that_of_the_photograph(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", PIXELS)
    content = path.read_bytes()
    # An application segment (marker, length 30 = 2 + 28, content) after the start of the image.
    path.write_bytes(content[:2] + b"\xff\xe5\x00\x1e" + content[:26] + b"\xff\xd9" + content[2:-30])
    with pytest.raises(DataError, match=refusal(f"{path} is damaged: its end is missing. {AGAIN}")):
        image_size(path)


def test_a_file_cut_short_anywhere_is_refused_or_complete_in_its_pixels(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.png", PIXELS).read_bytes()
    cut, refused = tmp_path / "cut.png", 0
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        try:
            image = read_image(cut)
        except DataError as error:
            assert str(cut) in str(error)
            refused += 1
        else:
            np.testing.assert_array_equal(image, PIXELS)
    # What follows the compressed pixels: their checksum (4 bytes), the chunk's (4) and the end chunk (12).
    assert refused >= len(whole) - 20


def test_a_photograph_is_decoded_as_pillow_decodes_it(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)
    path = saved(tmp_path / "a.png", noise)
    np.testing.assert_array_equal(read_image(path), np.asarray(Image.open(path)))


def test_a_png_with_a_transparent_colour_gives_its_three_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(path, transparency=tuple(PIXELS[0, 0].tolist()))
    np.testing.assert_array_equal(read_image(path), PIXELS)


def test_a_truncated_file_says_that_it_is_damaged(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(DataError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path} is damaged: ")
    assert str(caught.value).endswith(". Copy or unpack it again.")


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow refuses twice as many; there are 35
    message = f"{path} claims more than 20 pixels, which Pillow refuses to decode. Copy or unpack it again."
    for read in (read_image, image_size):
        with pytest.raises(DataError, match=refusal(message)):
            read(path)


# -- label maps


def test_a_palette_label_map_gives_its_indices(tmp_path: Path) -> None:
    ids = np.array([[0, 7, 33], [255, 8, 7]], np.uint8)
    image = Image.fromarray(ids)
    image.putpalette(bytes(range(256)) * 3)
    image.save(tmp_path / "a.png")
    label = read_label(tmp_path / "a.png")
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, ids)


def test_a_grayscale_label_map_gives_its_values(tmp_path: Path) -> None:
    ids = np.array([[0, 7, 255]], np.uint8)
    np.testing.assert_array_equal(read_label(saved(tmp_path / "a.png", ids)), ids)


def test_a_16_bit_label_map_gives_its_values(tmp_path: Path) -> None:
    ids = np.array([[0, 7, 1000, 65535]], np.uint16)
    label = read_label(saved(tmp_path / "a.png", ids))
    assert label.dtype == np.uint16
    np.testing.assert_array_equal(label, ids)


def test_a_4_bit_label_map_is_not_stretched(tmp_path: Path) -> None:
    # Pixels 0, 11, 7, 15 in two bytes; Pillow alone gives 0, 187, 119, 255.
    path = png(tmp_path / "a.png", np.array([[0x0B, 0x7F]], np.uint8), width=4, bits=4, color_type=0)
    assert read_label(path).tolist() == [[0, 11, 7, 15]]


def test_a_2_bit_and_a_1_bit_label_map_are_not_stretched(tmp_path: Path) -> None:
    two = png(tmp_path / "two.png", np.array([[0b00011011]], np.uint8), width=4, bits=2, color_type=0)
    one = png(tmp_path / "one.png", np.array([[0b01000000]], np.uint8), width=2, bits=1, color_type=0)
    assert read_label(two).tolist() == [[0, 1, 2, 3]]
    assert read_label(one).tolist() == [[0, 1]]


def test_a_colored_label_map_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    message = (
        f"{path} has pixels of mode RGB, not one class id each. "
        "Use the label maps with class ids, not the coloured ones."
    )
    with pytest.raises(DataError, match=refusal(message)):
        read_label(path)


def test_a_jpeg_label_map_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", PIXELS[..., 0])
    message = f"{path} is a JPEG, which changes class ids. Use a PNG label map."
    with pytest.raises(DataError, match=refusal(message)):
        read_label(path)


@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (0, 1, 2, 3, 4)])
def test_all_16_bits_of_every_channel_are_read(tmp_path: Path, filters: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (11, 9, 3)).astype(np.uint16)
    rows = values.astype(">u2").view(np.uint8).reshape(11, -1)
    path = png(tmp_path / "a.png", rows, width=9, bits=16, color_type=2, filters=filters, bytes_per_pixel=6)
    for channel in range(3):
        ids = read_label16(path, channel)
        assert ids.dtype == np.uint16
        np.testing.assert_array_equal(ids, values[..., channel])


def test_an_8_bit_file_is_not_taken_for_a_16_bit_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", PIXELS)
    message = (
        f"{path} is a PNG with pixels of mode RGB, not a 16-bit RGB PNG. "
        "Use the label maps as they come in the archive."
    )
    with pytest.raises(DataError, match=refusal(message)):
        read_label16(path)


def test_a_channel_beyond_blue_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^channel must be 0, 1 or 2, got 3$"):
        read_label16(tmp_path / "a.png", 3)
