"""Every registered acquisition: time an image, memory of a pool, and how its time grows with the pool."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from alseg.contracts import AcquisitionSpec
from alseg.perf.candidates import Candidate
from alseg.perf.inputs import NUM_CLASSES
from alseg.perf.madeup import CHANNELS, Image
from alseg.perf.measure import alternate, peak_extra_bytes
from alseg.perf.result import Line, Options, PoolCost, Result, Spread

MOST_BYTES = 4 * 2**30
"""Resident memory that a method may need for a pool of the size of Cityscapes."""

MOST_EXPONENT = 1.3
"""Of n log n between the sizes of `Sizes` about 1.1; what rises faster must say so in its docstring."""

_FEWER = 16
"""Divides the picks from a pool that takes too long otherwise: memory hardly depends on them."""

_MOST_TIMES = 40
_SLOW = 0.05
"""Share of the longest time that the smallest pool may take; else a quarter of it is the smallest."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of pools.

    Attributes:
        pool: Images of the pool whose memory is measured.
        regions: Of its images.
        images: Of the smallest pool whose growth is measured; others have twice and four times as many.
        seconds: Longest that ranking a pool may take by what smaller ones took; else fewer parts of it are
            picked, and where that does not help, half of the pool is ranked.
        enough: Seconds after which a time is not taken again.
    """

    pool: int
    regions: int
    images: int
    seconds: float
    enough: float


FULL = Sizes(pool=2_975, regions=40, images=100, seconds=60, enough=0.3)
QUICK = Sizes(pool=12, regions=8, images=3, seconds=2, enough=0)


def run(options: Options) -> Result:
    """Measure every acquisition with its default parameters.

    Raises:
        AlsegError: If the network that the forward pass is of is not installed.
    """
    sizes = QUICK if options.quick else FULL
    image = Image.of(options.size, sizes.regions)
    forward = _forward(options)
    lines = []
    # What is there already need not be looked through before each turn, which takes longer than most turns.
    gc.freeze()
    try:
        for name, entry in sorted(options.registry.acquisitions.items()):
            options.on_step(name)
            lines.append(options.told(_line(entry.spec, image, forward, sizes, options)))
    finally:
        gc.unfreeze()
    height, width = options.size
    return Result(
        name="methods",
        setting=(
            f"images {height} x {width}, {NUM_CLASSES} classes, {CHANNELS} features, {sizes.regions} "
            "regions; forward pass of DeepLab-v3+, EfficientNet-Lite0, at that size; pool of "
            f"{sizes.pool:,} images"
        ),
        lines=lines,
    )


def _forward(options: Options) -> Callable[[], object]:
    """Return the forward pass of a small network."""
    torch.manual_seed(0)
    model: Any = options.registry.get("models", "smp").spec.build(num_classes=NUM_CLASSES).eval()
    inputs = torch.randn(1, 3, *options.size)

    def forward() -> object:
        with torch.inference_mode():
            return model(inputs)

    return forward


def _line(
    spec: AcquisitionSpec, image: Image, forward: Callable[[], object], sizes: Sizes, options: Options
) -> Line:
    candidate = Candidate.of(spec, image)
    pool, statistics, notes = None, None, []
    if candidate.of_pool:
        pool, statistics = _pool_cost(candidate, sizes)
        notes = _notes(candidate, pool, sizes)
    work = candidate.work(statistics)
    logits = image.logits
    seconds = alternate(
        {"softmax": lambda: torch.softmax(logits, 0), "forward": forward, "ours": work}, options.repeats
    )
    ours = seconds["ours"]
    if pool is not None:
        ours = Spread([value + pool.seconds / pool.images for value in ours.values])
    return Line(
        work=spec.name if candidate.unit == "part" else f"{spec.name} ({candidate.unit}s)",
        ours=ours,
        units=ours.over(seconds["softmax"]),
        forwards=ours.over(seconds["forward"]),
        peak_bytes=peak_extra_bytes(work),
        pool=pool,
        notes=notes,
    )


def _notes(candidate: Candidate, pool: PoolCost, sizes: Sizes) -> list[str]:
    notes = [candidate.time_said] if candidate.time_said else []
    if pool.fewer > 1:
        notes.append(f"time of ranking foreseen from smaller pools; memory at a {pool.fewer}th of the picks")
    if pool.images < sizes.pool:
        notes.append(f"ranking all {sizes.pool:,} images would take too long: {pool.images:,} images ranked")
    faster = max(pool.by_images, pool.by_regions or 0.0)
    if faster > MOST_EXPONENT and not candidate.time_said:
        notes.append("GROWS FASTER than n log n, and its docstring does not say so")
    if pool.peak_bytes is not None and pool.peak_bytes > MOST_BYTES:
        notes.append(f"NEEDS MORE than {MOST_BYTES / 2**30:.0f} GiB")
    return notes


def _pool_cost(candidate: Candidate, sizes: Sizes) -> tuple[PoolCost, object]:
    """Return what ranking or preparing a pool takes, and what it returned."""

    def seconds(images: int, regions: int, fewer: int = 1) -> float:
        work = candidate.whole_pool(images, regions, fewer)
        return _least_seconds(work, sizes.enough)

    smallest = sizes.images
    first = seconds(smallest, sizes.regions)
    while first > _SLOW * sizes.seconds and smallest >= 8:
        smallest //= 4
        first = seconds(smallest, sizes.regions)
    counts = [smallest * factor for factor in (1, 2, 4)]
    of_images = [first, *(seconds(count, sizes.regions) for count in counts[1:])]
    by_regions = None
    if candidate.unit == "region":
        regions = [sizes.regions * factor for factor in (1, 2, 4)]
        by_regions = exponent(regions, [of_images[0], *(seconds(counts[0], each) for each in regions[1:])])
    by_images = exponent(counts, of_images)
    images, fewer, last = sizes.pool, 1, of_images[-1]
    if _foreseen(last, by_images, images / counts[-1]) > sizes.seconds:
        quicker = seconds(counts[-1], sizes.regions, _FEWER)
        fewer, last = (_FEWER, quicker) if quicker < last / 2 else (1, last)
    while images > counts[-1] and _foreseen(last, by_images, images / counts[-1]) > sizes.seconds:
        images = max(counts[-1], images // 2)
    taken: list[float] = []
    returned: list[object] = []

    def fill_and_rank() -> None:
        work = candidate.whole_pool(images, sizes.regions, fewer)
        started = time.perf_counter()
        returned.append(work())
        taken.append(time.perf_counter() - started)

    peak = peak_extra_bytes(fill_and_rank)
    if not taken:
        fill_and_rank()
    cost = PoolCost(
        images=images,
        fewer=fewer,
        seconds=_foreseen(of_images[-1], by_images, images / counts[-1]) if fewer > 1 else taken[0],
        observed_bytes=candidate.pool_bytes(sizes.pool),
        peak_bytes=peak,
        by_images=by_images,
        by_regions=by_regions,
    )
    return cost, returned[0]


def _foreseen(seconds: float, growth: float, factor: float) -> float:
    return float(seconds * factor ** max(1.0, growth))


def _least_seconds(work: Callable[[], object], enough: float) -> float:
    """Return the least time of several goes, of one only where it is long."""
    taken: list[float] = []
    while not taken or (sum(taken) < enough and len(taken) < _MOST_TIMES):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of the line fitted to the logarithms of times over those of sizes (least squares)."""
    x, y = [math.log(size) for size in sizes], [math.log(time_) for time_ in seconds]
    middle, mean = sum(x) / len(x), sum(y) / len(y)
    rise = sum((one - middle) * (two - mean) for one, two in zip(x, y, strict=True))
    return rise / sum((one - middle) ** 2 for one in x)
