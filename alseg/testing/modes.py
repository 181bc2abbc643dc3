"""Does an annotation mode keep the contract?"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import (
    AnnotationMode,
    AnnotationModeSpec,
    AnswerKind,
    Answers,
    Picks,
    RegionAnnotationMode,
    Size,
)
from alseg.testing.aspects import require
from alseg.testing.made_answers import made_answers
from alseg.testing.made_images import seed_globally

_CLASSES = 4
_QUESTIONS = 20
"""How many questions are asked alone, one after the other."""

_SIZES: tuple[Size, ...] = ((48, 80), (1, 1), (7, 90))


def check_annotation_mode(spec: AnnotationModeSpec, **params: Any) -> None:
    """Check an annotation mode against `alseg.contracts.AnnotationMode` or `RegionAnnotationMode`.

    It is built and asks about made-up images of several sizes in two rounds, with limits from one pixel to
    the whole image; where its unit is ``region``, about regions of several sizes and shapes. Checked are that
    picks have non-increasing scores, fit the limit and never what scores -inf, that footprints reveal what
    was billed and what was bought stays with its question, that no more is bought than `most_pixels` says,
    that no question reveals more than `question_pixels` says where there is such a method, that every answer
    has a price within `most_clicks`, and that the questions of unit ``region`` name regions by their first
    pixels and those of unit ``image`` are at most one, that the same score gives the same questions and that
    score and earlier questions stay as they are. Where ``build`` has a parameter ``answer`` that is not
    given, all this is checked with each kind of answer.

    Args:
        spec: The spec that the plugin registers.
        params: Parameters for ``build``, where it has some without a default.

    Raises:
        AssertionError: Says what is not as it should be, and for which image.
    """
    takes_kinds = "answer" in signature(spec.build).parameters and "answer" not in params
    if not takes_kinds:
        _check_mode(f"'{spec.name}'", spec, spec.build(**params))
        return
    for kind in get_args(AnswerKind):
        made = spec.build(**params, answer=kind)
        found = getattr(made, "answer", None)
        assert found == kind, f"'{spec.name}': built with the answer '{kind}', it has the answer {found!r}"
        _check_mode(f"'{spec.name}' with the answer '{kind}'", spec, made)


def _check_mode(who: str, spec: AnnotationModeSpec, made: Any) -> None:
    of_regions = spec.unit == "region"
    name = "RegionAnnotationMode" if of_regions else "AnnotationMode"
    fits = isinstance(made, RegionAnnotationMode if of_regions else AnnotationMode)
    assert fits, f"{who} lacks a method of alseg.contracts.{name}"
    kind = getattr(made, "answer", "pixels")
    assert kind in get_args(AnswerKind), f"{who}: answer is {kind!r}, which is no kind of answer"
    for method in ("propose", "footprint"):
        _check_arguments(spec, method, getattr(made, method))
    for height, width in _SIZES:
        mode: AnnotationMode = _OnRegions(made, _regions((height, width))) if of_regions else made
        for limit in (1, height * width // 3, height * width):
            where = f"{who}, {height} x {width} pixels, at most {limit} a round"
            _check_rounds(where, mode, (height, width), limit, most=1 if spec.unit == "image" else None)


@dataclass(frozen=True)
class _OnRegions:
    """An annotation mode that asks about regions, with the regions of one image."""

    mode: RegionAnnotationMode
    regions: NDArray[np.int32]

    @property
    def answer(self) -> AnswerKind:
        kind: AnswerKind = getattr(self.mode, "answer", "pixels")
        return kind

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        return self.mode.clicks(answers)

    def most_clicks(self, pixels: int, classes: int) -> int | None:
        return self.mode.most_clicks(pixels, classes)

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        return self.mode.propose(score, asked, pixel_limit, regions=self.regions.copy())

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        return self.mode.footprint(positions, size, regions=self.regions.copy())

    def most_pixels(self, size: Size) -> int:
        return self.mode.most_pixels(size)


def _regions(size: Size) -> NDArray[np.int32]:
    """Return the nearest of some points for each pixel, ids in no order, int32 ``(H, W)``."""
    height, width = size
    count = min(40, height * width)
    places = np.random.default_rng(0).permutation(height * width)[:count]
    rows, columns = np.indices(size)
    squared = (rows[..., None] - places // width) ** 2 + (columns[..., None] - places % width) ** 2
    regions: NDArray[np.int32] = squared.argmin(axis=-1).astype(np.int32)
    return regions


def _check_arguments(spec: AnnotationModeSpec, name: str, method: Any) -> None:
    parameters = signature(method).parameters
    regions = parameters.get("regions")
    if spec.unit == "region":
        takes_all = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())
        assert regions is not None or takes_all, (
            f"'{spec.name}': {name} lacks the argument regions, which it gets as its unit is 'region'"
        )
        return
    assert regions is None or regions.default is not Parameter.empty, (
        f"'{spec.name}': {name} wants regions, so its unit must be 'region', not '{spec.unit}'"
    )


def _check_rounds(where: str, mode: AnnotationMode, size: Size, limit: int, *, most: int | None) -> None:
    random = torch.Generator().manual_seed(limit)
    asked, billed = np.zeros((0, 2), np.int32), 0
    before = np.full(size, -1, np.int32)
    for _ in range(2):
        score = torch.rand(size, generator=random)
        score[: size[0] // 4] = -torch.inf
        untouched, asked_before = score.clone(), asked.copy()
        picks = mode.propose(score, asked, limit)
        _check_again(where, mode, (score, asked), (untouched, asked_before), limit, picks)
        _check_picks(where, picks, limit)
        assert most is None or len(picks) <= most, f"{where}: it asks {len(picks)} questions about one image"
        if isinstance(mode, _OnRegions):
            _check_names(where, picks, mode.regions)
        asked = np.concatenate([asked, picks.positions])
        footprint = mode.footprint(asked, size)
        assert footprint.shape == size, f"{where}: the footprint has shape {footprint.shape}"
        kept = footprint[before >= 0] == before[before >= 0]
        assert kept.all(), f"{where}: a later question takes pixels of an earlier one"
        _check_answers(where, mode, picks, footprint, len(asked) - len(picks))
        billed += int(picks.pixels.sum())
        before = footprint
    _check_question_pixels(where, mode, asked, size)
    most_pixels = mode.most_pixels(size)
    assert billed <= most_pixels, f"{where}: {billed} pixels were bought, but most_pixels says {most_pixels}"


def _check_again(
    where: str,
    mode: AnnotationMode,
    given: tuple[torch.Tensor, NDArray[np.int32]],
    untouched: tuple[torch.Tensor, NDArray[np.int32]],
    limit: int,
    picks: Picks,
) -> None:
    """Check that a mode leaves what it is given as it is, and asks the same when it is called again."""
    score, asked = untouched
    require("inputs", torch.equal(given[0], score), f"{where}: propose changes the score")
    require("inputs", np.array_equal(given[1], asked), f"{where}: propose changes the earlier questions")
    seed_globally(limit + 1)
    again = mode.propose(score.clone(), asked.copy(), limit)
    require(
        "determinism",
        np.array_equal(again.positions, picks.positions) and np.array_equal(again.pixels, picks.pixels),
        f"{where}: the same score gives other questions; a mode must draw nothing and keep no state",
    )


def _check_question_pixels(where: str, mode: AnnotationMode, asked: NDArray[np.int32], size: Size) -> None:
    """Check what an optional method says: no question reveals more, alone."""
    made: Any = mode.mode if isinstance(mode, _OnRegions) else mode
    if not hasattr(made, "question_pixels"):
        return
    told = made.question_pixels(size)
    for place in asked[:_QUESTIONS]:
        revealed = int(np.count_nonzero(mode.footprint(place[None], size) >= 0))
        assert revealed <= told, f"{where}: a question reveals {revealed} pixels, question_pixels says {told}"


def _check_picks(where: str, picks: Picks, limit: int) -> None:
    assert (np.diff(picks.scores) <= 0).all(), f"{where}: scores of picks increase"
    assert (picks.pixels > 0).all(), f"{where}: a pick reveals nothing"
    total = int(picks.pixels.sum())
    assert total <= limit, f"{where}: picks reveal {total} pixels"
    assert np.isfinite(picks.scores).all(), f"{where}: it asks where the score is -inf"
    assert len({tuple(place) for place in picks.positions.tolist()}) == len(picks), f"{where}: it asks twice"


def _check_names(where: str, picks: Picks, regions: NDArray[np.int32]) -> None:
    """Check that each question names its region by its first pixel, row after row."""
    for y, x in picks.positions.tolist():
        first = int(np.argmax(regions.ravel() == regions[y, x]))
        assert first == y * regions.shape[1] + x, (
            f"{where}: a question is at pixel ({y}, {x}), which is not the first one of its region"
        )


def _check_answers(
    where: str, mode: AnnotationMode, picks: Picks, footprint: NDArray[np.int32], earlier: int
) -> None:
    places = np.flatnonzero(footprint >= earlier)
    questions = footprint.reshape(-1)[places].astype(np.int64) - earlier
    revealed = np.bincount(questions, minlength=len(picks))
    assert np.array_equal(revealed, picks.pixels), (
        f"{where}: picks bill {picks.pixels.tolist()} pixels, their footprint reveals {revealed.tolist()}"
    )
    if not len(picks):
        return
    size: Size = (footprint.shape[0], footprint.shape[1])
    kind: AnswerKind = getattr(mode, "answer", "pixels")
    answers = made_answers(kind, places, questions, count=len(picks), size=size, num_classes=_CLASSES)
    clicks = mode.clicks(answers)
    assert clicks.shape == (len(picks),), f"{where}: {len(picks)} answers have prices of shape {clicks.shape}"
    assert clicks.dtype.kind in "iu", f"{where}: prices must be integers, got {clicks.dtype}"
    assert (clicks >= 1).all(), f"{where}: an answer costs less than one click"
    for price, pixels in zip(clicks.tolist(), picks.pixels.tolist(), strict=True):
        most = mode.most_clicks(pixels, _CLASSES)
        assert most is None or price <= most, (
            f"{where}: an answer costs {price} clicks, but most_clicks says {most}"
        )
