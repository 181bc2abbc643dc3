"""Acquisitions that observe every image, then rank parts of the pool or score with statistics of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.acquisition.acquire import acquire, acquire_together
from alseg.acquisition.job import AcquisitionError, Pool, QueryJob, SourceImages
from alseg.annotation.allowance import Limits
from alseg.contracts import (
    Observations,
    PartsView,
    PixelRanking,
    SourceView,
    TargetView,
    View,
)
from alseg.inference.predict import InferenceOptions, predict
from alseg.seeding import image_token
from alseg_baselines.modes import WholeImage, Window
from alseg_baselines.superpixel import Superpixel
from toys import Stripes, TinyNet

IDS = [f"train-{index}" for index in range(3)]
TOKENS = [image_token(name) for name in IDS]


class Ranks:
    """Keeps the image's number, and ranks as it is told."""

    def __init__(self, ranking: object) -> None:
        self.ranking = ranking
        self.seen: PartsView | None = None
        self.observed: list[list[Any]] = []

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        rows = 1 if view.regions is None else int(view.regions.max()) + 1
        return {"number": torch.full((rows,), TOKENS.index(view.image_id))}

    def rank(self, observations: Observations, pool: PartsView) -> Any:
        self.seen = pool
        self.observed.append(observations.column("number").tolist())
        return self.ranking


class Rare:
    """Scores pixels of the least common class of the pool highest."""

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        return {"counts": torch.bincount(view.logits.argmax(0).flatten(), minlength=3)[None]}

    def prepare(self, observations: Observations, pool: PartsView) -> torch.Tensor:
        return observations.column("counts").sum(0)

    def score(self, view: TargetView) -> torch.Tensor:
        return -view.statistics[view.logits.argmax(0)].float()


def halves(index: int) -> NDArray[np.int32]:
    """Three regions in image 0, two in the others: the left half is region 0."""
    regions = np.zeros((6, 12), np.int32)
    regions[:, 6:] = 1
    if index == 0:
        regions[3:, 6:] = 2
    return regions


def pool_of(options: InferenceOptions | None = None, **changes: Any) -> Pool:
    return Pool(
        dataset=Stripes("train", 3, (6, 12)),
        num_classes=3,
        model=TinyNet(3),
        options=options or InferenceOptions(size=None, batch_size=2),
        seed_axes=(0, 1),
        **changes,
    )


def job_of(acquisition: object, mode: object, limits: Limits, **changes: Any) -> QueryJob:
    return QueryJob(
        acquisition=acquisition,  # type: ignore[arg-type]
        name="mine",
        identity="mine",
        mode=mode,  # type: ignore[arg-type]
        limits=limits,
        **{"asked": lambda _: np.zeros((0, 2), np.int32), **changes},
    )


def on_regions(acquisition: object, limits: Limits, **changes: Any) -> QueryJob:
    return job_of(acquisition, Superpixel(), limits, unit="region", regions=halves, **changes)


def test_images_are_bought_in_the_order_of_their_rank_as_far_as_the_budget_goes() -> None:
    acquisition = Ranks([2, 0, 1])
    picks = acquire(
        job_of(acquisition, WholeImage(2), Limits(currency="images", pool=2), unit="image"), pool_of()
    )
    assert {name: len(asked) for name, asked in picks.items() if len(asked)} == {"train-2": 1, "train-0": 1}
    assert acquisition.observed == [[0, 1, 2]]
    seen = acquisition.seen
    assert seen is not None
    assert (seen.count, seen.budget, seen.num_classes) == (2, 144, 3)
    assert seen.images.tolist() == [0, 1, 2]
    assert seen.regions.tolist() == [0, 0, 0]
    assert seen.pixels.tolist() == [72, 72, 72]
    assert seen.image_ids == tuple(TOKENS)


def test_regions_are_bought_in_the_order_of_their_rank() -> None:
    # Parts 0 to 2 are of image 0, 3 and 4 of image 1, 5 and 6 of image 2; 36, 18, 18 and then 36 pixels each.
    acquisition = Ranks([6, 2, 3, 0])
    picks = acquire(on_regions(acquisition, Limits(pool=95)), pool_of())
    # 36 + 18 + 36 = 90 pixels; another 36 would be too many.
    assert {name: asked.positions.tolist() for name, asked in picks.items()} == {
        "train-0": [[3, 6]],
        "train-1": [[0, 0]],
        "train-2": [[0, 6]],
    }
    seen = acquisition.seen
    assert seen is not None
    assert seen.images.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert seen.regions.tolist() == [0, 1, 2, 0, 1, 0, 1]
    assert seen.pixels.tolist() == [36, 18, 18, 36, 36, 36, 36]
    # 216 pixels in 7 regions: 31 in the mean, so about 4 of them.
    assert (seen.count, seen.budget) == (4, 95)


