"""Label maps that a recipe has derived in a round.

They are kept as long as training needs them: until their round is committed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg.storage.packed_maps import PackedMaps

MAPS_NAME = "derived.bin"
INDEX_NAME = "derived.json"


class DerivedMaps(PackedMaps):
    """The derived label maps of one round, uint8 ``(H, W)``."""

    maps_name = MAPS_NAME
    index_name = INDEX_NAME
    dtype = "u1"

    def label(self, image_id: str) -> NDArray[np.uint8] | None:
        """Return the label map of an image, uint8 ``(H, W)``; None where none was derived.

        Raises:
            DamageError: If the file is missing or was changed since its checksum was compared; names it.
        """
        return self.of_image(image_id)
