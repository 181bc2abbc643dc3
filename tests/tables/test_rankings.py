from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from click.testing import CliRunner, Result
from rich.console import Console

from alseg.analysis.comparison import Comparison
from alseg.cli import main
from alseg.tables.columns import NOTHING
from alseg.tables.export import as_csv, as_json
from alseg.tables.markup import as_latex, as_markdown
from alseg.tables.terminal import print_comparison
from comparing import compared
from fakeruns import write_run

DOCUMENT = Path(__file__).parents[2] / "docs/compare.md"

SCORES = {
    "easy": {"Random": (50, 52), "Entropy": (60, 62.1), "RIPU": (70, 72)},
    "hard": {"Random": (30, 33), "Entropy": (20, 24), "RIPU": (50, 53.1)},
}
"""Scenario to method to the mIoU of seeds 0 and 1, after round 2; 10 less after round 1 and 10 before it."""

NO_MATRIX = (
    "No penalty matrix: it takes two methods that buy labels and have two seeds or more after a purchase."
)


def write_scenario(tmp_path: Path, name: str, seeds: int = 2) -> Path:
    """Write a scenario's runs in a folder that has its name; full supervision is better than all methods."""
    for seed in range(seeds):
        for order, (label, scores) in enumerate(SCORES[name].items()):
            rounds = [[10.0] * 3, [scores[seed] - 10.0] * 3, [scores[seed]] * 3]
            kind = label.lower()
            write_run(tmp_path / name, label, seed, order=order, acquisition=kind, iou=rounds, scenario=name)
        write_run(
            tmp_path / name,
            "Fully supervised",
            seed,
            order=9,
            target_labels="all",
            iou=[[90] * 3] * 3,
            scenario=name,
        )
    return tmp_path / name


def both(tmp_path: Path) -> tuple[Path, Path]:
    return write_scenario(tmp_path, "easy"), write_scenario(tmp_path, "hard")


