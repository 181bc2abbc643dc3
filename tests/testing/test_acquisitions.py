from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from alseg import AcquisitionSpec
from alseg.contracts import PoolView, TargetView
from alseg.testing import check_acquisition


class Scoring:
    def __init__(self, score: Callable[[TargetView], Any]) -> None:
        self.score = score


class Selecting:
    def __init__(self, select: Callable[[PoolView], Any]) -> None:
        self.select = select


def _spec(made: object, **changes: Any) -> AcquisitionSpec:
    return AcquisitionSpec(name="mine", summary="", source="", build=lambda: made, **changes)


def _keeps_reference() -> Callable[[TargetView], torch.Tensor]:
    kept: list[torch.Tensor] = []

    def score(view: TargetView) -> torch.Tensor:
        for earlier in kept:
            earlier.zero_()
        kept.append(view.probs.amax(0))
        return kept[-1]

    return score


def _changes_logits(view: TargetView) -> torch.Tensor:
    return view.logits.mul_(2).amax(0)


BROKEN: dict[str, tuple[object, dict[str, Any], str]] = {
    "integers": (
        Scoring(lambda view: view.logits.argmax(0)),
        {},
        "'mine', doubtful predictions: score must be float, got torch.int64",
    ),
    "no tensor": (
        Scoring(lambda view: None),
        {},
        "'mine', doubtful predictions: score must be a tensor, got NoneType",
    ),
    "a map for each class": (
        Scoring(lambda view: view.probs),
        {},
        "'mine', doubtful predictions: score must have shape (13, 21), got (5, 13, 21)",
    ),
    "0 times the logarithm of 0": (
        Scoring(lambda view: -(view.probs * view.probs.log()).sum(0)),
        {},
        "'mine', certain predictions: the score holds NaN",
    ),
    "changed logits": (
        Scoring(_changes_logits),
        {},
        "'mine', doubtful predictions: it changes the view's logits",
    ),
    "global randomness": (
        Scoring(lambda view: torch.rand(view.size)),
        {"needs": ()},
        "'mine', doubtful predictions: the same view gives another score; all randomness must come from "
        "view.generator",
    ),
    "a score that changes later": (
        Scoring(_keeps_reference()),
        {},
        "'mine', doubtful predictions: a score changes after it was given",
    ),
    "logits that it does not need": (
        Scoring(lambda view: view.logits.amax(0)),
        {"needs": ()},
        "'mine', doubtful predictions: it reads the logits, but 'needs' is empty",
    ),
    "features that it does not need": (
        Scoring(lambda view: view.features.mean(0)),  # type: ignore[union-attr]
        {},
        "'mine', doubtful predictions: failed; does it read what 'needs' does not name? 'NoneType' object "
        "has no attribute 'mean'",
    ),
    "another kind": (
        Scoring(lambda view: view),
        {"kind": "select"},
        "'mine' has no select, as its kind says",
    ),
    "no score": (Selecting(lambda pool: []), {}, "'mine' has no score, as its kind says"),
    "an image twice": (
        Selecting(lambda pool: [0, 0]),
        {"kind": "select"},
        "'mine', nothing bought, three to choose: it selected an image twice: [0, 0]",
    ),
    "bought images": (
        Selecting(lambda pool: list(range(7))[: pool.count]),
        {"kind": "select"},
        "'mine', two of seven bought, two to choose: it selected images that are bought or do not exist: "
        "[0, 1]",
    ),
    "too many": (
        Selecting(lambda pool: [0, 2, 3, 5, 6]),
        {"kind": "select"},
        "'mine', nothing bought, three to choose: it selected 5 images",
    ),
    "global randomness in a selection": (
        Selecting(lambda pool: torch.randperm(7)[: min(pool.count, 1)].tolist()),
        {"kind": "select"},
        "'mine', nothing bought, three to choose: the same pool gives another selection; all randomness must "
        "come from pool.generator",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_acquisition_that_breaks_the_contract_is_told_how(what: str) -> None:
    torch.manual_seed(0)
    made, changes, message = BROKEN[what]
    with pytest.raises(AssertionError) as raised:
        check_acquisition(_spec(made, **changes))
    assert str(raised.value) == message


def test_an_error_of_the_acquisition_itself_is_left_as_it_is() -> None:
    def broken(view: TargetView) -> torch.Tensor:
        raise ValueError("my own")

    with pytest.raises(ValueError, match=r"^my own$"):
        check_acquisition(_spec(Scoring(broken)))
