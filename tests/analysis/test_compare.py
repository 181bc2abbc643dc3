from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alseg.errors import AlsegError
from comparing import compared, mean, row
from fakeruns import write_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def test_costs_are_averaged_and_given_as_shares_of_the_pool(results: Path) -> None:
    write_run(results, "Random", 0, iou=[[1, 2, 3]] * 3, pixels_per_round=100)
    write_run(results, "Random", 1, iou=[[1, 2, 3]] * 3, pixels_per_round=200)
    costs = compared(results).rows[0].costs
    assert costs is not None
    # After two rounds 200 and 400 of 10,000 pixels, a tenth of them void, one click each, in 10 images.
    assert (costs.pixels, costs.pixels_percent) == (300, 3.0)
    assert costs.valid_percent == 90.0
    assert costs.clicks_per_image == 30.0
    assert costs.images == 10


def test_an_earlier_round_can_be_compared(results: Path) -> None:
    write_run(results, "Random", iou=[[10, 10, 10], [20, 20, 20], [30, 30, 30]])
    assert [mean(compared(results, round_number=n).rows[0]) for n in (0, 1, 2)] == [10, 20, 30]


def test_runs_that_have_not_reached_the_round_are_left_out_and_named(results: Path) -> None:
    write_run(results, "Random", 0, iou=[[10, 10, 10], [20, 20, 20]])
    write_run(results, "Random", 1, iou=[[90, 90, 90]], state="running")
    write_run(results, "Random", 2, iou=(), state="skipped", reason="the model has no features")
    write_run(results, "Random", 3, iou=[[90, 90, 90]], state="failed", error="loss is nan")
    comparison = compared(results)
    assert mean(comparison.rows[0]) == 20
    assert comparison.rows[0].seeds == (0,)
    assert comparison.notes[0] == (
        "Random: 1 of 4 seeds counted. Left out: seed 1 (not finished, last round 0); "
        "seed 2 (skipped: the model has no features); seed 3 (failed, last round 0: loss is nan)."
    )


def test_an_unfinished_run_counts_in_a_round_that_it_has_reached(results: Path) -> None:
    write_run(results, "Random", 0, iou=[[10, 10, 10], [20, 20, 20]])
    write_run(results, "Random", 1, iou=[[30, 30, 30]], state="running")
    assert compared(results, round_number=0).rows[0].seeds == (0, 1)


def test_a_method_without_results_keeps_its_row(results: Path) -> None:
    write_run(results, "Random", order=0)
    write_run(results, "Core-set", order=1, iou=(), state="skipped", reason="no features")
    missing = row(compared(results), "Core-set")
    assert (missing.score, missing.costs, missing.seeds) == (None, None, ())


def test_seeds_that_other_methods_have_are_missed(results: Path) -> None:
    for seed in (0, 1, 2):
        write_run(results, "Random", seed, order=0, acquisition="random")
    write_run(results, "RIPU (RA)", 1, order=1)
    comparison = compared(results)
    assert "No run with seeds 0, 2, which other methods have: RIPU (RA)." in comparison.notes
    assert "No interval for RIPU (RA): one seed does not tell how much seeds differ." in comparison.notes


def test_seeds_that_few_methods_have_are_said_of_these(results: Path) -> None:
    for order, label in enumerate(("Random", "RIPU", "Entropy", "Margin", "Core-set")):
        for seed in range(5 if label == "RIPU" else 4 if label == "Random" else 2):
            write_run(results, label, seed, order=order)
    notes = [note for note in compared(results).notes if "seed" in note]
    # Seeds 2 and 3 are also Random's, seed 4 is not.
    assert "No run with seeds 2, 3, 4, which other methods have: Entropy, Margin, Core-set." in notes
    assert "No run with seed 4, which other methods have: Random." in notes
    (results / "runs").rename(results / "before")
    for order, label in enumerate(("Random", "RIPU", "Entropy", "Margin", "Core-set")):
        for seed in range(4 if order < 2 else 2):
            write_run(results, label, seed, order=order)
    assert "Only Random, RIPU have seeds 2, 3." in compared(results).notes


def test_damaged_runs_are_named(results: Path) -> None:
    write_run(results, "Random", 0)
    broken = write_run(results, "Random", 1) / "run.json"
    broken.write_text("{}")
    assert f"Left out, damaged: {broken} is damaged: format: Field required." in compared(results).notes


