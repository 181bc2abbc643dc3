from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alseg.errors import AlsegError
from comparing import compared, row
from fakeruns import write_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def test_differences_are_paired_by_seed_to_the_random_method(results: Path) -> None:
    for seed in (0, 1, 2):
        level = 10 * seed
        write_run(results, "Chance", seed, order=0, acquisition="random", iou=[[level] * 3])
        write_run(results, "RIPU (RA)", seed, order=1, iou=[[level + seed] * 3])
    comparison = compared(results)
    assert comparison.baseline == "Chance"
    difference = row(comparison, "RIPU (RA)").difference
    assert difference is not None
    # 0, 1 and 2, however different the seeds are.
    assert (difference.mean, difference.n) == (1.0, 3)
    assert difference.half_width == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert row(comparison, "Chance").difference is None


def test_another_baseline_can_be_named(results: Path) -> None:
    write_run(results, "Random", order=0, acquisition="random", iou=[[10] * 3])
    write_run(results, "Entropy", order=1, iou=[[15] * 3])
    difference = row(compared(results, baseline="Entropy"), "Random").difference
    assert difference is not None
    assert difference.mean == -5


def test_without_a_random_method_there_is_no_difference(results: Path) -> None:
    write_run(results, "Entropy")
    comparison = compared(results)
    assert comparison.baseline is None
    assert comparison.rows[0].difference is None


def test_fewer_pairs_than_seeds_are_reported(results: Path) -> None:
    write_run(results, "Random", 0, order=0, acquisition="random")
    for seed in (0, 1):
        write_run(results, "Entropy", seed, order=1)
    write_run(results, "Margin", 1, order=2)
    notes = compared(results).notes
    assert "Entropy: the difference is over 1 of its seeds, which the baseline has too." in notes
    assert "No difference for Margin: no seed is shared with the baseline." in notes


def test_a_baseline_that_could_be_two_methods_is_asked_for(results: Path) -> None:
    labels = []
    for radius in (1, 2):
        folder = write_run(results, "RIPU", settings={"method": {"radius": radius}})
        labels.append(f"RIPU [{folder.name[-8:]}]")
    with pytest.raises(AlsegError) as caught:
        compared(results, baseline="RIPU")
    assert str(caught.value) in {
        f"Two methods are called 'RIPU': name '{one}' or '{other}'." for one, other in (labels, labels[::-1])
    }


def test_experiments_with_the_same_label_are_told_apart_and_have_their_own_baseline(tmp_path: Path) -> None:
    for name, level in (("a", 10), ("b", 50)):
        write_run(tmp_path / name, "Random", order=0, acquisition="random", iou=[[level] * 3])
        write_run(tmp_path / name, "Entropy", order=1, iou=[[level + 1] * 3])
    comparison = compared(tmp_path / "a", tmp_path / "b")
    assert [row.label for row in comparison.rows] == [
        "Random [a]",
        "Entropy [a]",
        "Random [b]",
        "Entropy [b]",
    ]
    assert [row.baseline for row in comparison.rows] == [None, "Random [a]", None, "Random [b]"]


