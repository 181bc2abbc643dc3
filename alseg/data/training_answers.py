"""What training sees of the answers about one image; no torch, as whoever only draws them needs none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TrainingAnswers:
    """A training label map and the answers that gave it.

    Attributes:
        label: uint8 ``(h, w)`` in the scenario's label space, 255 where unknown.
        regions: int32 ``(h, w)``, the question that revealed each pixel, -1 where none did.
        classes: bool ``(n, C + 1)``, the classes that each answer leaves possible, void last.
    """

    label: NDArray[np.uint8]
    regions: NDArray[np.int32]
    classes: NDArray[np.bool_]
