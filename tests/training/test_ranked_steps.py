"""Steps that two processes take together are the steps of one process, for every recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch

import alseg_baselines
import alseg_recipes
import alseg_ripu
from alseg import AlsegError
from alseg.system.ranks import Ranks
from alseg.training.trainer import DivergedError
from ranked_steps import Case, Steps, in_two, steps_of, together_and_alone, trainer_of

SMALL = {"class_names": ("red", "green", "blue"), "channels": 4, "layers": 2, "adversarial": 0.5}
DROPPING, NORM = "dropping:DroppingNet", "dropping:trained_norm"
RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("alseg.toolkit.recipes:SupervisedRecipe", {"label_resize": "nearest", "target_size": (12, 24)}),
    "ripu": ("alseg_ripu.recipe:Ripu", {"sampling": "shuffle"}),
    "mulactseg": (
        "alseg_recipes.mulactseg:MulActSeg",
        {"target_batch": 4, "source_batch": 0, "optimizer": "sgd", "learning_rate": 1e-4},
    ),
    "sieve": ("alseg_recipes.sieve:Sieve", {"target_batch": 4}),
    "mean-teacher": (
        "alseg_recipes.mean_teacher:MeanTeacher",
        {"crop": (12, 24), "threshold": 0.4, "accumulate": 2},
    ),
    "daformer": (
        "alseg_recipes.daformer:DAFormer",
        {
            "crop": (12, 24),
            "threshold": 0.4,
            "warmup": 2,
            "optimizer": "sgd",
            "feature_distance": 0.5,
            "feature_classes": ("red",),
            "class_names": ("red", "green", "blue"),
        },
    ),
    "adversarial": ("alseg_recipes.adversarial:Adversarial", SMALL),
    "two-classifiers": ("alseg_recipes.two_classifiers:TwoClassifiers", {"threshold": 0.4}),
}
"""Every recipe of ours by its name: its class, and keys that make it small and keep it at work. SGD, as AdamW
makes steps of nothing but rounding: the biases of attention's keys have a gradient of 0."""

EXACT = {
    **{name: Case(DROPPING, *given, steps=5) for name, given in RECIPES.items()},
    "batch norm": Case(NORM, *RECIPES["mean-teacher"], steps=4),
    "reversed gradients": Case(
        NORM, "alseg_recipes.adversarial:Adversarial", SMALL | {"alignment": "gradient-reversal"}, steps=3
    ),
    "channels last": Case(DROPPING, *RECIPES["ripu"], steps=3, channels_last=True),
    "the guide's teacher": Case(DROPPING, "guide_recipes:EmaTeacher", steps=5),
    "some images": Case(DROPPING, "odd_recipes:SomeImages", steps=5),
    "some images, batch norm": Case(NORM, "odd_recipes:SomeImages", steps=3),
    "now and then": Case(DROPPING, "odd_recipes:NowAndThen", {"accumulate": 2}, steps=5),
}
ROUNDED = {
    "32-true": Case(NORM, *RECIPES["ripu"], steps=5, precision="32-true"),
    "bf16-mixed": Case(NORM, *RECIPES["ripu"], steps=3, precision="bf16-mixed"),
    "16-mixed": Case(DROPPING, *RECIPES["adversarial"], steps=5, precision="16-mixed"),
    "a memory and a discriminator": Case(DROPPING, "stateful:TeacherRecipe", steps=5, precision="32-true"),
}
LONG = {
    **{f"{name}, pyramid": Case("ranked_steps:pyramid", *given, steps=20) for name, given in RECIPES.items()},
    **{f"{name}, batch norm": Case(NORM, *given, steps=20) for name, given in RECIPES.items()},
}
UNDIVIDED = ("mixing", "across", "seldom", "rectified", "normalised")


@dataclass(frozen=True)
class Found:
    """What two processes have found, one after the other in the same two."""

    exact: tuple[list[Steps], dict[int, Steps]]
    rounded: list[Steps]
    diverged: str
    refused: list[str]


