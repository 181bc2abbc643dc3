"""Every command that prints tables, at several widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from alseg.cli import main
from fakeruns import write_run

LABELS = (
    "Source only",
    "Random regions with a very small budget",
    "RIPU with an impurity of wide windows",
    "主动学习",
)
HOSTILE = "Esc\x1b[31mape"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write runs in a folder with a short name, so that no path is wider than a terminal."""
    monkeypatch.chdir(tmp_path)
    folder = Path("names")
    for order, label in enumerate((*LABELS, HOSTILE)):
        write_run(folder, label, order=order, acquisition="random" if order == 1 else "entropy")
    error = "ValueError: an error that is told at some length, so that it does not fit beside the row"
    write_run(folder, "Failing", order=9, state="failed", error=error)
    return folder


def output(*arguments: str | Path, columns: int | None = None) -> str:
    runner = CliRunner(env={} if columns is None else {"COLUMNS": str(columns)})
    result = runner.invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 140])
def test_no_command_prints_a_line_that_is_too_wide(results: Path, columns: int) -> None:
    runs = sorted((results / "runs").iterdir())
    for command in (
        ("compare", results, "--ranks", "--penalties", "--published", "--x", "clicks"),
        ("status", results),
        ("plugins",),
        ("plugins", "ripu"),
        ("data", "list"),
        ("diff", runs[0], runs[1]),
    ):
        text = output(*command, columns=columns)
        words = {word for word in text.split() if cell_len(word) + 15 > columns}
        wide = [line for line in text.splitlines() if cell_len(line) > columns]
        # A path or another single word may be too wide.
        assert [line for line in wide if not words & set(line.split())] == [], command


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("command", ["compare", "status"])
def test_every_table_names_every_method(results: Path, command: str, columns: int) -> None:
    lines = output(command, results, columns=columns).splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("───")]
    assert rules
    for rule in rules:
        body = lines[rule + 1 : lines.index("", rule)]
        # Names in several lines have numbers beside the last one only.
        for label in (*LABELS, "Failing", r"Esc\x1b[31mape"):
            assert all(any(word in line.split() for line in body) for word in label.split()), (label, rule)


@pytest.mark.parametrize("command", ["compare", "status"])
def test_a_pipe_is_like_a_hundred_columns(results: Path, command: str) -> None:
    assert output(command, results) == output(command, results, columns=100)


@pytest.mark.parametrize("name", ["markdown", "latex", "csv", "json"])
def test_other_formats_know_no_width(results: Path, name: str) -> None:
    command = ("compare", results, "--format", name)
    assert output(*command, columns=40) == output(*command, columns=200) == output(*command)


def test_no_control_character_is_printed(results: Path) -> None:
    runs = sorted((results / "runs").iterdir())
    (hostile,) = (run for run in runs if "ape__" in run.name)
    for command in (("compare", results), ("status", results), ("diff", runs[-1], hostile)):
        text = output(*command)
        assert r"Esc\x1b[31mape" in text
        assert "\x1b" not in text


def test_a_reason_that_is_long_stands_below_its_run(results: Path) -> None:
    lines = output("status", results, columns=80).splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("Failing"))
    assert lines[place].endswith("60.00")
    assert lines[place + 1 : place + 3] == [
        "    ValueError: an error that is told at some length, so that it does not fit",
        "    beside the row",
    ]