def test_an_experiment_without_baseline_takes_one_with_the_same_conditions(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "Random", acquisition="random", iou=[[10] * 3])
    write_run(tmp_path / "b", "Entropy", iou=[[13] * 3])
    write_run(tmp_path / "c", "Margin", iou=[[13] * 3], settings={"model": "other"})
    comparison = compared(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert [row.baseline for row in comparison.rows] == [None, "Random", None]
    assert (
        "No difference and no p: Margin (unknown annotation, 5%). No random method has the same annotation "
        "and budget under the same conditions; add one to the experiment."
    ) in comparison.notes


def test_a_changed_experiment_compares_old_runs_with_old_and_new_with_new(results: Path) -> None:
    for rounds in (10, 20):
        write_run(results, "Random", acquisition="random", iou=[[rounds] * 3], settings={"rounds": [rounds]})
        write_run(results, "RIPU", order=1, iou=[[rounds + 1] * 3], settings={"rounds": [rounds]})
    differences = [row.difference for row in compared(results).rows if row.difference]
    assert [difference.mean for difference in differences] == [1, 1]


# ----------------------------------------------------------------------------------------------------
# Recipes

USUAL = {"name": "ripu", "params": {"iterations": 300, "consistency": 0.1, "target_size": [180, 240]}}
OTHER = {"name": "ripu", "params": {"iterations": 300, "consistency": 0.0, "target_size": [90, 120]}}
DIFFERING = (
    "Recipes differ from that of Random: {} with consistency 0 (not 0.1), "
    "target size 90 x 120 (not 180 x 240). Methods with different recipes are neither ranked nor tested "
    "against each other, unless a baseline is asked for by name."
)


def write_recipes(results: Path) -> None:
    for seed in (0, 1):
        write_run(results, "Random", seed, order=0, acquisition="random", iou=[[10 + seed] * 3], recipe=USUAL)
        write_run(results, "RIPU", seed, order=1, iou=[[14 + seed * 2] * 3], recipe=USUAL)
        write_run(results, "Without", seed, order=2, iou=[[13 + seed * 3] * 3], recipe=OTHER)


def test_methods_with_different_recipes_are_not_paired_and_a_note_says_what_differs(results: Path) -> None:
    write_recipes(results)
    comparison = compared(results)
    assert [row.baseline for row in comparison.rows] == [None, "Random", None]
    assert row(comparison, "Without").difference is None
    assert row(comparison, "Without").corrected is None
    assert DIFFERING.format("Without") in comparison.notes
    assert (
        "No difference and no p: Without (unknown annotation, 5%). No random method has the same annotation "
        "and budget under the same conditions; add one to the experiment."
    ) in comparison.notes


def test_of_a_recipe_of_another_name_only_what_both_have_is_said_to_differ(results: Path) -> None:
    other = {"name": "teacher", "params": {"iterations": 200, "alpha": 0.99, "target_size": [180, 240]}}
    write_run(results, "Random", order=0, acquisition="random", iou=[[10] * 3], recipe=USUAL)
    write_run(results, "Random, teacher", order=1, acquisition="random", iou=[[11] * 3], recipe=other)
    (note,) = (note for note in compared(results).notes if note.startswith("Recipes differ"))
    assert "Random, teacher with recipe teacher (not ripu), iterations 200 (not 300). " in note


def test_methods_with_different_recipes_are_not_ranked_together(results: Path) -> None:
    write_recipes(results)
    (ranking,) = compared(results, ranks=True).rankings or ()
    assert sorted(each.method for each in ranking.methods) == ["RIPU", "Random"]


def test_a_baseline_asked_for_by_name_may_have_another_recipe_which_is_said(results: Path) -> None:
    write_recipes(results)
    comparison = compared(results, baseline="RIPU")
    assert [row.baseline for row in comparison.rows] == ["RIPU", None, "RIPU"]
    assert "The difference to RIPU is one of recipes, too, for Without." in comparison.notes


def test_a_named_baseline_of_the_same_recipe_comes_first(tmp_path: Path) -> None:
    for name, recipe, level in (("a", USUAL, 10), ("b", OTHER, 20)):
        write_run(tmp_path / name, "RIPU", iou=[[level] * 3], recipe=recipe)
        write_run(tmp_path / name, "Entropy", order=1, iou=[[level + 1] * 3], recipe=recipe)
    comparison = compared(tmp_path / "a", tmp_path / "b", baseline="RIPU")
    assert [row.baseline for row in comparison.rows] == [None, "RIPU [a]", None, "RIPU [b]"]
    assert not any("one of recipes, too" in note for note in comparison.notes)


def test_source_only_of_another_recipe_is_still_the_zero_of_the_gap_which_is_said(results: Path) -> None:
    write_run(results, "Source only", order=0, target_labels="none", iou=[[20] * 3], recipe=OTHER)
    write_run(results, "Random", order=1, acquisition="random", iou=[[30] * 3], recipe=USUAL)
    write_run(results, "Full", order=2, target_labels="all", iou=[[60] * 3], recipe=USUAL)
    comparison = compared(results)
    # 10 of 40 points.
    closed = row(comparison, "Random").gap_closed
    assert closed is not None
    assert (closed.gap.percent, closed.zero) == (25, "Source only")
    assert "Gap closed is measured with other recipes at Source only." in comparison.notes
    assert DIFFERING.format("Source only") in comparison.notes


def test_equal_recipes_need_no_note(results: Path) -> None:
    write_run(results, "Random", acquisition="random", recipe=USUAL)
    write_run(results, "RIPU", order=1, recipe=dict(USUAL))
    assert not any("ecipe" in note for note in compared(results).notes)


def test_the_p_values_of_a_table_are_corrected_for_how_many_there_are(results: Path) -> None:
    for order, (label, scores) in enumerate(
        {"Random": (50, 50, 50), "A": (52, 53, 55), "B": (51, 50, 52)}.items()
    ):
        for seed, score in enumerate(scores):
            write_run(results, label, seed, order=order, acquisition=label.lower(), iou=[[score] * 3])
    rows = {row.label: row for row in compared(results).rows}
    ps = [rows[label].difference.p for label in "AB"]  # type: ignore[union-attr]
    assert ps[0] < ps[1]
    assert [rows[label].corrected.p for label in "AB"] == [2 * p for p in ps]  # type: ignore[union-attr]


def test_the_p_values_of_an_experiment_do_not_depend_on_what_else_is_compared(tmp_path: Path) -> None:
    for scenario in ("easy", "hard"):
        for order, (label, scores) in enumerate({"Random": (50, 50, 50), "A": (52, 53, 55)}.items()):
            for seed, score in enumerate(scores):
                kind = label.lower()
                iou = [[score] * 3]
                write_run(
                    tmp_path / scenario,
                    label,
                    seed,
                    order=order,
                    acquisition=kind,
                    iou=iou,
                    scenario=scenario,
                )
    comparison = compared(tmp_path / "easy", tmp_path / "hard")
    ps = [each.difference.p for each in comparison.rows if each.difference and each.difference.p]
    # Each experiment has one difference.
    assert [each.corrected.p for each in comparison.rows if each.corrected] == ps
    assert "p: paired t-test." in comparison.notes


def test_a_difference_that_is_the_same_with_every_seed_has_no_p_and_it_says_why(results: Path) -> None:
    for seed in (0, 1, 2):
        write_run(results, "Random", seed, order=0, acquisition="random", iou=[[50 + seed] * 3])
        write_run(results, "Entropy", seed, order=1, iou=[[52 + seed] * 3])
    comparison = compared(results)
    corrected = row(comparison, "Entropy").corrected
    assert corrected is not None
    assert corrected.p is None
    assert (
        "No p for Entropy: the difference is the same with every seed, which shows no spread."
        in comparison.notes
    )


@pytest.mark.parametrize(
    ("metric", "note"),
    [
        (
            "miou",
            "No interval over images for Entropy: confusion counts are missing or damaged, of other images "
            "than the baseline's, or of fewer than 8 groups of images.",
        ),
        (
            "iou:car",
            "No interval over images for Entropy: confusion counts are missing or damaged, of other images "
            "than the baseline's, of fewer than 8 groups of images, or of so few with the class that draws "
            "miss it.",
        ),
        ("accuracy", "There is no interval over images for Accuracy, only for IoU and its means."),
    ],
)
def test_one_seed_without_interval_over_images_says_why(results: Path, metric: str, note: str) -> None:
    write_run(results, "Random", order=0, acquisition="random")
    write_run(results, "Entropy", order=1)
    assert note in compared(results, metric=metric).notes


def test_a_class_of_one_image_has_no_interval_over_images_and_the_mean_has_one(results: Path) -> None:
    # Nine images of road alone, one with a car: a third of all draws of ten images miss it.
    counts = np.zeros((10, 3, 3), np.int32)
    counts[:, 0, 0] = 9
    counts[0, 1, 1] = 4
    for order, label in enumerate(("Random", "Entropy")):
        write_run(results, label, order=order, acquisition=label.lower(), counts=counts)
    assert row(compared(results), "Entropy").image_interval is not None
    comparison = compared(results, metric="iou:car")
    assert row(comparison, "Entropy").image_interval is None
    assert any(note.endswith(" or of so few with the class that draws miss it.") for note in comparison.notes)