def test_what_may_be_the_best_is_looked_for_among_methods_that_buy_labels(results: Path) -> None:
    for seed in (0, 1, 2):
        jitter = (0, 0.1, -0.1)[seed]
        write_run(results, "Random", seed, order=0, iou=[[50, 40, 30]])
        write_run(results, "RIPU (RA)", seed, order=1, iou=[[45 + jitter, 60 + jitter, 30 + 40 * jitter]])
        write_run(results, "Fully supervised", seed, order=2, target_labels="all", iou=[[90, 90, 90]])
    comparison = compared(results)
    # 5 behind and 20 ahead with a spread of 0.1; the train differs by 0, 4 and -4: nobody can be ruled out.
    assert row(comparison, "Random").best == {"road"}
    assert row(comparison, "RIPU (RA)").best == {"car"}
    # Means: 40 against 45, 46.4 and 43.6.
    assert [row.best_score for row in comparison.rows] == [False, True, False]
    assert row(comparison, "Fully supervised").best == set()


def test_with_one_seed_nobody_is_marked(results: Path) -> None:
    write_run(results, "Random", order=0, iou=[[50, 40, 30]])
    write_run(results, "Entropy", order=1, iou=[[90, 90, 90]])
    assert [row.best_score for row in compared(results).rows] == [False, False]


def test_a_single_method_is_not_marked_as_best(results: Path) -> None:
    write_run(results, "Random")
    assert not compared(results).rows[0].best_score


def test_an_absent_class_has_no_iou_and_is_named(results: Path) -> None:
    write_run(results, "Random", order=0, iou=[[50, 40, None]])
    write_run(results, "Entropy", order=1, iou=[[50, 40, None]])
    comparison = compared(results)
    assert comparison.rows[0].iou["train"] is None
    assert "train" not in comparison.rows[0].best
    assert "Not in the ground truth, so left out of the mean: train." in comparison.notes


def test_a_subset_shows_its_classes_and_their_mean(results: Path) -> None:
    write_run(results, "Random", iou=[[50, 40, 20]], subsets={"vehicles": ["car", "train"]})
    comparison = compared(results, subset="vehicles")
    assert comparison.classes == ("car", "train")
    assert (comparison.metric.key, comparison.metric.title) == ("miou:vehicles", "mIoU (vehicles)")
    assert mean(comparison.rows[0]) == 30


@pytest.mark.parametrize(("metric", "value"), [("miou", 60), ("accuracy", 90), ("iou:car", 55)])
def test_metrics(results: Path, metric: str, value: float) -> None:
    write_run(results, "Random", iou=[[80, 55, 45]])
    assert mean(compared(results, metric=metric).rows[0]) == value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "iuo"}, "Unknown metric 'iuo'. Available: accuracy, aubc, iou:CLASS, miou."),
        ({"metric": "iou:cart"}, "Unknown class 'cart'. Did you mean 'car'? Available: car, road, train."),
        ({"metric": "iou:train"}, "IoU train is undefined: the ground truth holds no such class."),
        ({"subset": "13"}, "Unknown subset '13'. Available: vehicles."),
        (
            {"subset": "vehicles", "metric": "accuracy"},
            "A subset ('vehicles') goes with the metric miou only, not with accuracy.",
        ),
        (
            {"baseline": "random"},
            "Unknown method 'random'. Did you mean 'Random'? Available: Entropy, Random.",
        ),
    ],
)
def test_wrong_options_say_what_would_be_right(results: Path, options: dict[str, Any], message: str) -> None:
    for order, label in enumerate(("Random", "Entropy")):
        write_run(results, label, order=order, iou=[[50, 40, None]], subsets={"vehicles": ["car", "train"]})
    with pytest.raises(AlsegError) as caught:
        compared(results, **options)
    assert str(caught.value) == message


def test_a_round_that_nobody_has_reached_names_the_last(results: Path) -> None:
    folder = write_run(results, "Random", iou=[[1, 2, 3], [1, 2, 3]])
    with pytest.raises(AlsegError) as caught:
        compared(results, round_number=5)
    assert str(caught.value) == (
        "No run has reached round 5. The last with results is round 1, which alseg compare --round 1 "
        f"compares.\n  {folder}: done, last round 1"
    )


def test_without_a_finished_run_the_states_are_listed(results: Path) -> None:
    folder = write_run(results, "Random", iou=(), state="failed", error="no space left")
    with pytest.raises(AlsegError) as caught:
        compared(results)
    assert (
        str(caught.value) == f"No run is done. There are no results yet.\n  {folder}: failed: no space left"
    )


