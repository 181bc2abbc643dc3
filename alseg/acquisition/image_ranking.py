"""Selection over the pool by acquisitions that rank whole images."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from alseg.acquisition.image_picks import propose
from alseg.acquisition.job import AcquisitionError, Pool, QueryJob
from alseg.acquisition.pool_picks import PoolPicks
from alseg.contracts import Picks, PoolView, SelectAcquisition
from alseg.guard.answers import checked_selection
from alseg.guard.calls import guarded
from alseg.inference.predict import InferenceOptions, mean_features
from alseg.seeding import derive, image_token


def select_images(acquisition: SelectAcquisition, job: QueryJob, pool: Pool) -> dict[str, Picks]:
    """Decide which whole images a method asks about in one round.

    Args:
        acquisition: Of the method.
        job: The method.
        pool: The images and what the network says of them.

    Returns:
        Image id to picks, within the limits.

    Raises:
        AcquisitionError: If the selection is no valid one, or nothing of the network was asked for.
    """
    if pool.options is None:
        raise AcquisitionError(
            f"Acquisition '{job.name}' ranks images by their features, but its spec does not say so: its "
            "'needs' is empty."
        )
    features = _features(pool, pool.options)
    image_ids = [pool.dataset.image_id(index) for index in range(len(pool.dataset))]
    bought = torch.tensor([len(job.asked(image_id)) > 0 for image_id in image_ids])
    view = PoolView(
        image_ids=tuple(map(image_token, image_ids)),
        features=features,
        bought=bought,
        count=min(_affordable_images(job, pool), int((~bought).sum())),
        generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes)),
    )
    return _picks(job, pool, image_ids, _selected(acquisition, job, view))


def _features(pool: Pool, options: InferenceOptions) -> torch.Tensor:
    """Return the mean features of each image, float ``(images, channels)``."""
    means: list[torch.Tensor] = []
    for mean in mean_features(pool.model, pool.dataset, options):
        means.append(mean)
        pool.on_image()
    return torch.stack(means)


def _affordable_images(job: QueryJob, pool: Pool) -> int:
    """Return how many images the budget pays for at most: the smallest ones."""
    if job.limits.currency != "pixels":
        return job.limits.pool
    sizes = [pool.dataset.size(index) for index in range(len(pool.dataset))]
    return job.limits.pool // min(height * width for height, width in sizes)


def _selected(acquisition: SelectAcquisition, job: QueryJob, view: PoolView) -> list[int]:
    """Return the indices of the images selected, most wanted first."""
    with guarded(acquisition, "select"):
        selected = acquisition.select(view)
    images = len(view.image_ids)
    chosen = [int(index) for index in checked_selection(acquisition, selected, images)]
    valid = all(0 <= index < images and not view.bought[index] for index in chosen)
    if not valid or len(set(chosen)) != len(chosen) or len(chosen) > view.count:
        raise AcquisitionError(
            f"Acquisition '{job.name}' must select at most {view.count} different images that are not bought "
            f"yet; it selected {chosen}."
        )
    return chosen


def _picks(job: QueryJob, pool: Pool, image_ids: Sequence[str], chosen: Sequence[int]) -> dict[str, Picks]:
    """Return the questions about chosen images that the budget affords."""
    merged, spent = PoolPicks(job.limits), 0
    for rank, index in enumerate(chosen):
        height, width = pool.dataset.size(index)
        spent += height * width
        if job.limits.currency == "pixels" and spent > job.limits.pool:
            break
        # The rank stands in for a score: the first choice is the most wanted.
        score = torch.full(pool.dataset.size(index), float(-rank), dtype=torch.float32)
        merged.add(image_ids[index], propose(job, index, image_ids[index], score))
    return merged.affordable()
