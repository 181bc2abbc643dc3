from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.acquisition.acquire import acquire, acquire_together
from alseg.acquisition.job import AcquisitionError, Pool, QueryJob
from alseg.acquisition.pool_picks import PoolPicks
from alseg.annotation.allowance import Limits
from alseg.contracts import Picks, PoolView, TargetView
from alseg.inference.predict import InferenceOptions, predict
from alseg.seeding import image_token
from alseg_baselines.modes import WholeImage, Window
from alseg_baselines.superpixel import Superpixel
from toys import Stripes, TinyNet


class Scoring:
    """An acquisition made of a function."""

    def __init__(self, function: Callable[[TargetView], object]) -> None:
        self.score = function


class Selecting:
    """A pool-wide acquisition made of a function."""

    def __init__(self, function: Callable[[PoolView], list[int]]) -> None:
        self.select = function


def _acquire(acquisition: object, mode: object, limits: Limits, **changes: object) -> dict[str, Picks]:
    pool = _pool(InferenceOptions(size=None, batch_size=2, **changes))  # type: ignore[arg-type]
    return dict(acquire(_job(acquisition, mode, limits), pool))


def _pool(options: InferenceOptions | None) -> Pool:
    return Pool(
        dataset=Stripes("train", 3, (6, 12)),
        num_classes=3,
        model=TinyNet(3),
        options=options,
        seed_axes=(0, 1),
    )


def _job(acquisition: object, mode: object, limits: Limits, identity: str = "mine") -> QueryJob:
    return QueryJob(
        acquisition=acquisition,  # type: ignore[arg-type]
        name="mine",
        identity=identity,
        mode=mode,  # type: ignore[arg-type]
        limits=limits,
        asked=lambda _: np.zeros((0, 2), np.int32),
    )


TOKENS = [image_token(f"train-{index}") for index in range(3)]


def _brightness(view: TargetView) -> torch.Tensor:
    """Score pixels by their column, images by their number."""
    offset = 100.0 * TOKENS.index(view.image_id)
    return torch.arange(12.0).expand(6, 12) + offset


def test_every_image_gets_picks_within_its_own_limit() -> None:
    picks = _acquire(Scoring(_brightness), Window(0, 1), Limits(per_image=[2, 0, 1]))
    assert {name: len(asked) for name, asked in picks.items()} == {"train-0": 2, "train-1": 0, "train-2": 1}
    # The last column scores highest; ties go to the smaller row; neighbours are blocked.
    assert picks["train-0"].positions.tolist() == [[0, 11], [2, 11]]


def test_a_pool_budget_goes_to_the_best_of_all_images() -> None:
    picks = _acquire(Scoring(_brightness), Window(0, 0), Limits(pool=80))
    # Image 2 scores above the others everywhere: all of its 72 pixels, then 8 of image 1.
    assert {name: len(asked) for name, asked in picks.items()} == {"train-0": 0, "train-1": 8, "train-2": 72}


def test_whole_images_are_ranked_by_their_mean_score() -> None:
    picks = _acquire(Scoring(_brightness), WholeImage(2), Limits(currency="images", pool=2))
    assert [name for name, asked in picks.items() if len(asked)] == ["train-1", "train-2"]


def test_a_pixel_budget_that_pays_for_no_whole_image_buys_none() -> None:
    picks = _acquire(Scoring(_brightness), WholeImage(2), Limits(pool=71))
    assert sum(map(len, picks.values())) == 0


class _Asked(Window):
    """Remembers the limits it was given."""

    limits: ClassVar[list[int]] = []

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        self.limits.append(pixel_limit)
        return super().propose(score, asked, pixel_limit)


def test_no_more_questions_are_proposed_than_there_are_clicks() -> None:
    _Asked.limits.clear()
    picks = _acquire(Scoring(_brightness), _Asked(1, 2), Limits("clicks", per_image=[2, 0, 100]))
    # Windows of 9 pixels at one click each; image 2 has no more than 72 pixels, in 2 rows of 4 windows: at
    # columns 11, 8, 5 and 2.
    assert _Asked.limits == [18, 0, 72]
    assert [len(asked) for asked in picks.values()] == [2, 0, 8]
    # At the border windows have two columns, and two rows: with 18 pixels, three would have fitted.
    assert picks["train-0"].pixels.tolist() == [4, 6]


def test_over_the_pool_there_are_as_many_questions_as_clicks() -> None:
    # Image 2 scores above image 1.
    picks = _acquire(Scoring(_brightness), Window(1, 2), Limits("clicks", pool=11))
    assert [len(asked) for asked in picks.values()] == [0, 3, 8]


