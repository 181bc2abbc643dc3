from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.errors import AlsegError
from alseg.perf import ledger
from alseg.perf.history import Entry, Machine, Measured, Range, by_benchmark, change, read_history, record
from alseg.perf.history_page import as_markdown, as_svg
from alseg.perf.result import Line, Options, Spread
from alseg.perf.result import Result as Measurement

REPOSITORY = Path(__file__).parents[2]
MACHINE = Machine(device="a chip", cores=2, threads=2, python="3.11.7", torch="2.6.0", numpy="2.0.0")


def perf(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["perf", *arguments])


def spread(*values: float) -> Range:
    low, median, high = values
    return Range(median=median, low=low, high=high)


def measured(
    work: str = "entropy", seconds: Range | None = None, ratio: Range | None = None, setting: str = "64 x 128"
) -> Measured:
    return Measured(
        benchmark="acquisition",
        setting=setting,
        work=work,
        seconds=seconds or spread(1.0, 1.1, 1.2),
        ratio=ratio,
        peak_bytes=None,
    )


def entry(*works: Measured, commit: str | None = "c0ffee", machine: Machine = MACHINE) -> Entry:
    return Entry(
        date="2026-01-31", commit=commit, machine=machine, load=0.5, repeats=5, measured=tuple(works)
    )


@pytest.fixture
def two_spreads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure nothing, and say that something took one to three seconds."""

    def run(options: Options) -> Measurement:
        line = Line(work="writing | reading", ours=Spread([3, 1, 2]), ratio=Spread([4, 6, 5]), peak_bytes=7)
        return Measurement(name="ledger", setting="made up", lines=[line])

    monkeypatch.setattr(ledger, "run", run)


@pytest.mark.usefixtures("two_spreads")
def test_what_the_command_measures_is_added_and_shown(tmp_path: Path) -> None:
    file, page = tmp_path / "history.json", tmp_path / "speed.md"
    ended = perf("ledger", "--record", str(file))
    assert ended.exit_code == 0, ended.output
    (kept,) = read_history(file)
    assert kept.measured == (
        Measured(
            benchmark="ledger",
            setting="made up",
            work="writing | reading",
            seconds=spread(1, 2, 3),
            ratio=spread(4, 5, 6),
            peak_bytes=7,
        ),
    )
    assert kept.machine.cores is not None and kept.repeats == 5
    shown = perf("--history", str(file))
    assert "writing | reading  2 s, 5x" in shown.output
    assert json.loads(perf("--history", str(file), "--json").output) == [kept.model_dump(mode="json")]
    assert perf("--history", str(file), "-o", str(page)).exit_code == 0
    assert r"| writing \| reading | 2 s, 5x" in page.read_text()
    assert "(speed.svg)" in page.read_text()
    assert (tmp_path / "speed.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.usefixtures("two_spreads")
def test_a_second_measurement_of_a_commit_joins_the_first(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    record(file, entry(measured(), measured("margin")))
    record(file, entry(measured(seconds=spread(2, 2, 2)), measured("other")))
    (kept,) = read_history(file)
    assert [(each.work, each.seconds.median) for each in kept.measured] == [
        ("margin", 1.1),
        ("entropy", 2),
        ("other", 1.1),
    ]
    record(file, entry(measured(), commit="another"))
    record(file, entry(measured()))
    assert [each.commit for each in read_history(file)] == ["c0ffee", "another", "c0ffee"]


def test_only_turns_that_do_not_overlap_tell_a_change() -> None:
    before = measured(seconds=spread(1.0, 1.1, 1.2))
    assert change(before, measured(seconds=spread(1.2, 1.3, 1.4))) == ""
    assert change(before, measured(seconds=spread(1.3, 1.3, 1.4))) == "slower"
    assert change(before, measured(seconds=spread(0.8, 0.8, 0.9))) == "faster"
    # More times as long for the plain way is faster, whatever the seconds say.
    slow = spread(9, 9, 9)
    assert change(measured(ratio=spread(4, 5, 6)), measured(seconds=slow, ratio=spread(7, 8, 9))) == "faster"
    assert change(measured(ratio=spread(4, 5, 6)), measured(seconds=slow, ratio=spread(1, 2, 3))) == "slower"


def test_nothing_is_compared_with_another_machine() -> None:
    other = MACHINE.model_copy(update={"device": "another chip"})
    slow = measured(seconds=spread(9, 9, 9))
    page = as_markdown([entry(measured()), entry(slow, machine=other)])
    assert "slower" not in page.partition("##")[2]
    page = as_markdown([entry(measured()), entry(measured(), machine=other), entry(slow)])
    assert "9 s, slower" in page


def test_another_setting_is_another_benchmark() -> None:
    groups = by_benchmark([entry(measured()), entry(measured(setting="32 x 32"))])
    assert [(setting, [len(each.points) for each in series]) for _, setting, series in groups] == [
        ("32 x 32", [1]),
        ("64 x 128", [1]),
    ]


def test_the_drawing_is_the_same_each_time() -> None:
    entries = [entry(measured("of $1 and $2", ratio=spread(4, 5, 6))), entry(measured())]
    drawing = as_svg(entries)
    assert drawing == as_svg(entries)
    assert b"of $1 and $2" in drawing


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 2, "entries": []}', "has format 2; this alseg reads 1"),
        ('{"format": 1, "entries": [{}]}', "is no history of `alseg perf --record`: entries.0.date"),
        ("[1]", "is damaged"),
        ("{", "is damaged"),
    ],
)
def test_what_is_no_history_is_refused_before_anything_is_measured(
    tmp_path: Path, content: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "run", lambda _: pytest.fail("measured"))
    file = tmp_path / "history.json"
    file.write_text(content)
    for arguments in (["--history", str(file)], ["ledger", "--record", str(file)]):
        ended = perf(*arguments)
        assert isinstance(ended.exception, AlsegError | SystemExit)
        text = ended.output if isinstance(ended.exception, SystemExit) else str(ended.exception)
        assert message in " ".join(text.split())
    assert file.read_text() == content


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    quick = perf("ledger", "--quick", "--record", str(tmp_path / "a.json"))
    assert quick.exit_code == 2 and "What --quick measures says nothing" in quick.output
    page = perf("-o", str(tmp_path / "a.md"))
    assert page.exit_code == 2 and "--output writes the page of a --history" in page.output


def test_the_page_in_docs_shows_the_history_that_is_published() -> None:
    entries = read_history(REPOSITORY / "results/published/perf/history.json")
    page = (REPOSITORY / "docs/perf-history.md").read_text()
    assert page == as_markdown(entries, "perf-history.svg")


def test_an_empty_history_says_how_to_fill_it(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text('{"format": 1, "entries": []}')
    assert "alseg perf --record" in perf("--history", str(file)).output
