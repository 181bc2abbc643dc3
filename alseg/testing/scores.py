"""Does an acquisition that scores images keep the contract?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from alseg.contracts import AcquisitionSpec, Passes, TargetView
from alseg.testing.aspects import DepartureError, require
from alseg.testing.made_images import (
    MadeImage,
    Showing,
    attempt,
    certain_logits,
    check_untouched,
    random_logits,
    reads_logits,
    seed_globally,
)

OF_UNIT = {"part": "", "region": ", questions about regions", "image": ", questions about images"}
"""What is added to the name of a case."""


@dataclass(frozen=True)
class ScoreCase:
    """One image that is scored.

    Attributes:
        where: Names acquisition, image and unit.
        make_view: Returns the same view at every call, in tensors of its own.
    """

    where: str
    make_view: Callable[[], TargetView]


def check_scores(
    spec: AcquisitionSpec, build: Callable[[], Any], passes: Passes | None, num_classes: int
) -> None:
    """Check an acquisition that scores images without a look at the pool.

    Args:
        spec: Its spec.
        build: Makes it.
        passes: That it makes where it needs ``moments``.
        num_classes: Of the predictions.

    Raises:
        AssertionError: Says what is not as it should be, and for which prediction.
    """
    cases = list(_cases(spec, passes, num_classes))
    acquisition = build()
    kept = [check_score(spec, case, acquisition.score) for case in cases]
    seed_globally(2)
    check_again(cases, build().score, kept)


def check_score(
    spec: AcquisitionSpec, case: ScoreCase, score_of: Callable[[TargetView], Any]
) -> torch.Tensor:
    """Check the score of one image, and return a copy of it."""
    where, view = case.where, case.make_view()
    seed_globally(0)
    score = attempt(where, view, lambda: score_of(view))
    assert isinstance(score, torch.Tensor), f"{where}: score must be a tensor, got {type(score).__name__}"
    assert score.is_floating_point(), f"{where}: score must be float, got {score.dtype}"
    assert score.shape == view.size, f"{where}: score must have shape {view.size}, got {tuple(score.shape)}"
    if score.is_meta:
        raise DepartureError("needs", f"{where}: {reads_logits(spec)}")
    assert not score.isnan().any(), f"{where}: the score holds NaN"
    kept = score.clone()
    check_untouched(where, view, case.make_view())
    seed_globally(1)
    again = score_of(case.make_view())
    require(
        "determinism",
        torch.equal(again, kept),
        f"{where}: the same view gives another score; all randomness must come from view.generator",
    )
    require("inputs", torch.equal(score, kept), f"{where}: a score changes after it was given")
    return kept


def check_again(
    cases: list[ScoreCase], score_of: Callable[[TargetView], Any], kept: list[torch.Tensor]
) -> None:
    """Check that another object of the kind gives the same scores in the opposite order."""
    for case, score in reversed(list(zip(cases, kept, strict=True))):
        require(
            "independence",
            torch.equal(score_of(case.make_view()), score),
            f"{case.where}: another object, which saw the images in another order, gives another score; it "
            "may depend on the view alone",
        )


def _cases(spec: AcquisitionSpec, passes: Passes | None, num_classes: int) -> Iterator[ScoreCase]:
    doubtful = random_logits((13, 21), num_classes, 0)
    # They share a name, as images of several rounds do.
    shown = {
        "doubtful predictions": (doubtful, 1, 3, 0.0),
        "certain predictions": (certain_logits((9, 12), num_classes), 1, 3, 0.0),
        "all classes alike": (torch.zeros((num_classes, 6, 4)), 1, 3, 0.0),
        "a single pixel": (doubtful[:, :1, :1].clone(), 1, 1, 0.0),
        "the last of three rounds": (doubtful, 3, 3, 0.3),
        "all pixels bought": (doubtful, 3, 3, 1.0),
    }
    for unit in spec.units:
        for what, (logits, round_, rounds, share) in shown.items():
            image = MadeImage("image", logits, 0)
            showing = Showing(spec, unit, passes, round_, rounds)
            draws = torch.Generator().manual_seed(3)
            bought = torch.rand(image.size, generator=draws) < share
            yield ScoreCase(f"'{spec.name}', {what}{OF_UNIT[unit]}", _maker(showing, image, bought))


def _maker(showing: Showing, image: MadeImage, bought: torch.Tensor) -> Callable[[], TargetView]:
    return lambda: showing.target(image, bought)
