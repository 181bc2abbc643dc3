"""An image being painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg_streets.geometry import View
from alseg_streets.looks import LOOKS, Look
from alseg_streets.paint import palette
from alseg_streets.scene import Coat, Label
from alseg_streets.statistics import Domain


class Canvas:
    """An image being painted: colours, labels and distances change together, through the same mask.

    Attributes:
        view: Camera and size.
        domain: Whose colours are used.
        look: Those colours.
        pixels: float32 ``(3, H, W)``, 0-255.
        labels: uint8 ``(H, W)``.
        nearness: float32 ``(H, W)``, 1 / distance in 1 / metres; 0 for the sky.
    """

    def __init__(self, view: View, domain: Domain) -> None:
        """Start with sky everywhere."""
        self.view = view
        self.domain = domain
        self.look: Look = LOOKS[domain]
        self.pixels = np.zeros((3, view.height, view.width), np.float32)
        self.labels = np.full((view.height, view.width), Label.SKY, np.uint8)
        self.nearness = np.zeros((view.height, view.width), np.float32)

    def put(
        self,
        rows: slice,
        columns: slice,
        mask: NDArray[np.bool_],
        colors: NDArray[np.float32],
        label: Label,
        nearness: NDArray[np.float32] | np.float32,
    ) -> None:
        """Paint where ``mask`` is True and nothing nearer has been painted.

        Args:
            rows: Of the image.
            columns: Of the image.
            mask: bool ``(h, w)``; changed.
            colors: float32 ``(3, h, w)``, 0-255.
            label: Class of all pixels painted.
            nearness: float32 ``(h, w)``, ``(w,)`` or one number, 1 / distance.
        """
        depth = self.nearness[rows, columns]
        mask &= depth <= nearness
        np.copyto(depth, nearness, where=mask)
        np.copyto(self.labels[rows, columns], np.uint8(label), where=mask)
        np.copyto(self.pixels[:, rows, columns], colors, where=mask)

    def colors(self, coat: Coat, light: float) -> NDArray[np.float32]:
        """Return the colours of all parts of one thing.

        Args:
            coat: The thing's own colours.
            light: Factor on all of them.

        Returns:
            float32 ``(3, parts)``.
        """
        colors = palette(self.domain).copy()
        for part, color in coat:
            colors[:, part] = color
        colors *= np.float32(light)
        return colors
