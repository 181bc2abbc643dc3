"""The classes that the network proposes for questions whose answers are corrections."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.job import Pool, QueryJob
from alseg.contracts import AnnotationMode, Dataset, Picks, RegionAnnotationMode
from alseg.data.subset import Subset
from alseg.guard.answers import answer_kind, checked_footprint
from alseg.guard.calls import guarded
from alseg.inference.gathering import in_order
from alseg.inference.predict import InferenceOptions, Prediction, predict


def wants_proposals(job: QueryJob) -> bool:
    """Whether the answers to a method's questions are corrections."""
    return answer_kind(job.mode) == "correction"


def with_proposals(job: QueryJob, index: int, image_id: str, picks: Picks, logits: torch.Tensor) -> Picks:
    """Return the questions about an image with the class that the network gives to most of their pixels.

    Args:
        job: The method; its answers are corrections.
        index: The image.
        image_id: Its name.
        picks: The questions.
        logits: float ``(C, H, W)``, or probabilities. Of equally frequent classes the smaller is proposed.
    """
    if not len(picks):
        return replace(picks, proposed=np.zeros(0, np.uint8))
    earlier = job.asked(image_id)
    footprint = _footprint(job, index, np.concatenate([earlier, picks.positions]), logits)
    asked = footprint >= len(earlier)
    classes = logits.argmax(dim=0).cpu().numpy()[asked]
    columns = logits.shape[0]
    votes = np.bincount(
        (footprint[asked].astype(np.int64) - len(earlier)) * columns + classes,
        minlength=len(picks) * columns,
    )
    return replace(picks, proposed=votes.reshape(-1, columns).argmax(axis=1).astype(np.uint8))


def with_missing_proposals(job: QueryJob, pool: Pool, picks: Mapping[str, Picks]) -> Mapping[str, Picks]:
    """Return a round's questions with proposals, from predictions of the images that have none yet.

    Args:
        job: The method.
        pool: The images and what the network says of them.
        picks: Image id to questions.
    """
    if not wants_proposals(job):
        return picks
    assert pool.options is not None, "corrections need a prediction"
    indices = [
        index
        for index in range(len(pool.dataset))
        if (asked := picks.get(pool.dataset.image_id(index))) is not None and asked.proposed is None
    ]
    found = dict(picks)
    asked_about = Subset(pool.dataset, indices)
    options = replace(pool.options, features=False, image=False, outputs=(), passes=None)
    with closing(_predictions(pool.model, asked_about, options)) as predictions:
        own = (
            (
                each.index,
                with_proposals(job, indices[each.index], image_id, picks[image_id], each.logits),
            )
            for each in predictions
            for image_id in [asked_about.image_id(each.index)]
        )
        for place, proposed in in_order(pool.ranks, own, len(indices)):
            found[asked_about.image_id(place)] = proposed
    return found


def _predictions(
    model: Any, dataset: Dataset, options: InferenceOptions
) -> Generator[Prediction, None, None]:
    yield from predict(model, dataset, options)


def _footprint(
    job: QueryJob, index: int, positions: NDArray[np.int32], logits: torch.Tensor
) -> NDArray[np.int32]:
    size = (int(logits.shape[1]), int(logits.shape[2]))
    with guarded(job.mode, "footprint"):
        if job.unit == "region" and job.regions is not None:
            of_regions = cast(RegionAnnotationMode, job.mode)
            footprint = of_regions.footprint(positions, size, regions=job.regions(index))
        else:
            footprint = cast(AnnotationMode, job.mode).footprint(positions, size)
    return checked_footprint(job.mode, footprint, size)
