"""Class mixing: some classes of one image are pasted on another; what belongs to pixels moves along."""

from __future__ import annotations

from typing import Literal

import torch

MixScope = Literal["image", "batch"]
"""Whether classes are drawn from those of the image itself, or of the whole batch."""


def draw_classes(labels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw half of the classes that occur, rounded up, without replacement.

    Args:
        labels: int64, of any shape; void counts as a class.
        generator: On the CPU.

    Returns:
        int64 ``((n + 1) // 2,)`` for ``n`` classes, in the order in which they were drawn.
    """
    classes: torch.Tensor = labels.unique()  # type: ignore[no-untyped-call]
    chosen = torch.randperm(len(classes), generator=generator)[: (len(classes) + 1) // 2]
    return classes[chosen.to(classes.device)]


def class_mask(labels: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return which pixels are of some classes, bool of the labels' shape.

    Args:
        labels: int64, of any shape.
        classes: int64 ``(k,)``.
    """
    return torch.isin(labels, classes)


def class_masks(labels: torch.Tensor, generator: torch.Generator, scope: MixScope = "image") -> torch.Tensor:
    """Draw classes for each image of a batch, and return which pixels they cover.

    Args:
        labels: int64 ``(B, H, W)``; void counts as a class.
        generator: On the CPU.
        scope: Whose classes are drawn from. With ``batch`` a class may be drawn that the image does not have.

    Returns:
        bool ``(B, H, W)``.

    Source:
        ``image``: Olsson et al., WACV 2021, arXiv:2007.07936, and Tranheden et al., WACV 2021,
        arXiv:2007.08702. ``batch``: the released code of Hoyer et al., CVPR 2022, arXiv:2111.14887.
    """
    drawn_from = labels if scope == "image" else [labels] * len(labels)
    pairs = zip(labels, drawn_from, strict=True)
    return torch.stack([class_mask(one, draw_classes(of, generator)) for one, of in pairs])


def paste(mask: torch.Tensor, pasted: torch.Tensor, under: torch.Tensor) -> torch.Tensor:
    """Return what is pasted where the mask is set, and what lies under it elsewhere.

    Images, label maps, weights and ids of regions are all mixed by this one function.

    Args:
        mask: bool ``(B, H, W)``.
        pasted: ``(B, H, W)`` or ``(B, C, H, W)``, of any type.
        under: Of the same shape and type.

    Raises:
        ValueError: If the shapes do not belong together.
    """
    if pasted.shape != under.shape or pasted.shape[-2:] != mask.shape[-2:] or len(pasted) != len(mask):
        raise ValueError(
            f"a mask {tuple(mask.shape)} cannot mix {tuple(pasted.shape)} with {tuple(under.shape)}"
        )
    return torch.where(mask if pasted.ndim == 3 else mask[:, None], pasted, under)
