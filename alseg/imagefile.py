"""Opening image files: what Pillow raises becomes a `DataError` that names the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from alseg.errors import DataError

AGAIN = "Copy or unpack it again."


@contextmanager
def opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an image and turn whatever Pillow raises, now or while decoding, into a `DataError`."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. {AGAIN}") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder, not an image file. {AGAIN}") from error
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise DataError(
            f"{path} claims more than {limit} pixels, which Pillow refuses to decode. {AGAIN}"
        ) from error
    except UnidentifiedImageError as error:
        empty = path.stat().st_size == 0
        what = "is empty (0 bytes)" if empty else "is not an image of a known format"
        raise DataError(f"{path} {what}. {AGAIN}") from error
    except OSError as error:
        if error.errno is not None:
            raise DataError(f"Cannot read {path}: {error.strerror}. Make the file readable.") from error
        raise DataError(f"{path} is damaged: {error}. {AGAIN}") from error
    except (SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}. {AGAIN}") from error


def raw_mode(image: ImageFile.ImageFile) -> str:
    """Return how the file stores pixels, in Pillow's words, such as ``RGB;16B``."""
    arguments = image.tile[0][3] if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)
