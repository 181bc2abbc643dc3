"""From one image's prediction to its score, checked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch

from alseg.acquisition.job import AcquisitionError, Pool, QueryJob, reads_logits
from alseg.acquisition.views import target_view
from alseg.contracts import ScoreAcquisition, TargetView
from alseg.contracts.types import NAME_LOGITS
from alseg.guard.calls import guarded, name_of
from alseg.inference.predict import Prediction


class ImageScores:
    """The scores of one image by several methods; those of one identity are computed once.

    Args:
        prediction: What the network says of the image.
        image_id: The image.
        pool: The pool and the round.
        shared: Identities that more than one method has.
    """

    def __init__(
        self, prediction: Prediction, image_id: str, pool: Pool, shared: Collection[str] = ()
    ) -> None:
        self.image_id, self.index, self.prediction = image_id, prediction.index, prediction
        self._pool, self._shared = pool, shared
        self._scores: dict[str, torch.Tensor] = {}

    def score(self, acquisition: ScoreAcquisition, job: QueryJob, statistics: Any = None) -> torch.Tensor:
        """Return a method's score of the image, float ``(H, W)``, which the method may change.

        Args:
            acquisition: Of the method.
            job: The method.
            statistics: What the acquisition has prepared, where it does.

        Raises:
            AcquisitionError: If the score has the wrong shape or holds NaN.
        """
        score = self._scores.get(job.identity)
        if score is None:
            score = score_of(acquisition, job, self.prediction, self.image_id, self._pool, statistics)
            self._scores[job.identity] = score
        # Whatever an annotation mode does to it, the next one does not see it.
        return score.clone() if job.identity in self._shared else score


def score_of(
    acquisition: ScoreAcquisition,
    job: QueryJob,
    prediction: Prediction,
    image_id: str,
    pool: Pool,
    statistics: Any = None,
) -> torch.Tensor:
    """Return the score of one image, float ``(H, W)``, as a round has it.

    Args:
        acquisition: Of the method.
        job: The method.
        prediction: What the network says of the image.
        image_id: The image.
        pool: The pool and the round.
        statistics: What the acquisition has prepared, where it does.

    Raises:
        AcquisitionError: If the score has the wrong shape or holds NaN.
    """
    view = target_view(prediction, image_id, job, pool, statistics)
    where = f"for image {image_id}"
    with guarded(acquisition, f"score {where}"):
        score = acquisition.score(view)
    who = name_of(acquisition, f"Acquisition '{job.name}'")
    return _checked(score, view, who[0].upper() + who[1:], where, job)


def _checked(score: object, view: TargetView, who: str, where: str, job: QueryJob) -> torch.Tensor:
    """Return a score if it is one.

    Raises:
        AcquisitionError: If it is none.
    """
    if not isinstance(score, torch.Tensor) or not score.is_floating_point():
        kind = getattr(score, "dtype", type(score).__name__)
        raise AcquisitionError(f"{who} returned {kind} {where}; it must return a float tensor.")
    if score.shape != view.size:
        raise AcquisitionError(
            f"{who} returned shape {tuple(score.shape)} {where}; the image has {view.size}."
        )
    if score.is_meta:
        raise AcquisitionError(f"{who} {reads_logits(job)}. {NAME_LOGITS}")
    nans = int(score.isnan().sum())
    if nans:
        raise AcquisitionError(f"{who} returned NaN {where}, in {nans} of {score.numel()} pixels.")
    return score
