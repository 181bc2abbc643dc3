"""Some rows of a comparison are shown; the numbers are those of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from alseg.analysis.comparison import Comparison
from alseg.analysis.shown_rows import RowFilter, show_rows
from alseg.errors import AlsegError
from alseg.tables.columns import difference_title
from comparing import compared, labels, row
from fakeruns import write_run

REGION, PIXEL = ({"name": name, "params": {}} for name in ("region", "pixel"))


@pytest.fixture
def whole(tmp_path: Path) -> Comparison:
    """Two references, three methods that ask for regions and two that ask for pixels, three seeds each."""
    results = tmp_path / "toy"
    methods = [
        ("Source only", None, None, "none", 5),
        ("Random regions", "random", REGION, "acquired", 20),
        ("RIPU (RA)", "ripu", REGION, "acquired", 30),
        ("Entropy", "entropy", REGION, "acquired", 25),
        ("Random pixels", "random", PIXEL, "acquired", 10),
        ("RIPU (PA)", "ripu", PIXEL, "acquired", 15),
        ("Fully supervised", None, None, "all", 60),
    ]
    for order, (label, acquisition, annotation, target_labels, height) in enumerate(methods):
        for seed in range(3):
            write_run(
                results,
                label,
                seed,
                order=order,
                acquisition=acquisition,
                annotation=annotation,
                target_labels=target_labels,
                iou=[[height + (order * seed) % 3] * 3] * 2,
            )
    return compared(results, metric="aubc", ranks=True, penalties=True)


@pytest.mark.parametrize(
    ("only", "references", "expected"),
    [
        # References stay.
        (["method=Ent*"], True, ["Source only", "Entropy", "Fully supervised"]),
        # A pattern may be a name in run folders, or a label with brackets, which are no pattern then.
        (["method=entropy"], True, ["Source only", "Entropy", "Fully supervised"]),
        (["method=RIPU (PA)"], False, ["RIPU (PA)"]),
        (["method=RIPU*"], False, ["RIPU (RA)", "RIPU (PA)"]),
        # Where one is named, it is the only one.
        (["method=Source*", "method=Entropy"], True, ["Source only", "Entropy"]),
        ([], False, ["Random regions", "RIPU (RA)", "Entropy", "Random pixels", "RIPU (PA)"]),
    ],
)
def test_methods_are_shown_by_patterns_and_references_beside_them(
    whole: Comparison, only: Sequence[str], references: bool, expected: list[str]
) -> None:
    shown = show_rows(whole, RowFilter(tuple(only), references))
    assert labels(shown) == expected


def test_rows_that_are_shown_are_those_of_the_whole_comparison(whole: Comparison) -> None:
    shown = show_rows(whole, RowFilter(("method=RIPU (PA)",)))
    rippa = row(shown, "RIPU (PA)")
    assert rippa is row(whole, "RIPU (PA)")
    # Three comparisons of methods that buy alike: with both families, (RA), Entropy and (PA) against random.
    assert rippa.corrected is not None
    assert rippa.corrected.family == 3
    assert (shown.groups, shown.rankings, shown.penalties) == (
        whole.groups,
        whole.rankings,
        whole.penalties,
    )
    assert set(whole.groups.values()) == {"a", "b"}
    assert shown.notes == (
        "Rows shown: 3 of 7. All numbers, marks and notes are those of the whole table: corrections, "
        "baselines, ranks, what may be the best, the gap closed.",
        *whole.notes,
    )


def test_the_title_above_differences_names_the_baseline_of_the_rows_shown(whole: Comparison) -> None:
    assert difference_title(whole) == "vs baseline"
    assert difference_title(show_rows(whole, RowFilter(("method=Entropy",)))) == "vs Random regions"
    assert difference_title(show_rows(whole, RowFilter(("method=RIPU (PA)",)))) == "vs Random pixels"


def test_contrasts_of_rows_that_are_not_shown_are_left_out(whole: Comparison) -> None:
    assert {each.method for each in whole.contrasts} == {"RIPU (RA)", "Entropy", "RIPU (PA)"}
    shown = show_rows(whole, RowFilter(("method=RIPU*",)))
    assert {each.method for each in shown.contrasts} == {"RIPU (RA)", "RIPU (PA)"}


def test_without_a_filter_nothing_is_said(whole: Comparison) -> None:
    assert show_rows(whole, RowFilter()) is whole
    assert show_rows(whole, RowFilter(("method=*",))) is whole


def test_references_of_other_scenarios_are_left_out_with_them(whole: Comparison) -> None:
    elsewhere = replace(row(whole, "Source only"), scenario="elsewhere")
    both = replace(whole, rows=(*whole.rows, elsewhere))
    shown = show_rows(both, RowFilter(("method=Entropy",)))
    assert [each.scenario for each in shown.rows] == ["render -> camera"] * 3


@pytest.mark.parametrize(
    ("only", "references", "message"),
    [
        (
            "method=RIPX*",
            True,
            "No method matches 'RIPX*'. Methods: Source only, Random regions, RIPU (RA), Entropy, Random "
            "pixels, RIPU (PA), Fully supervised.",
        ),
        ("seed=0", True, "Filter 'seed=0' selects by 'seed'. Use method=PATTERN."),
        ("RIPU", True, "Filter 'RIPU' is not of the form method=PATTERN."),
        (
            "method=Source*",
            False,
            "No method is left to be shown: those named buy no labels. Leave out --no-references.",
        ),
    ],
)
def test_what_shows_nothing_is_a_mistake(
    whole: Comparison, only: str, references: bool, message: str
) -> None:
    with pytest.raises(AlsegError) as caught:
        show_rows(whole, RowFilter((only,), references))
    assert str(caught.value) == message