def run_compare(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def on_terminal(comparison: Comparison, width: int = 100) -> list[str]:
    file = io.StringIO()
    print_comparison(comparison, Console(file=file, width=width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def after(lines: list[str], start: str) -> list[str]:
    """Return the lines from the one that begins so, to the next empty one but one."""
    first = next(index for index, line in enumerate(lines) if line.startswith(start))
    return lines[first : lines.index("", first + 2)]


def test_several_scenarios_are_followed_by_mean_ranks_without_asking(tmp_path: Path) -> None:
    lines = run_compare(*both(tmp_path)).output.splitlines()
    # RIPU is first everywhere; the others take turns, so 2.5 with t(0.975, 1) = 12.706 times 0.5. Differences
    # to Random are 20 and 20.05, so 20.025 with 12.706 times 0.025 and p = 2 * atan(0.025 / 20.025) / pi =
    # 0.00079, and 10.05 and -9.5. Bonferroni doubles both p; the intervals use t(0.9875, 1) = 25.452.
    assert after(lines, "Mean rank over") == [
        "Mean rank over 2 scenarios, mIoU, last round",
        "",
        "Method      Mean rank  n     vs Random       p",
        "──────────────────────────────────────────────",
        "RIPU     *1.00 ± 0.00  2   +20.0 ± 0.6  0.0016",
        f"Random    2.50 ± 6.35  2             {NOTHING}       {NOTHING}",
        "Entropy   2.50 ± 6.35  2  +0.3 ± 248.8    1.00",
    ]


def test_mean_ranks_are_of_the_metric_and_round_compared(tmp_path: Path) -> None:
    folders = both(tmp_path)
    (ranking,) = compared(*folders, metric="iou:car", round_number=0, ranks=None).rankings or ()
    # Before the first purchase all are equal.
    assert [each.rank.mean for each in ranking.methods] == [2.0, 2.0, 2.0]
    (ranking,) = compared(*folders, metric="aubc", x="clicks", ranks=None).rankings or ()
    assert ranking.methods[0].method == "RIPU"


def test_one_scenario_is_ranked_over_its_seeds_where_asked_for(tmp_path: Path) -> None:
    folder = write_scenario(tmp_path, "easy")
    assert "Mean rank" not in run_compare(folder).output
    comparison = compared(folder, ranks=True)
    assert after(on_terminal(comparison), "Mean rank over") == [
        "Mean rank over 2 seeds of one scenario, mIoU, last round",
        "",
        "Method      Mean rank  n",
        "────────────────────────",
        "RIPU     *1.00 ± 0.00  2",
        "Entropy   2.00 ± 0.00  2",
        "Random    3.00 ± 0.00  2",
    ]
    assert comparison.notes[-4:-1] == (
        "Mean rank: 1 is best; methods that buy labels are ranked in each scenario and seed, equal ones "
        "share a rank. ± is half the width of the 95% t interval over the seeds of one scenario. It says "
        "nothing about how much scenarios differ.",
        "± 0.00 beside a mean rank: all ranks agree, as few can by chance. The next need not.",
        "Ranked: seeds 0, 1, which all ranked methods have.",
    )


def test_one_seed_of_one_scenario_is_ranked_without_interval_and_it_says_why(tmp_path: Path) -> None:
    notes = compared(write_scenario(tmp_path, "easy", seeds=1), ranks=True).notes
    assert (
        "Mean rank: 1 is best; methods that buy labels are ranked in each scenario and seed, equal ones "
        "share a rank. No interval: one seed does not tell how much seeds or scenarios differ."
    ) in notes


def test_the_notes_of_mean_ranks_name_what_is_left_out(tmp_path: Path) -> None:
    easy, hard = both(tmp_path)
    write_run(easy, "Margin", 0, iou=[[99.0] * 3], scenario="easy")
    write_run(hard, "Core-set", 0, iou=[[99.0] * 3], scenario="hard")
    assert (
        "Not ranked, for not every scenario has them: Margin (not in hard); Core-set (not in easy)."
        in compared(easy, hard, ranks=None).notes
    )


def test_seeds_that_differ_between_scenarios_are_named(tmp_path: Path) -> None:
    folders = write_scenario(tmp_path, "easy"), write_scenario(tmp_path, "hard", seeds=1)
    notes = compared(*folders, ranks=None).notes
    assert "Ranked: the seeds that all ranked methods have, 0, 1 in easy; 0 in hard." in notes


def test_scenarios_without_a_method_in_common_are_not_ranked_and_it_says_why(tmp_path: Path) -> None:
    for scenario, labels in {"easy": ("A", "B"), "hard": ("C", "D")}.items():
        for label in labels:
            write_run(tmp_path / scenario, label, scenario=scenario)
    comparison = compared(tmp_path / "easy", tmp_path / "hard", ranks=None)
    assert (
        "No mean ranks: no two methods that buy labels have a seed in common in every scenario."
        in comparison.notes
    )
    assert "Mean rank over" not in "".join(on_terminal(comparison))


def test_the_penalty_matrix_says_who_beats_whom_in_how_many_rounds(tmp_path: Path) -> None:
    lines = run_compare(*both(tmp_path), "--penalties").output.splitlines()
    # In both rounds of easy Entropy beats Random (t = 10.05 / 0.05); in hard Random beats Entropy (9.5 / 0.5,
    # more than 12.706). RIPU is 20 above Random with both seeds of easy, which shows no spread and is no win;
    # 20 and 20.1 in hard. RIPU beats Entropy in both: 10 and 9.9, 30 and 29.1.
    assert after(lines, "Penalty matrix, ") == [
        "Penalty matrix, mIoU, all rounds",
        "",
        "Method        1     2     3",
        "───────────────────────────",
        f"1 Random      {NOTHING}  1.00  0.00",
        f"2 Entropy  1.00     {NOTHING}  0.00",
        f"3 RIPU     1.00  2.00     {NOTHING}",
        "Average    1.00  1.50  0.00",
    ]


def test_the_note_on_penalties_names_the_source_and_the_test(tmp_path: Path) -> None:
    assert compared(write_scenario(tmp_path, "easy"), penalties=True).notes[-2] == (
        "Penalty matrix (Ash et al., ICLR 2020): in what share of the rounds after a purchase the row's "
        "method is better than the column's, so 1 at most. Better: by a paired t-test over seeds, two-sided, "
        "p < 0.05, not corrected. Average: of the column without the diagonal, how often a method is beaten; "
        "lower is better."
    )


def test_the_notes_on_penalties_name_what_is_left_out(tmp_path: Path) -> None:
    folder = write_scenario(tmp_path, "easy")
    write_run(folder, "Margin", 0, order=3, iou=[[99.0] * 3] * 3, scenario="easy")
    for seed in (1, 2):
        write_run(folder, "Core-set", seed, order=4, iou=[[seed] * 3] * 3, scenario="easy")
    notes = compared(folder, penalties=True).notes
    assert "Not in the penalty matrix, fewer than two seeds in easy: Margin." in notes
    assert (
        "Rounds in which two methods have fewer than two seeds in common do not count: "
        "Random and Core-set meet in 0 of 2 in easy; Entropy and Core-set meet in 0 of 2 in easy; "
        "RIPU and Core-set meet in 0 of 2 in easy."
    ) in notes


def test_with_one_seed_there_is_no_penalty_matrix_and_it_says_why(tmp_path: Path) -> None:
    notes = compared(write_scenario(tmp_path, "easy", seeds=1), penalties=True).notes
    assert notes[-3:-1] == (
        NO_MATRIX,
        "Not in the penalty matrix, fewer than two seeds in easy: Random, Entropy, RIPU.",
    )


def test_before_the_first_purchase_no_method_is_said_to_lack_seeds(tmp_path: Path) -> None:
    notes = compared(write_scenario(tmp_path, "easy", seeds=2), round_number=0, penalties=True).notes
    assert notes[-2] == NO_MATRIX
    assert not any("fewer than two seeds" in note for note in notes)


def test_many_methods_make_a_penalty_matrix_in_parts_that_fit_the_terminal(tmp_path: Path) -> None:
    for order in range(30):
        for seed in (0, 1):
            iou = [[0.0] * 3, [order + seed / 10 * order] * 3]
            write_run(tmp_path / "toy", f"Method {order}", seed, order=order, iou=iou)
    lines = on_terminal(compared(tmp_path / "toy", penalties=True), 80)
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("30 Method 29") for line in lines) == 3


def test_one_scenario_under_two_conditions_is_ranked_in_each_and_named_by_experiment(tmp_path: Path) -> None:
    for name, network in (("small", "lite0"), ("large", "resnet101")):
        for order, label in enumerate(("Random", "Entropy")):
            write_run(tmp_path / name, label, order=order, iou=[[order] * 3], settings={"model": network})
    (ranking,) = compared(tmp_path / "small", tmp_path / "large", ranks=True).rankings or ()
    assert list(ranking.seeds) == ["render -> camera [small]", "render -> camera [large]"]
    assert ranking.over == "seeds"
    assert [each.method for each in ranking.methods] == ["Entropy", "Random"]


def test_markdown_and_latex_have_the_same_tables(tmp_path: Path) -> None:
    comparison = compared(*both(tmp_path), ranks=None, penalties=True)
    markdown, latex = as_markdown(comparison), as_latex(comparison)
    assert "\n\nMean rank over 2 scenarios, mIoU, last round\n\n| Method " in markdown
    assert "| RIPU | **1.00 ± 0.00** | 2 | +20.0 ± 0.6 | 0.0016 |" in " ".join(markdown.split())
    assert "| Average   | 1.00 | 1.50 | 0.00 |\n" in markdown
    assert "\n\n% Penalty matrix, mIoU, all rounds\n\\begin{tabular}{lrrr}\n" in latex
    assert latex.count(r"\end{tabular}") == 3


def test_csv_has_ranks_and_penalties_in_every_line_of_the_method(tmp_path: Path) -> None:
    text = as_csv(compared(*both(tmp_path), ranks=None, penalties=True))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [
        (row["label"], row["mean_rank"], row["penalty"]) for row in rows if row["scenario"] == "hard"
    ] == [
        ("Random", "2.5", "1.0"),
        ("Entropy", "2.5", "1.5"),
        ("RIPU", "1.0", "0.0"),
        ("Fully supervised", "", ""),
    ]
    assert [row["beats:Entropy"] for row in rows if row["label"] == "RIPU"] == ["2.0", "2.0"]
    assert {row["mean_rank_n"] for row in rows} == {"2", ""}


def test_json_has_ranks_and_penalties_as_the_documentation_says(tmp_path: Path) -> None:
    content = json.loads(as_json(compared(*both(tmp_path), ranks=None, penalties=True)))
    documented = DOCUMENT.read_text(encoding="utf-8")
    (ranks,), (penalties,) = content["ranks"], content["penalties"]
    keys = {*ranks, *ranks["methods"][0], *penalties, "first", "second", "group", "rounds", "of_rounds"}
    assert [key for key in sorted(keys) if f"`{key}`" not in documented] == []
    assert ranks["methods"][0]["by_scenario"] == {"easy": 1.0, "hard": 1.0}
    assert ranks["methods"][0]["rank"] == {"mean": 1.0, "half_width": 0.0, "n": 2}
    assert penalties["penalties"] == [[None, 1.0, 0.0], [1.0, None, 0.0], [1.0, 2.0, None]]


def test_without_asking_there_are_neither_ranks_nor_penalties_in_json(tmp_path: Path) -> None:
    content = json.loads(run_compare(write_scenario(tmp_path, "easy"), "--format", "json").stdout)
    assert (content["ranks"], content["penalties"]) == ([], [])
