"""One round of acquisition: predictions to scores, scores to picks, picks cut to the budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from alseg.contracts import (
    AcquisitionSpec,
    AnnotationMode,
    Dataset,
    Picks,
    PoolView,
    ScoreAcquisition,
    SelectAcquisition,
    TargetView,
)
from alseg.inference import InferenceOptions, Prediction, predict
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


class AcquisitionError(Exception):
    """An acquisition returned something that cannot be used; the message names it and the image."""


@dataclass
class PoolPicks:
    """Gathers proposals of all images and keeps the best that a pool-wide budget affords.

    Proposals of one image come with non-increasing scores, so the best of the pool are a merge of them: the result
    is that of a greedy choice over the whole pool. Ties go to the earlier image.
    """

    limits: Limits
    _proposals: dict[str, Picks] = field(default_factory=dict)

    def offer(self, image_id: str, picks: Picks) -> None:
        """Add one image's proposals."""
        self._proposals[image_id] = picks
        if len(self._proposals) % _PRUNE_EVERY == 0:
            self._proposals |= self.affordable()

    def affordable(self) -> dict[str, Picks]:
        """Return, for every image offered, the proposals that fit the budget; stops at the first that does not."""
        image_ids = list(self._proposals)
        counts = np.array([len(self._proposals[name]) for name in image_ids], np.int64)
        if not counts.sum():
            return dict(self._proposals)
        scores = np.concatenate([self._proposals[name].scores for name in image_ids])
        pixels = np.concatenate([self._proposals[name].pixels for name in image_ids])
        owner = np.repeat(np.arange(len(image_ids)), counts)
        order = np.argsort(-scores, kind="stable")
        weights = pixels[order] if self.limits.pool_images is None else np.ones(len(order), np.int64)
        limit = self.limits.pool_images if self.limits.pool_pixels is None else self.limits.pool_pixels
        taken = order[: int(np.searchsorted(np.cumsum(weights), limit, side="right"))]
        kept = np.bincount(owner[taken], minlength=len(image_ids))
        return {name: self._proposals[name].first(int(kept[place])) for place, name in enumerate(image_ids)}


def acquire(
    acquisition: ScoreAcquisition | SelectAcquisition,
    spec: AcquisitionSpec,
    mode: AnnotationMode,
    oracle: Oracle,
    model: Any,
    dataset: Dataset,
    limits: Limits,
    options: InferenceOptions,
    seed_axes: Sequence[int | str],
    on_image: Callable[[], None] = lambda: None,
) -> Mapping[str, Picks]:
    """Decide what to ask in one round.

    Args:
        acquisition: The method.
        spec: Its spec, for its name and kind.
        mode: What a question is.
        oracle: Asked only where it has been asked before.
        model: Gives predictions.
        dataset: The target training images; their labels are not read.
        limits: The budget left.
        options: How images are fed to the network.
        seed_axes: What the generators depend on: the run's seed and the round.
        on_image: Called after every image.

    Returns:
        Image id to picks, within the limits.

    Raises:
        AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
    """
    if isinstance(acquisition, SelectAcquisition):
        return _by_pool(acquisition, spec, mode, oracle, model, dataset, limits, options, seed_axes, on_image)
    picked: dict[str, Picks] = {}
    pool = PoolPicks(limits)
    for prediction in predict(model, dataset, options):
        image_id = dataset.image_id(prediction.index)
        score = _score(acquisition, spec, _view(prediction, image_id, seed_axes))
        if limits.per_image is not None:
            picked[image_id] = mode.propose(score, oracle.asked(image_id), limits.per_image[prediction.index])
        else:
            height, width = dataset.size(prediction.index)
            pixel_limit = height * width if limits.pool_pixels is None else limits.pool_pixels
            pool.offer(image_id, mode.propose(score, oracle.asked(image_id), pixel_limit))
        on_image()
    return picked if limits.per_image is not None else pool.affordable()


def _view(prediction: Prediction, image_id: str, seed_axes: Sequence[int | str]) -> TargetView:
    return TargetView(
        image_id=image_id,
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *seed_axes, image_id)),
        image=prediction.image,
        features=prediction.features,
    )


def _score(acquisition: ScoreAcquisition, spec: AcquisitionSpec, view: TargetView) -> torch.Tensor:
    score = acquisition.score(view)
    if not isinstance(score, torch.Tensor) or not score.is_floating_point():
        kind = getattr(score, "dtype", type(score).__name__)
        raise AcquisitionError(
            f"Acquisition '{spec.name}' returned {kind} for image {view.image_id}; it must return a float tensor."
        )
    if score.shape != view.size:
        raise AcquisitionError(
            f"Acquisition '{spec.name}' returned shape {tuple(score.shape)} for image {view.image_id}; "
            f"the image has {view.size}."
        )
    nans = int(score.isnan().sum())
    if nans:
        raise AcquisitionError(
            f"Acquisition '{spec.name}' returned NaN for {nans} of {score.numel()} pixels of image {view.image_id}."
        )
    return score


def _by_pool(
    acquisition: SelectAcquisition,
    spec: AcquisitionSpec,
    mode: AnnotationMode,
    oracle: Oracle,
    model: Any,
    dataset: Dataset,
    limits: Limits,
    options: InferenceOptions,
    seed_axes: Sequence[int | str],
    on_image: Callable[[], None],
) -> dict[str, Picks]:
    means: list[torch.Tensor] = []
    for prediction in predict(model, dataset, options):
        if prediction.features is None:
            raise ValueError(f"'{spec.name}' selects over the pool and needs features.")
        means.append(prediction.features.mean(dim=(1, 2)).cpu())
        on_image()
    image_ids = tuple(oracle.image_ids)
    bought = torch.tensor([len(oracle.asked(image_id)) > 0 for image_id in image_ids])
    sizes = [dataset.size(index) for index in range(len(image_ids))]
    smallest = min(height * width for height, width in sizes)
    affordable = limits.pool_images if limits.pool_pixels is None else limits.pool_pixels // smallest
    count = min(affordable or 0, int((~bought).sum()))
    view = PoolView(
        image_ids=image_ids,
        features=torch.stack(means),
        bought=bought,
        count=count,
        generator=torch.Generator().manual_seed(derive("acquire", *seed_axes)),
    )
    chosen = [int(index) for index in acquisition.select(view)]
    valid = all(0 <= index < len(image_ids) and not bought[index] for index in chosen)
    if not valid or len(set(chosen)) != len(chosen) or len(chosen) > count:
        raise AcquisitionError(
            f"Acquisition '{spec.name}' must select at most {count} different images that are not bought yet; "
            f"it selected {chosen}."
        )
    pool = PoolPicks(limits)
    for rank, index in enumerate(chosen):
        # The rank stands in for a score: the first choice is the most wanted.
        score = torch.full(sizes[index], float(-rank))
        pool.offer(
            image_ids[index],
            mode.propose(score, oracle.asked(image_ids[index]), sizes[index][0] * sizes[index][1]),
        )
    return pool.affordable()
