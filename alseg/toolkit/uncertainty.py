"""What acquisitions read from logits, in one pass over them.

Nothing of the logits' size is ever made: the result is one map per statistic, and the working memory is a
strip or two. On the CPU strips fit the cache and are shared out among threads; on a GPU one kernel computes
everything; elsewhere, or without Triton, torch computes a few large strips. The formulas are the same.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch

from alseg.toolkit._kernels import uncertainty_cpu
from alseg.toolkit._kernels.device_choice import use_triton

Statistic = Literal["entropy", "confidence", "margin", "classes"]
"""A map that `statistics` can compute."""

MAX_CLASSES = 255
"""Class maps are uint8, and 255 is void."""

_STRIPS_ON_A_DEVICE = 8


class Statistics(NamedTuple):
    """Maps computed from the logits of one image, each ``(H, W)`` on their device; None where not asked for.

    Attributes:
        entropy: float32, entropy of the class distribution in nats, 0 to log C.
        confidence: float32, probability of the likeliest class, 1 / C to 1.
        margin: float32, gap between the probabilities of the two likeliest classes, 0 to 1.
        classes: uint8, the likeliest class; the first of equals.
    """

    entropy: torch.Tensor | None = None
    confidence: torch.Tensor | None = None
    margin: torch.Tensor | None = None
    classes: torch.Tensor | None = None


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of the softmax of float ``(C, H, W)`` in nats, float32 ``(H, W)``, 0 to log C.

    Args:
        logits: Float ``(C, H, W)``.
    """
    return _only(statistics(logits, "entropy").entropy)


def confidence(logits: torch.Tensor) -> torch.Tensor:
    """Return the largest softmax probability of float ``(C, H, W)``, float32 ``(H, W)``, 1 / C to 1.

    Args:
        logits: Float ``(C, H, W)``.
    """
    return _only(statistics(logits, "confidence").confidence)


def margin(logits: torch.Tensor) -> torch.Tensor:
    """Return the gap of the two largest probabilities of float ``(C, H, W)``, float32 ``(H, W)``, 0 to 1.

    Args:
        logits: Float ``(C, H, W)``.

    Raises:
        ValueError: If there is one class only.
    """
    return _only(statistics(logits, "margin").margin)


