"""Networks of which no rank can compute its own rows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from timm.layers.drop import DropBlock2d

from toys import TinyNet


class Network(TinyNet):
    """Changes features of the whole batch.

    Args:
        change: How.
    """

    def __init__(self, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__(3)
        self._change = change

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self._change(super().features(images))


def mixing(num_classes: int) -> Network:
    """Return a network that subtracts the mean over the batch, with a batch norm of its own, as it were."""
    return Network(lambda maps: maps - maps.mean((0, 2, 3), keepdim=True))


def across(num_classes: int) -> Network:
    """Return a network that drops rows of a map whose batch comes second."""
    return Network(lambda maps: torch.nn.functional.dropout(maps.movedim(1, 0), 0.5).movedim(0, 1))


def seldom(num_classes: int) -> Network:
    """Return a network that draws numbers that belong to no image, as many as images on one device."""
    return Network(lambda maps: maps * torch.rand(len(maps)).sum())


def rectified(num_classes: int) -> Network:
    """Return a network that draws where values are below 0, which are those of all images."""
    return Network(torch.nn.RReLU())


def normalised(num_classes: int) -> Network:
    """Return a network that drops blocks, and scales the others by the share that is left of the batch."""
    return Network(DropBlock2d(0.3, 3))
