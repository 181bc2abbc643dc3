"""What is compared, and how, as it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alseg.contracts import PublishedResult


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What is compared, and how.

    Attributes:
        round_number: Compare after this round; None takes the last round of the runs that are done.
        metric: ``miou``, ``accuracy``, ``iou:CLASS`` or ``aubc``, the area under the curve of the mIoU.
        subset: Show the classes of this subset of the label space only, and their mean.
        baseline: Label of the method to which differences are taken; None takes for each row the method with
            the same annotation and budget whose acquisition is ``random``, if there is one.
        published: Known results of others; those with the data sets and label space of the runs are shown.
            None does not ask for any.
        x: Key of the cost axis of areas under curves; None for pixels, and no area beside another metric.
        sort: Key of `alseg.analysis.rows.SORT_KEYS`: best or cheapest first in each scenario; None keeps the
            order of the experiment files. Methods that buy alike stay together.
        ranks: Add mean ranks over scenarios, or over seeds where there is one scenario; None adds them where
            there are several scenarios.
        penalties: Add the pairwise penalty matrix.
        images: Add intervals over seeds and evaluation images together.
        reach: Add the cost, on the axis ``x``, at which methods reach this percentage of full supervision.
        mixed: Add a mixed model of several scenarios; needs statsmodels.
        bought: Add which classes were bought.
    """

    round_number: int | None = None
    metric: str = "miou"
    subset: str | None = None
    baseline: str | None = None
    published: Sequence[PublishedResult] | None = None
    x: str | None = None
    sort: str | None = None
    ranks: bool | None = False
    penalties: bool = False
    images: bool = False
    reach: float | None = None
    mixed: bool = False
    bought: bool = False
