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


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"warmup": -1}, "warmup must be at least 0 and accumulate at least 1, not -1 and 1"),
        ({"accumulate": 0}, "warmup must be at least 0 and accumulate at least 1, not 0 and 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(AlsegError) as refusal:
        SupervisedRecipe(**changes)
    assert str(refusal.value) == f"Recipe 'plain': {problem}."
