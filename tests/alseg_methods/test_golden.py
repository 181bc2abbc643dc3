"""Our functions against numbers that the authors' own code computed, file by file.

``ALSEG_GOLDEN`` names another folder with the same names and keys, but other numbers; it may hold more files.
"""

from __future__ import annotations

import pytest

import golden_pools
import golden_recipes
import golden_regions
import golden_scores
from golden import COMMITTED, FOLDER, Arrays, Check

UNCHECKED: dict[str, str] = {}
"""Files that cannot be checked, and why."""

VERSION = "provenance of the numbers"

HYPERBOLIC = "a hyperbolic classifier belongs to a network, and no network here has one"

UNREAD = {
    "d2ada_density": {"sklearn_version": VERSION},
    "halo": {"A_MLR": HYPERBOLIC, "P_MLR": HYPERBOLIC, "hyper_logits": HYPERBOLIC},
    "mulactseg_acquisition": {"pool_rule": "tables have NaN for what is not in the pool"},
    "redal_diversity": {"sklearn_version": VERSION},
}
"""Of files that are checked, the keys that no check reads, and why."""

PARTS = (golden_scores.CHECKS, golden_pools.CHECKS, golden_recipes.CHECKS, golden_regions.CHECKS)

CHECKS: dict[str, tuple[Check, ...]] = {
    name: tuple(check for part in PARTS for check in part.get(name, ()))
    for name in sorted({name for part in PARTS for name in part})
}

PRESENT = sorted(file.stem for file in FOLDER.glob("*.npz"))


@pytest.mark.parametrize("name", [name for name in PRESENT if name in CHECKS])
def test_numbers_are_those_of_the_released_code(name: str) -> None:
    arrays = Arrays(name)
    for check in CHECKS[name]:
        check(arrays)
    assert arrays.unread == set(UNREAD.get(name, ())), f"{name}.npz: check these keys, or say why not"


@pytest.mark.parametrize("name", PRESENT)
def test_every_file_is_checked_or_listed_with_a_reason(name: str) -> None:
    assert (name in CHECKS) != (name in UNCHECKED), f"{name}.npz: write a check, or say why there is none"


def test_every_check_has_its_file() -> None:
    assert {file.stem for file in COMMITTED.glob("*.npz")} == set(CHECKS)
    assert PRESENT, f"no golden file in {FOLDER}"
