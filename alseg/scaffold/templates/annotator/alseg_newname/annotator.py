"""The errors of a simulated annotator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from alseg.contracts import Share, Size
from numpy.typing import NDArray


@dataclass(frozen=True)
class NewnameAnnotator:
    """Mistakes one class for another, throughout an image.

    Errors depend on the image alone: neither on rounds and questions nor on the seed of a run. So all
    methods ask the same annotator, and a resumed run gets the same answers.

    Attributes:
        share: Of the images in which a class is mistaken.
    """

    share: Share = 0.2

    def looked_at(self, places: NDArray[np.int64], size: Size, image_id: str) -> NDArray[np.int64]:
        """Return the pixels that the annotator takes for those asked about: the very same.

        Args:
            places: int64 ``(m,)``, ``y * width + x``.
            size: Height and width of the label map.
            image_id: The image.
        """
        return places

    def spoken(self, positions: NDArray[np.int32], num_classes: int, image_id: str) -> NDArray[np.int64]:
        """Return the class that the annotator says of each question in place of each class.

        Args:
            positions: int32 ``(n, 2)`` rows ``(y, x)``.
            num_classes: Of the label space, ``C``.
            image_id: The image.

        Returns:
            int64 ``(n, C + 1)``, void last.
        """
        said = np.tile(np.arange(num_classes + 1, dtype=np.int64), (len(positions), 1))
        digest = hashlib.sha256(image_id.encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        if num_classes > 1 and random.random() < self.share:
            mistaken, for_this = random.choice(num_classes, size=2, replace=False)
            said[:, mistaken] = for_this
        return said