def test_regions_are_counted_however_large_they_are() -> None:
    job = replace(
        _job(Scoring(_brightness), Superpixel(), Limits("regions", pool=3)),
        unit="region",
        regions=lambda _: np.tile((np.arange(12, dtype=np.int32) + 1) // 6, (6, 1)),
    )
    picks = acquire(job, _pool(InferenceOptions(size=None, batch_size=2)))
    # Three regions an image, of columns 0-4, 5-10 and 11: the brightest of image 2, all of them.
    assert [asked.pixels.tolist() for asked in picks.values()] == [[], [], [6, 36, 30]]


def test_pruning_on_the_way_changes_nothing() -> None:
    random = np.random.default_rng(0)
    limits = Limits(pool=500)
    pruned, whole = PoolPicks(limits), []
    for number in range(200):
        scores = np.sort(random.integers(0, 50, 20))[::-1].astype(np.float32)
        pruned.add(str(number), Picks(np.zeros((20, 2), np.int32), scores, np.full(20, 3, np.int64)))
        whole += [(-float(score), number) for score in scores]
    # 500 pixels pay for 166 picks of 3.
    expected = sorted(whole)[:166]
    counts = {name: len(asked) for name, asked in pruned.affordable().items()}
    assert counts == {str(n): sum(owner == n for _, owner in expected) for n in range(200)}


FEATURES = InferenceOptions(size=None, batch_size=2, features=True)


def _selecting(select: Callable[[PoolView], list[int]], limits: Limits | None = None) -> dict[str, Picks]:
    """Return what is asked of three images where an acquisition selects them."""
    job = _job(Selecting(select), WholeImage(2), limits or Limits("images", pool=2))
    return dict(acquire(replace(job, unit="image"), _pool(FEATURES)))


def test_what_is_selected_first_is_bought_first() -> None:
    # Images of 72 pixels: of 150 two can be paid, and of 2 clicks no more than two questions.
    for limits in (Limits(pool=150), Limits("clicks", pool=2)):
        counts: list[int] = []
        picks = _selecting(lambda pool: [counts.append(pool.count) or 2, 0], limits)  # noqa: B023
        assert counts == [2]
        assert {name: asked.scores.tolist() for name, asked in picks.items() if len(asked)} == {
            "train-2": [0.0],
            "train-0": [-1.0],
        }


def test_a_selection_without_features_is_told_that_they_are_not_asked_for() -> None:
    job = replace(_job(Selecting(lambda _: [0]), WholeImage(2), Limits("images", pool=2)), unit="image")
    with pytest.raises(AcquisitionError) as raised:
        acquire(job, _pool(None))
    assert str(raised.value) == (
        "Acquisition 'mine' ranks images by their features, but its spec does not say so: its 'needs' lacks "
        "'features'."
    )


def test_select_acquisitions_rank_whole_images() -> None:
    seen: list[PoolView] = []

    def select(pool: PoolView) -> list[int]:
        seen.append(pool)
        return [2, 0]

    torch.manual_seed(3)  # the network is the first thing that is drawn
    picks = _selecting(select)
    assert [name for name, asked in picks.items() if len(asked)] == ["train-0", "train-2"]
    torch.manual_seed(3)
    predictions = predict(TinyNet(3), Stripes("train", 3, (6, 12)), FEATURES)
    means = torch.stack([each.features.mean(dim=(1, 2)) for each in predictions if each.features is not None])
    torch.testing.assert_close(seen[0].features, means)
    assert list(seen[0].image_ids) == TOKENS
    assert seen[0].count == 2


@pytest.mark.parametrize("chosen", [[0, 0], [0, 1, 2], [3], [-1]])
def test_an_invalid_selection_is_refused(chosen: list[int]) -> None:
    with pytest.raises(AcquisitionError) as raised:
        _selecting(lambda _: chosen)
    assert str(raised.value) == (
        "Acquisition 'mine' must select at most 2 different images that are not bought yet; "
        f"it selected {chosen}."
    )


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (torch.zeros(6, 11), "returned shape (6, 11) for image train-0; the image has (6, 12)."),
        (torch.full((6, 12), torch.nan), "returned NaN for image train-0, in 72 of 72 pixels."),
        (
            torch.zeros(6, 12, dtype=torch.int64),
            "returned torch.int64 for image train-0; it must return a float tensor.",
        ),
        (None, "returned NoneType for image train-0; it must return a float tensor."),
    ],
)
def test_an_unusable_score_is_refused(returned: object, message: str) -> None:
    with pytest.raises(AcquisitionError) as raised:
        _acquire(Scoring(lambda _: returned), Window(0, 0), Limits(per_image=[1, 1, 1]))
    assert str(raised.value) == f"Acquisition 'mine' {message}"


def test_generators_depend_on_seed_round_and_image_alone() -> None:
    draws = [
        _acquire(
            Scoring(lambda view: torch.rand(view.size, generator=view.generator)),
            Window(0, 0),
            Limits(per_image=[4] * 3),
        )
        for _ in range(2)
    ]
    for name in draws[0]:
        np.testing.assert_array_equal(draws[0][name].positions, draws[1][name].positions)
    assert draws[0]["train-0"].positions.tolist() != draws[0]["train-1"].positions.tolist()


