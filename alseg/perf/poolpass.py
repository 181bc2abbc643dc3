"""A whole pass over the pool, as in a round: what overlapping and asking together are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from alseg.acquisition.acquire import acquire, acquire_together
from alseg.acquisition.job import Pool, QueryJob
from alseg.annotation.allowance import Limits
from alseg.contracts import Dataset, Picks, Size
from alseg.errors import AlsegError
from alseg.inference.predict import InferenceOptions
from alseg.perf.inputs import NUM_CLASSES, regions_per_round
from alseg.perf.measure import alternate
from alseg.perf.result import Line, Options

_METHODS: tuple[tuple[str, dict[str, Any]], ...] = (("entropy", {}), ("margin", {}), ("ripu", {"radius": 1}))


def lines(title: str, model: Any, dataset: Dataset, input_size: Size, options: Options) -> list[Line]:
    """Time passes over a few images.

    Args:
        title: Of the network.
        model: In evaluation mode.
        dataset: The images.
        input_size: Height and width at which the network sees them.
        options: How to measure.

    Raises:
        AlsegError: If both sides do not ask the same.
    """

    def pool(*, overlap: bool) -> Pool:
        inference = InferenceOptions(
            size=input_size, through_input_size=True, batch_size=1, overlap=overlap, device=options.device
        )
        return Pool(
            dataset=dataset, num_classes=NUM_CLASSES, model=model, options=inference, seed_axes=("perf",)
        )

    jobs = [_job(name, parameters, dataset, options) for name, parameters in _METHODS]
    ripu = jobs[-1:]
    sides: dict[str, Callable[[], list[Any]]] = {
        "overlapping": lambda: _together(ripu, pool(overlap=True)),
        "in turn": lambda: _together(ripu, pool(overlap=False)),
        "together": lambda: _together(jobs, pool(overlap=True)),
        "alone": lambda: [acquire(job, pool(overlap=True)) for job in jobs],
    }
    for ours, plain in (("overlapping", "in turn"), ("together", "alone")):
        if not all(map(_same, sides[ours](), sides[plain]())):
            raise AlsegError(f"{title}: a pass asks something else {ours} than {plain}.")
    seconds = alternate(sides, options.repeats)
    count = len(dataset)
    return [
        Line(
            work=f"{title}: {work}",
            ours=seconds[ours].scaled(1 / count),
            plain=seconds[plain].scaled(1 / count),
            ratio=seconds[plain].over(seconds[ours]),
            notes=[note],
        )
        for work, ours, plain, note in (
            ("pass for RIPU", "overlapping", "in turn", "plain: decode, predict and score in turn"),
            (f"pass for {len(jobs)} methods", "together", "alone", "plain: one pass for each method"),
        )
    ]


def _together(jobs: Sequence[QueryJob], pool: Pool) -> list[Any]:
    """Return the picks of each method, from one pass over the pool."""
    first, *rest = jobs
    found = acquire_together(first, {job.name: job for job in rest}, pool)
    return [found.own, *(found.others[job.name] for job in rest)]


def _job(name: str, parameters: dict[str, Any], dataset: Dataset, options: Options) -> QueryJob:
    pixels = [9 * regions_per_round(dataset.size(index)) for index in range(len(dataset))]
    return QueryJob(
        acquisition=options.registry.get("acquisitions", name).spec.build(**parameters),
        name=name,
        identity=name,
        mode=options.registry.get("annotation_modes", "region").spec.build(radius=1),
        limits=Limits(per_image=pixels),
        asked=lambda _: np.zeros((0, 2), np.int32),
    )


def _same(one: Any, two: Any) -> bool:
    return one.keys() == two.keys() and all(_same_picks(one[name], two[name]) for name in one)


def _same_picks(one: Picks, two: Picks) -> bool:
    return np.array_equal(one.positions, two.positions) and np.array_equal(one.scores, two.scores)
