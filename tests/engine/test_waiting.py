"""Runs that wait for people: partial answers, conflicts, clicks, several at once, drift and damage."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alseg_partitions
from alseg.annotation.accepted import accepted
from alseg.asking.waiting_run import WaitingRun, find_waiting
from alseg.files import write_record
from alseg.storage.answers import AnswerImport, KeptAnswer, read_answers
from alseg.storage.ledger import Purchase
from people import answer_all, call, fill_masks, fill_table
from toycommand import write_toy
from toys import Silent, Stripes, run_folder, run_toy, toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)
SETS = {
    "label": "m",
    "acquisition": "entropy",
    "partition": {"name": "grid", "side": 4},
    "annotation": {"name": "superpixel", "answer": "classes"},
    "budget": "30%",
    "annotator": "files",
}


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


def begin(folder: Path, **changes: Any) -> tuple[Path, Path, Path]:
    """Run until people are asked; returns the experiment file, its results and the task folder."""
    file = write_toy(folder, toy_document(methods=[{**SETS, **changes}]))
    call("run", file, "--results", folder / "results", code=3)
    call("ask", folder / "results" / "toy", "-o", folder / "tasks")
    [task] = (folder / "tasks").iterdir()
    return file, folder / "results" / "toy", task


def waiting(results: Path) -> WaitingRun:
    [run] = find_waiting(results, REGISTRY)
    return run


def test_a_partly_answered_round_waits_and_goes_on_when_told_to(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path)
    table = fill_table(task, waiting(results), first=5)
    output = call("answer", results, table, "--who", "Mia").output
    total = waiting(results).questions.count
    assert output.startswith(
        f"5 answers taken. 5 of {total} questions are answered.\n{total - 5} are missing"
    )
    assert f"5 of {total} questions answered" in call("run", file, "--results", results.parent, code=3).output
    assert f"5 of {total} questions answered" in " ".join(call("status", results).output.split())
    call("answer", results, table, "--who", "Mia", "--go-on")
    call("run", file, "--results", results.parent, code=3)
    bought = Purchase.read(run_folder(tmp_path, "m") / "rounds" / "01")
    assert len(bought.rows) == 5


def test_partial_go_on_goes_on_with_the_first_answer_but_not_without_any(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path, annotator={"name": "files", "partial": "go-on"})
    call("run", file, "--results", results.parent, code=3)
    assert not Purchase.committed(run_folder(tmp_path, "m") / "rounds" / "01")
    assert (
        "The round is complete."
        in call("answer", results, fill_table(task, waiting(results), first=1)).output
    )
    call("run", file, "--results", results.parent, code=3)
    assert len(Purchase.read(run_folder(tmp_path, "m") / "rounds" / "01").rows) == 1


def test_clicks_are_spent_in_rank_order_and_what_comes_after_is_not_paid(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path, budget="12 clicks")
    run = waiting(results)
    assert run.questions.count == 6  # half of the clicks, at one each
    table = fill_table(task, run)
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["answer"] = "red|green|blue|void"  # 4 clicks each: one question is paid, 2 clicks are left
    with table.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    output = call("answer", results, table).output
    assert "The round is complete with 1 answers.\n5 more are kept, but neither used nor paid." in output
    call("run", file, "--results", results.parent, code=3)
    bought = Purchase.read(run_folder(tmp_path, "m") / "rounds" / "01")
    assert (len(bought.rows), bought.clicks) == (1, 4)


def kept(who: str, *values: int) -> KeptAnswer:
    return KeptAnswer("a", (0, 0), np.array(values, np.uint8), who)


def test_conflicts_are_resolved_by_the_rule() -> None:
    said = [kept("Ann", 1, 1, 2), kept("Bob", 2, 1, 0), kept("Cem", 2, 0, 1)]
    assert accepted(said, "pixels", "first").tolist() == [1, 1, 2]
    assert accepted(said, "pixels", "last").tolist() == [2, 0, 1]
    # Pixel by pixel: two say 2, two say 1, and of three different ones the first counts.
    assert accepted(said, "pixels", "majority").tolist() == [2, 1, 2]
    sets = [kept("Ann", 0, 1), kept("Bob", 1), kept("Cem", 1)]
    assert accepted(sets, "classes", "majority").tolist() == [1]
    assert accepted(sets[:2], "classes", "majority").tolist() == [0, 1]


def test_two_people_are_kept_and_their_agreement_is_told(tmp_path: Path) -> None:
    _, results, task = begin(
        tmp_path, partition=None, annotation={"name": "region", "radius": 1}, budget="20%"
    )
    masks = fill_masks(task)
    call("answer", results, masks, "--who", "Ann")
    output = call("answer", results, masks, "--who", "Bob").output
    assert "answered by several people: 100.0% equal" in output
    imports = read_answers(waiting(results).round_folder)
    assert [{each.who for each in one.answers} for one in imports] == [{"Ann"}, {"Bob"}]
    assert all(one.sources == ("masks",) and len(one.hashes[0]) == 64 for one in imports)


def test_photographs_have_the_size_of_label_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, results, _ = begin(tmp_path)
    [asked, *_] = waiting(results).sheet.images
    assert asked.image().shape == (12, 24, 3)
    monkeypatch.setattr(Stripes, "image", lambda self, index: np.full((24, 48, 3), 7, np.uint8))
    np.testing.assert_array_equal(asked.image(), np.full((12, 24, 3), 7, np.uint8))


def test_an_import_comes_back_as_it_was_written(tmp_path: Path) -> None:
    answers = (
        KeptAnswer("a", (1, 2), np.array([0, 255], np.uint8), "Mia", "2026-03-01T12:00:00+01:00", 2.5),
        KeptAnswer("b/c", (0, 0), np.array([3], np.uint8)),
    )
    path = AnswerImport(answers, ("x.csv",), ("0" * 64,), "2026-03-01T11:00:00+00:00", True).write(tmp_path)
    found = AnswerImport.read(path)
    assert [each.values.tolist() for each in found.answers] == [[0, 255], [3]]
    assert [(each.image_id, each.position, each.who, each.when, each.seconds) for each in found.answers] == [
        ("a", (1, 2), "Mia", "2026-03-01T12:00:00+01:00", 2.5),
        ("b/c", (0, 0), "", "", None),
    ]
    assert (found.sources, found.goes_on) == (("x.csv",), True)


def test_runs_that_ask_together_wait_together_and_get_what_the_oracle_gets(tmp_path: Path) -> None:
    methods = [
        {**SETS, "label": "Entropy", "annotator": "files"},
        {**SETS, "label": "Margin", "acquisition": "margin", "annotator": "files"},
    ]
    oracles = [{key: value for key, value in each.items() if key != "annotator"} for each in methods]
    file = write_toy(tmp_path, toy_document(methods=oracles))
    call("run", file, "--results", tmp_path / "oracle")
    settings = {"device": "cpu", "processes": 1}
    file, results = (
        write_toy(tmp_path, toy_document(methods=methods, settings=settings)),
        tmp_path / "results",
    )
    for _ in range(2):
        output = call("run", file, "--results", results, code=3).output
        assert "2 waiting." in output
        for run in find_waiting(results / "toy", REGISTRY):
            call("ask", results / "toy", "-o", tmp_path / "tasks", "--run", run.folder.name)
            [task] = (tmp_path / "tasks").glob(f"{run.folder.name}-round-{run.round}")
            call("answer", results / "toy", fill_table(task, run), "--run", run.folder.name)
    call("run", file, "--results", results)
    for name in ("entropy", "margin"):
        [oracle] = (tmp_path / "oracle" / "toy" / "runs").glob(f"{name}__*")
        people = run_folder(tmp_path, name)
        for number in ("01", "02"):
            for kind in ("ledger.npy", "metrics.json"):
                path = Path("rounds") / number / kind
                assert (people / path).read_bytes() == (oracle / path).read_bytes()


def test_which_run_is_meant_must_be_said_where_several_wait(tmp_path: Path) -> None:
    methods = [SETS, {**SETS, "label": "other", "acquisition": "margin"}]
    file = write_toy(tmp_path, toy_document(methods=methods))
    call("run", file, "--results", tmp_path / "results", code=3)
    output = call("answer", tmp_path / "results" / "toy", file, code=2).output
    assert "2 runs wait for people. Say which one with --run: m__" in output


def test_drift_does_not_stop_a_waiting_run_and_is_logged(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path)
    run = run_folder(tmp_path, "m")
    content = json.loads((run / "run.json").read_text())
    del content["seal"]
    content["made_with"]["torch"] = "1.0"
    write_record(run / "run.json", content)
    call("answer", results, fill_table(task, waiting(results)))
    call("run", file, "--results", results.parent, code=3)
    assert "torch was 1.0 and is" in (run / "log.txt").read_text()
    assert Purchase.committed(run / "rounds" / "01")


def test_a_damaged_ledger_is_bought_again_from_the_same_answers(tmp_path: Path) -> None:
    file = write_toy(tmp_path, toy_document(methods=[SETS]))
    answer_all(file, tmp_path / "results", tmp_path / "tasks", REGISTRY, rounds=2)
    run = run_folder(tmp_path, "m")
    names = [f"rounds/{number}/{kind}" for number in ("01", "02") for kind in ("ledger.npy", "metrics.json")]
    before = {name: (run / name).read_bytes() for name in names}
    (run / "rounds" / "01" / "ledger.npy").write_bytes(b"nothing")
    call("run", file, "--results", tmp_path / "results")
    assert {name: (run / name).read_bytes() for name in names} == before


def test_damaged_answers_stop_the_run_with_what_can_be_done(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path)
    call("answer", results, fill_table(task, waiting(results)))
    path = run_folder(tmp_path, "m") / "rounds" / "01" / "answers" / "0001.npz"
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    output = " ".join(call("run", file, "--results", results.parent, code=1).output.split())
    assert "0001.npz is damaged: it holds no answers. Answers of people cannot be made again" in output
    path.write_bytes(content)
    call("run", file, "--results", results.parent, code=3)


def test_damaged_questions_are_decided_again_and_answers_used(tmp_path: Path) -> None:
    file, results, task = begin(tmp_path)
    call("answer", results, fill_table(task, waiting(results)))
    asked = run_folder(tmp_path, "m") / "rounds" / "01" / "questions" / "asked.npz"
    content = asked.read_bytes()
    asked.write_bytes(b"nothing")
    call("run", file, "--results", results.parent, code=3)
    assert asked.read_bytes() == content
    assert Purchase.committed(run_folder(tmp_path, "m") / "rounds" / "01")


def test_attempts_end_as_waiting(tmp_path: Path) -> None:
    reporter = Silent()
    outcome = run_toy(tmp_path, toy_document(methods=[SETS]), alseg_partitions, reporter=reporter)
    assert [what for _, what in outcome.waiting] == ["round 1 waits for people: 0 of 16 questions answered"]
    assert reporter.states == ["waiting"]
    attempt = json.loads((run_folder(tmp_path, "m") / "attempts" / "0.json").read_text())
    assert attempt["ended"] == "waiting"
