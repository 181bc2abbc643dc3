"""One vector a part: means of features and probabilities over the regions of an image, or over all of it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from alseg.contracts import Observations, PartsView, Size, View
from alseg.toolkit.regions import parts_of, region_means

_PROJECTION_SEED = 0

_MOST_WEIGHTS = 2**25
"""Numbers of the largest table that is faster than a sparse one from the start, 268 MB."""


def part_probs(view: View) -> torch.Tensor:
    """Return the mean softmax of each part, float32 ``(R, C)`` on the CPU; one row for a whole image.

    Args:
        view: Of the image. The spec of an acquisition needs ``logits`` or ``probs``, which is the same.
    """
    return part_means(view.probs, view)


def part_means(values: torch.Tensor, view: View) -> torch.Tensor:
    """Return the mean of maps over each part, sums in float64.

    Args:
        values: float ``(H, W)`` or ``(D, H, W)``, at label size.
        view: Of the image.

    Returns:
        float32 ``(R,)`` or ``(R, D)`` on the CPU; R is 1 for a whole image.
    """
    if view.unit == "image":
        return values.double().mean(dim=(-2, -1))[None].float().cpu()
    return region_means(values, parts_of(view)).float().cpu()


def part_features(view: View, dimensions: int | None) -> torch.Tensor:
    """Return the mean feature of each part.

    Args:
        view: With features.
        dimensions: Most numbers to keep of a feature. Where the model has more, a random projection reduces
            them, see `projected`. None keeps all.

    Returns:
        float32 ``(R, min(D, dimensions))`` on the CPU: 4 bytes times that many for each part. Over a whole
        image the mean of the feature map, over regions that of the map resized to label size.

    Raises:
        ValueError: If the view has no features.
    """
    if view.features is None:
        raise ValueError("the view has no features: the acquisition's spec must name them in its needs")
    if view.unit == "image":
        means = view.features.double().mean(dim=(1, 2))[None].cpu()
    else:
        means = resized_means(view.features, parts_of(view))
    return (means if dimensions is None else projected(means, dimensions)).float()


def resized_means(features: torch.Tensor, parts: torch.Tensor, count: int | None = None) -> torch.Tensor:
    """Return means over parts of features resized to label size, without resizing them.

    Resizing is linear (bilinear, corners aligned, as logits are), so that a mean is a weighted sum of the few
    cells of the feature map that a part touches.

    Args:
        features: float ``(D, h, w)``.
        parts: int ``(H, W)``, ids from 0; pixels below 0 are left out.
        count: Number of parts, ``R``; the largest id plus 1 unless given.

    Returns:
        float64 ``(R, D)`` on the CPU; 0 for a part without pixels.
    """
    ids = parts.cpu().numpy()
    number = max(count or 0, int(ids.max()) + 1 if ids.size else 0)
    # Pixels of no part make one more row.
    weights = _cell_weights(
        np.where(ids < 0, number, ids), number + 1, (features.shape[1], features.shape[2])
    )
    sums = weights @ features.detach().flatten(1).T.double().cpu().numpy()
    totals = np.asarray(weights.sum(axis=1)).reshape(-1, 1)
    return torch.from_numpy((sums / np.maximum(totals, 1))[:number])


def _cell_weights(ids: NDArray[np.int64], count: int, size: Size) -> sparse.csr_matrix[np.float64]:
    """Return how much each cell of a map counts in the sum over each part of the map resized.

    Args:
        ids: ``(H, W)``, parts 0 to ``count - 1``.
        count: Number of parts, ``R``.
        size: Of the map, ``(h, w)``.

    Returns:
        ``(R, h * w)``; a row sums to the pixels of its part.
    """
    height, width = size
    top, bottom, down = _axis(ids.shape[0], height)
    left, right, across = _axis(ids.shape[1], width)
    corners = (
        (top, left, 1 - down, 1 - across),
        (top, right, 1 - down, across),
        (bottom, left, down, 1 - across),
        (bottom, right, down, across),
    )
    if count * height * width > _MOST_WEIGHTS:
        cells = np.concatenate([(y[:, None] * width + x).ravel() for y, x, *_ in corners])
        shares = np.concatenate([np.outer(by_row, by_column).ravel() for *_, by_row, by_column in corners])
        return sparse.csr_matrix((shares, (np.tile(ids.ravel(), 4), cells)), shape=(count, height * width))
    weights = np.zeros(count * height * width)
    first_cells = ids.astype(np.int64) * (height * width)
    for y, x, by_row, by_column in corners:
        cells = (first_cells + (y[:, None] * width + x)).ravel()
        weights += np.bincount(cells, weights=np.outer(by_row, by_column).ravel(), minlength=len(weights))
    return sparse.csr_matrix(weights.reshape(count, height * width))


def _axis(wide: int, coarse: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return for each pixel of an axis the cell before it, the one after it, and how near that one is."""
    places = np.linspace(0, coarse - 1, wide)
    before: NDArray[np.int64] = places.astype(np.int64)
    after: NDArray[np.int64] = np.minimum(before + 1, coarse - 1)
    return before, after, places - before


def projected(vectors: torch.Tensor, dimensions: int) -> torch.Tensor:
    """Return vectors in at most so many dimensions, their distances about the same.

    Args:
        vectors: float ``(n, D)``.
        dimensions: ``d``. Vectors that are not longer stay as they are.

    Returns:
        ``(n, min(D, d))`` of the same dtype: the vectors times a matrix of normal numbers of variance 1 / d.
        The matrix depends on D and d alone, so that all images, rounds and runs share it.

    Source:
        Johnson and Lindenstrauss, 1984.
    """
    length = vectors.shape[1]
    if length <= dimensions:
        return vectors
    generator = torch.Generator().manual_seed(_PROJECTION_SEED)
    matrix = torch.randn((length, dimensions), generator=generator, dtype=torch.float64) / dimensions**0.5
    reduced: torch.Tensor = vectors.double() @ matrix
    return reduced.to(vectors.dtype)


def rows_of_parts(observations: Observations, name: str, pool: PartsView) -> torch.Tensor:
    """Return one observation, a row for each part of the pool, ``(P, ...)``.

    Args:
        observations: What was observed of each image.
        name: Key of the observation.
        pool: The parts that there are.

    Raises:
        ValueError: If there is not one row for each part.
    """
    rows = observations.column(name)
    if len(rows) != len(pool.images):
        raise ValueError(f"observation {name!r} has {len(rows)} rows, but the pool {len(pool.images)} parts")
    return rows
