"""Does an annotation mode keep the contract?"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import AnnotationMode, AnnotationModeSpec, Answers, Picks, Size

_CLASSES = 4
_SIZES: tuple[Size, ...] = ((48, 80), (1, 1), (7, 90))


def check_annotation_mode(spec: AnnotationModeSpec, **params: Any) -> None:
    """Check an annotation mode against `alseg.contracts.AnnotationMode`.

    It is built and asks about made-up images of several sizes in two rounds, with limits from one pixel to
    the whole image. Checked are that picks have non-increasing scores, fit the limit and never what scores
    -inf, that footprints reveal what was billed and what was bought stays with its question, that no more is
    bought than `most_pixels` says, and that every answer has a price within `most_clicks`.

    Args:
        spec: The spec that the plugin registers.
        params: Parameters for ``build``, where it has some without a default.

    Raises:
        AssertionError: Says what is not as it should be, and for which image.
    """
    mode = spec.build(**params)
    assert isinstance(mode, AnnotationMode), f"'{spec.name}' lacks a method of alseg.contracts.AnnotationMode"
    for height, width in _SIZES:
        for limit in (1, height * width // 3, height * width):
            where = f"'{spec.name}', {height} x {width} pixels, at most {limit} a round"
            _check_rounds(where, mode, (height, width), limit)


def _check_rounds(where: str, mode: AnnotationMode, size: Size, limit: int) -> None:
    random = torch.Generator().manual_seed(limit)
    asked, billed = np.zeros((0, 2), np.int32), 0
    before = np.full(size, -1, np.int32)
    for _ in range(2):
        score = torch.rand(size, generator=random)
        score[: size[0] // 4] = -torch.inf
        picks = mode.propose(score, asked, limit)
        _check_picks(where, picks, score, limit)
        asked = np.concatenate([asked, picks.positions])
        footprint = mode.footprint(asked, size)
        assert footprint.shape == size, f"{where}: the footprint has shape {footprint.shape}"
        kept = footprint[before >= 0] == before[before >= 0]
        assert kept.all(), f"{where}: a later question takes pixels of an earlier one"
        _check_answers(where, mode, picks, footprint, len(asked) - len(picks))
        billed += int(picks.pixels.sum())
        before = footprint
    most = mode.most_pixels(size)
    assert billed <= most, f"{where}: {billed} pixels were bought, but most_pixels says {most}"


def _check_picks(where: str, picks: Picks, score: torch.Tensor, limit: int) -> None:
    assert (np.diff(picks.scores) <= 0).all(), f"{where}: scores of picks increase"
    assert (picks.pixels > 0).all(), f"{where}: a pick reveals nothing"
    total = int(picks.pixels.sum())
    assert total <= limit, f"{where}: picks reveal {total} pixels"
    assert np.isfinite(picks.scores).all(), f"{where}: it asks where the score is -inf"
    assert len({tuple(place) for place in picks.positions.tolist()}) == len(picks), f"{where}: it asks twice"


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
    classes = np.random.default_rng(0).integers(0, _CLASSES, len(places)).astype(np.uint8)
    classes[::5] = 255
    clicks = mode.clicks(Answers(len(picks), size, places, questions, classes))
    assert clicks.shape == (len(picks),), f"{where}: {len(picks)} answers have prices of shape {clicks.shape}"
    assert clicks.dtype.kind in "iu", f"{where}: prices must be integers, got {clicks.dtype}"
    assert (clicks >= 1).all(), f"{where}: an answer costs less than one click"
    for price, pixels in zip(clicks.tolist(), picks.pixels.tolist(), strict=True):
        most = mode.most_clicks(pixels, _CLASSES)
        assert most is None or price <= most, (
            f"{where}: an answer costs {price} clicks, but most_clicks says {most}"
        )
