"""The order in which an annotator answers the questions about several images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Picks


class RankOrder(NamedTuple):
    """The questions about several images, numbered image after image.

    Attributes:
        order: int64 ``(n,)``, the numbers of the questions, the most wanted one first.
        owner: int64 ``(n,)``, the image of each in that order.
    """

    order: NDArray[np.int64]
    owner: NDArray[np.int64]


def rank_order(picks: Sequence[Picks]) -> RankOrder:
    """Return the order in which questions about several images are answered.

    Higher scores come first; ties go to the earlier image, and within an image to the earlier question.

    Args:
        picks: Of each image, in the order of the images.
    """
    counts = [len(each) for each in picks]
    scores = np.concatenate([np.zeros(0, np.float32), *(each.scores for each in picks)])
    owner = np.repeat(np.arange(len(picks)), counts)
    order = np.argsort(-scores, kind="stable")
    return RankOrder(order, owner[order])
