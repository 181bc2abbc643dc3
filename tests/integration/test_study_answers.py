"""What docs/study-results.md says of new answers follows from the packed runs."""

from __future__ import annotations

import re
import zipfile

import pytest

from documents import REPOSITORY
from study_results import (
    ANSWERS,
    ANSWERS_AT_DUSK,
    ANSWERS_ON_PHOTOGRAPHS,
    DUSK,
    PROSE,
    RENDERED,
    STREETS,
    row,
)

ROWS = ("RIPU (RA)", "Random windows", "RIPU (PA)", "Random pixels")


def wrong(number: int, pack: str = ANSWERS) -> list[tuple[float, str]]:
    """Return the share of a round's new pixels that the network had wrong, in percent, row by row."""
    found = []
    for label in ROWS:
        accuracy = row(label, "--round", str(number), pack=pack)["learnt"]["new_answers"]["accuracy"]
        found.append((100 - accuracy["mean"], f"{100 - accuracy['mean']:.1f} ± {accuracy['half_width']:.1f}"))
    return found


def test_what_is_said_of_wrong_pixels() -> None:
    ripu_text, windows_text, pixels_text, random_text = (text for _, text in wrong(4))
    assert (
        f"had {ripu_text}% wrong, of random windows' {windows_text}%**; RIPU (PA) {pixels_text}%, random "
        f"pixels {random_text}%."
    ) in PROSE
    first = [text for _, text in wrong(1)]
    assert f"it is {', '.join(first[:3])} and {first[3]}%." in PROSE


@pytest.mark.parametrize("pack", [ANSWERS_ON_PHOTOGRAPHS, ANSWERS_AT_DUSK])
def test_what_is_said_of_wrong_pixels_in_photographs(pack: str) -> None:
    last, first = ([text for _, text in wrong(number, pack)] for number in (4, 1))
    assert (
        f"had {last[0]}% of the new pixels wrong, that of random windows {last[1]}%; RIPU (PA) {last[2]}%, "
        f"random pixels {last[3]}%. In the first round it is {', '.join(first[:3])} and {first[3]}%."
    ) in PROSE


def test_what_is_said_of_how_often_they_are_bought() -> None:
    packs = (ANSWERS, ANSWERS_ON_PHOTOGRAPHS, ANSWERS_AT_DUSK)
    times = [f"{found[0][0] / found[1][0]:.0f}" for found in (wrong(4, pack) for pack in packs)]
    assert (
        f"RIPU buys wrong pixels {times[0]}, {times[1]} and {times[2]} times as often as random windows do."
    ) in PROSE


def ledgers(pack: str) -> dict[tuple[str, str, str], bytes]:
    """Return the picks of every round by row, seed and round."""
    pattern = re.compile(r"[^/]+/runs/([^/]+)__s(\d)__\w+/rounds/(\d\d)/ledger\.npy")
    with zipfile.ZipFile(REPOSITORY / pack) as content:
        found = ((pattern.fullmatch(name), name) for name in content.namelist())
        return {(match[1], match[2], match[3]): content.read(name) for match, name in found if match}


@pytest.mark.parametrize(("answers", "with_labels"), [(ANSWERS, RENDERED), (ANSWERS_ON_PHOTOGRAPHS, STREETS)])
def test_the_runs_bought_the_same_pixels_as_those_with_evaluation_labels(
    answers: str, with_labels: str
) -> None:
    mine, theirs = ledgers(answers), ledgers(with_labels)
    assert len(mine) == len(ROWS) * 3 * 4
    assert all(theirs[run] == picks for run, picks in mine.items())


def test_at_dusk_the_random_rows_bought_the_same_pixels_on_another_device() -> None:
    mine, theirs = ledgers(ANSWERS_AT_DUSK), ledgers(DUSK)
    assert len(mine) == len(ROWS) * 3 * 4
    same = {name for name, *_ in mine if all(theirs[run] == mine[run] for run in mine if run[0] == name)}
    assert same == {"random-windows", "random-pixels"}
