"""Selection within one image: from its score to proposed questions."""

from __future__ import annotations

from typing import cast

import torch

from alseg.acquisition.job import QueryJob
from alseg.contracts import AnnotationMode, Picks, RegionAnnotationMode, Size
from alseg.guard.answers import checked_picks
from alseg.guard.calls import guarded


def propose(job: QueryJob, index: int, image_id: str, score: torch.Tensor) -> Picks:
    """Return the questions about an image that a method's annotation mode proposes, best first.

    What they cost in clicks is known with the answers: there are as many as can be afforded at one click.

    Args:
        job: The method.
        index: The image.
        image_id: Its name.
        score: Float ``(H, W)``; higher is asked first.

    Raises:
        ValueError: If the picks are no valid ones.
    """
    asked = job.asked(image_id)
    size = (score.shape[0], score.shape[1])
    pixel_limit = _pixel_limit(job, index, size)
    with guarded(job.mode, "propose"):
        if job.unit == "region" and job.regions is not None:
            of_regions = cast(RegionAnnotationMode, job.mode)
            picks = of_regions.propose(score, asked, pixel_limit, regions=job.regions(index))
        else:
            picks = cast(AnnotationMode, job.mode).propose(score, asked, pixel_limit)
    picks = checked_picks(job.mode, picks, size)
    most = job.limits.questions_of_image(index)
    return picks if most is None else picks.first(most)


def _pixel_limit(job: QueryJob, index: int, size: Size) -> int:
    """Return how many pixels the questions about an image may reveal in all.

    Where questions are counted, not pixels, a mode that says how many pixels one of them reveals at most need
    not propose questions for the whole image.
    """
    pixels = size[0] * size[1]
    most, of_question = job.limits.questions_of_image(index), question_pixels(job.mode, size)
    if most is None or of_question is None:
        return job.limits.pixels_of_image(index, pixels)
    return min(pixels, most * of_question)


def question_pixels(mode: AnnotationMode | RegionAnnotationMode, size: Size) -> int | None:
    """Return the most pixels that a question about an image reveals; None where the mode does not say."""
    told = getattr(mode, "question_pixels", None)
    if told is None:
        return None
    with guarded(mode, "question_pixels"):
        return int(told(size))
