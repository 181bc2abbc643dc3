"""One method in passes over the pool: it scores images, or observes them first and then ranks or scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.image_picks import propose
from alseg.acquisition.job import Pool, QueryJob
from alseg.acquisition.observing import Observer
from alseg.acquisition.pool_picks import PoolPicks
from alseg.acquisition.proposals import wants_proposals, with_missing_proposals, with_proposals
from alseg.acquisition.scoring import ImageScores, score_of
from alseg.acquisition.selected_images import SelectedImages
from alseg.contracts import (
    ObservingAcquisition,
    Picks,
    PreparingAcquisition,
    ScoreAcquisition,
    SelectAcquisition,
)
from alseg.inference.gathering import in_order
from alseg.inference.predict import Prediction


class PassMethod:
    """What one method asks, image after image and pass after pass.

    Args:
        job: The method.
        pool: The pool.

    Attributes:
        done: Whether nothing can change the picks any more.
    """

    def __init__(self, job: QueryJob, pool: Pool) -> None:
        acquisition = job.acquisition
        if isinstance(acquisition, SelectAcquisition):
            acquisition = SelectedImages(acquisition, job.name)
        self.job, self.done = job, False
        self._pool, self._acquisition = pool, acquisition
        self.observer: Observer | None = None
        if isinstance(acquisition, ObservingAcquisition):
            self.observer = Observer(acquisition, job, pool)
        self._statistics: Any = None
        self._final: Mapping[str, Picks] = {}
        self._of_image: dict[str, Picks] = {}
        self._proposed = PoolPicks(job.limits)
        self._indices: dict[str, int] = {}
        self._wants_proposals = wants_proposals(job)

    def see_source(self, prediction: Prediction, image_id: str, label: NDArray[np.uint8]) -> None:
        """See the next source image, uint8 label map ``(H, W)``; most methods do not look."""
        if self.observer is not None:
            self.observer.observe_source(prediction, image_id, label)

    def see(self, scores: ImageScores) -> None:
        """See the next image of a pass."""
        if self.done:
            return
        self._indices[scores.image_id] = scores.index
        if self.job.adapted is not None:
            self.job.adapted.see(scores.prediction, scores.image_id, self.job, self._pool)
        if self.observer is not None:
            self.observer.observe(scores.prediction, scores.image_id)
            return
        score = self._score(scores)
        job, image_id = self.job, scores.image_id
        picks = propose(job, scores.index, image_id, score)
        if self._wants_proposals:
            picks = with_proposals(job, scores.index, image_id, picks, scores.prediction.logits)
        if job.limits.per_image is None:
            self._proposed.add(image_id, picks)
        else:
            self._of_image[image_id] = picks
            job.on_final(image_id, picks)

    def gather_source(self, images: int) -> None:
        """Know what other ranks have observed of the source, which has so many images."""
        if self.observer is not None:
            self.observer.gather_source(images)

    def gather(self) -> None:
        """Know what other ranks have seen in this pass; then all know the same."""
        if self.done or self._pool.ranks.size == 1:
            return
        if self.job.adapted is not None:
            self.job.adapted.gather(self._pool)
        if self.observer is not None:
            self.observer.gather()
            return
        of_pool = self.job.limits.per_image is None
        held = self._proposed.proposals if of_pool else self._of_image
        own = [(self._indices[image_id], (image_id, picks)) for image_id, picks in held.items()]
        proposed, of_image = PoolPicks(self.job.limits), dict[str, Picks]()
        for _, (image_id, picks) in in_order(self._pool.ranks, own, len(self._pool.dataset)):
            if of_pool:
                proposed.add(image_id, picks)
            else:
                of_image[image_id] = picks
        self._proposed, self._of_image = proposed, of_image

    def finish_pass(self) -> None:
        """Decide, or prepare what scores need in another pass."""
        if self.done:
            return
        if self.observer is None:
            of_pool = self.job.limits.per_image is None
            self._final, self.done = self._proposed.affordable() if of_pool else self._of_image, True
        elif isinstance(self._acquisition, PreparingAcquisition):
            self._statistics, self.observer = self.observer.statistics(), None
        else:
            picks = self.observer.picks()
            self._final, self.done = with_missing_proposals(self.job, self._pool, picks), True

    def picks(self) -> Mapping[str, Picks]:
        """Return image id to picks that the budget affords."""
        return self._final

    def _score(self, scores: ImageScores) -> torch.Tensor:
        job, acquisition = self.job, self._acquisition
        if isinstance(acquisition, PreparingAcquisition):
            # Statistics depend on the budget, so no other method has the same scores.
            return score_of(
                acquisition, job, scores.prediction, scores.image_id, self._pool, self._statistics
            )
        assert isinstance(acquisition, ScoreAcquisition)
        return scores.score(acquisition, job)
