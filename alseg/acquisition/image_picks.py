"""Selection within one image: from its score to proposed questions."""

from __future__ import annotations

from typing import cast

import torch

from alseg.acquisition.job import QueryJob
from alseg.contracts import AnnotationMode, Picks, RegionAnnotationMode
from alseg.guard.answers import checked_picks
from alseg.guard.calls import guarded


def propose(job: QueryJob, index: int, image_id: str, score: torch.Tensor, pixel_limit: int) -> Picks:
    """Return the questions about an image that a method's annotation mode proposes, best first.

    Args:
        job: The method.
        index: The image.
        image_id: Its name.
        score: Float ``(H, W)``; higher is asked first.
        pixel_limit: Pixels that the questions may reveal in all.

    Raises:
        ValueError: If the picks are no valid ones.
    """
    asked = job.asked(image_id)
    with guarded(job.mode, "propose"):
        if job.unit == "region" and job.regions is not None:
            of_regions = cast(RegionAnnotationMode, job.mode)
            picks = of_regions.propose(score, asked, pixel_limit, regions=job.regions(index))
        else:
            picks = cast(AnnotationMode, job.mode).propose(score, asked, pixel_limit)
    return checked_picks(job.mode, picks, (score.shape[0], score.shape[1]))
