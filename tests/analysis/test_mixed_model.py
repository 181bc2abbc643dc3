from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.mixed_model import mixed_model
from alseg.tables.rankings import standings
from comparing import compared
from fakeruns import write_run

GAINS = np.random.default_rng(0).normal(0, 1.5, (4, 3))


def scores() -> np.ndarray:
    """4 scenarios, 3 methods, 3 seeds: gains differ more between scenarios than between seeds."""
    generator = np.random.default_rng(1)
    level = 50 + generator.normal(0, 5, (4, 1, 1)) + np.array([0, 1, 3])[None, :, None]
    return level + GAINS[:, :, None] + generator.normal(0, 1, (4, 1, 3)) + generator.normal(0, 0.5, (4, 3, 3))


def groups(values: np.ndarray) -> list[ComparisonGroup]:
    return [
        ComparisonGroup(
            title=f"s{number}",
            scenario=f"s{number}",
            scores={f"M{method}": dict(enumerate(row)) for method, row in enumerate(table)},
            baseline="M0",
        )
        for number, table in enumerate(values)
    ]


def test_with_complete_runs_it_is_the_balanced_analysis_of_variance() -> None:
    values = scores()
    model = mixed_model(groups(values))
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


def with_blocks(values: np.ndarray, blocks: int) -> list[ComparisonGroup]:
    """Spread each score over blocks of images: some are harder, and a method gains more on some."""
    generator = np.random.default_rng(3)
    found = []
    for group in groups(values):
        hard, gain = generator.normal(0, 4, blocks), generator.normal(0, 2, (3, blocks))
        by_block: dict[str, dict[int, tuple[float, ...]]] = {}
        for number, (name, row) in enumerate(group.scores.items()):
            for seed, score in row.items():
                spread = hard + gain[number] + generator.normal(0, 1, blocks)
                by_block.setdefault(name, {})[seed] = tuple(score + spread - spread.mean())
        found.append(replace(group, by_block=by_block))
    return found


def test_image_groups_are_random_too_and_leave_the_balanced_analysis_as_it_is() -> None:
    plain, model = mixed_model(groups(scores())), mixed_model(with_blocks(scores(), 8))
    assert plain is not None and model is not None
    for each, other in zip(model.differences, plain.differences, strict=True):
        assert each.mean == pytest.approx(other.mean)
        # What a method gains on the images of a scenario is part of what it gains in the scenario.
        assert each.corrected.half_width == pytest.approx(other.corrected.half_width, rel=2e-3)
    assert model.spreads["image group"] == pytest.approx(4, rel=0.25)
    assert model.spreads["method by image group"] == pytest.approx(2, rel=0.25)
    assert model.spreads["rest"] == pytest.approx(1, rel=0.25)


def test_a_run_without_counts_leaves_image_groups_out() -> None:
    found = with_blocks(scores(), 8)
    by_block = {name: dict(list(row.items())[:1]) for name, row in found[2].by_block.items()}
    model = mixed_model([*found[:2], replace(found[2], by_block=by_block), found[3]])
    assert model is not None
    assert set(model.spreads) == {"scenario", "seed", "method by scenario", "rest"}


def test_one_scenario_or_one_seed_has_no_mixed_model() -> None:
    values = scores()
    assert mixed_model(groups(values[:1])) is None
    assert mixed_model(groups(values[:, :, :1])) is None


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
