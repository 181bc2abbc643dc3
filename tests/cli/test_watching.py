"""What ``alseg status --watch`` shows, at several widths and where no terminal is."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from alseg.cli import main, watching
from alseg.cli.standing_lines import Section, fitted, heading, said_of, sections, summary
from alseg.launch.standings import ExperimentStanding, UnitStanding, UnitState
from alseg.storage.unit_files import DispatchFile, Submission
from alseg.text.durations import about, rough
from fakeruns import write_run
from fakewatch import dispatched, write_live

WIDE = "主动学习 with a label that is long enough to be broken on narrow terminals"
HOSTILE = "Esc\x1b[31mape"


def unit(state: UnitState, method: str = "RIPU", seed: int = 0, **known: object) -> UnitStanding:
    return UnitStanding(key=f"{method}{seed}", state=state, method=method, seed=seed, **known)  # type: ignore[arg-type]


def everything() -> ExperimentStanding:
    """Return an experiment with a unit in each state."""
    log = Path("results/gta2city/runs/entropy__s1__0123/log.txt")
    runs = [
        unit(
            UnitState.AT_WORK,
            host="node17",
            round=2,
            rounds=5,
            phase="train",
            done=12_400,
            total=24_000,
            seconds_left=7_000.0,
        ),
        unit(UnitState.AT_WORK, WIDE, host="node2", round=0, rounds=5, phase="evaluate", tries=2),
        unit(UnitState.STARTING, "Random", host="node3"),
        unit(UnitState.SILENT, "Random", 1, host="node4", pid=77, phase="train", silent_seconds=420.0),
        *(unit(UnitState.WAITING, "Entropy", seed, why="shared-0123") for seed in (0, 1, 2, 4)),
        unit(UnitState.WAITING, HOSTILE, why="a free place in local:2"),
        unit(UnitState.FOR_PEOPLE, "People", why="3 of 30 questions answered"),
        unit(UnitState.FAILED, "Margin", 1, host="node5", why="ValueError: no " + "number " * 20, log=log),
        unit(UnitState.DONE, "Random", 2),
        unit(UnitState.INTERRUPTED, "Random", 3),
        unit(UnitState.KILLED, "Random", 4),
        unit(UnitState.SKIPPED, "Random", 5),
        unit(UnitState.DAMAGED, "Random", 6),
        unit(UnitState.NOT_BEGUN, "Random", 7),
    ]
    shared = UnitStanding(
        key="shared-0123", state=UnitState.AT_WORK, host="node1", phase="train", done=12, total=90
    )
    return ExperimentStanding(
        name="gta2city",
        runs=runs,
        shared=[shared],
        executor="slurm",
        dispatcher="process 12 on login1",
        seconds_left=30_000.0,
    )


def lines(width: int) -> list[str]:
    found = everything()
    return fitted([heading(found), summary(found)], sections(found, width), 1000)


def test_it_shows_who_is_at_what() -> None:
    text = "\n".join(lines(120))
    assert re.search(r"^  RIPU, seed 0 +node17 +round 2/5 +train 12,400/24,000 +about 2 h left$", text, re.M)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_line_fits_and_every_unit_is_named(width: int) -> None:
    found = everything()
    shown = [line for section in sections(found, width) for line in section.lines()]
    text = " ".join(" ".join(shown).split())
    # A path is one word, which a terminal breaks.
    assert [line for line in shown if cell_len(line) > width and "log.txt" not in line] == []
    for words in (
        "RIPU, seed 0",
        f"{WIDE}, seed 0",
        r"Esc\x1b[31mape, seed 0",
        "train 12,400/24,000",
        "about 2 h left",
        "process 77 on node4",
        "no sign of life for 7 min",
        "for shared-0123: Entropy, seeds 0-2, 4",
        "for a free place in local:2: ",
        "for people: People, seed 0",
        "Margin, seed 1 on node5: ValueError: no number",
        "log: results/gta2city/runs/entropy__s1__0123/log.txt",
        "Lost and started again",
    ):
        assert words in text, words


def test_at_eighty_columns_a_unit_takes_one_line() -> None:
    found = everything()
    at_work = ExperimentStanding(name="x", runs=[found.runs[0], found.runs[2]])
    assert sections(at_work, 80)[0].lines() == [
        "At work",
        "  RIPU, seed 0    node17  round 2/5  train 12,400/24,000  about 2 h left",
        "  Random, seed 0  node3   starting",
    ]
    assert sections(at_work, 40)[0].lines() == [
        "At work",
        "  RIPU, seed 0  node17  round 2/5",
        "    train 12,400/24,000  about 2 h left",
        "  Random, seed 0  node3  starting",
    ]


def test_what_there_is_no_room_for_is_counted() -> None:
    long = Section("Many", [[f"  {number}"] for number in range(9)])
    short = Section("Few", [["  a"], ["  b"]])
    assert fitted(["head"], [long, short], 11) == [
        *("head", "", "Many", "  0", "  1", "  2", "  and 6 more", "", "Few", "  a", "  b"),
    ]
    # Nothing helps here: what is lowest is cut.
    assert fitted(["head"], [long, short], 3) == ["head", "", "Many"]


def test_the_summary_counts_runs() -> None:
    assert summary(everything()) == (
        "17 runs: 1 done, 3 at work, 1 silent, 5 waiting, 1 waiting for people, 1 failed, 1 damaged, "
        "1 skipped, 1 interrupted, 1 killed, 1 not begun; about 8 h left"
    )
    assert summary(ExperimentStanding(name="x", runs=[unit(UnitState.DONE)])) == "1 run: 1 done"


def test_a_line_for_each_change_says_what_has_changed() -> None:
    said = [said_of(each) for each in everything().units]
    assert said[1] == "at work on node17, round 2/5"
    assert said[2] == "at work on node2, round 0/5, started again once"
    assert said[4] == "silent on node4, no sign of life for more than 2 min"
    assert said[5] == "waiting for shared-0123"
    assert said[10] == "waiting for people: 3 of 30 questions answered"
    assert said[11].startswith("failed: ValueError: no number")
    assert said[11].endswith("(log: results/gta2city/runs/entropy__s1__0123/log.txt)")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (61, "about a minute"),
        (150, "about 2 min"),
        (5_000, "about 83 min"),
        (7_300, "about 2 h"),
        (86_400, "about 24 h"),
        (300_000, "about 3 days"),
    ],
)
def test_estimates_are_as_exact_as_somebody_wants_to_know_them(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_a_silence_is_told_in_one_unit() -> None:
    assert [rough(seconds) for seconds in (0, 89, 91, 7_000)] == ["0 s", "89 s", "2 min", "2 h"]


def test_without_a_terminal_it_prints_a_line_for_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "quickstart"
    first, second = write_run(root, "A", state="running"), root / "runs/b"
    second.mkdir()
    write_live(first)
    content = DispatchFile(executor="local:2", units={"b": Submission(id="1")})
    dispatched(root, content)
    steps = iter(
        [
            lambda: write_live(first, done=6),
            lambda: dispatched(
                root, DispatchFile(executor="local:2", units={"b": Submission(id="1", host="here")})
            ),
            lambda: _end(first, "failed"),
            lambda: _end(second, "done"),
        ]
    )
    monkeypatch.setattr(watching.time, "sleep", lambda seconds: next(steps, lambda: None)())
    result = CliRunner().invoke(main, ["status", str(root), "--watch"])
    assert result.exit_code == 0, result.output
    shown = result.stdout.splitlines()
    assert shown[:2] == [
        f"quickstart on local:2 (dispatched by process {os.getpid()} on {os.uname().nodename})",
        "2 runs: 1 at work, 1 waiting",
    ]
    changes = [line.partition(": ")[2] for line in shown if line.startswith("20")]
    assert changes == ["starting on here", f"failed: no (log: {first / 'log.txt'})", "done"]
    assert shown[-1] == "2 runs: 1 done, 1 failed"


def _end(folder: Path, state: str) -> None:
    (folder / "live.json").unlink(missing_ok=True)
    error = '"no"' if state == "failed" else "null"
    (folder / "status.json").write_text(
        f'{{"state": "{state}", "round": 0, "error": {error}, "reason": null}}'
    )
    root = folder.parent.parent
    if state == "done":
        dispatched(root, DispatchFile(executor="local:2"))
        (root / ".lock-dispatch-holder").unlink()


def test_it_ends_where_nobody_is_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "quickstart"
    write_run(root, "A", state="interrupted")
    watching.watch(root, quiet_seconds=0)
    assert capsys.readouterr().out.splitlines() == [
        "quickstart: nothing is at work; `alseg run` goes on",
        "1 run: 1 interrupted",
        f"Nothing is at work in {root}. `alseg run` goes on with what is left.",
    ]


def test_a_program_is_not_shown_a_view(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", str(tmp_path), "--watch", "--json"])
    assert result.exit_code == 2
    assert "--watch is for people, --json for programs. Give one of them." in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_on_a_terminal_the_view_is_drawn_and_stays(tmp_path: Path) -> None:
    import pty

    root = tmp_path / "q"
    for seed in range(3):
        write_run(root, "Done", seed)
    write_run(root, "Failed", state="failed", error="ValueError: no")
    seen, leader = b"", 0
    pid, leader = pty.fork()
    if pid == 0:  # pragma: no cover
        os.environ.update(COLUMNS="40", LINES="20", TERM="xterm")
        os.execvp(sys.executable, [sys.executable, "-m", "alseg", "status", str(root), "--watch"])
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(leader)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()).replace("\r", "")
    last = text[text.rindex("4 runs: 3 done, 1 failed") :]
    assert "on for no known" not in last and "ValueError: no" in last
    assert max(map(cell_len, text.splitlines())) <= 40
