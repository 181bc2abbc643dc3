"""Regions from files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from alseg import AlsegError, DataError
from alseg.toolkit.imaging import read_label
from alseg_partitions.superpixels import numbered

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


_WANTED = "Save regions as PNG with one id for each pixel, of 8 or 16 bits, at the size of the label map."


@dataclass(frozen=True)
class Masks:
    """One image of ids for each image, 8 or 16 bits, at the size of the label map.

    Attributes:
        root: Folder of the files.
        pattern: Path of a file below the root, with ``{image_id}`` for the data set's name of the image.
    """

    root: str
    pattern: str = "{image_id}.png"

    def __post_init__(self) -> None:
        """Refuse a pattern that leads to the same file for every image."""
        if "{image_id}" not in self.pattern:
            raise AlsegError(
                f"Partition 'file': pattern {self.pattern!r} names one file for all images. Write "
                "{image_id} where the image's name belongs."
            )

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the region of each pixel, int32 ``(H, W)``, ids in the order of those in the file.

        Raises:
            DataError: If the file is missing, damaged or of another size than the image.
        """
        path = self._file(image_id)
        try:
            ids = read_label(path)
        except DataError as error:
            raise DataError(error.problem, _WANTED) from error
        if ids.shape != image.shape[:2]:
            raise DataError(
                f"{path} is {ids.shape[0]} x {ids.shape[1]} pixels (height x width), the image "
                f"{image.shape[0]} x {image.shape[1]}.",
                _WANTED,
            )
        return numbered(ids)

    def stamp(self, image_id: str) -> str:
        """Return a text that is another one whenever the file may be."""
        path = self._file(image_id)
        try:
            status = path.stat()
        except OSError:
            return f"{path} missing"
        return f"{path} {status.st_size} {status.st_mtime_ns}"

    def _file(self, image_id: str) -> Path:
        return Path(self.root).expanduser() / self.pattern.replace("{image_id}", image_id)
