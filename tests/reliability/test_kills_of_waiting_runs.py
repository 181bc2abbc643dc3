"""A run that waits for people is killed while it asks, while answers come in, and while it buys them."""

from __future__ import annotations

import signal
from pathlib import Path

from alseg.asking.export import export
from alseg.asking.waiting_run import WaitingRun, find_waiting
from killing import answer_and_wait, result_bytes, run_and_wait
from people import fill_table
from preloaded import KILLED
from toys import toy_document, toy_registry

# People say which classes are in superpixels that follow the network.
PEOPLE = toy_document(
    methods=[
        {
            "label": "People",
            "acquisition": "entropy",
            "partition": {"name": "amsl", "segments": 12},
            "annotation": {"name": "superpixel", "answer": "correction"},
            "budget": "40%",
            "annotator": "files",
        }
    ],
    settings={"device": "cpu"},
)
WHILE_ASKING = (
    "acquire#3",
    "renamed examples.npz#1",
    "half-written regions.bin#1",
    "renamed regions.json#1",
    "half-written predictions.bin#1",
    "renamed predictions.json#1",
    "half-written asked.npz#1",
    "renamed asked.npz#1",
)
WHILE_ANSWERING = ("half-written 0001.npz#1", "renamed 0001.npz#1", "half-written status.json#1")
WHILE_BUYING = (
    "half-written regions.bin#1",
    "half-written ledger.json#1",
    "renamed ledger.json#1",
    "train#1",
)


def waiting_run(folder: Path) -> WaitingRun:
    """Return the only waiting run of an experiment."""
    [run] = find_waiting(folder / "results" / "toy", toy_registry(*KILLED))
    return run


def filled(folder: Path) -> Path:
    """Export what the only waiting run asks, fill it in, and return the file."""
    run = waiting_run(folder)
    task, _ = export(run, folder / "tasks")
    return fill_table(task, run)


def kept_by_people(folder: Path) -> dict[str, bytes]:
    """Return what a run with people leaves, but imports of answers, which know the time, and the cache."""
    return {
        name: content
        for name, content in result_bytes(folder).items()
        if "/answers/" not in name and not name.startswith("partitions/")
    }


def test_a_run_that_waits_killed_anywhere_asks_once_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for _ in range(2):
        assert run_and_wait(undisturbed, PEOPLE) == 0
        assert answer_and_wait(undisturbed, [filled(undisturbed)]) == 0
    assert run_and_wait(undisturbed, PEOPLE) == 0
    for point in WHILE_ASKING:
        assert run_and_wait(killed, PEOPLE, point) == -signal.SIGKILL, point
    asked = waiting_run(killed).round_folder / "questions" / "asked.npz"
    first = asked.stat()
    assert run_and_wait(killed, PEOPLE) == 0  # it waits
    file = filled(killed)
    for point in WHILE_ANSWERING:
        assert answer_and_wait(killed, [file], point) == -signal.SIGKILL, point
    assert answer_and_wait(killed, [file]) == 0
    for point in WHILE_BUYING:
        assert run_and_wait(killed, PEOPLE, point) == -signal.SIGKILL, point
    assert run_and_wait(killed, PEOPLE) == 0
    assert (asked.stat().st_ino, asked.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    assert answer_and_wait(killed, [filled(killed)]) == 0
    assert run_and_wait(killed, PEOPLE) == 0
    assert kept_by_people(killed) == kept_by_people(undisturbed)
    assert any(name.endswith("questions/regions.bin") for name in kept_by_people(killed))
    # Killed before it was there, after that, and before the state said so: three imports of the same answers.
    [run] = (killed / "results" / "toy" / "runs").iterdir()
    assert [path.name for path in sorted((run / "rounds" / "01" / "answers").iterdir())] == [
        "0001.npz",
        "0002.npz",
        "0003.npz",
    ]
