"""Opening image files: what a header or an end can tell is a `DataError` that names the file."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from alseg.errors import DataError

AGAIN = "Copy or unpack it again."
"""The remedy in messages about damaged files."""

_IMAGE_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
_LABEL_MODES = frozenset({"1", "L", "P", "I", "I;16"})

_PNG_END = bytes.fromhex("00000000 49454e44 ae426082")
"""The IEND chunk, which is the same in every PNG."""
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = b"\xff\xda"
"""Starts the pixels of a JPEG; within them, no marker appears."""

_HEAD_BYTES = 512


@contextmanager
def opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an image and turn whatever Pillow raises, now or while decoding, into a `DataError`.

    A PNG or JPEG without its end is refused at once: its copy or download was cut off.

    Args:
        path: The file; for `DataError` too.
    """
    try:
        with Image.open(path) as image:
            _check_end(image, path)
            yield image
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist.", AGAIN) from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder, not an image file.", AGAIN) from error
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise DataError(
            f"{path} claims more than {limit:,} pixels, which Pillow refuses to decode.", AGAIN
        ) from error
    except UnidentifiedImageError as error:
        raise _no_image(path) from error
    except OSError as error:
        if error.errno is not None:
            raise DataError(f"Cannot read {path}: {error.strerror}.", "Make the file readable.") from error
        raise DataError(f"{path} is damaged: {error}.", AGAIN) from error
    except (SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}.", AGAIN) from error


def raw_mode(image: ImageFile.ImageFile) -> str:
    """Return how the file stores pixels, in Pillow's words, such as ``RGB;16B``.

    Args:
        image: An opened file.
    """
    arguments = image.tile[0][3] if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def check_image_kind(image: ImageFile.ImageFile, path: Path) -> None:
    """Refuse an opened file whose pixels are not to be had in 8-bit RGB.

    Args:
        image: An opened file.
        path: Its path, for the message.

    Raises:
        DataError: Names the file.
    """
    if image.mode not in _IMAGE_MODES:
        raise DataError(
            f"{path} has pixels of mode {image.mode}, which do not fit RGB.", "Convert it to 8-bit RGB."
        )


def check_label_kind(image: ImageFile.ImageFile, path: Path) -> None:
    """Refuse an opened file that does not hold one exact class id a pixel.

    Args:
        image: An opened file.
        path: Its path, for the message.

    Raises:
        DataError: Names the file.
    """
    if image.format in ("JPEG", "MPO"):
        raise DataError(f"{path} is a JPEG, which changes class ids.", "Use a PNG label map.")
    if image.mode not in _LABEL_MODES:
        raise DataError(
            f"{path} has pixels of mode {image.mode}, not one class id each.",
            "Use the label maps with class ids, not the coloured ones.",
        )


def check_color_kind(image: ImageFile.ImageFile, path: Path) -> None:
    """Refuse an opened file that does not hold exact colours.

    Args:
        image: An opened file.
        path: Its path, for the message.

    Raises:
        DataError: Names the file.
    """
    if image.format in ("JPEG", "MPO"):
        raise DataError(f"{path} is a JPEG, which changes colours.", "Use a PNG label map.")
    check_image_kind(image, path)


def check_label16_kind(image: ImageFile.ImageFile, path: Path) -> None:
    """Refuse an opened file that is no 16-bit RGB PNG.

    Args:
        image: An opened file.
        path: Its path, for the message.

    Raises:
        DataError: Names the file.
    """
    if image.format != "PNG" or raw_mode(image) != "RGB;16B":
        raise DataError(
            f"{path} is a {image.format} with pixels of mode {raw_mode(image)}, not a 16-bit RGB PNG.",
            "Use the label maps as they come in the archive.",
        )


def _check_end(image: ImageFile.ImageFile, path: Path) -> None:
    ends = {"PNG": _PNG_END, "JPEG": _JPEG_END, "MPO": _JPEG_END}
    end = ends.get(image.format or "")
    file = image.fp
    if end is None or file is None:
        return
    place = file.tell()
    file.seek(-len(end), os.SEEK_END)
    is_whole = file.read(len(end)) == end
    if not is_whole:  # or a program has appended bytes of its own
        file.seek(0)
        content = file.read()
        is_whole = content.rfind(end) > (content.rfind(_JPEG_SCAN) if end == _JPEG_END else 0)
    file.seek(place)
    if not is_whole:
        raise DataError(f"{path} is damaged: its end is missing.", AGAIN)


def _no_image(path: Path) -> DataError:
    """Say what a file holds that is no image."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        return DataError(f"{path} is empty (0 bytes).", AGAIN)
    if not head.strip(b"\0"):
        return DataError(f"{path} holds zero bytes where an image should start.", AGAIN)
    if head.startswith(b"version https://git-lfs"):
        return DataError(
            f"{path} is a Git LFS pointer, not the image.", "Run 'git lfs pull' where the files come from."
        )
    if b"/annex/objects/" in head:
        return DataError(
            f"{path} is a git-annex pointer, not the image.", "Run 'git annex get' where the files come from."
        )
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return DataError(f"{path} is a web page, not an image.", "Download it again, signed in if needed.")
    return DataError(f"{path} is not an image of a known format.", AGAIN)
