"""Text of foreign run folders: whatever it is, no command prints or writes what steers a terminal."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from fakeruns import write_run

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\u200b\x7f\r"
"""Clears the screen, sets the title, colours, turns the direction of writing, and goes back in the line."""
CLASSES = tuple(f"{name}{HOSTILE}" for name in ("road", "car", "train"))
COUNTS = np.stack([np.diag([9, 8, 7]) + 1] * 2)


def steering(text: str) -> set[str]:
    """Return all characters of a text that could steer a terminal; line ends do not."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\u200c\u200d"}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return a results folder with hostile text in every field that takes any text, and in its own name."""
    folder = tmp_path / "foreign\x1b[31m\u202e"
    common = {
        "classes": CLASSES,
        "subsets": {f"subset{HOSTILE}": CLASSES[:2]},
        "label_space": f"space{HOSTILE}",
        "scenario": f"a -> b{HOSTILE}",
        "device": f"cuda{HOSTILE}",
        "budget": f"5%{HOSTILE}",
        "settings": {f"setting{HOSTILE}": f"value{HOSTILE}"},
        "recipe": {"name": f"recipe{HOSTILE}", "params": {f"key{HOSTILE}": f"value{HOSTILE}"}},
        "annotation": {"name": f"region{HOSTILE}", "params": {f"key{HOSTILE}": f"value{HOSTILE}"}},
    }
    ious = ((50.0, 40.0, 30.0), (60.0, 50.0, 40.0))
    for label in ("=Random", "Entropy"):
        for seed in (0, 1):
            each = [[iou + seed * len(label) for iou in round_] for round_ in ious]
            acquisition = f"{label.lower()}{HOSTILE}"
            write_run(
                folder, label + HOSTILE, seed, iou=each, acquisition=acquisition, counts=COUNTS, **common
            )  # type: ignore[arg-type]
    write_run(folder, f"Broken{HOSTILE}", state="failed", error=f"Error{HOSTILE}", iou=(), **common)  # type: ignore[arg-type]
    write_run(folder, f"No{HOSTILE}", state="skipped", reason=f"no{HOSTILE}", iou=(), **common)  # type: ignore[arg-type]
    for file in folder.rglob("attempts/*.json"):
        texts = ("host", "python", "torch", "device_name")
        attempt = {key: f"{key}{HOSTILE}" for key in texts} | {"git": {"commit": f"a{HOSTILE}"}}
        file.write_text(json.dumps(json.loads(file.read_text()) | attempt))
    for number, file in enumerate(folder.rglob("run.json")):
        plugin = dict.fromkeys(("plugin", "distribution", "version"), f"{number}{HOSTILE}")
        file.write_text(json.dumps(json.loads(file.read_text()) | {"plugins": [plugin]}))
    return folder


def shown_by(code: int, *words: str | Path) -> Result:
    """Return what a command has printed, after a look at all of it."""
    result = CliRunner().invoke(main, list(map(str, words)))
    assert result.exit_code == code, (result.output, result.exc_info)
    assert result.output
    assert steering(result.output) == set()
    return result


STATISTICS = ("--ranks", "--penalties", "--mixed", "--reach", "90", "--images", "--x", "pixels")


@pytest.mark.parametrize("output", ["table", "markdown", "csv", "latex", "json"])
def test_a_comparison_shows_escapes_of_what_steers_a_terminal(results: Path, output: str) -> None:
    shown = shown_by(0, "compare", results, "--format", output, *STATISTICS)
    escaped = {"latex": r"\textbackslash{}u202e", "markdown": r"\\u202e"}.get(output, r"\u202e")
    assert escaped in shown.stdout


def test_json_holds_every_name_as_it_is(results: Path) -> None:
    content = json.loads(shown_by(0, "compare", results, "--format", "json").stdout)
    assert content["classes"] == list(CLASSES)
    assert {row["label"] for row in content["rows"]} == {
        f"{label}{HOSTILE}" for label in ("=Random", "Entropy", "Broken", "No")
    }


def test_no_name_in_a_csv_file_is_a_formula(results: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(shown_by(0, "compare", results, "--format", "csv").stdout)))
    assert sorted(row["label"].partition("\\")[0] for row in rows) == ["'=Random", "Broken", "Entropy", "No"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]


def test_states_show_escapes(results: Path) -> None:
    assert r"Broken\x1b[2J" in shown_by(0, "status", results).stdout
    (failed,) = (
        run
        for run in json.loads(shown_by(0, "status", results, "--json").stdout)["runs"]
        if "rror" in run["why"]
    )
    assert failed["method"] == f"Broken{HOSTILE}"


def test_differences_and_recomputed_metrics_show_escapes(results: Path) -> None:
    runs = sorted((results / "runs").iterdir())
    assert r"\u202e" in shown_by(0, "diff", runs[0], runs[-1]).stdout
    assert r"\u202e" in shown_by(0, "diff", runs[0], runs[-1], "--format", "json").stdout
    assert r"\x1b[2J" in shown_by(0, "rescore", results).output


def test_reports_and_pictures_show_escapes(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "\x1b[31mpage.html"
    assert r"\x1b[31mpage.html" in shown_by(0, "report", results, "-o", page).output
    html = page.read_text(encoding="utf-8")
    # The charting library, which is copied whole, has its own such characters.
    title, content = (
        html.partition(start)[2].partition(end)[0]
        for start, end in (("<title>", "</"), ('id="content">', "</"))
    )
    assert r"foreign\x1b[31m\u202e" in title and steering(title) == set()
    assert r"Entropy\\x1b[2J" in content and steering(content) == set()
    assert r"\x1b[31mp.png" in shown_by(0, "picture", results, "-o", tmp_path / "\x1b[31mp.png").output


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "--baseline", f"none{HOSTILE}"),
        ("compare", "--metric", "iou:none"),
        ("compare", "--subset", "none"),
        ("report", "--baseline", "none"),
    ],
)
def test_mistakes_that_list_names_show_escapes(results: Path, words: tuple[str, ...]) -> None:
    shown_by(2, words[0], results, *words[1:])


@pytest.mark.parametrize("command", [("export", "--what", "picks"), ("show",), ("eval",)])
def test_runs_that_cannot_be_opened_again_are_named_with_escapes(
    results: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    run = sorted((results / "runs").iterdir())[0]
    assert r"foreign\x1b[31m\u202e" in shown_by(2, command[0], run, *command[1:]).output


def test_bars_and_lines_of_a_run_show_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from alseg.cli.progress import BarReporter, PlainReporter

    plain, bars = io.StringIO(), io.StringIO()
    for reporter in (
        PlainReporter(Console(file=plain)),
        BarReporter(Console(file=bars, force_terminal=True, color_system=None, width=500)),
    ):
        reporter.run_started(1, 1, f"[red]label{HOSTILE}", 0)
        reporter.phase(f"phase{HOSTILE}", 2)
        reporter.advance(f"detail{HOSTILE}")
        reporter.note(f"note{HOSTILE}")
        reporter.run_ended(f"failed{HOSTILE}", 1.0)
        reporter.close()
    assert steering(plain.getvalue()) == set()
    assert r"[red]label\x1b[2J" in plain.getvalue()
    # A bar is drawn with escape sequences of its own, none of which are these.
    for sequence in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\u202e", "\u2066", "\x7f"):
        assert sequence not in bars.getvalue()
    assert r"[red]label\x1b[2J" in bars.getvalue()
