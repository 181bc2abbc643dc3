"""Comparisons that the experiment file declares."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alseg.errors import AlsegError
from alseg.tables.columns import NOTHING
from alseg.tables.markup import as_markdown
from comparing import compared, row
from demofile import BASE, errors_of, read, replaced
from fakeruns import write_run

SEEDS = "seeds: [0, 1]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def write_methods(results: Path, comparisons: str) -> None:
    scores = {"Random": (50, 51, 52), "Entropy": (50.1, 51, 52.1), "RIPU": (55, 57, 58)}
    for order, (label, values) in enumerate(scores.items()):
        for seed, score in enumerate(values):
            write_run(results, label, seed, order=order, acquisition=label.lower(), iou=[[score] * 3])
    methods = "".join(
        f"  - {{label: {label}, annotation: region, budget: 5%}}\n" for label in (*scores, "Margin")
    )
    text = f"name: toy\nmethods:\n{methods}comparisons:\n{comparisons}"
    (results / "experiment.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("comparisons", "error"),
    [
        ("[{baseline: Ripu (RA)}]", "15:26: no method is called 'Ripu (RA)', did you mean 'RIPU (RA)'?"),
        ("[{margin: 1}]", "15:15: missing key 'baseline'"),
        (
            "[{baseline: Fully supervised, margn: 1}]",
            "15:44: unknown key 'margn', did you mean 'margin'?",
        ),
        ("[{baseline: Fully supervised, margin: 0}]", "15:52: must be more than 0.0, got 0"),
        ("[{baseline: Images, methods: [Images]}]", "15:44: 'Images' is compared with itself"),
        ("[{baseline: Images}]", "15:15: nothing to compare with 'Images'"),
        (
            "[{baseline: Images, methods: [RIPU (RA)]}]",
            "15:44: 'RIPU (RA)' and 'Images' differ in annotation, annotator, partition or budget, so that "
            "no test tells them apart; compare each with a method that asks at random with its own",
        ),
        (
            "[{baseline: Fully supervised}, {baseline: Images, methods: [Fully supervised]}]",
            "15:74: 'Fully supervised' and 'Images' are compared twice",
        ),
        ("Random", "15:14: expected a list, got 'Random'"),
        (
            "[{baseline: Fully supervised, family: ''}]",
            "15:52: expected one line of 1 to 300 characters, got ''",
        ),
    ],
)
def test_a_mistake_in_a_declaration_has_its_place(folder: Path, comparisons: str, error: str) -> None:
    assert errors_of(replaced(SEEDS, f"{SEEDS}\ncomparisons: {comparisons}")) == [f"demo.yaml:{error}"]


def test_what_is_declared_is_stored_but_no_part_of_a_runs_identity(folder: Path) -> None:
    plain, declaring = read(BASE), read(f"{BASE}comparisons: [{{baseline: Fully supervised, margin: 1}}]\n")
    assert [run.fingerprint for run in declaring.runs()] == [run.fingerprint for run in plain.runs()]
    assert declaring.document["comparisons"] == [{"baseline": "Fully supervised", "margin": 1}]


def test_a_declared_pair_is_the_whole_family_and_has_a_verdict(results: Path) -> None:
    write_methods(results, "  - {baseline: Random, methods: [RIPU]}\n")
    comparison = compared(results)
    # 5, 6 and 6 points: t = 17, alone in its family, so that p is as without correction.
    (contrast,) = comparison.contrasts
    assert (contrast.method, contrast.baseline, contrast.declared) == ("RIPU", "Random", True)
    assert contrast.corrected is not None
    assert contrast.corrected.p == contrast.difference.p
    assert contrast.verdict == "higher"
    assert row(comparison, "Entropy").difference is None


def test_a_baseline_alone_stands_for_every_method_that_buys_alike_those_without_runs_included(
    results: Path,
) -> None:
    write_methods(results, "  - {baseline: Random}\n")
    contrasts = compared(results).contrasts
    assert [each.method for each in contrasts] == ["Entropy", "RIPU"]
    # Margin is declared too and has not run: the family has three.
    assert [each.corrected and each.corrected.family for each in contrasts] == [3, 3]


def test_families_are_corrected_apart(results: Path) -> None:
    write_methods(
        results,
        "  - {baseline: Random, methods: [RIPU], family: the question}\n"
        "  - {baseline: Random, methods: [Entropy, Margin], family: others}\n"
        "  - {baseline: Entropy, methods: [RIPU]}\n",
    )
    comparison = compared(results)
    assert [
        (each.method, each.baseline, each.family, each.corrected and each.corrected.family)
        for each in comparison.contrasts
    ] == [
        # Margin has not run, and counts.
        ("Entropy", "Random", "others", 2),
        ("RIPU", "Random", "the question", 1),
        ("RIPU", "Entropy", None, 1),
    ]
    question = comparison.contrasts[1]
    assert question.corrected is not None
    assert question.corrected.p == question.difference.p
    assert any(
        "(2 comparisons declared in the experiment file as others; 1 comparison declared in the experiment "
        "file as the question; 1 comparison declared in the experiment file)" in note
        for note in comparison.notes
    )
    table = " ".join(as_markdown(comparison).split())
    assert "| RIPU - Random | the question | 3 |" in table
    assert f"| RIPU - Entropy | {NOTHING} | 3 |" in table


def test_only_a_declared_margin_makes_methods_equivalent(results: Path) -> None:
    pair = "  - {baseline: Random, methods: [Entropy]"
    write_methods(results, f"{pair}}}\n")
    assert compared(results).contrasts[0].verdict == "not distinguishable"
    # 0.1, 0 and 0.1 points.
    write_methods(results, f"{pair}, margin: 1}}\n")
    assert compared(results).contrasts[0].verdict == "equivalent within ±1"


def test_declared_comparisons_have_a_table_of_their_own(results: Path) -> None:
    write_methods(results, "  - {baseline: Random, methods: [RIPU, Entropy], margin: 1}\n")
    comparison = compared(results)
    table = " ".join(as_markdown(comparison).split())
    assert "Declared comparisons, mIoU, last round" in table
    assert "| Entropy - Random | 3 |" in table
    assert (
        "p: paired t-test, corrected by Bonferroni (2 comparisons declared in the experiment file). ± of a "
        "difference is simultaneous: it holds 0 where p is 0.05 or more."
    ) in comparison.notes
    assert (
        "p (margin): two one-sided tests (TOST) that the difference is within the declared margin."
        in comparison.notes
    )


def test_a_baseline_that_is_asked_for_takes_the_place_of_what_is_declared(results: Path) -> None:
    write_methods(results, "  - {baseline: Random}\n")
    comparison = compared(results, baseline="RIPU")
    assert [(each.method, each.declared) for each in comparison.contrasts] == [
        ("Random", False),
        ("Entropy", False),
    ]


def test_a_stored_declaration_that_cannot_be_read_is_named(results: Path) -> None:
    write_methods(results, "  - {baseline: Chance}\n")
    with pytest.raises(AlsegError) as caught:
        compared(results)
    assert str(caught.value) == (
        f"{results / 'experiment.yaml'}: the declared comparisons cannot be read: no method is called "
        "'Chance'; methods: Random, Entropy, RIPU, Margin."
    )


def test_a_declared_pair_that_did_not_buy_alike_when_it_ran_is_not_tested(results: Path) -> None:
    write_methods(results, "  - {baseline: Random, methods: [RIPU]}\n")
    for run in (results / "runs").glob("random__*"):
        shutil.rmtree(run)
    for seed, score in enumerate((50, 51, 52)):
        write_run(results, "Random", seed, acquisition="random", iou=[[score] * 3], budget="9%")
    comparison = compared(results)
    assert comparison.contrasts[0].corrected is None
    assert comparison.contrasts[0].verdict == "not tested"
    assert "No p for RIPU: annotation or budget is not that of the baseline." in comparison.notes


def test_a_declared_pair_under_other_conditions_is_named(results: Path) -> None:
    write_methods(results, "  - {baseline: Random, methods: [RIPU]}\n")
    for run in (results / "runs").glob("ripu__*"):
        shutil.rmtree(run)
    for seed, score in enumerate((55, 57, 58)):
        write_run(results, "RIPU", seed, acquisition="ripu", iou=[[score] * 3], settings={"model": "other"})
    assert "Not under the same conditions, such as recipe or model: RIPU - Random." in compared(results).notes