def test_methods_that_ask_together_ask_what_they_would_alone() -> None:
    noise = Scoring(lambda view: torch.rand(view.size, generator=view.generator))
    methods = [
        (Scoring(_brightness), Window(0, 1), Limits(per_image=[2, 0, 1])),
        (noise, Window(0, 0), Limits(pool=50)),
        (noise, WholeImage(2), Limits(currency="images", pool=2)),
    ]
    first, *rest = [_job(*each, identity=identity) for each, identity in zip(methods, "abb", strict=True)]
    others = {"noise": rest[0], "whole": rest[1]}
    found = acquire_together(first, others, _pool(InferenceOptions(size=None, batch_size=2)))
    together = (found.own, found.others["noise"], found.others["whole"])
    for picks, alone in zip(together, (_acquire(*each) for each in methods), strict=True):
        assert picks.keys() == alone.keys()
        for name in picks:
            np.testing.assert_array_equal(picks[name].positions, alone[name].positions)
            np.testing.assert_array_equal(picks[name].scores, alone[name].scores)


def test_methods_of_one_identity_are_scored_once_and_cannot_spoil_the_map_for_each_other() -> None:
    scored: list[str] = []

    def score(view: TargetView) -> torch.Tensor:
        scored.append(view.image_id)
        return _brightness(view)

    class Spoiling(Window):
        def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
            picks = super().propose(score, asked, pixel_limit)
            score.zero_()
            return picks

    limits = Limits(per_image=[2, 0, 1])
    first_job, second_job = (_job(Scoring(score), mode, limits) for mode in (Spoiling(0, 1), Window(0, 1)))
    found = acquire_together(first_job, {"second": second_job}, _pool(InferenceOptions(size=None)))
    assert scored == TOKENS
    first, second = found.own, found.others["second"]
    assert second["train-0"].positions.tolist() == first["train-0"].positions.tolist() == [[0, 11], [2, 11]]


def test_a_method_that_fails_does_not_fail_those_that_ask_for_it() -> None:
    limits = Limits(per_image=[1, 1, 1])
    broken = _job(Scoring(lambda view: torch.zeros(1)), Window(0, 0), limits, "broken")
    whole = _job(Scoring(_brightness), Window(0, 0), limits, "whole")
    found = acquire_together(whole, {"broken": broken}, _pool(InferenceOptions(size=None)))
    assert {name: len(asked) for name, asked in found.own.items()} == dict.fromkeys(found.own, 1)
    assert found.own and not found.others
    with pytest.raises(AcquisitionError) as caught:
        acquire_together(broken, {"whole": whole}, _pool(InferenceOptions(size=None)))
    assert str(caught.value) == (
        "Acquisition 'mine' returned shape (1,) for image train-0; the image has (6, 12)."
    )


def test_a_pass_that_fails_leaves_no_thread_that_reads_images_on() -> None:
    before = threading.active_count()
    with pytest.raises(AcquisitionError) as raised:  # it refers to all that the pass consists of
        _acquire(Scoring(lambda _: torch.zeros(1)), Window(0, 0), Limits(per_image=[1] * 3))
    assert threading.active_count() == before
    assert raised.value.__traceback__ is not None


def test_a_method_that_needs_nothing_of_the_network_is_asked_without_it() -> None:
    noise = Scoring(lambda view: torch.rand(view.size, generator=view.generator))
    limits = Limits(per_image=[4] * 3)
    pool = replace(_pool(None), model=None)
    blind = acquire(_job(noise, Window(0, 0), limits), pool)
    seeing = _acquire(noise, Window(0, 0), limits)
    for name in seeing:
        np.testing.assert_array_equal(blind[name].positions, seeing[name].positions)


def test_a_method_that_reads_logits_without_saying_so_is_refused() -> None:
    reading = _job(Scoring(lambda view: view.logits.amax(0)), Window(0, 0), Limits(per_image=[1] * 3))
    for needs, told in {(): "is empty", ("bought",): "names only bought"}.items():
        with pytest.raises(AcquisitionError) as raised:
            acquire(replace(reading, needs=needs), _pool(None))
        assert str(raised.value) == (
            f"Acquisition 'mine' reads the logits, but its spec does not say so: its 'needs' {told}. "
            "Name 'logits' or 'probs' there: either gives both."
        )


def test_overlapping_changes_nothing() -> None:
    limits = Limits(pool=50)
    options = [InferenceOptions(size=None, batch_size=2, overlap=overlap) for overlap in (True, False)]
    job = _job(Scoring(lambda view: view.probs.amax(0)), Window(0, 0), limits)
    torch.manual_seed(0)
    pools = [_pool(each) for each in options]
    pools[1] = replace(pools[1], model=pools[0].model)
    first, second = (acquire(job, pool) for pool in pools)
    for name in first:
        np.testing.assert_array_equal(first[name].positions, second[name].positions)


def test_picks_are_told_while_others_are_scored_where_the_budget_is_an_images_own() -> None:
    told: list[str] = []
    mode = Window(0, 0)
    for limits in (Limits(per_image=[1, 1, 1]), Limits(pool=3)):
        job = replace(
            _job(Scoring(_brightness), mode, limits), on_final=lambda image_id, picks: told.append(image_id)
        )
        acquire(job, _pool(InferenceOptions(size=None)))
    # Of a pool's budget nothing is final before the last image is scored.
    assert told == ["train-0", "train-1", "train-2"]
