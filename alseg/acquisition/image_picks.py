"""Selection within one image: from its score to proposed questions."""

from __future__ import annotations

import torch

from alseg.acquisition.job import QueryJob
from alseg.contracts import Picks
from alseg.guard.answers import checked_picks
from alseg.guard.calls import guarded


def propose(job: QueryJob, image_id: str, score: torch.Tensor, pixel_limit: int) -> Picks:
    """Return the questions about an image that a method's annotation mode proposes, best first.

    Args:
        job: The method.
        image_id: The image.
        score: Float ``(H, W)``; higher is asked first.
        pixel_limit: Pixels that the questions may reveal in all.

    Raises:
        ValueError: If the picks are no valid ones.
    """
    with guarded(job.mode, "propose"):
        picks = job.mode.propose(score, job.asked(image_id), pixel_limit)
    return checked_picks(job.mode, picks, (score.shape[0], score.shape[1]))
