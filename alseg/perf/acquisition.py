"""Scoring one image and picking from the score, by the acquisitions that come with alseg."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from alseg.contracts import ScoreAcquisition, Size, TargetView
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import NUM_CLASSES, pixels_per_round, regions_per_round, smooth_logits
from alseg.perf.measure import alternate, peak_extra_bytes
from alseg.perf.result import Line, Options, Result, Spread
from alseg.toolkit._kernels.device_choice import SWITCH
from alseg.toolkit.selection import greedy_select

TOLERANCE = 1e-4
"""Scores of both sides may differ by so much: single precision, summed in another order."""

_SMALL = 8
_TURN_ON_GPU = 0.05
"""Seconds of a side's turn, at least."""
_COPIED_BYTES = 2**32
"""Much more than the caches of a GPU hold."""


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
    the ratio of pixels, which flatters it: a small map fits the cache. Its picks are timed at full size. On a
    GPU all of it is timed at full size, and so are our scores without Triton's kernels.

    Raises:
        AlsegError: If a method is not installed, or the two sides disagree.
    """
    logits = smooth_logits(options.size).to(options.device)
    copied = _copied_bytes_per_second(options) if options.device == "cuda" else None
    lines = []
    for work in _works(options):
        options.on_step(work.title)
        lines.append(options.told(_line(work, logits, options, copied)))
    height, width = options.size
    facts = {} if copied is None else {"copy on the GPU, read and written": f"{copied / 1e9:,.0f} GB/s"}
    return Result(
        name="acquisition",
        setting=f"logits {NUM_CLASSES} x {height} x {width}, float32, {logits.nbytes / 2**20:.0f} MiB",
        lines=lines,
        facts=facts,
    )


def _copied_bytes_per_second(options: Options) -> float:
    """Return how fast a GPU copies within its memory, bytes read and bytes written."""
    source = torch.zeros(
        _COPIED_BYTES // 8 if options.quick else _COPIED_BYTES, dtype=torch.uint8, device="cuda"
    )
    target = torch.empty_like(source)
    seconds = alternate({"copy": lambda: target.copy_(source)}, options.repeats, _TURN_ON_GPU)["copy"]
    return 2 * source.nbytes / seconds.low


def _works(options: Options) -> list[Work]:
    def ours(name: str, **parameters: int) -> Callable[[torch.Tensor], torch.Tensor]:
        acquisition: ScoreAcquisition = options.registry.get("acquisitions", name).spec.build(**parameters)
        return lambda logits: acquisition.score(TargetView("image", logits, torch.Generator()))

    height, width = options.size
    small = (max(2, height // _SMALL), max(2, width // _SMALL)) if options.device == "cpu" else options.size
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


def _line(work: Work, logits: torch.Tensor, options: Options, copied: float | None) -> Line:
    full_size = work.plain_size == options.size
    plain_logits = logits if full_size else smooth_logits(work.plain_size, seed=1)
    notes = [f"scores of both sides differ by at most {_difference(work, plain_logits):.0e}"]

    def ours() -> torch.Tensor:
        score = work.ours(logits)
        return greedy_select(score, work.count, work.distance) if work.count else score

    plain_scored = work.plain(logits) if full_size else logits[0]

    def plain_picks() -> torch.Tensor:
        return reference.greedy_picks(plain_scored, work.count, work.distance) if work.count else plain_scored

    sides: dict[str, Callable[[], object]] = {
        "softmax": lambda: torch.softmax(logits, 0),
        "ours": ours,
        "plain score": lambda: work.plain(plain_logits),
        "plain picks": plain_picks,
    }
    if copied is not None:
        sides |= {"score": lambda: work.ours(logits), "without Triton": lambda: _eager(work, logits)}
    seconds = alternate(sides, options.repeats, 0.0 if copied is None else _TURN_ON_GPU)
    if copied is not None:
        notes += _on_gpu(logits, seconds, copied)
    factor = logits.numel() / plain_logits.numel()
    seconds["plain"] = seconds["plain score"].scaled(factor).plus(seconds["plain picks"])
    if not full_size:
        height, width = work.plain_size
        notes.append(f"plain score timed on {height} x {width} pixels, multiplied by {factor:.0f}")
    return Line(
        work=work.title,
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        units=seconds["ours"].over(seconds["softmax"]),
        peak_bytes=peak_extra_bytes(ours, options.device),
        plain_peak_bytes=peak_extra_bytes(sides["plain score"], options.device) if full_size else None,
        notes=notes,
    )


def _eager(work: Work, logits: torch.Tensor) -> torch.Tensor:
    """Return our score as torch's operations compute it."""
    with _without_triton():
        return work.ours(logits)


@contextmanager
def _without_triton() -> Iterator[None]:
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before


def _on_gpu(logits: torch.Tensor, seconds: Mapping[str, Spread], copied: float) -> list[str]:
    """Return what there is to know of a score on a GPU, without picks.

    Args:
        logits: What is scored.
        seconds: Of our ``score``, of ours ``without Triton``, and ``plain score``.
        copied: Bytes a second of a copy.
    """
    score = seconds["score"]
    needed = logits.nbytes + logits[0].nbytes  # every logit is read and every score written, at least
    return [
        f"without picks {1e3 * score.median:.3f} ms, {needed / score.median / 1e9:,.0f} GB/s of what must be "
        f"moved, {needed / score.median / copied:.0%} of a copy",
        f"plain score / ours {seconds['plain score'].over(score).median:.1f}",
        f"without Triton / with {seconds['without Triton'].over(score).median:.1f}",
    ]


def _difference(work: Work, logits: torch.Tensor) -> float:
    """Return by how much the scores of both sides differ.

    Raises:
        AlsegError: If it is too much: then they are not comparable.
    """
    difference = float((work.ours(logits) - work.plain(logits)).abs().max())
    if not difference <= TOLERANCE:
        raise AlsegError(f"{work.title}: the scores of both sides differ by {difference:.1e}.")
    return difference
