"""What docs/study-results.md says of new answers follows from the packed runs."""

from __future__ import annotations

import re
import zipfile

from documents import REPOSITORY
from study_results import ANSWERS, PROSE, RENDERED, row

ROWS = ("RIPU (RA)", "Random windows", "RIPU (PA)", "Random pixels")


def wrong(number: int) -> list[tuple[float, str]]:
    """Return the share of a round's new pixels that the network had wrong, in percent, row by row."""
    found = []
    for label in ROWS:
        accuracy = row(label, "--round", str(number), pack=ANSWERS)["learnt"]["new_answers"]["accuracy"]
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
    assert {round(found[0][0] / found[1][0]) for found in (wrong(1), wrong(4))} == {7}
    assert "RIPU buys wrong pixels 7 times as often as random windows do." in PROSE


def ledgers(pack: str) -> dict[tuple[str, str, str], bytes]:
    """Return the picks of every round by row, seed and round."""
    pattern = re.compile(r"[^/]+/runs/([^/]+)__s(\d)__\w+/rounds/(\d\d)/ledger\.npy")
    with zipfile.ZipFile(REPOSITORY / pack) as content:
        found = ((pattern.fullmatch(name), name) for name in content.namelist())
        return {(match[1], match[2], match[3]): content.read(name) for match, name in found if match}


def test_the_runs_bought_the_same_pixels_as_those_with_evaluation_labels() -> None:
    mine, theirs = ledgers(ANSWERS), ledgers(RENDERED)
    assert len(mine) == len(ROWS) * 3 * 4
    assert all(theirs[run] == picks for run, picks in mine.items())
