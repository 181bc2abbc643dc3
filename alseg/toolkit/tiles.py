"""Large images as tiles: every tile is an image of its own, and the tiles of one image are one group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.toolkit.label_files import Ids
from alseg.toolkit.paired_files import PairedFiles


class Tile(NamedTuple):
    """One tile: number of its image, first row and column, height and width in pixels."""

    image: int
    top: int
    left: int
    height: int
    width: int


def spans(length: int, tile: int, overlap: int = 0) -> list[tuple[int, int]]:
    """Cut one side of an image into parts.

    Args:
        length: Of the side, in pixels.
        tile: Most pixels of a part.
        overlap: Pixels that neighbours share, below ``tile``.

    Returns:
        Start and length of each part, in order: as few parts as are possible, of equal length but for a pixel
        and for the ends, which have a neighbour on one side only. The side itself where it is short enough.
    """
    if length <= tile:
        return [(0, length)]
    count = -(-length // (tile - overlap))
    edges = [part * length // count for part in range(count + 1)]
    before, after = overlap // 2, overlap - overlap // 2
    starts = [max(0, edge - before) for edge in edges[:-1]]
    ends = [min(length, edge + after) for edge in edges[1:]]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


class TiledFiles:
    """A split of which images are cut into tiles; sizes come from headers.

    A tile's image id is that of its image with the place of its first pixel: ``0001_y0000_x1024``. The image
    that was read last is kept, since its tiles are usually wanted one after the other.

    Args:
        files: The whole images.
        tile: Most pixels of a side.
        overlap: Pixels that neighbours share; such pixels are there twice.

    Raises:
        ValueError: If tiles would not be larger than what they share.
        DataError: As `PairedFiles.size`, for any image.
    """

    def __init__(self, files: PairedFiles, tile: int, overlap: int = 0) -> None:
        if not 0 <= overlap < tile:
            raise ValueError(f"overlap must be at least 0 and below the tile's {tile} pixels, got {overlap}")
        self.files = files
        self._sizes = tuple(files.size(index) for index in range(len(files)))
        self.tiles = tuple(
            Tile(index, top, left, height, width)
            for index, size in enumerate(self._sizes)
            for top, height in spans(size[0], tile, overlap)
            for left, width in spans(size[1], tile, overlap)
        )
        self._kept: dict[str, tuple[int, Any]] = {}

    def __getstate__(self) -> Mapping[str, Any]:
        """Leave out the pixels that are kept."""
        return {**self.__dict__, "_kept": {}}

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.tiles)

    @property
    def labelled(self) -> bool:
        """Whether the split has label maps."""
        return self.files.labelled

    def image_id(self, index: int) -> str:
        """Return the image's id and the place of the tile; that of the image where it is one tile."""
        tile = self.tiles[index]
        name = self.files.image_id(tile.image)
        if self._sizes[tile.image] == (tile.height, tile.width):
            return name
        return f"{name}_y{tile.top:04d}_x{tile.left:04d}"

    def group(self, index: int) -> str:
        """Return the image's group; the image where it has none."""
        return self.files.group(self.tiles[index].image)

    def size(self, index: int) -> Size:
        """Return height and width of the tile."""
        return self.tiles[index].height, self.tiles[index].width

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image of the tile, uint8 ``(H, W, 3)``; raises as `PairedFiles.image`."""
        number = self.tiles[index].image
        kept = self._kept.get("image")
        if kept is None or kept[0] != number:
            self._kept["image"] = kept = (number, self.files.image(number))
        return self._cut(kept[1], index)

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map of the tile, uint8 ``(H, W)``; raises as `PairedFiles.label`."""
        return self.label_and_ids(index)[0]

    def label_and_ids(self, index: int) -> tuple[NDArray[np.uint8], Ids]:
        """Return the label map of the tile in class indices and in raw ids; raises as `PairedFiles.label`."""
        number = self.tiles[index].image
        kept = self._kept.get("label")
        if kept is None or kept[0] != number:
            self._kept["label"] = kept = (number, self.files.label_and_ids(number))
        label, ids = kept[1]
        return self._cut(label, index), self._cut(ids, index)

    def ids_problem(self, ids: Mapping[int, int]) -> str | None:
        """Return what is wrong with the ids of the split, or None."""
        return self.files.ids_problem(ids)

    def stamp(self, index: int) -> str:
        """Return the stamp of the image and the place of the tile."""
        tile = self.tiles[index]
        return f"{self.files.stamp(tile.image)}\n{tile[1:]}"

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return the look-up table from class indices to raw ids, uint8 ``(256,)``."""
        return self.files.raw_ids()

    def _cut(self, pixels: NDArray[Any], index: int) -> NDArray[Any]:
        """Return a copy of the tile's pixels."""
        _, top, left, height, width = self.tiles[index]
        return np.ascontiguousarray(pixels[top : top + height, left : left + width]).copy()
