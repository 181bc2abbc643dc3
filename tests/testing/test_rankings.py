"""Acquisitions that observe the pool and break the contract, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from alseg import AcquisitionSpec
from alseg.contracts import Observations, PartsView, PixelRanking, SourceView, TargetView, View
from alseg.testing import check_acquisition

FOUR = "'mine', four images, questions about images"


def _means(view: View) -> dict[str, torch.Tensor]:
    """Return the mean confidence of every part."""
    parts = torch.zeros(view.size, dtype=torch.int64) if view.regions is None else view.regions.long()
    sizes = torch.bincount(parts.flatten())
    sums = torch.bincount(parts.flatten(), weights=view.probs.amax(0).flatten().double())
    return {"mean": sums / sizes}


def _best_first(observations: Observations, pool: PartsView) -> list[int]:
    order = observations.column("mean").argsort(stable=True)
    return order[~pool.bought[order]].tolist()


class Ranks:
    def __init__(
        self, observe: Callable[[View], Any] = _means, rank: Callable[..., Any] = _best_first
    ) -> None:
        self.observe = observe
        self.rank = rank


class Scores:
    def __init__(
        self,
        score: Callable[[TargetView], Any],
        prepare: Callable[..., Any] = lambda observations, pool: observations.column("mean").mean(),
    ) -> None:
        self.observe = _means
        self.prepare = prepare
        self.score = score


def _spec(made: object, **changes: Any) -> AcquisitionSpec:
    given = {"kind": "pool", "units": ("image",), **changes}
    return AcquisitionSpec(name="mine", summary="", source="", build=lambda: made, **given)


@pytest.mark.parametrize("units", [("image",), ("region",), ("region", "image")])
def test_a_ranking_that_keeps_the_contract_passes(units: Any) -> None:
    check_acquisition(_spec(Ranks(), units=units))


def test_a_score_with_statistics_that_keeps_the_contract_passes() -> None:
    check_acquisition(
        _spec(Scores(lambda view: view.probs.amax(0) - view.statistics), units=("part", "region", "image"))
    )


def test_pixels_that_keep_the_contract_pass() -> None:
    check_acquisition(_spec(Ranks(_size, _first_pixels), units=("part",)))


def _size(view: View) -> dict[str, torch.Tensor]:
    return {"size": torch.tensor([view.size])}


def _first_pixels(observations: Observations, pool: PartsView) -> PixelRanking:
    """Return the pixels of all images, row after row, as far as the budget goes."""
    sizes = observations.column("size").tolist()
    rows = [
        (image, y, x)
        for image, (height, width) in enumerate(sizes)
        for y in range(height)
        for x in range(width)
    ]
    table = torch.tensor(rows[: pool.count], dtype=torch.int64).reshape(-1, 3)
    return PixelRanking(table[:, 0], table[:, 1:])


def test_source_images_come_first_with_labels_where_they_are_observed() -> None:
    seen: list[View] = []

    def observe(view: View) -> dict[str, torch.Tensor]:
        seen.append(view)
        return _means(view)

    def rank(observations: Observations, pool: PartsView) -> list[int]:
        assert observations.source is not None
        assert len(observations.source) > 0
        return _best_first(observations, pool)

    check_acquisition(_spec(Ranks(observe, rank), units=("region",), observes=("source", "target")))
    labels = [view.label for view in seen if isinstance(view, SourceView)]
    assert labels
    assert all(label is not None and label.dtype == torch.uint8 and 255 in label for label in labels)
    assert all(view.regions is not None for view in seen)


def test_no_source_image_is_shown_to_others() -> None:
    domains: set[str] = set()

    def observe(view: View) -> dict[str, torch.Tensor]:
        domains.add(view.domain)
        return _means(view)

    def rank(observations: Observations, pool: PartsView) -> list[int]:
        assert observations.source is None
        return _best_first(observations, pool)

    check_acquisition(_spec(Ranks(observe, rank)))
    assert domains == {"target"}


def _kept_and_changed() -> Callable[[View], Mapping[str, torch.Tensor]]:
    kept: list[torch.Tensor] = []

    def observe(view: View) -> dict[str, torch.Tensor]:
        for earlier in kept:
            earlier.zero_()
        kept.append(_means(view)["mean"])
        return {"mean": kept[-1]}

    return observe


def _changes_bought(observations: Observations, pool: PartsView) -> list[int]:
    order = _best_first(observations, pool)
    pool.bought[order] = True
    return order


def _pixels(*rows: tuple[int, int, int]) -> Callable[..., PixelRanking]:
    table = torch.tensor(rows)
    return lambda observations, pool: PixelRanking(table[:, 0], table[:, 1:])


BROKEN: dict[str, tuple[object, dict[str, Any], str]] = {
    "no observe": (object(), {}, "'mine' has no observe, as its kind says"),
    "neither": (
        type("Observes", (), {"observe": lambda self, view: {}})(),
        {},
        "'mine' has neither rank nor prepare and score, as its kind says",
    ),
    "both": (
        type("Both", (), dict.fromkeys(("observe", "rank", "prepare", "score"), lambda self, *given: None))(),
        {},
        "'mine' has rank as well as prepare and score; its rank would never be called",
    ),
    "a selection, too": (
        type("Three", (), dict.fromkeys(("observe", "rank", "select"), lambda self, *given: None))(),
        {},
        "'mine' has select, so its kind must be 'select', not 'pool'",
    ),
    "a list observed": (
        Ranks(lambda view: [torch.zeros(1)]),
        {},
        f"{FOUR}, image 0: observe must return a mapping of names to tensors, got list",
    ),
    "a number observed": (
        Ranks(lambda view: {"mean": 0.5}),
        {},
        f"{FOUR}, image 0: observe must return a mapping of names to tensors, got float",
    ),
    "logits that it does not need": (
        Ranks(lambda view: {"mean": view.logits.mean((1, 2))}),
        {"needs": ()},
        f"{FOUR}, image 0: it reads the logits, but 'needs' is empty. Name 'logits' or 'probs' there: "
        "either gives both.",
    ),
    "features that it does not need": (
        Ranks(lambda view: {"mean": view.features.mean((1, 2))}),  # type: ignore[union-attr]
        {},
        f"{FOUR}, image 0: failed; does it read what 'needs' does not name? 'NoneType' object has no "
        "attribute 'mean'",
    ),
    "other names": (
        Ranks(lambda view: {"wide" if view.size[1] > 20 else "narrow": torch.zeros(1)}),
        {},
        f"{FOUR}, image 1: observations are named narrow, those of image 0 wide",
    ),
    "rows of other lengths": (
        Ranks(lambda view: {"mean": view.probs.amax(0)}),
        {},
        f"{FOUR}, image 1: 'mean' is rows of torch.float32 (12,), that of image 0 rows of torch.float32 "
        "(21,)",
    ),
    "other dtypes": (
        Ranks(
            lambda view: {"mean": torch.zeros(1).to(torch.float64 if view.size[1] == 4 else torch.float32)}
        ),
        {},
        f"{FOUR}, image 2: 'mean' is rows of torch.float64 (), that of image 0 rows of torch.float32 ()",
    ),
    "a tensor without dimensions": (
        Ranks(lambda view: {"mean": torch.zeros(()) if view.size[1] == 4 else torch.zeros(1)}),
        {},
        f"{FOUR}, image 2: 'mean' is torch.float32, that of image 0 rows of torch.float32 ()",
    ),
    "a changed view": (
        Ranks(lambda view: {"mean": view.logits.mul_(2).mean()[None]}),
        {},
        f"{FOUR}, image 0: it changes the view's logits",
    ),
    "changed labels": (
        Ranks(
            lambda view: (
                {"mean": view.label.zero_().float().mean()[None]} if view.domain == "source" else _means(view)
            )
        ),  # type: ignore[attr-defined]
        {"observes": ("source", "target")},
        f"{FOUR}, source image 0: it changes the view's label",
    ),
    "global randomness in an observation": (
        Ranks(lambda view: {"mean": torch.rand(1)}),
        {},
        f"{FOUR}, image 0: the same view gives other observations; all randomness must come from "
        "view.generator",
    ),
    "an observation that changes later": (
        Ranks(_kept_and_changed()),
        {},
        f"{FOUR}: an observation changes after it was given",
    ),
    "no ranking": (
        Ranks(rank=lambda observations, pool: None),
        {},
        f"{FOUR}: rank must return indices of parts or a PixelRanking, got NoneType",
    ),
    "scores in place of a ranking": (
        Ranks(rank=lambda observations, pool: observations.column("mean")),
        {},
        f"{FOUR}: rank must return whole numbers (n,), got torch.float64 (4,)",
    ),
    "a mask in place of a ranking": (
        Ranks(rank=lambda observations, pool: ~pool.bought),
        {},
        f"{FOUR}: rank must return whole numbers (n,), got torch.bool (4,)",
    ),
    "a part that is not there": (
        Ranks(rank=lambda observations, pool: [0, 1, 4]),
        {},
        f"{FOUR}: it ranks part 4, but there are 4",
    ),
    "a part twice": (
        Ranks(rank=lambda observations, pool: [0, 1, 1]),
        {},
        f"{FOUR}: it ranks part 1 twice",
    ),
    "bought parts": (
        Ranks(rank=lambda observations, pool: observations.column("mean").argsort(stable=True)),
        {},
        "'mine', the last of three rounds, some parts bought, questions about images: it ranks part 1, which "
        "is bought",
    ),
    "too few": (
        Ranks(rank=lambda observations, pool: [0]),
        {},
        # 13 x 21 pixels of 273 + 108 + 24 + 96, of which a purchase pays for three quarters.
        f"{FOUR}: it ranks 1 of the 4 parts left, with 273 pixels, but about 3 parts or 375 pixels can be "
        "afforded",
    ),
    "too few where all can be afforded": (
        Ranks(rank=lambda observations, pool: _best_first(observations, pool)[:3]),
        {},
        # 273 + 24 + 96 pixels, without the 108 of the certain image.
        "'mine', four images, all affordable, questions about images: it ranks 3 of the 4 parts left, with "
        "393 pixels, but about 4 parts or 501 pixels can be afforded",
    ),
    "a changed pool": (
        Ranks(rank=_changes_bought),
        {},
        f"{FOUR}: it changes the pool's bought",
    ),
    "global randomness in a ranking": (
        Ranks(rank=lambda observations, pool: torch.randperm(len(pool.bought))),
        {},
        f"{FOUR}: the same pool gives another ranking; all randomness must come from pool.generator",
    ),
    "parts where questions are about pixels": (
        Ranks(),
        {"units": ("part",)},
        "'mine', four images: it ranks images or regions, but questions are about pixels",
    ),
    "pixels where questions are about regions": (
        Ranks(_size, _first_pixels),
        {"units": ("region",)},
        "'mine', four images, questions about regions: it ranks pixels, but questions are about regions",
    ),
    "pixels without columns": (
        Ranks(rank=lambda observations, pool: PixelRanking(torch.zeros(3).long(), torch.zeros(3, 1).long())),
        {"units": ("part",)},
        "'mine', four images: images must be int64 (n,) and positions int64 (n, 2), got torch.int64 (3,) and "
        "torch.int64 (3, 1)",
    ),
    "a pixel outside": (
        Ranks(rank=_pixels((0, 0, 0), (1, 8, 12), (0, 0, 1))),
        {"units": ("part",)},
        "'mine', four images: it ranks pixel (8, 12) of image 1, which does not exist",
    ),
    "an image that is not there": (
        Ranks(rank=_pixels((0, 0, 0), (4, 0, 0), (0, 0, 1))),
        {"units": ("part",)},
        "'mine', four images: it ranks pixel (0, 0) of image 4, which does not exist",
    ),
    "a pixel twice": (
        Ranks(rank=_pixels((0, 0, 0), (1, 2, 3), (1, 2, 3))),
        {"units": ("part",)},
        "'mine', four images: it ranks pixel [1, 2, 3] twice",
    ),
    "too few pixels": (
        Ranks(rank=_pixels((0, 0, 0))),
        {"units": ("part",)},
        "'mine', four images: it ranks 1 pixels, but 3 can be afforded",
    ),
    "a score without statistics": (
        Scores(lambda view: view.probs.amax(0) / (0 if view.size[1] == 4 else 1) * 0),
        {},
        f"{FOUR}, image 2: the score holds NaN",
    ),
    "a score of another shape": (
        Scores(lambda view: view.statistics[None]),
        {},
        f"{FOUR}, image 0: score must have shape (13, 21), got (1,)",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_pool_acquisition_that_breaks_the_contract_is_told_how(what: str) -> None:
    made, changes, message = BROKEN[what]
    with pytest.raises(AssertionError) as raised:
        check_acquisition(_spec(made, **changes))
    assert str(raised.value) == message


def test_a_ranking_that_depends_on_earlier_pools_is_refused() -> None:
    class Remembers(Ranks):
        """Begins at the image after the one with which the last ranking of another pool began."""

        def __init__(self) -> None:
            super().__init__(rank=self.turned)
            self.rankings: dict[str, list[int]] = {}

        def turned(self, observations: Observations, pool: PartsView) -> list[int]:
            key = f"{pool.image_ids}{pool.bought.tolist()}"
            if key not in self.rankings:
                order, by = _best_first(observations, pool), len(self.rankings)
                self.rankings[key] = order[by:] + order[:by]
            return self.rankings[key]

    with pytest.raises(AssertionError) as raised:
        check_acquisition(replace(_spec(None), build=Remembers))
    assert str(raised.value) == (
        "'mine', images all alike, questions about images: another object, which saw images and pools in "
        "another order, gives another ranking; it may depend on observations and pool alone"
    )


def test_statistics_that_scores_change_are_refused() -> None:
    made = Scores(lambda view: view.statistics.add_(1) * torch.ones(view.size))
    with pytest.raises(AssertionError) as raised:
        check_acquisition(_spec(made))
    assert str(raised.value) == (
        f"{FOUR}, image 0: the same view gives another score; all randomness must come from view.generator"
    )
