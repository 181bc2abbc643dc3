"""From one image's prediction to its score, checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch

from alseg.acquisition.job import AcquisitionError
from alseg.contracts import ScoreAcquisition, TargetView
from alseg.guard.calls import guarded, name_of
from alseg.inference.predict import Prediction
from alseg.seeding import derive, image_token


class ImageScores:
    """The scores of one image by several methods; those of one identity are computed once.

    Args:
        prediction: What the network says of the image.
        image_id: The image.
        seed_axes: What the generator depends on, beside the image.
        shared: Identities that more than one method has.
    """

    def __init__(
        self,
        prediction: Prediction,
        image_id: str,
        seed_axes: Sequence[int | str],
        shared: Collection[str] = (),
    ) -> None:
        self.image_id, self.index = image_id, prediction.index
        self._prediction, self._seed_axes, self._shared = prediction, seed_axes, shared
        self._scores: dict[str, torch.Tensor] = {}

    def score(self, acquisition: ScoreAcquisition, name: str, identity: str) -> torch.Tensor:
        """Return a method's score of the image, float ``(H, W)``, which the method may change.

        Args:
            acquisition: Of the method.
            name: Of the acquisition, for messages.
            identity: Acquisitions of the same identity give the same scores.

        Raises:
            AcquisitionError: If the score has the wrong shape or holds NaN.
        """
        score = self._scores.get(identity)
        if score is None:
            score = score_of(acquisition, name, self._prediction, self.image_id, self._seed_axes)
            self._scores[identity] = score
        # Whatever an annotation mode does to it, the next one does not see it.
        return score.clone() if identity in self._shared else score


def score_of(
    acquisition: ScoreAcquisition,
    name: str,
    prediction: Prediction,
    image_id: str,
    seed_axes: Sequence[int | str],
) -> torch.Tensor:
    """Return the score of one image, float ``(H, W)``, as a round with these seed axes has it.

    Raises:
        AcquisitionError: If the score has the wrong shape or holds NaN.
    """
    view = TargetView(
        image_id=image_token(image_id),
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *seed_axes, image_id)),
        image=prediction.image,
        features=prediction.features,
    )
    where = f"for image {image_id}"
    with guarded(acquisition, f"score {where}"):
        score = acquisition.score(view)
    who = name_of(acquisition, f"Acquisition '{name}'")
    return _checked(score, view, who[0].upper() + who[1:], where)


def _checked(score: object, view: TargetView, who: str, where: str) -> torch.Tensor:
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
        raise AcquisitionError(f"{who} reads the logits, but its spec does not say so: its 'needs' is empty.")
    nans = int(score.isnan().sum())
    if nans:
        raise AcquisitionError(f"{who} returned NaN {where}, in {nans} of {score.numel()} pixels.")
    return score
