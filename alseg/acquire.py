"""One round of acquisition: predictions to scores, scores to picks, picks cut to the budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from alseg.contracts import (
    AnnotationMode,
    Dataset,
    Picks,
    PoolView,
    ScoreAcquisition,
    SelectAcquisition,
    TargetView,
)
from alseg.inference import InferenceOptions, Prediction, mean_features, predict
from alseg.oracle import Oracle
from alseg.seeds import derive

_PRUNE_EVERY = 64


@dataclass(frozen=True)
class Limits:
    """What may still be bought in this round.

    Attributes:
        per_image: Pixels left for each image, or None where the budget is the pool's.
        pool_pixels: Pixels left for the whole pool, or None.
        pool_images: Images left for the whole pool, or None.
    """

    per_image: Sequence[int] | None = None
    pool_pixels: int | None = None
    pool_images: int | None = None

    @property
    def of_pool(self) -> int:
        """The pool's limit, in pixels or images."""
        return (self.pool_images if self.pool_pixels is None else self.pool_pixels) or 0


class AcquisitionError(Exception):
    """An acquisition returned something that cannot be used; the message names it and the image."""


@dataclass
class PoolPicks:
    """Gathers proposals of all images and keeps the best that a pool-wide budget affords.

    Proposals of one image come with non-increasing scores, so the best of the pool are a merge of them: the
    result is that of a greedy choice over the whole pool. Ties go to the earlier image.
    """

    limits: Limits
    _proposals: dict[str, Picks] = field(default_factory=dict)

    def offer(self, image_id: str, picks: Picks) -> None:
        """Add one image's proposals."""
        self._proposals[image_id] = picks
        if len(self._proposals) % _PRUNE_EVERY == 0:
            self._proposals |= self.affordable()

    def affordable(self) -> dict[str, Picks]:
        """Return each image's proposals that fit the budget; ends before the first that does not."""
        image_ids = list(self._proposals)
        counts = np.array([len(self._proposals[name]) for name in image_ids], np.int64)
        if not counts.sum():
            return dict(self._proposals)
        scores = np.concatenate([self._proposals[name].scores for name in image_ids])
        pixels = np.concatenate([self._proposals[name].pixels for name in image_ids])
        owner = np.repeat(np.arange(len(image_ids)), counts)
        order = np.argsort(-scores, kind="stable")
        weights = pixels[order] if self.limits.pool_images is None else np.ones(len(order), np.int64)
        taken = order[: int(np.searchsorted(np.cumsum(weights), self.limits.of_pool, side="right"))]
        kept = np.bincount(owner[taken], minlength=len(image_ids))
        return {name: self._proposals[name].first(int(kept[place])) for place, name in enumerate(image_ids)}


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The target training images as one round of acquisition sees them.

    Attributes:
        dataset: The images; their labels are not read.
        oracle: Asked only where it has been asked before.
        model: Gives predictions.
        options: How images are fed to it.
        seed_axes: What generators depend on: the run's seed and the round.
        on_image: Called after every image.
    """

    dataset: Dataset
    oracle: Oracle
    model: Any
    options: InferenceOptions
    seed_axes: Sequence[int | str]
    on_image: Callable[[], None] = lambda: None


def acquire(
    acquisition: ScoreAcquisition | SelectAcquisition,
    name: str,
    mode: AnnotationMode,
    pool: Pool,
    limits: Limits,
) -> Mapping[str, Picks]:
    """Decide what to ask in one round.

    Args:
        acquisition: The method.
        name: Its name, for messages.
        mode: What a question is.
        pool: The images and what is known of them.
        limits: The budget left.

    Returns:
        Image id to picks, within the limits.

    Raises:
        AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
    """
    if isinstance(acquisition, SelectAcquisition):
        return _select(acquisition, name, mode, pool, limits)
    picked: dict[str, Picks] = {}
    merged = PoolPicks(limits)
    for prediction in predict(pool.model, pool.dataset, pool.options):
        image_id = pool.dataset.image_id(prediction.index)
        score = _score(acquisition, name, _view(prediction, image_id, pool.seed_axes))
        asked = pool.oracle.asked(image_id)
        if limits.per_image is not None:
            picked[image_id] = mode.propose(score, asked, limits.per_image[prediction.index])
        else:
            merged.offer(image_id, mode.propose(score, asked, _most_of_one_image(score, limits)))
        pool.on_image()
    return picked if limits.per_image is not None else merged.affordable()


def _most_of_one_image(score: torch.Tensor, limits: Limits) -> int:
    return score.numel() if limits.pool_pixels is None else limits.pool_pixels


def score_of(
    acquisition: ScoreAcquisition | SelectAcquisition,
    name: str,
    prediction: Prediction,
    image_id: str,
    seed_axes: Sequence[int | str],
) -> torch.Tensor | None:
    """Return the score of one image, float ``(H, W)``, as a round with these seed axes has it.

    None for an acquisition that ranks whole images.

    Raises:
        AcquisitionError: If the score has the wrong shape or holds NaN.
    """
    if isinstance(acquisition, SelectAcquisition):
        return None
    return _score(acquisition, name, _view(prediction, image_id, seed_axes))


def _view(prediction: Prediction, image_id: str, seed_axes: Sequence[int | str]) -> TargetView:
    return TargetView(
        image_id=image_id,
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *seed_axes, image_id)),
        image=prediction.image,
        features=prediction.features,
    )


def _score(acquisition: ScoreAcquisition, name: str, view: TargetView) -> torch.Tensor:
    score = acquisition.score(view)
    where = f"for image {view.image_id}"
    if not isinstance(score, torch.Tensor) or not score.is_floating_point():
        kind = getattr(score, "dtype", type(score).__name__)
        raise AcquisitionError(
            f"Acquisition '{name}' returned {kind} {where}; it must return a float tensor."
        )
    if score.shape != view.size:
        raise AcquisitionError(
            f"Acquisition '{name}' returned shape {tuple(score.shape)} {where}; the image has {view.size}."
        )
    nans = int(score.isnan().sum())
    if nans:
        raise AcquisitionError(
            f"Acquisition '{name}' returned NaN {where}, in {nans} of {score.numel()} pixels."
        )
    return score


def _select(
    acquisition: SelectAcquisition, name: str, mode: AnnotationMode, pool: Pool, limits: Limits
) -> dict[str, Picks]:
    means: list[torch.Tensor] = []
    for mean in mean_features(pool.model, pool.dataset, pool.options):
        means.append(mean)
        pool.on_image()
    image_ids = tuple(pool.oracle.image_ids)
    bought = torch.tensor([len(pool.oracle.asked(image_id)) > 0 for image_id in image_ids])
    sizes = [pool.dataset.size(index) for index in range(len(image_ids))]
    smallest = min(height * width for height, width in sizes)
    affordable = limits.of_pool if limits.pool_pixels is None else limits.of_pool // smallest
    count = min(affordable, int((~bought).sum()))
    view = PoolView(
        image_ids=image_ids,
        features=torch.stack(means),
        bought=bought,
        count=count,
        generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes)),
    )
    chosen = [int(index) for index in acquisition.select(view)]
    valid = all(0 <= index < len(image_ids) and not bought[index] for index in chosen)
    if not valid or len(set(chosen)) != len(chosen) or len(chosen) > count:
        raise AcquisitionError(
            f"Acquisition '{name}' must select at most {count} different images that are not bought yet; "
            f"it selected {chosen}."
        )
    merged = PoolPicks(limits)
    for rank, index in enumerate(chosen):
        # The rank stands in for a score: the first choice is the most wanted.
        score = torch.full(sizes[index], float(-rank))
        image_id = image_ids[index]
        merged.offer(image_id, mode.propose(score, pool.oracle.asked(image_id), score.numel()))
    return merged.affordable()
