from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from alseg import AcquisitionSpec
from alseg.contracts import Passes, PoolView, TargetView
from alseg.testing import check_acquisition


class Scoring:
    def __init__(self, score: Callable[[TargetView], Any]) -> None:
        self.score = score


class WithPasses(Scoring):
    def __init__(self, score: Callable[[TargetView], Any], source: Any = "dropout") -> None:
        super().__init__(score)
        self.passes = Passes(source, 3)


class Both(Scoring):
    """Observes, ranks and scores."""

    def __init__(self) -> None:
        super().__init__(lambda view: torch.zeros(view.size))

    def observe(self, view: Any) -> dict[str, torch.Tensor]:
        return {}

    def prepare(self, observations: Any, pool: Any) -> None:
        return None

    def rank(self, observations: Any, pool: Any) -> list[int]:
        return []


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
        "'mine', doubtful predictions: it reads the logits, but 'needs' is empty. Name 'logits' or 'probs' "
        "there: either gives both.",
    ),
    "features that it does not need": (
        Scoring(lambda view: view.features.mean(0)),  # type: ignore[union-attr]
        {},
        "'mine', doubtful predictions: failed; does it read what 'needs' does not name? 'NoneType' object "
        "has no attribute 'mean'",
    ),
    "moments that it does not need": (
        Scoring(lambda view: view.moments.entropy),  # type: ignore[union-attr]
        {},
        "'mine', doubtful predictions: failed; does it read what 'needs' does not name? 'NoneType' object "
        "has no attribute 'entropy'",
    ),
    "outputs that it does not need": (
        Scoring(lambda view: view.outputs["depth"][0]),
        {"needs": ("logits", "output:embedding")},
        "'mine', doubtful predictions: failed; does it read what 'needs' does not name? 'depth'",
    ),
    "logits beside what it needs": (
        Scoring(lambda view: view.logits.amax(0)),
        {"needs": ("image", "features")},
        "'mine', doubtful predictions: it reads the logits, but 'needs' names only image, features. Name "
        "'logits' or 'probs' there: either gives both.",
    ),
    "regions where there are none": (
        Scoring(lambda view: view.regions.float()),  # type: ignore[union-attr]
        {"units": ("region", "image")},
        "'mine', doubtful predictions, questions about images: failed; does it read what 'needs' does not "
        "name? 'NoneType' object has no attribute 'float'",
    ),
    "changed moments": (
        WithPasses(lambda view: view.moments.mean.mul_(2).amax(0)),  # type: ignore[union-attr]
        {"needs": ("moments",)},
        "'mine', doubtful predictions: it changes the view's moments",
    ),
    "changed outputs": (
        Scoring(lambda view: view.outputs["embedding"].mul_(2).sum() * torch.ones(view.size)),
        {"needs": ("output:embedding",)},
        "'mine', doubtful predictions: it changes the view's output embedding",
    ),
    "changed regions": (
        Scoring(lambda view: view.regions.zero_().float()),  # type: ignore[union-attr]
        {"units": ("region",)},
        "'mine', doubtful predictions, questions about regions: it changes the view's regions",
    ),
    "no passes": (
        Scoring(lambda view: torch.zeros(view.size)),
        {"needs": ("moments",)},
        "'mine' needs moments, so it must have an attribute passes of type alseg.contracts.Passes, got "
        "NoneType",
    ),
    "three mirrored passes": (
        WithPasses(lambda view: torch.zeros(view.size), "flip"),
        {"needs": ("moments",)},
        "'mine': 3 passes by flip; see alseg.contracts.Passes",
    ),
    "NumPy's global randomness": (
        Scoring(lambda view: torch.from_numpy(np.random.random(view.size))),
        {},
        "'mine', doubtful predictions: the same view gives another score; all randomness must come from "
        "view.generator",
    ),
    "two lines of differences": (
        Scoring(lambda view: torch.zeros(view.size)),
        {"differs": "One.\nTwo."},
        "'mine': differs must be one line of text or empty, got 'One.\\nTwo.'",
    ),
    "no unit": (
        Scoring(lambda view: torch.zeros(view.size)),
        {"units": ()},
        "'mine': units is empty, so no annotation mode works with it",
    ),
    "a score that observes": (
        Both(),
        {},
        "'mine' has observe, so its kind must be 'pool', not 'score'",
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


def test_a_score_that_depends_on_what_was_seen_before_is_refused() -> None:
    class Remembers:
        """Keeps the first prediction of an image for all rounds."""

        def __init__(self) -> None:
            self.seen: dict[tuple[str, tuple[int, int]], torch.Tensor] = {}

        def score(self, view: TargetView) -> torch.Tensor:
            round_ = torch.full(view.size, float(view.round))
            return self.seen.setdefault((view.image_id, view.size), round_).clone()

    with pytest.raises(AssertionError) as raised:
        check_acquisition(replace(_spec(None), build=Remembers))
    assert str(raised.value) == (
        "'mine', all pixels bought, questions about images: another object, which saw the images in another "
        "order, gives another score; it may depend on the view alone"
    )


@pytest.mark.parametrize("need", ["logits", "probs"])
def test_logits_and_probabilities_are_one_need_with_two_names(need: str) -> None:
    for score in (lambda view: view.logits.amax(0), lambda view: view.probs.amax(0)):
        check_acquisition(_spec(Scoring(score), needs=(need,)))


@pytest.mark.parametrize(
    "need", ["bought", "revealed", "previous", "true_labels", "image", "features", "output:embedding"]
)
def test_what_is_needed_is_there_and_nothing_else(need: str) -> None:
    names = {"bought", "revealed", "previous", "true_labels", "image", "features", "moments", "regions"}
    rounds: set[tuple[int, int]] = set()

    def score(view: TargetView) -> torch.Tensor:
        rounds.add((view.round, view.rounds))
        given = {name for name in names if getattr(view, name) is not None}
        given |= {f"output:{name}" for name in view.outputs}
        late = need == "previous" and view.round == 1
        assert given - ({"regions"} if view.unit == "region" else set()) == (set() if late else {need})
        assert (view.regions is not None) == (view.unit == "region")
        assert view.logits.is_meta
        return torch.zeros(view.size)

    check_acquisition(_spec(Scoring(score), needs=(need,)))
    assert rounds == {(1, 1), (1, 3), (3, 3)}


def test_an_error_of_the_acquisition_itself_is_left_as_it_is() -> None:
    def broken(view: TargetView) -> torch.Tensor:
        raise ValueError("my own")

    with pytest.raises(ValueError, match=r"^my own$"):
        check_acquisition(_spec(Scoring(broken)))