@pytest.fixture(scope="module")
def found() -> list[Found]:
    return in_two(_everything, None)


def test_every_recipe_of_ours_is_tried() -> None:
    plugins = (alseg_baselines, alseg_recipes, alseg_ripu)
    assert set(RECIPES) == {spec.name for plugin in plugins for spec in plugin.register_recipes()}


def test_two_processes_take_the_steps_of_one(found: list[Found]) -> None:
    compare(list(EXACT), [each.exact for each in found])


@pytest.mark.nightly
def test_two_processes_take_many_steps_of_one() -> None:
    compare(list(LONG), in_two(together_and_alone, list(LONG.values())))


def test_two_processes_agree_bit_by_bit_however_they_round(found: list[Found]) -> None:
    first, second = found
    for one, other in zip(first.rounded, second.rounded, strict=True):
        assert_same(one, other)


def test_a_loss_that_is_not_a_number_stops_all_and_changes_no_weights(found: list[Found]) -> None:
    first, second = (each.diverged for each in found)
    assert first == second
    assert "at iteration 1" in first and first.count("one-") == 4


@pytest.mark.parametrize("place", range(len(UNDIVIDED)), ids=UNDIVIDED)
def test_networks_that_cannot_be_divided_are_refused_by_all(found: list[Found], place: int) -> None:
    for each in found:
        assert each.refused[place] == (
            "undivided.Network cannot be divided among 2 devices: images come out otherwise in a part of the "
            "batch than in the whole, as it mixes images or draws at random across them. Use another "
            "network, or one device."
        )


def compare(names: Sequence[str], found: Sequence[tuple[list[Steps], dict[int, Steps]]]) -> None:
    """Refuse a difference between two ranks, or between them and one process."""
    (first, some), (second, others) = found
    alone = some | others
    assert len(first) == len(second) == len(alone) == len(names)
    for place, name in enumerate(names):
        assert_same(first[place], second[place])
        assert_near(first[place], alone[place], name)


def assert_same(one: Steps, other: Steps) -> None:
    """Refuse two ranks that differ in a bit."""
    assert one.digest == other.digest and torch.equal(one.gradient, other.gradient)
    assert one.losses == other.losses and one.random == other.random


def assert_near(together: Steps, alone: Steps, name: str) -> None:
    """Refuse steps that differ by more than rounding in 64 bits."""
    assert together.random == alone.random, name
    assert alone.gradient.abs().max() > 1e-3, name
    for one, other in zip(together.losses, alone.losses, strict=True):
        assert one == pytest.approx(other, rel=1e-6), name
    assert (together.gradient - alone.gradient).abs().max() < 1e-12 * alone.gradient.abs().max(), name
    assert (together.weights - alone.weights).abs().max() < 1e-12, name


def _everything(ranks: Ranks, _: None) -> Found:
    return Found(
        together_and_alone(ranks, list(EXACT.values())),
        [steps_of(case, ranks) for case in ROUNDED.values()],
        _diverged(ranks, Case(DROPPING, "odd_recipes:BreaksInRow", {"accumulate": 2})),
        [_refusal(ranks, name) for name in UNDIVIDED],
    )


def _diverged(ranks: Ranks, case: Case) -> str:
    """Return the message of a trainer that diverges in its second step."""
    trainer = trainer_of(case, ranks)
    trainer.train(1, lambda iteration, losses: None)
    before = trainer.state.digest()
    with pytest.raises(DivergedError) as caught:
        trainer.train(3, lambda iteration, losses: None)
    assert trainer.state.digest() == before
    return str(caught.value)


def _refusal(ranks: Ranks, name: str) -> str:
    with pytest.raises(AlsegError) as caught:
        steps_of(Case(f"undivided:{name}", "alseg.toolkit.recipes:SupervisedRecipe"), ranks)
    return str(caught.value)
