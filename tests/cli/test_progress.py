"""Lines of a run on a narrow terminal, and elsewhere."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from alseg.cli import main
from alseg.cli.progress import BarReporter, PlainReporter
from alseg.contracts import Cost, RoundReport
from alseg.text.display import say_command

REPORT = RoundReport(
    experiment="gta2city",
    scenario="gtav -> cityscapes",
    run="ripu-pa__s0__3f9c1a7e",
    folder="runs/ripu-pa__s0__3f9c1a7e",
    method="RIPU PA",
    seed=0,
    spec={},
    round=5,
    iteration=40_000,
    cost=Cost(pixels=137_363_456, clicks=1_234_567, images=2_975),
    class_names=("road",),
    iou=(65.43,),
    miou=65.43,
    accuracy=90.0,
)
WHOLE = "  round 5/5  iteration 40000  mIoU 65.43  137,363,456 px, 1,234,567 clicks, 2,975 images"
BROKEN = [
    "  round 5/5 iteration 40000 mIoU 65.43 137,363,456 px, 1,234,567 clicks, 2,975",
    "    images",
]


def test_a_pipe_gets_a_round_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    PlainReporter(Console(file=stream)).round_finished(REPORT, 5)
    assert stream.getvalue().splitlines() == [WHOLE]


def test_where_columns_are_asked_for_a_round_is_broken_at_a_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()
    PlainReporter(Console(file=stream)).round_finished(REPORT, 5)
    assert stream.getvalue().splitlines() == BROKEN


def test_lines_above_bars_are_broken_likewise() -> None:
    stream = io.StringIO()
    reporter = BarReporter(Console(file=stream, width=80, force_terminal=False))
    reporter.round_finished(REPORT, 5)
    reporter.close()
    assert [line.rstrip() for line in stream.getvalue().splitlines()[:2]] == BROKEN


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("80", ["Results in results/toy. Compare them: alseg compare results/toy"]),
        ("60", ["Results in results/toy. Compare them:", "  alseg compare results/toy"]),
        ("", ["Results in results/toy. Compare them: alseg compare results/toy"]),
    ],
)
def test_a_command_to_copy_is_never_broken(
    columns: str, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    say_command("Results in results/toy. Compare them:", "alseg compare results/toy")
    assert capsys.readouterr().out.splitlines() == lines


def test_a_mistake_is_told_within_the_terminal() -> None:
    narrow, pipe = CliRunner(env={"COLUMNS": "40"}), CliRunner(env={"COLUMNS": ""})
    whole = pipe.invoke(main, ["status", "nowhere"]).stderr
    assert len(whole.splitlines()) == 1
    broken = narrow.invoke(main, ["status", "nowhere"]).stderr
    assert all(len(line) <= 40 for line in broken.splitlines())
    assert broken.split() == whole.split()
