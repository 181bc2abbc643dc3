"""What docs/study-results.md says follows from the packed runs of the study."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner

from alseg.cli import main
from documents import DOCS, README, REPOSITORY, all_blocks

RESULTS = DOCS / "study-results.md"
TEXT = RESULTS.read_text(encoding="utf-8")
DUSK = "results/published/study/dusk.zip"
STREETS = "results/published/study/streets-camvid.zip"
DRIVE = ("--image-group", "Seq05VD*")


@cache
def output(command: str) -> str:
    """Return what a command of the document prints."""
    words = shlex.split(command)
    environment = dict(
        word.split("=", 1) for word in words if "=" in word.partition(" ")[0] and word[0] != "-"
    )
    arguments = [
        str(REPOSITORY / word) if word.startswith("results/") else word
        for word in words
        if word not in ("alseg", *(f"{key}={value}" for key, value in environment.items()))
    ]
    result = CliRunner(env=environment).invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def compared(*options: str, pack: str = DUSK) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        output(shlex.join(["alseg", "compare", pack, "--format", "json", *options]))
    )
    return content


def row(label: str, *options: str, pack: str = DUSK) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in compared(*options, pack=pack)["rows"] if each["label"] == label
    )
    return found


def contrast(label: str, baseline: str, *options: str, pack: str = DUSK) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each
        for each in compared(*options, pack=pack)["contrasts"]
        if (each["label"], each["baseline"]) == (label, baseline)
    )
    return found


def difference(label: str, baseline: str, *options: str, pack: str = DUSK) -> str:
    """Return a difference as the document writes it, with the interval of its family."""
    found = contrast(label, baseline, *options, pack=pack)
    half_width = (found["corrected"] or found["difference"])["half_width"]
    return f"{found['difference']['mean']:+.1f} ± {half_width:.1f}"


def share(bought: dict[str, float], *names: str) -> str:
    return f"{100 * sum(bought[name] for name in names) / sum(bought.values()):.0f}%"


def test_tables_are_what_the_commands_above_them_print() -> None:
    command, shown = "", 0
    for block in all_blocks(RESULTS):
        if "alseg compare" in block:
            command = block.strip()
            continue
        assert command
        shown += 1
        assert block in output(command)
    assert shown == 6


def test_what_is_said_of_the_question() -> None:
    question = contrast("RIPU (RA)", "Random windows")
    assert question["family"] == "question"
    assert question["corrected"]["family"] == 1
    assert question["verdict"] == "not distinguishable"
    assert (
        f"{difference('RIPU (RA)', 'Random windows')} points ({question['difference']['n']} seeds, "
        f"p = {question['difference']['p']:.4f})"
    ) in TEXT
    assert f"(p = {question['equivalence']['p']:.2g})" in TEXT
    mean, half_width = question["difference"]["mean"], question["difference"]["half_width"]
    assert f"from {mean - half_width:.1f} to {mean + half_width:+.3f}" in TEXT


def test_what_is_said_of_all_comparisons() -> None:
    contrasts = compared()["contrasts"]
    assert f"Of {len(contrasts)} declared comparisons none is told from zero" in TEXT
    assert {each["verdict"] for each in contrasts} == {"not distinguishable", "not tested"}
    found = next(note for note in compared()["notes"] if note.startswith("Found with 80%"))
    low, high = re.findall(r"differences of ([\d.]+) to ([\d.]+) points", found)[0]
    assert f"differences of {low} to {float(high):.0f} points only" in TEXT
    spreads = [
        row(label)["score"]["half_width"] * 3**0.5 / 4.302653  # of Student's t with 2 degrees of freedom
        for label in ("Entropy windows", "Uncertainty alone", "Point-based", "HALO, Euclidean")
    ]
    assert f"between seeds of {min(spreads):.1f} to {max(spreads):.1f} points" in TEXT


def test_what_is_said_of_random_rows() -> None:
    rows = [
        each
        for each in compared()["rows"]
        if each["difference"] and each["difference"]["n"] >= 3
        if each["annotation"] != "image" and not each["sees_labels"]
    ]
    above = [each["label"] for each in rows if each["difference"]["mean"] > 0]
    assert f"{len(above)} of the {len(rows)} rows that choose windows, pixels or superpixels" in TEXT
    largest = max(rows, key=lambda each: each["difference"]["mean"])
    assert largest["label"] == "Stratified windows"
    assert f"({difference('Stratified windows', 'Random windows')})" in TEXT


def test_what_is_said_of_room_and_efficiency() -> None:
    room = difference("Fully supervised, same time", "Random windows", "--baseline", "Random windows")
    assert TEXT.count(f"{room.lstrip('+')} points") == 2
    images, entropy = row("Random images"), row("Image-based")
    clicks, by_entropy = (each["cost"]["clicks_per_image"] for each in (images, entropy))
    assert f"cost {clicks:.0f} (random) and {by_entropy:.0f} clicks (by entropy)" in TEXT
    assert f"end at {images['score']['mean']:.1f} and {entropy['score']['mean']:.1f}" in TEXT
    reach = ("--reach", "90", "--x", "clicks")
    reached = {
        each["label"]: each["reach"]
        for each in compared(*reach)["rows"]
        if each["reach"] and each["reach"]["cost"] is not None
    }
    assert set(reached) == {"Stratified windows", "D2ADA", "Random images", "Image-based"}
    stratified = reached["Stratified windows"]
    assert f"at {stratified['cost']:.1f} clicks an image [{stratified['low']:.1f}, beyond]" in TEXT
    assert stratified["high"] is None
    assert (
        f"whole images at {reached['Random images']['cost']:.0f} and {reached['Image-based']['cost']:.0f}"
        in TEXT
    )
    full = row("Fully supervised, same time")["score"]["mean"]
    assert f"90% of full supervision ({0.9 * full:.1f})" in TEXT
    assert f"random windows ({difference('True class balance', 'Random windows')})" in TEXT


def test_what_is_said_of_impurity_and_boundaries() -> None:
    assert f"({difference('True impurity', 'RIPU (RA)')} against RIPU)" in TEXT
    assert f"({difference('True impurity', 'Random windows')})" in TEXT
    pixels = {label: row(label)["cost"]["pixels"] for label in ("True impurity", "Random windows")}
    assert pixels["True impurity"] / pixels["Random windows"] == pytest.approx(1 / 3, abs=0.03)
    ripu, random = row("RIPU (RA)"), row("Random windows")
    void = [100 - each["cost"]["valid_percent"] for each in (ripu, random)]
    assert f"{void[0]:.0f}% of its pixels are void ({void[1]:.0f}% at random)" in TEXT

    bought, pool = ripu["bought"], row("Fully supervised, same time")["bought"]
    assert f"sky and road are {share(bought, 'sky')} and {share(bought, 'road')} of the rest" in TEXT
    assert share(pool, "sky") == share(pool, "road") == "20%"
    assert f"cars {share(bought, 'car')} ({share(pool, 'car')})" in TEXT
    people = ("pedestrian", "bicyclist")
    assert f"pedestrians and bicyclists {share(bought, *people)} ({share(pool, *people)})" in TEXT
    gains = {name: ripu["iou"][name] - random["iou"][name] for name in ripu["iou"]}
    lower = [gains[name] for name in ("sky", "road", "pavement", "car")]
    assert f"are {-max(lower):.0f} to {-min(lower):.0f} points below random windows" in TEXT
    assert f"bicyclist is {gains['bicyclist']:.0f} above" in TEXT


def test_what_is_said_of_the_schedule() -> None:
    means = [
        f"{contrast('RIPU (RA)', 'Random windows', '--round', str(number))['difference']['mean']:.1f}"
        for number in (1, 2, 3, 4)
    ]
    assert f"The difference is {', '.join(means[:3])} and {means[3]} points" in TEXT


def test_what_is_said_to_be_missing_is() -> None:
    assert row("D2ADA")["seeds"] == [2]
    states = {run["state"] for each in compared()["rows"] for run in each["runs"]}
    assert states == {"done", "interrupted"}
    done = [run for each in compared()["rows"] for run in each["runs"] if run["state"] == "done"]
    assert f"{len(done)} of 81 runs" in TEXT
    assert row("RIPU (RA)", "--images")["crossed"] is None


def test_what_is_said_of_streets_to_photographs() -> None:
    question = contrast("RIPU (RA)", "Random windows", *DRIVE, pack=STREETS)
    assert question["verdict"] == "lower"
    p = f"(6 seeds, p = {question['corrected']['p']:.4f})"
    assert f"{difference('RIPU (RA)', 'Random windows', *DRIVE, pack=STREETS)} points {p}" in TEXT
    crossed = row("RIPU (RA)", *DRIVE, "--images", pack=STREETS)["crossed"]
    assert f"± {crossed['half_width']:.1f} if the {crossed['groups']} blocks" in TEXT
    other = difference("RIPU (RA)", "Random windows", "--image-group", "0016E5*", pack=STREETS)
    assert f"it is {other};" in TEXT
    contrasts = compared(*DRIVE, pack=STREETS)["contrasts"]
    assert {each["verdict"] for each in contrasts if each != question} == {"not distinguishable"}
    for label, baseline, words in (
        ("Stratified windows", "Random windows", "stratified windows"),
        ("True class balance", "Random windows", "true class balance"),
        ("RIPU (PA)", "Random pixels", "against random pixels"),
    ):
        assert f"{words} {difference(label, baseline, *DRIVE, pack=STREETS)}" in TEXT
    rounds = [
        contrast("RIPU (RA)", "Random windows", *DRIVE, "--round", str(number), pack=STREETS)["difference"]
        for number in (1, 2, 3, 4)
    ]
    means = [f"{-each['mean']:.1f}" for each in rounds]
    assert f"RIPU is {', '.join(means[:3])} and {means[3]} points lower" in TEXT
    room = contrast(
        "Fully supervised, same time", "Random windows", *DRIVE, "--baseline", "Random windows", pack=STREETS
    )["difference"]
    assert f"{room['mean']:.1f} ± {room['half_width']:.1f} points above random windows" in TEXT


def test_what_is_said_of_purchases_in_streets_to_photographs() -> None:
    ripu, random = (row(label, *DRIVE, pack=STREETS) for label in ("RIPU (RA)", "Random windows"))
    pool = row("Fully supervised, same time", *DRIVE, pack=STREETS)["bought"]
    void = [100 - each["cost"]["valid_percent"] for each in (ripu, random)]
    assert f"{void[0]:.0f}% void ({void[1]:.0f}% at random)" in TEXT
    bought = ripu["bought"]
    assert (
        f"of the rest {share(bought, 'sky')} sky and {share(bought, 'road')} road ({share(pool, 'sky')} and "
        f"{share(pool, 'road')} in the pool)"
    ) in TEXT
    gains = {name: ripu["iou"][name] - random["iou"][name] for name in bought}
    assert f"in pavement by {-gains['pavement']:.0f} points, in tree by {-gains['tree']:.0f}" in TEXT
    assert sorted(round(-gains[name]) for name in ("road", "building")) == [4, 5]
    assert f"gains {gains['fence']:.0f} in fence" in TEXT
    of_dusk = [100 - row(label)["cost"]["valid_percent"] for label in ("RIPU (RA)", "Random windows")]
    ratios = sorted((void[0] / void[1], of_dusk[0] / of_dusk[1]))
    assert f"hold {ratios[0]:.0f} to {ratios[1]:.0f} times as many void pixels" in TEXT


def test_the_readme_says_the_same() -> None:
    readme = " ".join(README.read_text(encoding="utf-8").split())
    for pack, options in ((DUSK, ()), (STREETS, DRIVE)):
        scores = [
            f"{each['mean']:.1f} ± {each['half_width']:.1f}"
            for label in ("Random windows", "RIPU (RA)", "Fully supervised, same time")
            for each in [row(label, *options, pack=pack)["score"]]
        ]
        question = contrast("RIPU (RA)", "Random windows", *options, pack=pack)
        p = f"p = {question['corrected']['p']:.4f}"
        found = f"{difference('RIPU (RA)', 'Random windows', *options, pack=pack)} ({p})"
        assert f"| {scores[0]} | {scores[1]} | {found} | {scores[2]} |" in readme
