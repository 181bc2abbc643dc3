"""How far features have moved from those that the backbone began with."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import nn
from torch.nn import functional

from alseg.contracts import IGNORE_INDEX


class FirstBackbone(nn.Module):
    """Gives the backbone features that a network has when this is made, in evaluation and without gradient.

    It has no state of its own: beside a fresh network it is always made alike, so checkpoints leave it out.

    Args:
        network: A `SegmentationModel` with ``backbone_features``; copied.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self.register_state_dict_post_hook(_forget_state)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(_miss_nothing)  # type: ignore[no-untyped-call]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images, float ``(B, 3, H, W)``, to features, float ``(B, D, h, w)``."""
        with torch.no_grad():
            features: torch.Tensor = self.network.backbone_features(images)
        return features

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation."""
        return super().train(False)


def _forget_state(module: nn.Module, state: dict[str, Any], prefix: str, metadata: dict[str, Any]) -> None:
    for name in [name for name in state if name.startswith(f"{prefix}network.")]:
        del state[name]


def _miss_nothing(module: nn.Module, keys: Any) -> None:
    keys.missing_keys.clear()


def cells_of(
    labels: torch.Tensor, size: tuple[int, int], classes: Sequence[int], least_share: float, num_classes: int
) -> torch.Tensor:
    """Return the cells of a coarser grid whose most frequent class is one of some classes.

    Args:
        labels: int64 ``(B, H, W)``; void counts as a class of its own.
        size: Height and width of the grid. Where it does not divide the label map, cells overlap by a pixel.
        classes: Indices of the classes.
        least_share: Share of a cell's pixels that the class must have.
        num_classes: Of the label space.

    Returns:
        bool ``(B, h, w)``.
    """
    known = torch.where(labels == IGNORE_INDEX, num_classes, labels)
    planes = functional.one_hot(known, num_classes + 1).movedim(-1, 1).float()
    share, label = functional.adaptive_avg_pool2d(planes, size).max(dim=1)
    return (share >= least_share) & torch.isin(label, torch.tensor(classes, device=label.device))


def feature_distance(features: torch.Tensor, first: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Return the mean Euclidean distance between features and first ones, over some cells.

    Args:
        features: float ``(B, D, h, w)``.
        first: The same, of the backbone as it began.
        cells: bool ``(B, h, w)``.

    Returns:
        Scalar; 0, with a gradient of 0, where there is no cell.
    """
    distance: torch.Tensor = torch.linalg.vector_norm(features - first, dim=1)
    return (distance * cells).sum() / cells.sum().clamp(min=1)
