"""A second classifier on the backbone of a network, trained to differ from the first where it may."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from alseg import AlsegError
from alseg.contracts import IGNORE_INDEX


def second_of(network: Any) -> nn.Module:
    """Return a network with the same backbone and another head, which alone is trained.

    Each weight of the head begins with the values of the first head's in a random order, as if it had been
    drawn from the same distribution; biases and scales begin as they are. Torch's global generator draws it.

    Args:
        network: A `SegmentationModel` that is a module.

    Raises:
        AlsegError: If the network has no head.
    """
    second = copy.deepcopy(network).requires_grad_(False)
    weights = list(second.head_parameters())
    if not weights:
        raise AlsegError(
            f"Recipe 'two-classifiers': network {type(network).__name__} has no head, so there cannot be a "
            "second one. Choose another network or recipe."
        )
    with torch.no_grad():
        for weight in weights:
            weight.requires_grad_(True)
            if weight.ndim > 1:
                order = torch.randperm(weight.numel()).to(weight.device)
                weight.copy_(weight.flatten()[order].reshape(weight.shape))
    module: nn.Module = second
    return module


def follow_backbone(second: nn.Module, network: nn.Module) -> None:
    """Give a second classifier the parameters of the network's backbone; buffers stay its own.

    Args:
        second: From `second_of`; changed in place.
        network: The network, with new weights.
    """
    for own, parameter in zip(second.parameters(), network.parameters(), strict=True):
        if not own.requires_grad:
            own.copy_(parameter)


def with_pseudo_labels(labels: torch.Tensor, probs: torch.Tensor, threshold: float) -> torch.Tensor:
    """Return bought labels, and where there are none the likeliest class of pixels that are sure.

    Args:
        labels: int64 ``(B, H, W)``, 255 where none was bought.
        probs: float ``(B, C, H, W)``, softmax of the first classifier.
        threshold: Probability from which on a pixel is sure; others stay 255.
    """
    confidence, classes = probs.max(dim=1)
    guessed = torch.where(confidence >= threshold, classes, IGNORE_INDEX)
    return torch.where(labels == IGNORE_INDEX, guessed, labels)


def agreement(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return how much of two predictions is common, a scalar from 0 to 1: ``sum_c min(p_c, q_c)``.

    It is 1 less half the sum of absolute differences.

    Args:
        first: float ``(B, C, H, W)``, a softmax.
        second: The other one.
        labels: int64 ``(B, H, W)``; the mean is over pixels that are 255 here.

    Returns:
        0 where there is no such pixel.
    """
    open_pixels = (labels == IGNORE_INDEX).float()
    common = torch.minimum(first, second).sum(dim=1)
    return (common * open_pixels).sum() / open_pixels.sum().clamp(min=1)
