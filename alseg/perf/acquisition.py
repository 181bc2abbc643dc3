"""Scoring one image and picking from the score, by the acquisitions that come with alseg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from alseg.contracts import ScoreAcquisition, Size, TargetView
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import NUM_CLASSES, pixels_per_round, regions_per_round, smooth_logits
from alseg.perf.measure import alternate, peak_extra_bytes
from alseg.perf.result import Line, Options, Result
from alseg.toolkit.selection import greedy_select

TOLERANCE = 1e-4
"""Scores of both sides may differ by so much: single precision, summed in another order."""

_SMALL = 8


@dataclass(frozen=True)
class Work:
    """One acquisition and its plain twin.

    Attributes:
        title: What is done.
        ours: Logits to score.
        plain: The same, the plain way.
        count: Picks; 0 for scoring alone.
        distance: Chebyshev distance between picks.
        plain_size: Size of the map on which the plain side is timed; its time is scaled by the pixels.
    """

    title: str
    ours: Callable[[torch.Tensor], torch.Tensor]
    plain: Callable[[torch.Tensor], torch.Tensor]
    count: int
    distance: int
    plain_size: Size


def run(options: Options) -> Result:
    """Time scores with picks, and scores alone.

    The plain side of wide windows would take minutes. Its score is timed on a smaller map and multiplied by
    the ratio of pixels, which flatters it: a small map fits the cache. Its picks are timed at full size.

    Raises:
        AlsegError: If a method is not installed, or the two sides disagree.
    """
    logits = smooth_logits(options.size)
    lines = []
    for work in _works(options):
        options.on_step(work.title)
        lines.append(_line(work, logits, options))
    height, width = options.size
    return Result(
        name="acquisition",
        setting=f"logits {NUM_CLASSES} x {height} x {width}, float32, {logits.nbytes / 2**20:.0f} MiB",
        lines=lines,
    )


def _works(options: Options) -> list[Work]:
    def ours(name: str, **parameters: int) -> Callable[[torch.Tensor], torch.Tensor]:
        acquisition: ScoreAcquisition = options.registry.get("acquisitions", name).spec.build(**parameters)
        return lambda logits: acquisition.score(TargetView("image", logits, torch.Generator()))

    height, width = options.size
    small = max(2, height // _SMALL), max(2, width // _SMALL)
    regions, pixels = regions_per_round(options.size), pixels_per_round(options.size)
    return [
        Work(
            f"RA: score k = 1 and {regions:,} picks",
            ours("ripu", radius=1),
            lambda logits: reference.region_score(logits, 1),
            regions,
            2,
            options.size,
        ),
        Work(
            f"PA: score k = 32 and {pixels:,} picks",
            ours("ripu-pixel", radius=32),
            lambda logits: reference.pixel_score(logits, 32),
            pixels,
            32,
            small,
        ),
        Work("entropy", ours("entropy"), reference.entropy, 0, 0, options.size),
        Work("least confidence", ours("least-confidence"), reference.least_confidence, 0, 0, options.size),
        Work("margin", ours("margin"), reference.margin, 0, 0, options.size),
    ]


def _line(work: Work, logits: torch.Tensor, options: Options) -> Line:
    full_size = work.plain_size == options.size
    plain_logits = logits if full_size else smooth_logits(work.plain_size, seed=1)
    notes = [f"scores of both sides differ by at most {_difference(work, plain_logits):.0e}"]

    def ours() -> torch.Tensor:
        score = work.ours(logits)
        return greedy_select(score, work.count, work.distance) if work.count else score

    def plain_picks(score: torch.Tensor) -> torch.Tensor:
        return reference.greedy_picks(score, work.count, work.distance) if work.count else score

    sides: dict[str, Callable[[], object]] = {"softmax": lambda: torch.softmax(logits, 0), "ours": ours}
    if full_size:
        sides["plain"] = lambda: plain_picks(work.plain(logits))
    else:
        sides |= {"score": lambda: work.plain(plain_logits), "picks": lambda: plain_picks(logits[0])}
    seconds = alternate(sides, options.repeats)
    if not full_size:
        factor = logits.numel() / plain_logits.numel()
        seconds["plain"] = seconds["score"].scaled(factor).plus(seconds["picks"])
        height, width = work.plain_size
        notes.append(f"plain score timed on {height} x {width} pixels, multiplied by {factor:.0f}")
    return Line(
        work=work.title,
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        units=seconds["ours"].over(seconds["softmax"]),
        peak_bytes=peak_extra_bytes(ours),
        plain_peak_bytes=peak_extra_bytes(sides["plain"]) if full_size else None,
        notes=notes,
    )


def _difference(work: Work, logits: torch.Tensor) -> float:
    """Return by how much the scores of both sides differ.

    Raises:
        AlsegError: If it is too much: then they are not comparable.
    """
    difference = float((work.ours(logits) - work.plain(logits)).abs().max())
    if not difference <= TOLERANCE:
        raise AlsegError(f"{work.title}: the scores of both sides differ by {difference:.1e}.")
    return difference