def test_a_budget_of_each_image_is_kept_by_a_ranking_of_the_pool() -> None:
    picks = acquire(on_regions(Ranks([0, 1, 2, 4, 3, 5]), Limits(per_image=[40, 40, 0])), pool_of())
    assert {name: asked.positions.tolist() for name, asked in picks.items()} == {
        "train-0": [[0, 0]],  # 36 of 40 pixels; 18 more do not fit
        "train-1": [[0, 6]],
        "train-2": [],
    }


@pytest.mark.parametrize("limits", [Limits(pool=35), Limits(per_image=[0, 0, 0])])
def test_a_budget_that_pays_for_no_part_buys_nothing(limits: Limits) -> None:
    picks = acquire(on_regions(Ranks([6, 2]), limits), pool_of())  # the first has 36 pixels
    assert sum(len(asked) for asked in picks.values()) == 0


@pytest.mark.parametrize("ranking", [[], torch.zeros(0, dtype=torch.int64), torch.zeros(0)])
def test_an_empty_ranking_buys_nothing(ranking: object) -> None:
    assert acquire(on_regions(Ranks(ranking), Limits(pool=100)), pool_of()) == {}


def test_what_was_asked_about_is_bought_and_is_not_asked_again() -> None:
    asked = {"train-1": np.array([[0, 0]], np.int32)}
    acquisition = Ranks([4])
    job = on_regions(
        acquisition,
        Limits(pool=200),
        asked=lambda name: asked.get(name, np.zeros((0, 2), np.int32)),
    )
    acquire(job, pool_of())
    assert acquisition.seen is not None
    assert acquisition.seen.bought.tolist() == [False, False, False, True, False, False, False]
    with pytest.raises(AcquisitionError, match="ranks a part that is bought, or one twice"):
        acquire(replace(job, acquisition=Ranks([3])), pool_of())  # type: ignore[arg-type]


def test_pixels_of_the_pool_are_bought_in_the_order_of_their_rank() -> None:
    ranking = PixelRanking(torch.tensor([1, 0, 1, 1]), torch.tensor([[2, 3], [0, 0], [2, 4], [5, 11]]))
    picks = acquire(job_of(Ranks(ranking), Window(0, 1), Limits(pool=3)), pool_of())
    # The third is beside the first, so that the annotation mode leaves it out.
    assert picks["train-1"].positions.tolist() == [[2, 3], [5, 11]]
    assert picks["train-0"].positions.tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("unit", "ranking", "told"),
    [
        ("region", [0, 0], "ranks a part that is bought, or one twice"),
        ("region", [7], "ranks 7 to 7, but there are 7 parts"),
        ("region", [-1], "ranks -1 to -1, but there are 7 parts"),
        ("region", torch.tensor([0.0, 1.0]), r"must rank indices \(n,\), not torch.float32 \(2,\)"),
        ("region", torch.tensor([[0], [1]]), r"must rank indices \(n,\), not torch.int64 \(2, 1\)"),
        ("region", "ab", "must rank parts by their indices"),
        ("part", [0], "ranks images or regions, but questions are about pixels"),
        (
            "region",
            PixelRanking(torch.tensor([0]), torch.tensor([[0, 0]])),
            "ranks pixels, but questions are about regions",
        ),
        ("part", PixelRanking(torch.tensor([3]), torch.tensor([[0, 0]])), "ranks image 3, but there are 3"),
        (
            "part",
            PixelRanking(torch.tensor([0]), torch.tensor([[6, 0]])),
            "ranks pixels outside image train-0",
        ),
        (
            "part",
            PixelRanking(torch.tensor([0]), torch.tensor([6, 0])),
            r"must rank images \(n,\) and positions \(n, 2\), not \(1,\) and \(2,\)",
        ),
    ],
)
def test_a_ranking_that_is_none_is_refused(unit: str, ranking: object, told: str) -> None:
    acquisition, limits = Ranks(ranking), Limits(pool=100)
    job = on_regions(acquisition, limits) if unit == "region" else job_of(acquisition, Window(0, 0), limits)
    with pytest.raises(AcquisitionError, match=told) as caught:
        acquire(job, pool_of())
    assert str(caught.value).startswith("Acquisition 'mine' ")


