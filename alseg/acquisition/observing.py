"""Acquisitions that observe every image before anything is decided, and what they decide then."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.image_picks import propose
from alseg.acquisition.job import AcquisitionError, Pool, QueryJob, reads_logits
from alseg.acquisition.observations import ObservationStore
from alseg.acquisition.parts import PoolParts
from alseg.acquisition.pool_picks import PoolPicks
from alseg.acquisition.views import source_view, target_view
from alseg.contracts import (
    ObservingAcquisition,
    PartsView,
    Picks,
    PixelRanking,
    PreparingAcquisition,
    RankingAcquisition,
    View,
)
from alseg.contracts.types import NAME_LOGITS
from alseg.guard.calls import guarded, name_of
from alseg.inference.gathering import in_order
from alseg.inference.predict import Prediction


class Observer:
    """The first phase of one method: what its acquisition observes of the source and of the pool.

    Args:
        acquisition: Of the method.
        job: The method.
        pool: The pool.
    """

    def __init__(self, acquisition: ObservingAcquisition, job: QueryJob, pool: Pool) -> None:
        self.job = job
        self._acquisition, self._pool = acquisition, pool
        self._source = ObservationStore() if "source" in job.observes else None
        self._target = ObservationStore(self._source)
        self._parts = PoolParts(job, pool)
        self._seen: list[int] = []
        self._seen_source: list[int] = []

    def observe_source(self, prediction: Prediction, image_id: str, label: NDArray[np.uint8]) -> None:
        """Observe the next source image.

        Raises:
            AcquisitionError: If an observation is none.
        """
        if self._source is not None:
            view = source_view(prediction, image_id, label, self.job, self._pool)
            self._observe(view, self._source, f"source image {image_id}")
            self._seen_source.append(prediction.index)

    def observe(self, prediction: Prediction, image_id: str) -> None:
        """Observe the next image of the pool.

        Raises:
            AcquisitionError: If an observation is none.
        """
        self._parts.add(prediction.index)
        view = target_view(prediction, image_id, self.job, self._pool)
        self._observe(view, self._target, f"image {image_id}")
        self._seen.append(prediction.index)

    def gather_source(self, images: int) -> None:
        """Know what other ranks have observed of the source, which has so many images."""
        if self._source is None or self._pool.ranks.size == 1:
            return
        held, merged = self._source, ObservationStore()
        own = ((index, held[place]) for place, index in enumerate(self._seen_source))
        for _, observed in in_order(self._pool.ranks, own, images):
            self._keep(observed, merged, "a source image")
        self._source, self._target = merged, ObservationStore(merged)

    def gather(self) -> None:
        """Know what other ranks have observed of the pool."""
        held, parts, merged = self._target, self._parts, ObservationStore(self._source)
        gathered = PoolParts(self.job, self._pool)
        own = ((index, (held[place], *parts[place])) for place, index in enumerate(self._seen))
        for index, (observed, sizes, bought) in in_order(self._pool.ranks, own, len(self._pool.dataset)):
            gathered.add_known(sizes, bought)
            self._keep(observed, merged, f"image {self._pool.dataset.image_id(index)}")
        self._target, self._parts = merged, gathered

    def statistics(self) -> Any:
        """Return what the acquisition prepares from all observations, for its scores."""
        assert isinstance(self._acquisition, PreparingAcquisition)
        with guarded(self._acquisition, "prepare"):
            return self._acquisition.prepare(self._target, self._parts.view())

    def picks(self) -> Mapping[str, Picks]:
        """Return image id to picks of a ranking that the budget affords.

        Raises:
            AcquisitionError: If the ranking is none.
        """
        assert isinstance(self._acquisition, RankingAcquisition)
        parts = self._parts.view()
        with guarded(self._acquisition, "rank"):
            ranking = self._acquisition.rank(self._target, parts)
        if isinstance(ranking, PixelRanking):
            return self._affordable(*self._checked_pixels(ranking))
        chosen = self._checked_parts(ranking, parts)
        limits = self.job.limits
        if limits.per_image is None and limits.currency == "pixels":
            spent = parts.pixels[chosen].cumsum(0)
            chosen = chosen[: int((spent <= limits.pool).sum())]
        return self._affordable(parts.images[chosen], parts.regions[chosen])

    def _observe(self, view: View, store: ObservationStore, where: str) -> None:
        with guarded(self._acquisition, f"observe {where}"):
            observed = self._acquisition.observe(view)
        if not isinstance(observed, Mapping) or not all(
            isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in observed.items()
        ):
            raise self._refused(f"must return named tensors for {where}, not {type(observed).__name__}")
        if any(tensor.is_meta for tensor in observed.values()):
            raise self._refused(f"{reads_logits(self.job)}. {NAME_LOGITS[:-1]}")
        self._keep(observed, store, where)

    def _keep(self, observed: Mapping[str, torch.Tensor], store: ObservationStore, where: str) -> None:
        try:
            store.add(observed)
        except ValueError as error:
            raise self._refused(f"observed something else for {where}: {error}") from error

    def _checked_parts(self, ranking: Any, parts: PartsView) -> torch.Tensor:
        """Return a ranking of parts, int64 ``(n,)``."""
        try:
            chosen = torch.as_tensor(ranking)
        except (TypeError, ValueError, RuntimeError) as error:
            raise self._refused(f"must rank parts by their indices: {error}") from error
        if chosen.ndim != 1 or (len(chosen) and (chosen.is_floating_point() or chosen.dtype == torch.bool)):
            raise self._refused(f"must rank indices (n,), not {chosen.dtype} {tuple(chosen.shape)}")
        if self.job.unit == "part":
            raise self._refused("ranks images or regions, but questions are about pixels")
        chosen, count = chosen.long().cpu(), len(parts.bought)
        if bool(((chosen < 0) | (chosen >= count)).any()):
            raise self._refused(
                f"ranks {int(chosen.min())} to {int(chosen.max())}, but there are {count} parts"
            )
        if bool(parts.bought[chosen].any()) or len(set(chosen.tolist())) < len(chosen):
            raise self._refused("ranks a part that is bought, or one twice")
        return chosen

    def _checked_pixels(self, ranking: PixelRanking) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images and positions of a ranking of pixels, int64 ``(n,)`` and ``(n, 2)``."""
        images, positions = ranking.images.long().cpu(), ranking.positions.long().cpu()
        if images.ndim != 1 or positions.shape != (len(images), 2):
            raise self._refused(
                f"must rank images (n,) and positions (n, 2), not {tuple(images.shape)} and "
                f"{tuple(positions.shape)}"
            )
        if self.job.unit != "part":
            raise self._refused(f"ranks pixels, but questions are about {self.job.unit}s")
        dataset = self._pool.dataset
        if bool(((images < 0) | (images >= len(dataset))).any()):
            raise self._refused(f"ranks image {int(images.max())}, but there are {len(dataset)}")
        for index, places in _by_image(images):
            of_image, size = positions[places], torch.tensor(dataset.size(index))
            if bool(((of_image < 0) | (of_image >= size)).any()):
                raise self._refused(f"ranks pixels outside image {dataset.image_id(index)}")
        return images, positions

    def _affordable(self, images: torch.Tensor, places: torch.Tensor) -> Mapping[str, Picks]:
        """Return the questions that the budget affords, from the front of a ranking.

        Args:
            images: int64 ``(n,)``.
            places: int64 ``(n,)`` regions, or ``(n, 2)`` positions.
        """
        limits, dataset = self.job.limits, self._pool.dataset
        ranks = -torch.arange(len(images), dtype=torch.float32)
        merged, final = PoolPicks(limits), dict[str, Picks]()
        for index, of_image in _by_image(images):
            image_id = dataset.image_id(index)
            score = self._as_score(index, places[of_image], ranks[of_image])
            picks = propose(self.job, index, image_id, score)
            if limits.per_image is None:
                merged.add(image_id, picks)
            else:
                final[image_id] = picks
        return merged.affordable() if limits.per_image is None else final

    def _as_score(self, index: int, places: torch.Tensor, ranks: torch.Tensor) -> torch.Tensor:
        """Return a score that annotation modes pick from in the order of the ranks, float32 ``(H, W)``."""
        size = self._pool.dataset.size(index)
        if self.job.unit == "image":
            return torch.full(size, float(ranks[0]), dtype=torch.float32)
        if places.ndim == 1 and self.job.regions is not None:
            regions = torch.from_numpy(self.job.regions(index).copy()).long()
            values = torch.full((int(regions.max()) + 1,), -math.inf)
            values[places] = ranks
            return values[regions]
        score = torch.full(size, -math.inf)
        # The earlier of two ranks of one pixel counts.
        score[places[:, 0].flip(0), places[:, 1].flip(0)] = ranks.flip(0)
        return score

    def _refused(self, what: str) -> AcquisitionError:
        who = name_of(self._acquisition, f"Acquisition '{self.job.name}'")
        return AcquisitionError(f"{who[0].upper()}{who[1:]} {what}.")


def _by_image(images: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield each image of a ranking and its places in it, int64 ``(m,)``, in the order of the ranking."""
    order = np.argsort(images.numpy(), kind="stable")
    found, counts = np.unique(images.numpy(), return_counts=True)
    ends = np.cumsum(counts)
    for image, first, end in zip(found.tolist(), ends - counts, ends, strict=True):
        yield image, torch.from_numpy(order[first:end])
