from __future__ import annotations

from typing import Any

import pytest

from alseg.errors import AlsegError
from alseg.toolkit.recipes import SupervisedRecipe


def test_a_warm_up_multiplies_the_decay() -> None:
    recipe = SupervisedRecipe(iterations=100, power=1.0, warmup=10)
    assert recipe.learning_rate_factor(0) == pytest.approx(1e-6)
    # Half of the warm-up, and (1 - 5 / 100) of the decay.
    assert recipe.learning_rate_factor(5) == pytest.approx(0.5 * 0.95, rel=1e-5)
    assert recipe.learning_rate_factor(10) == 0.9
    plain = SupervisedRecipe(iterations=100, power=1.0)
    assert [plain.learning_rate_factor(step) for step in (0, 5, 10)] == [1.0, 0.95, 0.9]


def test_both_domains_are_cut_and_the_source_is_drawn_by_rare_classes() -> None:
    plan = SupervisedRecipe(crop=(512, 500), sampling="rare-class", rare_temperature=0.1, rare_share=0.2).plan
    assert plan.source.crop == plan.target.crop == (512, 500)
    assert (plan.source.sampling, plan.source.rare_temperature, plan.source.rare_share) == (
        "rare-class",
        0.1,
        0.2,
    )
    assert plan.target.sampling == "shuffle"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"warmup": -1}, "warmup must be at least 0 and accumulate at least 1, not -1 and 1"),
        (
            {"crop": (641, 640)},
            "crop [641, 640] does not fit in target_size [640, 1280]; choose a smaller crop, or null for "
            "whole images",
        ),
        ({"rare_temperature": 0.0}, "rare_temperature must be above 0, not 0.0"),
        (
            {"iterations": 9, "warmup": 9},
            "warmup 9 is not less than iterations 9: the learning rate would never be reached",
        ),
        ({"accumulate": 0}, "warmup must be at least 0 and accumulate at least 1, not 0 and 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(AlsegError) as refusal:
        SupervisedRecipe(**changes)
    assert str(refusal.value) == f"Recipe 'plain': {problem}."
