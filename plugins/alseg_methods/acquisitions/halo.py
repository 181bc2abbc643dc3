"""HALO: distance of the embedding from the origin, times entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Size, TargetView

if TYPE_CHECKING:
    import torch

_LARGEST_NORM = 1 - 1e-5
"""Of a point in the Poincare ball: beyond it, rounding decides the distance."""


def euclidean_radius(features: torch.Tensor, size: Size) -> torch.Tensor:
    """Return the norm of features float ``(D, h, w)`` that are resized, float64 ``(H, W)``, at least 0."""
    return _norm(features, size)


def hyperbolic_radius(embedding: torch.Tensor, size: Size) -> torch.Tensor:
    """Return the distance of points in the Poincare ball (curvature -1) from its origin.

    Args:
        embedding: float ``(D, h, w)`` with norms less than 1.
        size: Height and width of the result; points are resized as in a Euclidean space.

    Returns:
        float64 ``(H, W)``, at least 0: 2 artanh(norm).
    """
    return 2 * _norm(embedding, size).clamp(max=_LARGEST_NORM).atanh()


def entropy_sums(logits: torch.Tensor, radius: int = 1) -> torch.Tensor:
    """Return the sum of entropies / log C over a window; float32 ``(H, W)``, less at the border of the image.

    Args:
        logits: float ``(C, H, W)``.
        radius: Reach of the window to each side, in pixels; 0 for the pixel alone.
    """
    from torch.nn import functional as F

    from alseg.toolkit.uncertainty import entropy

    width = 2 * radius + 1
    values = entropy(logits)[None, None] / math.log(max(len(logits), 2))
    return F.avg_pool2d(values, width, 1, radius, divisor_override=1)[0, 0]


def spread(values: torch.Tensor) -> torch.Tensor:
    """Return a map shifted and scaled to 0-1; all 1 where it is constant."""
    least, most = values.min(), values.max()
    if not most > least:
        return values.new_ones(values.shape)
    return (values - least) / (most - least)


def radius_impurity(radius: torch.Tensor, reach: int = 1, bins: int = 100) -> torch.Tensor:
    """Return the impurity of windows of a radius in steps, ``hyper`` in the authors' code.

    Args:
        radius: float ``(H, W)``.
        reach: Of the window to each side, in pixels; it is cut at the border.
        bins: Steps between the least and the largest radius, at most 254.

    Returns:
        float32 ``(H, W)`` in nats, at least 0.
    """
    import torch

    from alseg.toolkit.windows import window_impurity

    steps = (spread(radius) * bins).floor().to(torch.uint8)
    return window_impurity(steps, bins + 1, reach)


@dataclass(frozen=True)
class Halo:
    r"""``N(R) * N(U)``, N mapping each to 0-1 over the image.

    R is the hyperbolic distance of the network's output ``embedding`` from the origin, U the entropy around
    each pixel.

    Formula:
        s = N(R) \cdot N(U), \qquad R = 2 \, \mathrm{artanh} \left\lVert z \right\rVert, \qquad N(v) =
        \frac{v - v_{\min}}{v_{\max} - v_{\min}}

        z is the embedding in the Poincare ball, U the entropy, summed over 3 x 3 pixels unless ``window``
        is false; N takes least and largest value of the image.

    Attributes:
        window: Whether entropy is summed over 3 x 3 pixels, as the released code does; else the pixel's own.
    """

    window: bool = True

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the product of both, each mapped to 0-1 over the image; float32 ``(H, W)``, 0 to 1."""
        radius = hyperbolic_radius(view.outputs["embedding"], view.size)
        return (spread(radius) * spread(entropy_sums(view.logits, int(self.window)))).float()


@dataclass(frozen=True)
class EuclideanHalo:
    r"""``N(R) * N(U)``, N mapping each to 0-1 over the image.

    R is the norm of the network's features, U the entropy around each pixel.

    Formula:
        s = N(R) \cdot N(U), \qquad R = \left\lVert f \right\rVert, \qquad N(v) = \frac{v -
        v_{\min}}{v_{\max} - v_{\min}}

        f is the feature, U the entropy, summed over 3 x 3 pixels unless ``window`` is false; N takes least
        and largest value of the image.

    Attributes:
        window: Whether entropy is summed over 3 x 3 pixels, as the released code does; else the pixel's own.
    """

    window: bool = True

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the product of both, each mapped to 0-1 over the image; float32 ``(H, W)``, 0 to 1."""
        if view.features is None:
            raise ValueError("the view has no features: the acquisition's spec must name them in its needs")
        radius = euclidean_radius(view.features, view.size)
        return (spread(radius) * spread(entropy_sums(view.logits, int(self.window)))).float()


def _norm(features: torch.Tensor, size: Size) -> torch.Tensor:
    """Return the norm of features resized as logits are (bilinear, corners aligned), float64 ``(H, W)``.

    No feature is resized: the square of a weighted sum of two neighbours needs their squares and their
    product alone, which are maps of the features' size.
    """
    values = features.double()
    if tuple(values.shape[-2:]) == tuple(size):
        return values.square().sum(dim=0).sqrt()
    below, right = _next(values, 1), _next(values, 2)
    diagonal = (values * _next(right, 1)).sum(0) + (below * right).sum(0)
    squares, across = values.square().sum(0), (values * right).sum(0)
    top, down = _cells(values.shape[1], size[0], values.device)
    squares = _mixed(squares, 2 * (values * below).sum(0), top, down[:, None])
    across = _mixed(across, diagonal, top, down[:, None])
    left, over = _cells(values.shape[2], size[1], values.device)
    radius: torch.Tensor = _mixed(squares.T, 2 * across.T, left, over[:, None]).T.clamp(min=0).sqrt()
    return radius


def _mixed(
    squares: torch.Tensor, products: torch.Tensor, before: torch.Tensor, share: torch.Tensor
) -> torch.Tensor:
    """Return ``(1 - s)^2`` of a row, ``s^2`` of the next and ``s (1 - s)`` of their products."""
    after = (before + 1).clamp(max=len(squares) - 1)
    rest = 1 - share
    return rest**2 * squares[before] + share**2 * squares[after] + rest * share * products[before]


def _next(values: torch.Tensor, dim: int) -> torch.Tensor:
    """Return for each cell the one after it along a dimension; for the last one itself."""
    import torch

    last = values.shape[dim] - 1
    return torch.cat([values.narrow(dim, min(1, last), last), values.narrow(dim, last, 1)], dim)


def _cells(coarse: int, wide: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return for each pixel of an axis the cell before it, int64, and how near the next is, float64."""
    import torch

    places = torch.linspace(0, coarse - 1, wide, dtype=torch.float64, device=device)
    before = places.long()
    return before, places - before


_SOURCE = "Franco et al., ICML 2024, arXiv:2306.11180."

SPECS = (
    AcquisitionSpec(
        name="halo",
        summary="Hyperbolic distance of the embedding from the origin, times entropy around the pixel.",
        source=_SOURCE,
        build=Halo,
        needs=("logits", "output:embedding"),
        differs="The released code takes log(p + 1e-6), which moves scores by about 1e-5 of their size.",
    ),
    AcquisitionSpec(
        name="halo-euclid",
        summary="Norm of the decoder's features, times entropy around the pixel; for any network.",
        source=f"{_SOURCE[:-1]}, ablation.",
        build=EuclideanHalo,
        needs=("logits", "features"),
        differs="The released code takes log(p + 1e-6), which moves scores by about 1e-5 of their size.",
    ),
)
