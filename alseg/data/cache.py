"""Resized images and label maps kept on disk: decoding and shrinking a photograph takes longer than all else.

Only data sets that can tell when a file has changed are kept, see `Stamped`.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, Size
from alseg.files import content_hash, write_atomically
from alseg.guard.answers import checked_image, checked_label
from alseg.registry.datasets import is_labelled
from alseg.toolkit.imaging import resize_image, resize_label_nearest

FORMAT = 2
"""Part of every file's name; another one when what is kept would differ."""

_CHECKSUM_BYTES = 4


@runtime_checkable
class Stamped(Protocol):
    """A data set that can tell when a file has changed."""

    def stamp(self, index: int) -> str:
        """Return a text that is another one whenever image, label map or their meaning may be."""
        ...


class CachedDataset:
    """A data set whose resized images and label maps are computed once and kept as files.

    Everything else is asked of the data set itself. It is pickled to loader workers, and several processes
    may share a folder: files appear complete or not at all.

    Args:
        dataset: A data set with ``stamp``.
        folder: Where files are kept, uncompressed; it may be deleted at any time.
    """

    def __init__(self, dataset: Dataset, folder: Path) -> None:
        if not isinstance(dataset, Stamped):
            raise TypeError(f"{type(dataset).__name__} has no stamp: changed files would go unnoticed")
        self._dataset, self._stamped, self._folder = dataset, dataset, folder

    @property
    def original(self) -> Dataset:
        """The data set that is kept, with all its methods."""
        return self._dataset

    @property
    def labelled(self) -> bool:
        """Whether the split has label maps."""
        return is_labelled(self._dataset)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._dataset)

    def image_id(self, index: int) -> str:
        """Return the image's name."""
        return self._dataset.image_id(index)

    def size(self, index: int) -> Size:
        """Return height and width of the label map."""
        return self._dataset.size(index)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the image at its native size, which is not kept."""
        return checked_image(self._dataset, self._dataset.image(index))

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map at its native size, which is not kept."""
        return checked_label(self._dataset, self._dataset.label(index))

    def stamp(self, index: int) -> str:
        """Return the data set's own stamp."""
        return self._stamped.stamp(index)

    def group(self, index: int) -> str:
        """Return the image's group; its own name where the data set has none."""
        group = getattr(self._dataset, "group", self._dataset.image_id)
        return str(group(index))

    def resized_image(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return an image, uint8 ``(3, h, w)``."""
        file = self._file("image", index, size)
        kept = _read(file, (3, *size))
        return kept if kept is not None else _write(file, resize_image(self.image(index), size))

    def resized_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return a label map in the data set's own classes, resized by nearest sampling, uint8 ``(h, w)``."""
        file = self._file("label", index, size)
        kept = _read(file, size)
        return kept if kept is not None else _write(file, resize_label_nearest(self.label(index), size))

    def _file(self, kind: str, index: int, size: Size) -> Path:
        name = content_hash([FORMAT, kind, *size, self._stamped.stamp(index)])
        return self._folder / name[:2] / f"{name}.bin"


def uncached(dataset: Dataset) -> Dataset:
    """Return the data set itself where a `CachedDataset` stands for it."""
    return dataset.original if isinstance(dataset, CachedDataset) else dataset


def resized_image(dataset: Dataset, index: int, size: Size) -> NDArray[np.uint8]:
    """Return an image resized, uint8 ``(3, h, w)``, from disk where it is kept there."""
    if isinstance(dataset, CachedDataset):
        return dataset.resized_image(index, size)
    return resize_image(checked_image(dataset, dataset.image(index)), size)


def resized_label(dataset: Dataset, index: int, size: Size) -> NDArray[np.uint8]:
    """Return a label map resized by nearest sampling, uint8 ``(h, w)``, from disk where it is kept there."""
    if isinstance(dataset, CachedDataset):
        return dataset.resized_label(index, size)
    return resize_label_nearest(checked_label(dataset, dataset.label(index)), size)


def _read(file: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return what is kept in a file; None where there is none, or another than was written."""
    try:
        content = np.fromfile(file, np.uint8)
    except OSError:
        return None
    if content.size != math.prod(shape) + _CHECKSUM_BYTES:
        return None
    pixels, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
    return pixels.reshape(shape) if checksum.tobytes() == _checksum(pixels) else None


def _write(file: Path, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Keep an array in a file, its bytes in row-major order and their checksum, and return it.

    Raises:
        AlsegError: If it cannot be written.
    """
    content = np.ascontiguousarray(pixels).data
    write_atomically(file, lambda opened: opened.write(content) and opened.write(_checksum(pixels)))
    return pixels


def _checksum(pixels: NDArray[np.uint8]) -> bytes:
    return zlib.crc32(np.ascontiguousarray(pixels).data).to_bytes(_CHECKSUM_BYTES, "little")
