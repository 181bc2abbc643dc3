"""Region maps of the images that a round has asked about, where the partition follows the network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.errors import AlsegError
from alseg.storage.packed_maps import PackedMaps

MAPS_NAME = "regions.bin"
INDEX_NAME = "regions.json"


class AskedRegions(PackedMaps):
    """The regions of one round, int32 ``(H, W)``, ids 0 to R - 1.

    Each row is stored as its difference to the one above, by exclusive or: rows of one image are alike.
    """

    maps_name = MAPS_NAME
    index_name = INDEX_NAME
    dtype = "<i4"

    def of_size(self, image_id: str, size: Size) -> NDArray[np.int32] | None:
        """Return the regions of an image, int32 ``(H, W)`` of a size; None where it has none here.

        Raises:
            AlsegError: If they are of another size, and so of other data.
        """
        if self.size(image_id) != tuple(size):
            raise AlsegError(
                f"{self.path} is of other data: {image_id} has another size there. Put the data back as they "
                "were, or begin the run anew with --fresh."
            )
        return self.of_image(image_id)

    @classmethod
    def stored(cls, values: NDArray[Any]) -> NDArray[Any]:
        """Return rows less those above, int32."""
        differences = values.astype(cls.dtype)
        differences[1:] ^= values[:-1]
        return differences

    @classmethod
    def restored(cls, stored: NDArray[Any]) -> NDArray[Any]:
        """Return ids from differences, int32.

        Raises:
            ValueError: If they are no ids 0 to R - 1.
        """
        ids: NDArray[np.int32] = np.bitwise_xor.accumulate(stored.astype(np.int32), axis=0)
        if ids.min() < 0 or ids.max() >= ids.size or not np.bincount(ids.ravel()).all():
            raise ValueError(f"ids from {ids.min()} to {ids.max()}")
        return ids
