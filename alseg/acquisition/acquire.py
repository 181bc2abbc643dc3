"""One round of acquisition: predictions to scores, scores to picks, picks cut to the budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.pool_picks import PoolPicks
from alseg.annotation.allowance import Limits
from alseg.contracts import (
    AnnotationMode,
    Dataset,
    Picks,
    PoolView,
    ScoreAcquisition,
    SelectAcquisition,
    TargetView,
)
from alseg.guard.answers import checked_picks, checked_selection
from alseg.guard.calls import guarded, name_of
from alseg.inference.predict import InferenceOptions, Prediction, mean_features, predict
from alseg.inference.prefetch import behind
from alseg.seeding import derive, image_token


class AcquisitionError(Exception):
    """An acquisition returned something that cannot be used; the message names it and the image."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The target training images as one round of acquisition sees them.

    Attributes:
        dataset: The images; their labels are not read.
        num_classes: That the model predicts.
        model: Gives predictions.
        options: How images are fed to it; None where nothing of it is needed: no image is read then.
        seed_axes: What generators depend on: the run's seed and the round.
        on_image: Called after every image.
    """

    dataset: Dataset
    num_classes: int
    model: Any
    options: InferenceOptions | None
    seed_axes: Sequence[int | str]
    on_image: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class QueryJob:
    """A method that asks about the images of a pool.

    Attributes:
        acquisition: Says what is wanted.
        name: Of the acquisition, for messages.
        identity: Acquisitions of the same identity give the same scores.
        mode: What a question is.
        limits: The budget left.
        asked: Image id to where it has been asked before, int32 ``(m, 2)``.
        on_final: Called with an image's id and picks as soon as nothing can change them any more, while
            others are still scored; never where the budget is the pool's.
    """

    acquisition: ScoreAcquisition | SelectAcquisition
    name: str
    identity: str
    mode: AnnotationMode
    limits: Limits
    asked: Callable[[str], NDArray[np.int32]]
    on_final: Callable[[str, Picks], object] = lambda image_id, picks: None


def acquire(job: QueryJob, pool: Pool) -> Mapping[str, Picks]:
    """Decide what to ask in one round.

    Args:
        job: The method.
        pool: The images and what the network says of them.

    Returns:
        Image id to picks, within the limits.

    Raises:
        AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
    """
    if isinstance(job.acquisition, SelectAcquisition):
        return _select(job.acquisition, job, pool)
    [picks] = acquire_together([job], pool)
    assert picks is not None
    return picks


def acquire_together(jobs: Sequence[QueryJob], pool: Pool) -> list[Mapping[str, Picks] | None]:
    """Decide what several methods ask in one round, from one pass over the pool.

    All of them score images, and need the same of the network. Each gets what it would get alone.

    Args:
        jobs: The methods.
        pool: The images and what the network says of them.

    Returns:
        For each job, image id to picks, within its limits. None for one that failed and is not the first:
        it is asked again in its own run, which then tells what is wrong.

    Raises:
        AcquisitionError: If a score of the first job has the wrong shape or holds NaN.
    """
    sharing = Counter(job.identity for job in jobs)
    collectors = [_QueryCollector(job, alone=sharing[job.identity] == 1) for job in jobs]

    def ask(prediction: Prediction) -> None:
        image_id = pool.dataset.image_id(prediction.index)
        scores: dict[str, torch.Tensor] = {}
        for place, collector in enumerate(collectors):
            try:
                # A thread starts with the first GPU, whatever the one is that its maker uses.
                with torch.cuda.device_of(prediction.logits):  # type: ignore[no-untyped-call]
                    collector.add(prediction, image_id, pool.seed_axes, scores)
            except Exception:
                if place == 0:
                    raise
                collector.failed = True

    overlap = pool.options is not None and pool.options.overlap
    with closing(behind(ask, _predictions(pool), overlap=overlap)) as answers:
        for _ in answers:
            pool.on_image()
    return [collector.picks for collector in collectors]


class _QueryCollector:
    """What one method asks, image after image.

    Args:
        job: The method.
        alone: Whether no other one has the same scores.
    """

    def __init__(self, job: QueryJob, *, alone: bool) -> None:
        if isinstance(job.acquisition, SelectAcquisition):
            raise TypeError(f"acquisition '{job.name}' looks at the whole pool by itself")
        self.failed = False
        self._acquisition = job.acquisition
        self._job, self._alone = job, alone
        self._picked: dict[str, Picks] = {}
        self._merged = PoolPicks(job.limits)

    def add(
        self,
        prediction: Prediction,
        image_id: str,
        seed_axes: Sequence[int | str],
        scores: dict[str, torch.Tensor],
    ) -> None:
        """Keep the best questions about one image; ``scores`` holds those of other methods, by identity."""
        if self.failed:
            return
        job = self._job
        score = scores.get(job.identity)
        if score is None:
            score = score_of(self._acquisition, job.name, prediction, image_id, seed_axes)
            scores[job.identity] = score
        if not self._alone:
            score = score.clone()  # whatever an annotation mode does to it, the next one does not see it
        asked = job.asked(image_id)
        if job.limits.per_image is not None:
            limit = job.limits.per_image[prediction.index]
            self._picked[image_id] = _proposed(job.mode, score, asked, limit)
            job.on_final(image_id, self._picked[image_id])
        else:
            limit = score.numel() if job.limits.pool_pixels is None else job.limits.pool_pixels
            self._merged.add(image_id, _proposed(job.mode, score, asked, limit))

    @property
    def picks(self) -> Mapping[str, Picks] | None:
        """Image id to picks that the budget affords; None where it has failed."""
        if self.failed:
            return None
        return self._picked if self._job.limits.per_image is not None else self._merged.affordable()


def _proposed(mode: AnnotationMode, score: torch.Tensor, asked: NDArray[np.int32], limit: int) -> Picks:
    with guarded(mode, "propose"):
        picks = mode.propose(score, asked, limit)
    return checked_picks(mode, picks, (score.shape[0], score.shape[1]))


def _predictions(pool: Pool) -> Iterator[Prediction]:
    if pool.options is not None:
        yield from predict(pool.model, pool.dataset, pool.options)
        return
    for index in range(len(pool.dataset)):
        # Has a size but no values: whoever reads it all the same gets an error.
        logits = torch.empty(
            (pool.num_classes, *pool.dataset.size(index)), dtype=torch.float32, device="meta"
        )
        yield Prediction(index, logits, None, None)


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
    return _score(acquisition, name, _view(prediction, image_id, seed_axes), image_id)


def _view(prediction: Prediction, image_id: str, seed_axes: Sequence[int | str]) -> TargetView:
    return TargetView(
        image_id=image_token(image_id),
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *seed_axes, image_id)),
        image=prediction.image,
        features=prediction.features,
    )


def _score(acquisition: ScoreAcquisition, name: str, view: TargetView, image_id: str) -> torch.Tensor:
    where = f"for image {image_id}"
    with guarded(acquisition, f"score {where}"):
        score = acquisition.score(view)
    who = name_of(acquisition, f"Acquisition '{name}'")
    who = who[0].upper() + who[1:]
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


def _select(acquisition: SelectAcquisition, job: QueryJob, pool: Pool) -> dict[str, Picks]:
    if pool.options is None:
        raise AcquisitionError(
            f"Acquisition '{job.name}' ranks images by their features, but its spec does not say so: its "
            "'needs' is empty."
        )
    limits, dataset = job.limits, pool.dataset
    means: list[torch.Tensor] = []
    for mean in mean_features(pool.model, dataset, pool.options):
        means.append(mean)
        pool.on_image()
    image_ids = tuple(dataset.image_id(index) for index in range(len(dataset)))
    bought = torch.tensor([len(job.asked(image_id)) > 0 for image_id in image_ids])
    sizes = [dataset.size(index) for index in range(len(image_ids))]
    smallest = min(height * width for height, width in sizes)
    affordable = limits.of_pool if limits.pool_pixels is None else limits.of_pool // smallest
    count = min(affordable, int((~bought).sum()))
    view = PoolView(
        image_ids=tuple(map(image_token, image_ids)),
        features=torch.stack(means),
        bought=bought,
        count=count,
        generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes)),
    )
    with guarded(acquisition, "select"):
        selected = acquisition.select(view)
    chosen = [int(index) for index in checked_selection(acquisition, selected, len(image_ids))]
    valid = all(0 <= index < len(image_ids) and not bought[index] for index in chosen)
    if not valid or len(set(chosen)) != len(chosen) or len(chosen) > count:
        raise AcquisitionError(
            f"Acquisition '{job.name}' must select at most {count} different images that are not bought "
            f"yet; it selected {chosen}."
        )
    merged = PoolPicks(limits)
    for rank, index in enumerate(chosen):
        # The rank stands in for a score: the first choice is the most wanted.
        score = torch.full(sizes[index], float(-rank), dtype=torch.float32)
        image_id = image_ids[index]
        merged.add(image_id, _proposed(job.mode, score, job.asked(image_id), score.numel()))
    return merged.affordable()
