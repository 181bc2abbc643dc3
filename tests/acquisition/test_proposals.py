"""What the network proposes for questions whose answers are corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from alseg.acquisition.acquire import acquire, acquire_together
from alseg.acquisition.job import Pool, QueryJob
from alseg.acquisition.proposals import with_proposals
from alseg.annotation.allowance import Limits
from alseg.contracts import PartsView, Picks, TargetView
from alseg.inference.predict import InferenceOptions, predict
from alseg_baselines.modes import WholeImage, Window
from alseg_baselines.superpixel import Superpixel
from toys import Stripes, TinyNet

NOTHING = np.zeros((0, 2), np.int32)
REGIONS = np.repeat(np.arange(4, dtype=np.int32), 3)[None].repeat(6, axis=0)  # stripes of 3 of 12 columns
DATA = Stripes("train", 3, (6, 12))
OPTIONS = InferenceOptions(size=None, batch_size=2, features=True)


class Scoring:
    def score(self, view: TargetView) -> torch.Tensor:
        return view.logits.float().amax(0)


class Ranking:
    def observe(self, view: TargetView) -> Mapping[str, torch.Tensor]:
        return {"nothing": torch.zeros(1 if view.regions is None else 4)}

    def rank(self, observations: Any, parts: PartsView) -> torch.Tensor:
        return torch.arange(len(parts.bought)).flip(0)


class Selecting:
    def select(self, pool: Any) -> list[int]:
        return [2, 0][: pool.count]


def job_of(acquisition: object, mode: object, limits: Limits, **changes: object) -> QueryJob:
    job = QueryJob(
        acquisition=acquisition,  # type: ignore[arg-type]
        name="mine",
        identity="mine",
        mode=mode,  # type: ignore[arg-type]
        limits=limits,
        asked=lambda _: NOTHING,
    )
    return replace(job, **changes)  # type: ignore[arg-type]


def network() -> TinyNet:
    torch.manual_seed(3)
    return TinyNet(3)


def pool_of(model: TinyNet) -> Pool:
    return Pool(dataset=DATA, num_classes=3, model=model, options=OPTIONS, seed_axes=(0, 1))


def logits_with(*classes: list[int]) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(classes), 3).permute(2, 0, 1).float()


def test_the_class_of_most_pixels_is_proposed_and_the_smaller_one_of_a_tie() -> None:
    logits = logits_with([2, 2, 1, 1, 0, 0], [2, 1, 0, 0, 1, 1])
    regions = np.array([[0, 0, 1, 1, 2, 2]] * 2, np.int32)
    job = job_of(
        Scoring(), Superpixel(answer="correction"), Limits(), unit="region", regions=lambda _: regions
    )
    picks = Picks(np.array([[0, 4], [0, 0], [0, 2]], np.int32), np.ones(3, np.float32), np.full(3, 4))
    proposed = with_proposals(job, 0, "a", picks, logits).proposed
    # Region 2 has 0, 0, 1, 1; region 0 has 2, 2, 2, 1; region 1 has 1, 1, 0, 0.
    assert proposed is not None and proposed.dtype == np.uint8 and proposed.tolist() == [0, 2, 0]


def test_pixels_of_earlier_questions_do_not_vote() -> None:
    class Overlapping(Window):
        """Every question reveals row 0 as far as nobody has."""

        def footprint(self, positions: Any, size: Any) -> Any:
            footprint = np.full(size, -1, np.int32)
            for number, (_, x) in reversed(list(enumerate(positions.tolist()))):
                footprint[0, : x + 1] = number
            return footprint

    logits = logits_with([2, 2, 2, 1, 1, 0])
    mode = Overlapping(radius=0, spacing=0, answer="correction")
    job = job_of(Scoring(), mode, Limits(), asked=lambda _: np.array([[0, 2]], np.int32))
    picks = Picks(np.array([[0, 5]], np.int32), np.ones(1, np.float32), np.array([3]))
    proposed = with_proposals(job, 0, "a", picks, logits).proposed
    assert proposed is not None and proposed.tolist() == [1]


def of_region(**changes: object) -> dict[str, object]:
    return {"unit": "region", "regions": lambda _: REGIONS, **changes}


CASES: dict[str, Callable[[], QueryJob]] = {
    "scores over the pool": lambda: job_of(
        Scoring(), Superpixel(answer="correction"), Limits(pool=90), **of_region()
    ),
    "scores per image": lambda: job_of(
        Scoring(), Window(radius=1, spacing=2, answer="correction"), Limits(per_image=[30, 20, 10])
    ),
    "ranked regions": lambda: job_of(
        Ranking(), Superpixel(answer="correction"), Limits(pool=90), **of_region()
    ),
    "ranked images": lambda: job_of(
        Ranking(), WholeImage(2.0, "correction"), Limits("images", pool=2), unit="image"
    ),
    "selected images": lambda: job_of(
        Selecting(),
        WholeImage(2.0, "correction"),
        Limits("images", pool=2),
        unit="image",
        needs=("features",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_way_of_asking_proposes_what_the_network_says(case: str) -> None:
    model, job = network(), CASES[case]()
    picks = acquire(job, pool_of(model))
    predictions = {DATA.image_id(each.index): each.logits for each in predict(model, DATA, OPTIONS)}
    questions = 0
    for image_id, asked in picks.items():
        assert asked.proposed is not None and len(asked.proposed) == len(asked)
        classes = predictions[image_id].argmax(0).numpy()
        regions = REGIONS if job.regions is not None else None
        more = {} if regions is None else {"regions": regions}
        footprint = job.mode.footprint(asked.positions, (6, 12), **more)
        for number, proposal in enumerate(asked.proposed.tolist()):
            votes = np.bincount(classes[footprint == number], minlength=3)
            assert proposal == votes.argmax()
            questions += 1
    assert questions > 1


def test_proposals_change_no_picks_and_others_get_none() -> None:
    model = network()
    limits = Limits(per_image=[30, 20, 10])
    correcting = job_of(Scoring(), Window(radius=1, spacing=2, answer="correction"), limits)
    labelling = job_of(Scoring(), Window(radius=1, spacing=2), limits)
    found = acquire_together(labelling, {"correcting": correcting}, pool_of(model))
    for image_id, own in found.own.items():
        other = found.others["correcting"][image_id]
        np.testing.assert_array_equal(own.positions, other.positions)
        assert own.proposed is None and other.proposed is not None
        first = other.first(1)
        assert first.proposed is not None and first.proposed.tolist() == other.proposed.tolist()[:1]
