"""Picking from a score that is there already."""

from __future__ import annotations

import torch

from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import pixels_per_round, regions_per_round, smooth_logits
from alseg.perf.measure import alternate, peak_extra_bytes
from alseg.perf.result import Line, Options, Result
from alseg.toolkit.selection import greedy_select

_LEVELS = 8


def run(options: Options) -> Result:
    """Time picks from a smooth score and from one with many equal values.

    Raises:
        AlsegError: If the picks of both sides differ.
    """
    logits = smooth_logits(options.size).to(options.device)
    score = reference.region_score(logits, 1)
    levels = (score / score.max() * _LEVELS).floor()
    regions, pixels = regions_per_round(options.size), pixels_per_round(options.size)
    cases = [
        (f"{regions:,} picks, distance 2", score, regions, 2),
        (f"{pixels:,} picks, distance 32", score, pixels, 32),
        (f"{regions:,} picks, distance 2, {_LEVELS} values", levels, regions, 2),
    ]
    lines = [options.told(_line(*case, logits, options)) for case in cases]
    height, width = options.size
    return Result(
        name="selection", setting=f"score {height} x {width}, float32, of RIPU's kind, k = 1", lines=lines
    )


def _line(
    title: str, score: torch.Tensor, count: int, distance: int, logits: torch.Tensor, options: Options
) -> Line:
    options.on_step(title)

    def ours() -> torch.Tensor:
        return greedy_select(score, count, distance)

    def plain() -> torch.Tensor:
        return reference.greedy_picks(score, count, distance)

    if not torch.equal(ours(), plain()):
        raise AlsegError(f"{title}: the picks of both sides differ.")
    seconds = alternate(
        {"softmax": lambda: torch.softmax(logits, 0), "ours": ours, "plain": plain}, options.repeats
    )
    return Line(
        work=title,
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        units=seconds["ours"].over(seconds["softmax"]),
        peak_bytes=peak_extra_bytes(ours, options.device),
        plain_peak_bytes=peak_extra_bytes(plain, options.device),
        notes=["the picks of both sides are the same"],
    )
