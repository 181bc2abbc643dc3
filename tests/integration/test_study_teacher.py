"""What docs/study-results.md says of the averaged teacher follows from the packed runs."""

from __future__ import annotations

import re

from alseg.analysis.statistics import mean_interval
from study_results import (
    PROSE,
    RENDERED,
    TAUGHT,
    compared,
    contrast,
    difference,
    scores_of_runs,
)


def changes(row: str) -> str:
    """Return by how much a row is above that of the other recipe, seed by seed of both."""
    taught, other = scores_of_runs(TAUGHT, 4), scores_of_runs(RENDERED, 4)
    found = mean_interval([taught[row, seed] - other[row, seed] for seed in range(3)])
    return f"{found.mean:.1f} ± {found.half_width:.1f}"


def test_what_is_said_of_the_question() -> None:
    question = contrast("RIPU (RA)", "Random windows", pack=TAUGHT)
    p = f"(3 seeds, p = {question['difference']['p']:.2f})"
    assert f"{difference('RIPU (RA)', 'Random windows', pack=TAUGHT)} points {p}" in PROSE
    assert f"nor shown to be equivalent within 1 point (p = {question['equivalence']['p']:.2f})" in PROSE
    note = next(each for each in compared(pack=TAUGHT)["notes"] if each.startswith("Found with 80%"))
    low, high = re.findall(r"([\d.]+) to ([\d.]+) points", note)[0]
    assert f"Differences of {low} to {high} points would have been found" in PROSE
    assert (
        f"Stratified windows are {difference('Stratified windows', 'Random windows', pack=TAUGHT)}." in PROSE
    )
    assert {each["verdict"] for each in compared(pack=TAUGHT)["contrasts"]} == {"not distinguishable"}


def test_what_is_said_of_both_recipes() -> None:
    assert (
        f"random windows end {changes('random-windows')} points above those of the other recipe, RIPU "
        f"{changes('ripu-ra')}, stratified windows {changes('stratified-windows')}, no labels "
        f"{changes('no-labels')}, full supervision {changes('fully-supervised-same-time')}"
    ) in PROSE


def test_what_is_said_of_few_labels() -> None:
    losses = {}
    for pack in (TAUGHT, RENDERED):
        before, after = (scores_of_runs(pack, number) for number in (0, 1))
        losses[pack] = [
            sum(before[row, seed] - after[row, seed] for seed in range(3)) / 3
            for row in ("random-windows", "ripu-ra", "stratified-windows")
        ]
    low, high = min(losses[TAUGHT]), max(losses[TAUGHT])
    other_low, other_high = min(losses[RENDERED]), max(losses[RENDERED])
    assert (
        f"are lower by {low:.0f} to {high:.0f} points than before it, with the other recipe by "
        f"{other_low:.0f} to {other_high:.0f} (the same rows and seeds)"
    ) in PROSE


def test_what_is_said_of_the_purchases() -> None:
    found = [
        difference("RIPU (RA)", "Random windows", "--round", str(number), pack=TAUGHT)
        for number in (1, 2, 3, 4)
    ]
    assert f"random windows is {', '.join(found[:3])} and {found[3]}: with three seeds" in PROSE
