"""What has been bought of a pool so far, purchase by purchase; no label map is needed to know it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset
from alseg.errors import AlsegError
from alseg.storage.ledger import Purchase, all_positions


class PurchaseHistory:
    """The purchases of a run.

    Args:
        dataset: The pool.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._purchases: list[Purchase] = []
        self.follow_pool()

    def follow_pool(self) -> None:
        """Take note that the pool is another one now; purchases stay."""
        dataset = self._dataset
        self._index = {dataset.image_id(index): index for index in range(len(dataset))}

    @property
    def image_ids(self) -> Sequence[str]:
        """The pool's images, in order."""
        return list(self._index)

    @property
    def purchases(self) -> Sequence[Purchase]:
        """All purchases, oldest first."""
        return tuple(self._purchases)

    @property
    def touched(self) -> Sequence[int]:
        """Indices of the images with bought labels, void ones included, in pool order."""
        return sorted({self._index[name] for purchase in self._purchases for name in purchase.spans})

    def index_of(self, image_id: str) -> int:
        """Return an image's place in the pool."""
        return self._index[image_id]

    def append(self, purchase: Purchase) -> None:
        """Add a purchase.

        Raises:
            AlsegError: If it is of an image that the pool has not.
        """
        unknown = sorted(purchase.spans.keys() - self._index.keys())
        if unknown:
            raise AlsegError(f"The purchases are damaged or of other data: there is no image {unknown[0]!r}.")
        self._purchases.append(purchase)

    def positions(self, image_id: str) -> NDArray[np.int32]:
        """Return where an image has been asked about, int32 ``(m, 2)`` rows ``(y, x)``."""
        return all_positions(self._purchases, image_id)

    def regions(self, image_id: str) -> NDArray[np.int32] | None:
        """Return the regions of an image as they were when it was last asked about, int32 ``(H, W)``.

        None where it was not, or its regions are the same in all rounds.

        Raises:
            DamageError: If the file that holds them is missing or was changed; names it.
        """
        for purchase in reversed(self._purchases):
            if image_id in purchase.spans:
                return None if purchase.regions is None else purchase.regions.of_image(image_id)
        return None

    def pixels_bought(self, image_id: str) -> int:
        """Return how many pixels of an image have been bought, void ones included."""
        return sum(_pixels_of(purchase, image_id) for purchase in self._purchases)

    def clicks_bought(self, image_id: str) -> int:
        """Return how many clicks the answers about an image have cost."""
        return sum(purchase.clicks_of(image_id) for purchase in self._purchases)

    @property
    def questions(self) -> int:
        """How many questions have been answered, about all images together."""
        return sum(len(purchase.rows) for purchase in self._purchases)

    def pixels_by_purchase(self) -> list[NDArray[np.int64]]:
        """Return how many pixels each purchase has bought of each image, int64 ``(images,)``."""
        found = []
        for purchase in self._purchases:
            pixels = np.zeros(len(self._index), np.int64)
            for image_id in purchase.spans:
                pixels[self._index[image_id]] = _pixels_of(purchase, image_id)
            found.append(pixels)
        return found


def _pixels_of(purchase: Purchase, image_id: str) -> int:
    return int(purchase.of_image(image_id)["pixels"].sum(dtype=np.int64))
