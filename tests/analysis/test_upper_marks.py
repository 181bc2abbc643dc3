"""Methods that see the labels of the pool are set apart from those that people can use."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from alseg.errors import AlsegError
from alseg.overview.picks import _by_merit
from alseg.tables.export import as_csv, as_json
from alseg.tables.markup import as_latex, as_markdown
from comparing import compared, row
from fakeruns import write_run

SCORES = {"Random": (50, 51, 52), "Entropy": (52, 54, 53), "Margin": (51, 53, 54), "Oracle": (80, 82, 81)}
NOTE = (
    "Upper mark: Oracle sees the labels of the pool; no method can do that. It is never ranked, called best "
    "or taken as baseline, and tested only where the experiment file names the comparison."
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_all(tmp_path / "toy")


def write_all(results: Path, **of_oracle: bool) -> Path:
    """Write three methods that compare and one that is far above, which sees labels unless told otherwise."""
    for order, (label, values) in enumerate(SCORES.items()):
        for seed, score in enumerate(values):
            given = {"sees_labels": True, **of_oracle} if label == "Oracle" else {}
            write_run(
                *(results, label, seed),
                order=order,
                acquisition=label.lower(),
                iou=[[10, 10, 10], [score] * 3],
                **given,
            )
    return results


def test_a_note_says_what_it_is(results: Path, tmp_path: Path) -> None:
    assert NOTE in compared(results).notes
    assert NOTE not in compared(write_all(tmp_path / "fair", sees_labels=False)).notes


def test_it_is_never_best_and_hides_nobody_who_is(results: Path, tmp_path: Path) -> None:
    def best(results: Path) -> set[str]:
        return {each.label for each in compared(results).rows if each.best_score and "car" in each.best}

    for run in (tmp_path / "toy/runs").glob("random__*"):  # so much worse that it can be ruled out
        write_run(results, "Worse", int(run.name.split("__s")[1][0]), acquisition="worse", iou=[[1] * 3])
    write_all(tmp_path / "fair", sees_labels=False)
    assert "Oracle" in best(tmp_path / "fair")
    found = best(results)
    assert found and "Oracle" not in found and "Worse" not in found


def test_it_has_no_rank_and_beats_nobody(results: Path) -> None:
    comparison = compared(results, ranks=True, penalties=True)
    assert comparison.rankings is not None and comparison.penalties is not None
    assert [sorted(each.method for each in one.methods) for one in comparison.rankings] == [
        ["Entropy", "Margin", "Random"]
    ]
    assert [one.methods for one in comparison.penalties] == [("Random", "Entropy", "Margin")]


def test_its_difference_is_shown_but_neither_tested_nor_counted_in_the_family(results: Path) -> None:
    comparison = compared(results)
    oracle, entropy = row(comparison, "Oracle"), row(comparison, "Entropy")
    assert oracle.difference is not None and oracle.difference.mean == 30.0
    assert oracle.corrected is None
    # Two of the three other methods have a baseline: the family is 2, not 3.
    assert entropy.corrected is not None and entropy.difference is not None
    assert entropy.corrected.p == pytest.approx(2 * entropy.difference.p)  # type: ignore[operator]


def test_it_is_no_baseline(results: Path) -> None:
    with pytest.raises(AlsegError) as raised:
        compared(results, baseline="Oracle")
    assert str(raised.value) == (
        "'Oracle' sees the labels of the pool: it is an upper mark, and no baseline. Name a method that sees "
        "none."
    )


def test_one_that_asks_at_random_is_no_baseline_either(tmp_path: Path) -> None:
    results = tmp_path / "toy"
    write_run(results, "Chance", order=0, acquisition="random", sees_labels=True, iou=[[50] * 3])
    write_run(results, "Entropy", order=1, acquisition="entropy", iou=[[50] * 3])
    assert row(compared(results), "Entropy").difference is None


@pytest.mark.parametrize(
    ("declared", "pairs"),
    [
        ("{baseline: Random}", ["Entropy", "Margin"]),
        ("{baseline: Random, methods: [Oracle]}", ["Oracle"]),
    ],
)
def test_only_where_the_file_names_it_it_is_tested(results: Path, declared: str, pairs: list[str]) -> None:
    declare(results, declared)
    comparison = compared(results)
    assert [each.method for each in comparison.contrasts if each.corrected is not None] == pairs
    named = "Oracle (upper mark) - Random" in as_markdown(comparison).replace("\\", "")
    assert named == (pairs == ["Oracle"])


def test_a_file_cannot_declare_it_as_a_baseline(results: Path) -> None:
    declare(results, "{baseline: Oracle, methods: [Entropy]}")
    with pytest.raises(AlsegError) as raised:
        compared(results)
    assert str(raised.value) == (
        f"{results / 'experiment.yaml'}: the declared comparisons cannot be read: 'Oracle' sees the labels "
        "of the pool: it is an upper mark, and no baseline."
    )


def declare(results: Path, comparison: str) -> None:
    """Write an experiment file with a comparison."""
    methods = "".join(f"  - {{label: {label}, annotation: region, budget: 5%}}\n" for label in SCORES)
    text = f"name: toy\nmethods:\n{methods}comparisons:\n  - {comparison}\n"
    (results / "experiment.yaml").write_text(text, encoding="utf-8")


def test_every_table_says_it(results: Path) -> None:
    comparison = compared(results)
    assert "| Oracle (upper mark) |" in as_markdown(comparison)
    assert "Oracle (upper mark) &" in as_latex(comparison)
    assert '"sees_labels": true' in as_json(comparison)
    lines = csv.DictReader(io.StringIO(as_csv(comparison)))
    assert [line["sees_labels"] for line in lines] == ["False", "False", "False", "True"]


def test_the_picture_shows_the_picks_of_methods_only(results: Path) -> None:
    assert [each.label for each in _by_merit(compared(results).rows)] == ["Random", "Entropy", "Margin"]