def test_an_observation_that_is_none_is_refused() -> None:
    class Wrong(Ranks):
        answers: Sequence[object] = ()

        def observe(self, view: View) -> Any:
            return self.answers[TOKENS.index(view.image_id)]

    row, limits = torch.zeros(1, 2), Limits(pool=100)
    for answers, told in (
        ([row], "must return named tensors for image train-0, not Tensor"),
        ([{"a": [1.0]}], "must return named tensors for image train-0, not dict"),
        ([{"a": row}, {"b": row}], r"observed something else for image train-1: names are \['b'\]"),
        ([{"a": row}, {"a": row[0]}], "observed something else for image train-1: 'a' is torch.float32"),
    ):
        wrong = Wrong([])
        wrong.answers = answers  # type: ignore[assignment]
        with pytest.raises(AcquisitionError, match=told):
            acquire(
                on_regions(wrong, limits), pool_of(InferenceOptions(size=None, batch_size=2, overlap=False))
            )


def test_an_acquisition_that_needs_nothing_cannot_observe_logits() -> None:
    class Reading(Ranks):
        def observe(self, view: View) -> Mapping[str, torch.Tensor]:
            return {"mean": view.logits.mean()[None]}

    job = on_regions(Reading([0]), Limits(pool=100))
    with pytest.raises(AcquisitionError, match="reads the logits, but its spec does not say so"):
        acquire(job, replace(pool_of(), options=None))


def test_statistics_of_the_pool_reach_the_scores_of_a_second_pass() -> None:
    seen: list[int] = []
    job, pool = job_of(Rare(), Window(0, 0), Limits(pool=5)), pool_of(on_image=lambda: seen.append(1))
    assert pool.options is not None
    predicted = torch.stack(
        [each.logits.argmax(0) for each in predict(pool.model, pool.dataset, pool.options)]
    )
    counts = torch.bincount(predicted.flatten(), minlength=3)
    picks = acquire(job, pool)
    assert len(seen) == 2 * 3  # every image is predicted twice
    asked = [
        int(predicted[IDS.index(name), y, x])
        for name, each in picks.items()
        for y, x in each.positions.tolist()
    ]
    # Classes nobody predicts are rarer still, but no pixel is of them.
    present = counts.masked_fill(counts == 0, 1000)
    assert len(asked) == 5
    assert asked == sorted(asked, key=lambda number: int(counts[number]))
    assert int(present.argmin()) in asked


@pytest.mark.parametrize(
    ("limits", "count", "budget"),
    [
        # Regions of 36 and 18 pixels; the second one of image 1 is bought.
        (Limits("regions", pool=2), 2, 36 + 36),
        (Limits("clicks", pool=2), 2, 36 + 36),
        (Limits("clicks", pool=100), 6, 3 * 72 - 36),
        # The largest one of image 0, one of image 1 although there would be money for two.
        (Limits("regions", per_image=[1, 2, 0]), 3, 36 + 36),
    ],
)
def test_what_clicks_and_regions_afford_is_the_most_that_they_can(
    limits: Limits, count: int, budget: int
) -> None:
    asked = {IDS[1]: np.array([[0, 6]], np.int32)}
    acquisition = Ranks([0, 2, 5])
    changes = {"asked": lambda image_id: asked.get(image_id, np.zeros((0, 2), np.int32))}
    picks = acquire(replace(on_regions(acquisition, limits), **changes), pool_of())
    assert acquisition.seen is not None
    assert (acquisition.seen.count, acquisition.seen.budget) == (count, budget)
    assert sum(map(len, picks.values())) <= count


def test_of_parts_clicks_afford_as_many_windows() -> None:
    ranking = PixelRanking(torch.tensor([2, 1, 1]), torch.tensor([[1, 1], [1, 1], [4, 7]]))
    acquisition = Ranks(ranking)
    picks = acquire(job_of(acquisition, Window(1, 2), Limits("clicks", pool=2)), pool_of())
    assert acquisition.seen is not None
    assert (acquisition.seen.count, acquisition.seen.budget) == (2, 18)
    assert {name: each.positions.tolist() for name, each in picks.items() if len(each)} == {
        IDS[1]: [[1, 1]],
        IDS[2]: [[1, 1]],
    }


