"""Statistics over the regions of an image: means, sizes, commonest classes, places of the largest values."""

from __future__ import annotations

import torch

from alseg.contracts import IGNORE_INDEX, View


def parts_of(view: View) -> torch.Tensor:
    """Return which part of the pool each pixel of an image belongs to.

    Args:
        view: Of the image.

    Returns:
        int64 ``(H, W)`` on the device of the logits: the regions of the view's partition; all 0 where
        questions are about whole images.

    Raises:
        ValueError: If questions are about regions, but the view has none.
    """
    device = view.logits.device if not view.logits.is_meta else torch.device("cpu")
    if view.unit == "image":
        return torch.zeros(view.size, dtype=torch.int64, device=device)
    if view.regions is None:
        raise ValueError("the view has no regions: the method needs a partition")
    return view.regions.to(device=device, dtype=torch.int64)


def region_sizes(regions: torch.Tensor, count: int | None = None) -> torch.Tensor:
    """Return the number of pixels of each region.

    Args:
        regions: int ``(H, W)``, ids from 0.
        count: Number of regions, ``R``; the largest id plus 1 unless given.

    Returns:
        int64 ``(R,)`` on the device of the regions.
    """
    return torch.bincount(regions.flatten().long(), minlength=count or 0)


def region_means(values: torch.Tensor, regions: torch.Tensor, count: int | None = None) -> torch.Tensor:
    """Return the mean of a map over each region.

    Sums are taken in double precision, so that they do not depend on the order of the pixels.

    Args:
        values: float ``(H, W)`` or ``(D, H, W)``.
        regions: int ``(H, W)``, ids from 0.
        count: Number of regions, ``R``; the largest id plus 1 unless given.

    Returns:
        float64 ``(R,)`` or ``(R, D)`` on the device of the values; 0 for a region without pixels.

    Raises:
        ValueError: If the shapes differ.
    """
    if values.shape[-2:] != regions.shape or values.ndim not in (2, 3):
        raise ValueError(f"values are {tuple(values.shape)}, regions {tuple(regions.shape)}")
    ids = regions.to(values.device).flatten().long()
    sizes = region_sizes(ids, count)
    rows = values.reshape(-1, ids.numel()).double()
    sums = torch.zeros((len(rows), len(sizes)), dtype=torch.float64, device=values.device)
    sums.index_add_(1, ids, rows)
    means = sums / sizes.clamp(min=1)
    return means[0] if values.ndim == 2 else means.T.contiguous()


def region_counts(
    classes: torch.Tensor, regions: torch.Tensor, num_classes: int, count: int | None = None
) -> torch.Tensor:
    """Return how many pixels of each class each region has.

    Args:
        classes: int ``(H, W)``; 255 is left out.
        regions: int ``(H, W)``, ids from 0.
        num_classes: ``C``.
        count: Number of regions, ``R``; the largest id plus 1 unless given.

    Returns:
        int64 ``(R, C)`` on the device of the classes.

    Raises:
        ValueError: If the shapes differ, or a class is neither below ``num_classes`` nor 255.
    """
    if classes.shape != regions.shape:
        raise ValueError(f"classes are {tuple(classes.shape)}, regions {tuple(regions.shape)}")
    ids, labels = regions.to(classes.device).flatten().long(), classes.flatten().long()
    size = max(count or 0, int(ids.max()) + 1 if ids.numel() else 0)
    known = labels != IGNORE_INDEX
    if bool((labels[known] >= num_classes).any()):
        raise ValueError(f"a class is {int(labels[known].max())}, but there are {num_classes}")
    places = ids[known] * num_classes + labels[known]
    return torch.bincount(places, minlength=size * num_classes).reshape(size, num_classes)


def modal_classes(
    classes: torch.Tensor, regions: torch.Tensor, num_classes: int, count: int | None = None
) -> torch.Tensor:
    """Return the commonest class of each region, the first of equals.

    Args:
        classes: int ``(H, W)``; 255 is left out.
        regions: int ``(H, W)``, ids from 0.
        num_classes: ``C``.
        count: Number of regions, ``R``; the largest id plus 1 unless given.

    Returns:
        int64 ``(R,)`` on the device of the classes; 255 for a region without a class.
    """
    counts = region_counts(classes, regions, num_classes, count)
    most, modal = counts.max(dim=1)
    # max does not promise the first of equals.
    first = (counts == most[:, None]).int().argmax(dim=1)
    return torch.where(most > 0, first, torch.full_like(modal, IGNORE_INDEX))


def group_peaks(values: torch.Tensor, groups: torch.Tensor, count: int) -> torch.Tensor:
    """Return for each group and column the row with the largest value.

    Args:
        values: float ``(n, C)``, without NaN; no gradient passes.
        groups: int64 ``(n,)``, the group of each row, 0 to ``count - 1``.
        count: Number of groups, ``G``.

    Returns:
        int64 ``(G, C)``, indices of rows, the first of equals; -1 for a group without rows. The same on
        every device and in every order of work, without a loop over groups.
    """
    rows, columns = values.shape
    into = groups[:, None].expand(rows, columns)
    largest = values.new_full((count, columns), -torch.inf).scatter_reduce(0, into, values, "amax")
    numbers = torch.arange(rows, device=values.device)[:, None].expand(rows, columns)
    places = torch.where(values == largest[groups], numbers, rows)
    first = torch.full((count, columns), rows, device=values.device).scatter_reduce(0, into, places, "amin")
    return torch.where(first < rows, first, -1)
