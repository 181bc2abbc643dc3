"""What acquisitions see of one image: the network's prediction, and what the method knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.job import Pool, QueryJob
from alseg.contracts import TRUE_LABELS, SourceView, TargetView
from alseg.inference.predict import Prediction
from alseg.seeding import derive, image_token


def target_view(
    prediction: Prediction, image_id: str, job: QueryJob, pool: Pool, statistics: Any = None
) -> TargetView:
    """Return what a method sees of an image of the pool.

    Args:
        prediction: What the network says of the image.
        image_id: The image.
        job: The method.
        pool: The pool and the round.
        statistics: What the acquisition has prepared from its observations.
    """
    index, needs = prediction.index, job.needs
    revealed = job.revealed(index) if job.revealed is not None and "revealed" in needs else None
    bought = job.bought(index) if job.bought is not None and "bought" in needs else None
    shown = job.true_labels(index) if job.true_labels is not None and TRUE_LABELS in needs else None
    return TargetView(
        image_id=image_token(image_id),
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes, image_id)),
        image=prediction.image,
        features=prediction.features,
        outputs=prediction.outputs,
        moments=prediction.moments,
        regions=_as_tensor(None if job.regions is None else job.regions(index)),
        unit=job.unit,
        round=pool.round,
        rounds=pool.rounds,
        statistics=statistics,
        bought=None if bought is None else torch.from_numpy(bought),
        revealed=None if revealed is None else torch.from_numpy(revealed),
        previous=prediction.previous,
        true_labels=None if shown is None else torch.from_numpy(shown),
    )


def source_view(
    prediction: Prediction, image_id: str, label: NDArray[np.uint8], job: QueryJob, pool: Pool
) -> SourceView:
    """Return what a method sees of a source image.

    Args:
        prediction: What the network says of the image.
        image_id: The image.
        label: uint8 ``(H, W)`` in the scenario's label space, 255 for void.
        job: The method.
        pool: The pool and the round.
    """
    regions = None if job.source_regions is None else job.source_regions(prediction.index)
    return SourceView(
        image_id=image_token(image_id),
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes, "source", image_id)),
        image=prediction.image,
        features=prediction.features,
        outputs=prediction.outputs,
        moments=prediction.moments,
        regions=_as_tensor(regions),
        unit=job.unit,
        round=pool.round,
        rounds=pool.rounds,
        label=torch.from_numpy(label),
    )


def _as_tensor(regions: NDArray[np.int32] | None) -> torch.Tensor | None:
    """Return a copy: the map that is kept cannot be written to."""
    return None if regions is None else torch.from_numpy(regions.copy())
