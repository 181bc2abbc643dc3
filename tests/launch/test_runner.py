from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alseg.contracts import RoundReport
from alseg.engine.observers import Observers
from alseg.launch.outcome import Outcome, RunResult
from alseg.launch.runner import Launcher
from alseg.storage.run_folder import RunFolder
from alseg.system.signals import StopRequest
from toys import Silent, prepared_toy, toy_document

TWO_RUNS = {"methods": toy_document()["methods"][:2]}  # type: ignore[index]

HOLD = """
import sys
from pathlib import Path
from alseg.storage.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""
"""What another process does with a run's folder."""


class Stopping(Silent):
    """Asks the process to stop at the first round."""

    def __init__(self, stop: StopRequest) -> None:
        super().__init__()
        self.stop = stop

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        self.stop.signal = 15


def launch(folder: Path, reporter: Silent, stop: StopRequest, **changes: object) -> Outcome:
    """Launch a toy experiment, results in the folder itself."""
    prepared = prepared_toy(folder, toy_document(**changes))
    return Launcher(prepared, folder, Observers(reporter, []), accept_drift=False).launch(stop)


def results_of(outcome: Outcome) -> list[RunResult]:
    return [ending.result for ending in outcome.endings]


def test_a_run_is_done_and_known_to_be_done_by_the_next_call(tmp_path: Path) -> None:
    for _ in range(2):
        reporter = Silent()
        outcome = launch(tmp_path, reporter, StopRequest(), **TWO_RUNS)
        assert results_of(outcome) == [RunResult.DONE, RunResult.DONE]
        assert (outcome.done, outcome.failed, outcome.skipped, outcome.signal) == (2, [], [], None)
        assert reporter.states == ["done", "done"]


def test_a_stop_interrupts_one_run_and_the_next_is_not_begun(tmp_path: Path) -> None:
    stop = StopRequest()
    reporter = Stopping(stop)
    outcome = launch(tmp_path, reporter, stop, **TWO_RUNS)
    assert results_of(outcome) == [RunResult.INTERRUPTED, RunResult.NOT_BEGUN]
    assert (outcome.done, outcome.failed, outcome.signal) == (0, [], 15)
    assert reporter.states == ["interrupted"]
    first, second = (ending.folder for ending in outcome.endings)
    assert first.state == "interrupted"
    assert not second.path.exists()


def test_a_run_of_another_process_is_left_to_it_and_comes_last(tmp_path: Path) -> None:
    prepared = prepared_toy(tmp_path, toy_document(**TWO_RUNS))
    first, second = (RunFolder(tmp_path / "runs" / planned.spec.folder) for planned in prepared.plan.runs)
    first.path.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(first.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == b"held\n"

    class Releasing(Silent):
        def run_ended(self, state: str, seconds: float) -> None:
            super().run_ended(state, seconds)
            process.communicate()  # once the second run is done

    reporter = Releasing()
    try:
        launcher = Launcher(prepared, tmp_path, Observers(reporter, []), accept_drift=False)
        outcome = launcher.launch(StopRequest())
    finally:
        process.kill()
        process.wait()
    assert [ending.folder.path for ending in outcome.endings] == [second.path, first.path]
    assert results_of(outcome) == [RunResult.DONE, RunResult.DONE]
    (note,) = [note for note in reporter.notes if "is being written by" in note]
    assert note.startswith(f"  {first.path} is being written by process {process.pid} on ")


def test_a_run_that_lost_a_file_since_it_was_done_has_failed(tmp_path: Path) -> None:
    outcome = launch(tmp_path, Silent(), StopRequest(), **TWO_RUNS)
    first, second = (ending.folder for ending in outcome.endings)
    first.weights.unlink()
    again = outcome.rechecked()
    assert results_of(again) == [RunResult.DONE, RunResult.FAILED]
    assert again.failed == [
        (
            first.path.name,
            f"{first.weights} was removed while alseg was at work, so that the run is not complete. "
            "Give the same command again: it makes what is missing.",
        )
    ]
    assert again.endings[0].folder is second
