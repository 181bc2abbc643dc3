"""Where a curve bends, and pixels that an answer about their whole region does not fit."""

from __future__ import annotations

import torch

_POINTS = 20
"""Of the curve in which a knee is looked for."""

_ROUNDING = 1e-6
"""Lead of a straight line by rounding."""


def knee(values: torch.Tensor, sensitivity: float = 1.0) -> int | None:
    """Return where a rising curve bends most from steep to flat.

    The curve is mapped to 0-1 in both directions. Its *lead* is how far it lies above the diagonal. A local
    maximum above the diagonal is a knee if the lead then falls by more than ``sensitivity`` mean steps along
    the curve before the next local maximum, or below the diagonal after a local minimum.

    Args:
        values: float ``(n,)`` at equal distances, rising and concave.
        sensitivity: S of the paper; smaller finds knees sooner.

    Returns:
        The index of the first knee; None where there is none, of fewer than three values or equal ones.

    Source:
        Satopaa et al., "Finding a 'Kneedle' in a Haystack", ICDCS workshops 2011, without smoothing.
    """
    heights = values.double().cpu()
    count = len(heights)
    if count < 3 or not heights.max() > heights.min():
        return None
    heights = (heights - heights.min()) / (heights.max() - heights.min())
    lead = (heights - torch.linspace(0, 1, count, dtype=torch.float64)).tolist()
    found, threshold = None, 0.0
    for place in range(1, count - 1):
        before, here, after = lead[place - 1 : place + 2]
        if here > _ROUNDING and here >= before and here >= after:
            found, threshold = place, here - sensitivity / (count - 1)
        elif here <= before and here <= after:
            threshold = 0.0
        if found is not None and after < threshold:
            return found
    return None


def sieve_threshold(confidence: torch.Tensor) -> float | None:
    """Return the confidence below which pixels do not fit the answer about their region.

    Args:
        confidence: float ``(n,)``, of each pixel of the region the probability of the class answered.

    Returns:
        The knee of about 20 of them in rising order; None where the curve has none.

    Source:
        Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817.
    """
    rising = confidence.flatten().sort().values
    points = rising[:: max(1, len(rising) // _POINTS)]
    place = knee(points)
    return None if place is None else float(points[place])