def test_an_acquisition_that_can_rank_and_score_with_statistics_scores() -> None:
    class CanRank(Rare):
        def rank(self, observations: Observations, pool: PartsView) -> Any:
            raise AssertionError("nobody calls it")

    limits, pool = Limits(pool=5), pool_of()
    scored = acquire(job_of(CanRank(), Window(0, 0), limits), pool)
    alone = acquire(job_of(Rare(), Window(0, 0), limits), pool)
    assert {name: picks.positions.tolist() for name, picks in scored.items()} == {
        name: picks.positions.tolist() for name, picks in alone.items()
    }


def test_methods_of_both_phases_share_the_passes_and_get_what_they_get_alone() -> None:
    class Doubt:
        def score(self, view: TargetView) -> torch.Tensor:
            return view.probs.amin(0)

    limits = Limits(pool=40)
    jobs = {
        "doubt": job_of(Doubt(), Window(0, 0), limits),
        "rare": job_of(Rare(), Window(1, 2), limits),
        "ranks": on_regions(Ranks([6, 2, 3]), limits),
        "fails": on_regions(Ranks([99]), limits),
    }
    seen: list[int] = []
    model = TinyNet(3)
    pool = replace(pool_of(on_image=lambda: seen.append(1)), model=model)
    found = acquire_together(jobs["doubt"], {name: jobs[name] for name in ("rare", "ranks", "fails")}, pool)
    assert len(seen) == 3  # the second pass is one for another method
    assert sorted(found.others) == ["ranks", "rare"]
    for name, picks in {"doubt": found.own, **found.others}.items():
        alone = acquire(jobs[name], replace(pool, on_image=lambda: None))
        for image_id in picks:
            np.testing.assert_array_equal(picks[image_id].positions, alone[image_id].positions)
            np.testing.assert_array_equal(picks[image_id].scores, alone[image_id].scores)


def test_source_images_are_observed_with_their_labels_before_the_pool() -> None:
    class Looks(Ranks):
        def __init__(self) -> None:
            super().__init__([0])
            self.views: list[View] = []

        def observe(self, view: View) -> Mapping[str, torch.Tensor]:
            self.views.append(view)
            return {"number": torch.zeros(1)}

        def rank(self, observations: Observations, pool: PartsView) -> Any:
            assert observations.source is not None
            assert (len(observations.source), len(observations)) == (2, 3)
            return self.ranking

    source, looks = Stripes("source", 2, (4, 6)), Looks()
    images = SourceImages(
        dataset=source, label=source.label, options=InferenceOptions(size=None, batch_size=1)
    )
    job = on_regions(
        looks,
        Limits(pool=50),
        observes=("source", "target"),
        source_regions=lambda _: halves(1)[:4, 3:9],
    )
    acquire(job, pool_of(source=images, round=2, rounds=4))
    assert [view.domain for view in looks.views] == ["source"] * 2 + ["target"] * 3
    first = looks.views[0]
    assert isinstance(first, SourceView) and first.label is not None and first.regions is not None
    assert first.label.tolist() == source.label(0).tolist()
    assert first.regions.tolist() == [[0, 0, 0, 1, 1, 1]] * 4
    assert {(view.round, view.rounds, view.unit) for view in looks.views} == {(2, 4, "region")}
    # Those that do not observe the source are spared the pass over it.
    plain = Looks()
    plain.rank = lambda *_: [0]  # type: ignore[method-assign]
    acquire(on_regions(plain, Limits(pool=50)), pool_of(source=images))
    assert [view.domain for view in plain.views] == ["target"] * 3


def test_a_view_has_what_was_bought_only_where_that_is_needed() -> None:
    views: list[TargetView] = []

    class Keeps:
        def score(self, view: TargetView) -> torch.Tensor:
            views.append(view)
            return torch.zeros(view.size)

    bought = np.zeros((6, 12), np.bool_)
    bought[2] = True
    revealed = np.where(bought, 1, 255).astype(np.uint8)
    job = job_of(
        Keeps(),
        Window(0, 0),
        Limits(pool=1),
        bought=lambda _: bought,
        revealed=lambda _: revealed,
        needs=("logits", "bought"),
    )
    acquire(job, pool_of())
    acquire(replace(job, needs=("logits", "revealed")), pool_of())
    first, second = views[0], views[3]
    assert first.bought is not None and first.bought.tolist() == bought.tolist()
    assert first.revealed is None and second.bought is None
    assert second.revealed is not None and second.revealed.tolist() == revealed.tolist()
