"""Methods that spend differently are neither tested, marked nor ranked against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alseg.tables.columns import score_columns
from alseg.tables.rankings import standings
from comparing import compared, labels, row
from fakeruns import write_run

REGION = {"name": "region", "params": {"radius": 1, "spacing": None}}
WIDE = {"name": "region", "params": {"radius": 9, "spacing": None}}
PIXEL = {"name": "pixel", "params": {"spacing": 8}}

AT_RANDOM = (
    "No random method has the same annotation and budget under the same conditions; add one to the "
    "experiment."
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def write_method(
    results: Path,
    label: str,
    scores: tuple[float, ...],
    annotation: dict[str, Any],
    budget: str,
    order: int = 0,
) -> None:
    """Write one run for each score, of seeds 0, 1 and so on."""
    for seed, score in enumerate(scores):
        write_run(
            results,
            label,
            seed,
            order=order,
            acquisition=label.split()[0].lower(),
            iou=[[10.0] * 3, [score] * 3],
            annotation=annotation,
            budget=budget,
        )


def write_two_budgets(results: Path) -> None:
    write_method(results, "Random 2.2%", (50, 52, 51), REGION, "2.2%")
    write_method(results, "Entropy 2.2%", (55, 57, 58), REGION, "2.2%", 1)
    write_method(results, "RIPU PA", (40, 43, 41), PIXEL, "40 px/image", 2)


def test_a_method_without_random_at_its_own_annotation_and_budget_has_no_p_and_it_says_why(
    results: Path,
) -> None:
    write_two_budgets(results)
    comparison = compared(results)
    found = row(comparison, "RIPU PA")
    assert (found.baseline, found.difference, found.corrected) == (None, None, None)
    assert (
        f"No difference and no p: RIPU PA (pixel (spacing 8), 40 px/image). {AT_RANDOM}" in comparison.notes
    )


def test_with_random_at_its_own_annotation_and_budget_beside_it_a_method_has_p(results: Path) -> None:
    write_two_budgets(results)
    write_method(results, "Random 40 px", (35, 37, 36.5), PIXEL, "40 px/image", 3)
    comparison = compared(results)
    assert row(comparison, "RIPU PA").baseline == "Random 40 px"
    assert row(comparison, "Entropy 2.2%").baseline == "Random 2.2%"
    assert row(comparison, "RIPU PA").corrected is not None
    assert not any(AT_RANDOM in note for note in comparison.notes)


def test_the_same_mode_with_another_parameter_is_another_annotation(results: Path) -> None:
    write_method(results, "Random", (50, 52), REGION, "2.2%")
    write_method(results, "Entropy", (55, 58), WIDE, "2.2%", 1)
    comparison = compared(results)
    assert row(comparison, "Entropy").baseline is None
    assert f"No difference and no p: Entropy (region (radius 9), 2.2%). {AT_RANDOM}" in comparison.notes


def test_a_baseline_that_is_asked_for_across_budgets_gives_a_difference_without_p(results: Path) -> None:
    write_two_budgets(results)
    comparison = compared(results, baseline="Random 2.2%")
    found = row(comparison, "RIPU PA")
    assert found.difference is not None
    # 40 - 50, 43 - 52 and 41 - 51.
    assert found.difference.mean == pytest.approx(-29 / 3)
    assert found.corrected is None
    assert row(comparison, "Entropy 2.2%").corrected is not None
    assert "No p for RIPU PA: annotation or budget is not that of the baseline." in comparison.notes


def test_rows_that_buy_alike_stand_together_and_carry_a_letter_that_the_notes_explain(results: Path) -> None:
    write_two_budgets(results)
    write_method(results, "Margin 2.2%", (56, 57, 56), REGION, "2.2%", 3)
    comparison = compared(results)
    assert labels(comparison) == ["Random 2.2%", "Entropy 2.2%", "Margin 2.2%", "RIPU PA"]
    assert list(comparison.groups.values()) == ["a", "b"]
    assert (
        "Groups: a region (radius 1), 2.2%; b pixel (spacing 8), 40 px/image. Marks, p, ranks and penalties "
        "are within a group."
    ) in comparison.notes


def test_marks_are_within_a_budget(results: Path) -> None:
    write_method(results, "Random 2.2%", (60, 61), REGION, "2.2%")
    write_method(results, "Entropy 2.2%", (50, 51.1), REGION, "2.2%", 1)
    write_method(results, "RIPU PA", (90, 91), PIXEL, "40 px/image", 2)
    comparison = compared(results)
    (scores,) = score_columns(comparison)
    assert [scores.cell(each).best for each in comparison.rows] == [True, False, False]


def test_ranks_and_penalties_are_within_a_budget(results: Path) -> None:
    write_two_budgets(results)
    write_method(results, "Random 40 px", (35, 37, 36.5), PIXEL, "40 px/image", 3)
    comparison = compared(results, ranks=True, penalties=True)
    rankings = [[each.method for each in ranking.methods] for ranking in comparison.rankings or ()]
    assert rankings == [["Entropy 2.2%", "Random 2.2%"], ["RIPU PA", "Random 40 px"]]
    assert [matrix.methods for matrix in comparison.penalties or ()] == [
        ("Random 2.2%", "Entropy 2.2%"),
        ("RIPU PA", "Random 40 px"),
    ]
    assert [table.title for table in standings(comparison)][1::2] == [
        "Mean rank over 3 seeds of one scenario, mIoU, last round: pixel (spacing 8), 40 px/image",
        "Penalty matrix, mIoU, all rounds: pixel (spacing 8), 40 px/image",
    ]
    assert "Ranks and penalties are among methods with the same annotation and budget." in comparison.notes