def test_label_spaces_are_never_mixed(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", "Random")
    second = write_run(tmp_path / "b", "Random", label_space="camvid-11")
    with pytest.raises(AlsegError) as caught:
        compared(tmp_path / "a", tmp_path / "b")
    assert str(caught.value) == (
        "Results with different label spaces cannot be compared. There are:"
        f"\n  toy-3: {first}\n  camvid-11: {second}"
    )


def test_scorer_versions_are_never_mixed(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", "Random")
    second = write_run(tmp_path / "b", "Random", scorer="2")
    with pytest.raises(AlsegError) as caught:
        compared(tmp_path / "a", tmp_path / "b")
    assert str(caught.value) == (
        f"Results with different scorer versions cannot be compared. There are:\n  1: {first}\n  2: {second}"
    )


def test_a_label_whose_settings_changed_has_a_row_for_each_told_apart_by_hash(results: Path) -> None:
    names = {}
    for rounds in (10, 20):
        for seed in (0, 1):
            folder = write_run(results, "RIPU", seed, iou=[[rounds] * 3], settings={"rounds": [rounds]})
            names[rounds, seed] = folder.name
    comparison = compared(results)
    first, second = (f"RIPU [{names[rounds, 0][-8:]}]" for rounds in (10, 20))
    assert {row.label: mean(row) for row in comparison.rows} == {first: 10, second: 20}
    assert any(
        note.startswith("RIPU has run with 2 different settings in toy: ")
        and f"{first} is {names[10, 0]}, {names[10, 1]}" in note
        for note in comparison.notes
    )


def test_scenarios_of_the_same_name_that_differ_are_told_apart(tmp_path: Path) -> None:
    for name, size in (("a", 1), ("b", 2)):
        write_run(tmp_path / name, "Random", settings={"scenario": {"size": size}})
    first, second = compared(tmp_path / "a", tmp_path / "b").scenarios
    assert first != second
    assert first.startswith("render -> camera [")


def test_scenarios_have_their_own_best(tmp_path: Path) -> None:
    for scenario, level in (("easy", 50), ("hard", 10)):
        for order, label in enumerate(("Random", "Entropy")):
            for seed in (0, 1):
                iou = [[level + order * (1 + 0.01 * seed)] * 3]
                write_run(tmp_path / scenario, label, seed, order=order, iou=iou, scenario=scenario)
    comparison = compared(tmp_path / "easy", tmp_path / "hard")
    assert comparison.scenarios == ("easy", "hard")
    assert [row.best_score for row in comparison.rows] == [False, True, False, True]


def test_notes_name_the_scenario_where_there_are_several(tmp_path: Path) -> None:
    for scenario in ("easy", "hard"):
        write_run(tmp_path / scenario, "Random", 0, scenario=scenario)
        write_run(tmp_path / scenario, "Random", 1, scenario=scenario, state="running")
    assert compared(tmp_path / "easy", tmp_path / "hard").notes[:2] == (
        "Random (easy): 1 of 2 seeds counted. Left out: seed 1 (not finished, last round 0).",
        "Random (hard): 1 of 2 seeds counted. Left out: seed 1 (not finished, last round 0).",
    )


def test_last_rounds_that_differ_are_reported(results: Path) -> None:
    write_run(results, "Random", order=0, iou=[[1, 2, 3]] * 2)
    write_run(results, "Entropy", order=1, iou=[[1, 2, 3]] * 3)
    assert "The last round differs: 1 for Random; 2 for Entropy." in compared(results).notes


def test_hardware_that_differs_is_reported(results: Path) -> None:
    write_run(results, "Random", 0, device="cpu")
    write_run(results, "Random", 1, device="NVIDIA H100")
    write_run(results, "Random", 2, device="NVIDIA H100")
    assert "Hardware differs: cpu (1 run), NVIDIA H100 (2 runs)." in compared(results).notes


def test_a_mean_over_runs_of_different_code_says_so(results: Path) -> None:
    for seed, code in enumerate(("0123456789ab", "0123456789ab", "987654321000")):
        made_with = {"alseg": f"0.1.{seed}, code 111111111111", "plugin mine": f"alseg-mine 0.1, code {code}"}
        write_run(results, "Mine", seed, extra={"made_with": made_with})
        write_run(results, "Random", seed, extra={"made_with": {"torch": f"2.{seed}"}})
    notes = [note for note in compared(results).notes if "code" in note]
    assert notes == [
        "Mine averages runs of different code of plugin mine: 0123456 with seeds 0, 1; 9876543 with seed 2."
    ]
