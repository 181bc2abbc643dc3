"""What plain ``alseg status`` says of units, beside the states of runs (tests/reliability/test_status.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.storage.run_folder import RunFolder
from alseg.storage.unit_files import DispatchFile, Submission, UnitEnding, write_ending
from fakeruns import write_run
from fakewatch import dispatched, write_live


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "quickstart"


def status(*arguments: object) -> str:
    result = CliRunner().invoke(main, ["status", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def line_of(root: Path, method: str) -> str:
    (line,) = [line for line in status(root).splitlines() if line.startswith(f"{method} ")]
    return line


def test_a_run_at_work_says_how_long_it_takes(root: Path) -> None:
    folder = write_run(root, "Busy", state="running", iou=())
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**content, "iterations": 1000}))
    write_live(folder, done=100, total=1000, rate=0.1)
    with RunFolder(folder).writing():
        # 900 steps of 10 s each.
        assert "train 100/1000, about 2 h left, process " in line_of(root, "Busy")
        assert status(root).splitlines()[-1] == "1 run: 1 running. All of them: about 2 h left."
        (run,) = json.loads(status(root, "--json"))["runs"]
        assert run["seconds_left"] == pytest.approx(9000, abs=100)
        write_live(folder, done=100, total=1000, rate=0.1, seconds_ago=300)
        assert "train 100/1000, no sign of life for 5 min, process " in line_of(root, "Busy")


def test_a_failed_run_names_the_host_and_the_log(root: Path) -> None:
    folder = write_run(root, "Failed", state="failed", error="ValueError: no")
    write_ending(root, folder.name, UnitEnding(state="failed", reason="ValueError: no", host="node3"))
    assert line_of(root, "Failed").endswith("on node3: ValueError: no")
    assert f"log of {folder.name}: {folder / 'log.txt'}" in status(root).splitlines()
    (run,) = json.loads(status(root, "--json"))["runs"]
    assert (run["host"], run["log"]) == ("node3", str(folder / "log.txt"))


def test_a_run_that_an_executor_has_says_what_it_waits_for(root: Path) -> None:
    first, second, third = (write_run(root, label, state="interrupted").name for label in ("A", "B", "C"))
    units = {first: Submission(id="1", tries=2), second: Submission(id="2", host="node4")}
    dispatched(root, DispatchFile(executor="local:2", units=units, after={third: ("shared-0123",)}))
    assert line_of(root, "A").endswith("waits for a free place in local:2, started again, try 2")
    assert line_of(root, "B").endswith("waits for its process on node4, which is starting")
    assert line_of(root, "C").endswith("waits for shared-0123")


def test_the_column_of_scores_is_left_out_where_no_round_has_one(root: Path) -> None:
    # Without evaluation labels, and before the first answers, nothing is known of a network.
    file = write_run(root, "A", extra={"evaluated": False}) / "rounds/00/metrics.json"
    content = json.loads(file.read_text())
    unknown = ("miou", "accuracy", "iou", "subsets", "seal")
    file.write_text(json.dumps({key: value for key, value in content.items() if key not in unknown}))
    assert " done " in line_of(root, "A")
    assert "mIoU" not in status(root)
    write_run(root, "B")
    assert "mIoU" in status(root)


def test_the_only_results_need_not_be_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    write_run(Path("results/one"), "A")
    assert status() == status("results/one")
    write_run(Path("results/two"), "A")
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 2
    assert "There are several results in results. Name one: results/one, results/two." in " ".join(
        result.stderr.split()
    )
