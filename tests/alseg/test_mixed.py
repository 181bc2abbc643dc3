from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from alseg.contests import Contest
from alseg.mixed import mixed_model
from alseg.standing_tables import standings
from comparing import compared
from fakeruns import write_run

GAINS = np.random.default_rng(0).normal(0, 1.5, (4, 3))


def scores() -> np.ndarray:
    """4 scenarios, 3 methods, 3 seeds: gains differ more between scenarios than between seeds."""
    generator = np.random.default_rng(1)
    level = 50 + generator.normal(0, 5, (4, 1, 1)) + np.array([0, 1, 3])[None, :, None]
    return level + GAINS[:, :, None] + generator.normal(0, 1, (4, 1, 3)) + generator.normal(0, 0.5, (4, 3, 3))


def contests(values: np.ndarray) -> list[Contest]:
    return [
        Contest(
            title=f"s{number}",
            scenario=f"s{number}",
            scores={f"M{method}": dict(enumerate(row)) for method, row in enumerate(table)},
            baseline="M0",
        )
        for number, table in enumerate(values)
    ]


def test_with_complete_runs_it_is_the_balanced_analysis_of_variance() -> None:
    values = scores()
    model = mixed_model(contests(values))
    assert model is not None
    means = values.mean(axis=2)
    rest = means - means.mean(axis=1, keepdims=True) - means.mean(axis=0, keepdims=True) + means.mean()
    # Mean square of method by scenario with 3 * 2 degrees of freedom, 3 seeds each; two differences share 5%.
    mean_square = 3 * (rest**2).sum() / 6
    half_width = scipy_stats.t.isf(0.025 / 2, 6) * np.sqrt(2 * mean_square / (4 * 3))
    expected = means.mean(axis=0) - means.mean(axis=0)[0]
    assert [each.method for each in model.differences] == ["M1", "M2"]
    assert [each.mean for each in model.differences] == pytest.approx(expected[1:])
    assert [each.corrected.half_width for each in model.differences] == pytest.approx(
        [half_width] * 2, rel=1e-3
    )
    assert set(model.spreads) == {"scenario", "seed", "method by scenario", "rest"}


def test_one_scenario_or_one_seed_has_no_mixed_model() -> None:
    values = scores()
    assert mixed_model(contests(values[:1])) is None
    assert mixed_model(contests(values[:, :, :1])) is None


def test_the_mixed_model_has_a_table_and_says_that_scenarios_share_a_target(tmp_path: Path) -> None:
    values = scores()
    for number, source in enumerate(("gtav", "synthia")):
        settings = {"scenario": {"source": {"name": source}, "target": {"name": "cityscapes"}}}
        for order, label in enumerate(("Random", "Entropy", "RIPU")):
            for seed in range(3):
                write_run(
                    tmp_path / source,
                    label,
                    seed,
                    order=order,
                    acquisition=label.lower(),
                    iou=[[values[number, order, seed]] * 3],
                    scenario=f"{source} -> cityscapes",
                    settings=settings,
                )
    comparison = compared(tmp_path / "gtav", tmp_path / "synthia", mixed=True)
    (table,) = standings(comparison)
    assert table.title == "Mixed model of 2 scenarios, mIoU, last round"
    assert [column.title for column in table.columns] == ["Method", "vs Random", "p"]
    assert [cell.text for cell in table.columns[0].cells] == ["Entropy", "RIPU"]
    assert (
        "Scenarios are not independent: gtav -> cityscapes and synthia -> cityscapes share cityscapes, pool "
        "and evaluation images included. Intervals over scenarios are too narrow for a claim about others."
    ) in comparison.notes


def test_without_two_scenarios_the_notes_say_what_a_mixed_model_takes(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Random", acquisition="random")
    assert (
        "No mixed model: it takes two scenarios that share a random method and another one that buys alike, "
        "with two seeds or more each."
    ) in compared(tmp_path / "toy", mixed=True).notes
