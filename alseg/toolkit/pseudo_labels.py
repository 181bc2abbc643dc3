"""Labels for each pixel, derived from sets of classes of regions and from features."""

from __future__ import annotations

import torch
from torch.nn import functional

from alseg.contracts import IGNORE_INDEX
from alseg.toolkit.interpolation import Window, products_in, values_at
from alseg.toolkit.regions import group_peaks


def set_pseudo_labels(
    probs: torch.Tensor,
    features: torch.Tensor,
    regions: torch.Tensor,
    asked: torch.Tensor,
    sets: torch.Tensor,
    *,
    expand: bool = True,
) -> torch.Tensor:
    """Return a class for each pixel of the regions asked about, and for like pixels of their neighbours.

    The *prototype* of a region and a class of its set is the feature at the region's pixel at which the class
    is most probable. Each pixel asked about gets the class of the prototype of its region that is most
    similar, by inner product. A prototype also labels pixels of adjacent regions, diagonal ones included,
    that were not asked about and are more similar to it than the median of the pixels that it labels in its
    own region (of an even number the lower one). Of several such prototypes of a region the most similar one
    counts, of several regions the one with the largest id.

    Args:
        probs: float ``(C, H, W)``, softmax, or other values that rank the pixels of a class.
        features: float ``(D, h, w)``; resized to ``(H, W)`` as logits are (bilinear, corners aligned).
        regions: int ``(H, W)``, ids 0 to R - 1.
        asked: bool ``(H, W)``, the pixels of regions that were asked about.
        sets: bool ``(R, C)``, the classes of each region that was asked about; or ``(R, C + 1)`` with void
            last, which has no prototype.
        expand: Whether adjacent regions are labelled too.

    Returns:
        uint8 ``(H, W)`` on the device of ``probs``, 255 where nothing is known. Time is that of one pass over
        the region and its neighbours for each region asked about.

    Raises:
        ValueError: If the shapes do not fit.

    Source:
        Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319, second stage. Same as the released code, but
        for a pixel of a neighbour that is like enough to one prototype and even more similar to another one
        without being like enough to that: the released code gives it the other one's class.
    """
    num_classes, height, width = probs.shape
    if regions.shape != (height, width) or asked.shape != (height, width):
        raise ValueError(
            f"probs are {tuple(probs.shape)}, regions {tuple(regions.shape)}, asked {tuple(asked.shape)}"
        )
    if sets.shape[1] not in (num_classes, num_classes + 1):
        raise ValueError(f"sets have {sets.shape[1]} classes, the probabilities {num_classes}")
    device, size = probs.device, (height, width)
    ids, asked = regions.to(device).long(), asked.to(device)
    known, features = sets[:, :num_classes].to(device), features.to(device)
    own = torch.full(size, IGNORE_INDEX, dtype=torch.uint8, device=device)
    around = own.clone()
    pixels = asked.nonzero()
    peaks = group_peaks(probs[:, asked].T.contiguous(), ids[asked], len(sets))
    boxes = _boxes(ids, len(sets))
    for region in torch.unique(ids[asked]).tolist():
        classes = known[region].nonzero().flatten()
        if not len(classes):
            continue
        neighbours = _with_neighbours(ids, region, boxes[region]) if expand else [region]
        window = _window(boxes[neighbours])
        places = pixels[peaks[region, classes]]
        prototypes = values_at(features, places, size)
        similarity = products_in(prototypes, features, window, size)
        part, inside = ids[window], asked[window]
        mine = inside & (part == region)
        nearest = similarity.argmax(dim=0)
        own[window][mine] = classes[nearest[mine]].byte()
        if expand:
            near = ~inside & torch.isin(part, torch.tensor(neighbours, device=device))
            like = near & (similarity > _medians(similarity[:, mine], nearest[mine])[:, None, None])
            best = similarity.masked_fill(~like, -torch.inf).argmax(dim=0)
            reached = like.any(dim=0)
            around[window][reached] = classes[best[reached]].byte()
    return torch.where(asked, own, around)


def _boxes(ids: torch.Tensor, count: int) -> torch.Tensor:
    """Return the rectangle of each region on the CPU, int64 ``(R, 4)``: top, left, bottom and right pixel."""
    rows, columns = torch.ones_like(ids).nonzero().T
    least, most = (
        [
            torch.full((count,), start, device=ids.device).scatter_reduce(0, ids.flatten(), places, extreme)
            for places in (rows, columns)
        ]
        for start, extreme in ((max(ids.shape), "amin"), (-1, "amax"))
    )
    return torch.stack([*least, *most], dim=1).cpu()


def _window(boxes: torch.Tensor, margin: int = 0) -> Window:
    """Return the rectangle around boxes, wider by a margin as far as there is an image above and left."""
    top, left = (max(0, int(edge) - margin) for edge in boxes[:, :2].amin(dim=0))
    bottom, right = (int(edge) + margin + 1 for edge in boxes[:, 2:].amax(dim=0))
    return slice(top, bottom), slice(left, right)


def _with_neighbours(ids: torch.Tensor, region: int, box: torch.Tensor) -> list[int]:
    """Return the region and those that touch it, diagonally too."""
    part = ids[_window(box[None], margin=1)]
    mask = (part == region).float()[None]
    near = functional.max_pool2d(mask, 3, stride=1, padding=1)[0] > 0
    touched: list[int] = torch.unique(part[near]).tolist()
    return touched


def _medians(similarity: torch.Tensor, nearest: torch.Tensor) -> torch.Tensor:
    """Return for each prototype the lower median of the pixels that it labels, infinite where there is none.

    Args:
        similarity: float ``(K, n)`` of prototypes and pixels.
        nearest: int64 ``(n,)``, the prototype that labels each pixel.
    """
    own = (values[nearest == number] for number, values in enumerate(similarity))
    return torch.stack([values.median() if len(values) else values.new_tensor(torch.inf) for values in own])
