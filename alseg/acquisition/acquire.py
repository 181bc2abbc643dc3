"""One round of acquisition: one pass over the pool, in which one or several methods decide what to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import NamedTuple

import torch

from alseg.acquisition.image_picks import propose
from alseg.acquisition.image_ranking import select_images
from alseg.acquisition.job import Pool, QueryJob
from alseg.acquisition.pool_picks import PoolPicks
from alseg.acquisition.scoring import ImageScores
from alseg.contracts import Picks, SelectAcquisition
from alseg.inference.predict import Prediction, predict
from alseg.inference.prefetch import behind


class PassPicks(NamedTuple):
    """What methods ask after one pass over the pool.

    Attributes:
        own: Image id to picks of the method that the pass is for.
        others: The same for others by name; without those that failed.
    """

    own: Mapping[str, Picks]
    others: Mapping[str, Mapping[str, Picks]]


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
        return select_images(job.acquisition, job, pool)
    return acquire_together(job, {}, pool).own


def acquire_together(job: QueryJob, others: Mapping[str, QueryJob], pool: Pool) -> PassPicks:
    """Decide what several methods ask in one round, from one pass over the pool.

    All of them score images, and need the same of the network. Each gets what it would get alone.

    Args:
        job: The method that the pass is for.
        others: Other methods by name. One that fails is left out: it is asked again in its own run, which
            then tells what is wrong.
        pool: The images and what the network says of them.

    Returns:
        The picks of each method, within its limits.

    Raises:
        AcquisitionError: If a score of ``job`` has the wrong shape or holds NaN.
    """
    own = _QueryCollector(job)
    collectors = {name: _QueryCollector(other) for name, other in others.items()}
    users = Counter(each.identity for each in (job, *others.values()))
    shared = {identity for identity, number in users.items() if number > 1}

    def ask(prediction: Prediction) -> None:
        image_id = pool.dataset.image_id(prediction.index)
        scores = ImageScores(prediction, image_id, pool.seed_axes, shared)
        # A thread starts with the first GPU, whatever the one is that its maker uses.
        with torch.cuda.device_of(prediction.logits):  # type: ignore[no-untyped-call]
            own.collect(scores)
            for name, collector in list(collectors.items()):
                try:
                    collector.collect(scores)
                except Exception:  # whatever a plugin raises, its own run tells
                    del collectors[name]

    overlap = pool.options is not None and pool.options.overlap
    with (
        closing(_predictions(pool)) as predictions,  # or an error's traceback keeps it reading images
        closing(behind(ask, predictions, overlap=overlap)) as answers,
    ):
        for _ in answers:
            pool.on_image()
    return PassPicks(own.picks(), {name: collector.picks() for name, collector in collectors.items()})


class _QueryCollector:
    """What one method asks, image after image.

    Args:
        job: The method; its acquisition scores images.

    Raises:
        TypeError: If it looks at the whole pool instead.
    """

    def __init__(self, job: QueryJob) -> None:
        if isinstance(job.acquisition, SelectAcquisition):
            raise TypeError(f"acquisition '{job.name}' looks at the whole pool by itself")
        self._job, self._acquisition = job, job.acquisition
        self._final: dict[str, Picks] = {}
        self._proposed = PoolPicks(job.limits)

    def collect(self, scores: ImageScores) -> None:
        """Keep the best questions about one image."""
        job, image_id = self._job, scores.image_id
        score = scores.score(self._acquisition, job.name, job.identity)
        picks = propose(job, image_id, score, job.limits.of_image(scores.index, score.numel()))
        if job.limits.per_image is None:
            self._proposed.add(image_id, picks)
        else:
            self._final[image_id] = picks
            job.on_final(image_id, picks)

    def picks(self) -> Mapping[str, Picks]:
        """Return image id to picks that the budget affords."""
        return self._proposed.affordable() if self._job.limits.per_image is None else self._final


def _predictions(pool: Pool) -> Generator[Prediction, None, None]:
    if pool.options is not None:
        yield from predict(pool.model, pool.dataset, pool.options)
        return
    for index in range(len(pool.dataset)):
        # Has a size but no values: whoever reads it all the same gets an error.
        logits = torch.empty(
            (pool.num_classes, *pool.dataset.size(index)), dtype=torch.float32, device="meta"
        )
        yield Prediction(index, logits, None, None)