def bvsb(logits: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Return best versus second best: the second largest probability over the largest.

    Args:
        logits: float ``(C, H, W)``.
        temperature: Divides the logits before the softmax, more than 0. It does not change ranks of pixels.

    Returns:
        float32 ``(H, W)``, 0 to 1; 1 where two classes are equally likely.

    Raises:
        ValueError: If there is one class only, or the temperature is not more than 0.

    Source:
        Joshi, Porikli and Papanikolopoulos, CVPR 2009, took the gap; the ratio is that of Cai et al., CVPR
        2021. Ratio and gap rank pixels differently.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be more than 0, not {temperature}")
    maps = statistics(logits if temperature == 1 else logits / temperature, "confidence", "margin")
    return (1 - _only(maps.margin) / _only(maps.confidence)).clamp_(min=0)


def classes(logits: torch.Tensor) -> torch.Tensor:
    """Return the likeliest class of float ``(C, H, W)``, uint8 ``(H, W)``; the first of equals.

    Args:
        logits: Float ``(C, H, W)``.
    """
    return _only(statistics(logits, "classes").classes)


def statistics(logits: torch.Tensor, *wanted: Statistic) -> Statistics:
    """Compute several maps in one pass over the logits.

    Args:
        logits: float ``(C, H, W)`` on any device; ``-inf`` is a class with probability 0. Half precision
            is computed in float32; on the CPU it is converted as a whole first.
        wanted: Which maps to compute.

    Returns:
        The maps asked for, on the device of the logits. A pixel with a logit that is NaN or ``+inf`` is NaN
        in float maps.

    Raises:
        ValueError: If ``logits`` are not a float ``(C, H, W)``, there are more than 255 classes, or a margin
            is asked for where there is one class only.
    """
    if logits.ndim != 3 or not logits.is_floating_point():
        raise ValueError(f"logits must be float (C, H, W), not {logits.dtype} {tuple(logits.shape)}")
    num_classes, height, width = logits.shape
    least = 2 if "margin" in wanted else 1
    if not least <= num_classes <= MAX_CLASSES:
        raise ValueError(f"logits must have {least} to {MAX_CLASSES} classes, not {num_classes}")
    logits = logits.detach()
    maps: dict[str, torch.Tensor] = {
        name: torch.empty(
            (height, width), dtype=torch.uint8 if name == "classes" else torch.float32, device=logits.device
        )
        for name in wanted
    }
    if logits.device.type == "cpu":
        uncertainty_cpu.fill(logits.float().numpy(), {name: values.numpy() for name, values in maps.items()})
    elif use_triton(logits.device):
        # Imported here, because Triton is not everywhere.
        from alseg.toolkit._kernels import uncertainty_triton

        uncertainty_triton.fill(logits, maps)
    else:
        _fill_on_device(logits, Statistics(**maps))
    return Statistics(**maps)


def _fill_on_device(logits: torch.Tensor, maps: Statistics) -> None:
    """Compute the maps in a few strips, each large enough to keep a GPU busy."""
    num_classes, height, width = logits.shape
    rows = max(1, -(-height // _STRIPS_ON_A_DEVICE))
    scratch = torch.empty((2, num_classes, rows, width), dtype=torch.float32, device=logits.device)
    for top in range(0, height, rows):
        strip = slice(top, top + rows)
        part = logits[:, strip].float()
        filled = Statistics(*(None if values is None else values[strip] for values in maps))
        _fill_strip(part, scratch[:, :, : part.shape[1]], filled)


def _fill_strip(logits: torch.Tensor, scratch: torch.Tensor, maps: Statistics) -> None:
    """Compute the maps of one strip.

    With d the distance of each logit to the largest and Z the sum of exp(d), the largest probability is 1 / Z
    and the entropy log Z - sum(d exp(d)) / Z: no division and no logarithm per class.

    Args:
        logits: float32 ``(C, h, W)``.
        scratch: float32 ``(2, C, h, W)``, overwritten.
        maps: Views of the result maps, filled here.
    """
    distance, weight = scratch
    torch.sub(logits, logits.amax(dim=0), out=distance)
    if maps.classes is not None:
        # max(dim) with indices reads its input slowly; the first class at distance 0 has the highest rank.
        num_classes = len(logits)
        rank = torch.arange(num_classes, 0, -1, dtype=torch.uint8, device=logits.device)[:, None, None]
        is_first = torch.eq(distance, 0, out=weight).to(torch.uint8)
        highest = is_first.mul_(rank).amax(dim=0)
        torch.sub(num_classes, highest.clamp_(min=1), out=maps.classes)
    if maps.entropy is None and maps.confidence is None and maps.margin is None:
        return
    # Without the clamp, impossible classes (-inf) would give 0 * -inf, and exponentials that underflow take
    # the CPU ten times as long. exp(-80) is nothing beside the 1 of the largest. NaN passes.
    torch.exp(distance.clamp_(min=-80), out=weight)
    total = weight.sum(dim=0)
    if maps.confidence is not None:
        torch.reciprocal(total, out=maps.confidence)
    if maps.entropy is not None:
        torch.sub(total.log(), distance.mul_(weight).sum(dim=0).div_(total), out=maps.entropy)
    if maps.margin is not None:
        is_first = torch.eq(weight, 1, out=distance)
        tied = is_first.sum(dim=0) > 1
        second = weight.sub_(is_first).amax(dim=0).masked_fill_(tied, 1)
        torch.div(1 - second, total, out=maps.margin)


def _only(values: torch.Tensor | None) -> torch.Tensor:
    """Return the one map that was asked for."""
    assert values is not None
    return values
