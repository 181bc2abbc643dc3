"""Runs that say that they are done: `alseg run` believes them where their files bear them out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from alseg.errors import AlsegError
from alseg.files import read_json, write_record
from alseg.launch.status import experiment_state
from alseg.storage.reader import load_results
from alseg.training import checkpoint
from killing import result_bytes
from toys import Silent, run_folder, run_toy, toy_document

DOCUMENT: dict[str, Any] = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]

REMEDY = (
    "Go on with what there is now with --accept-drift, or start them anew with --fresh, which keeps "
    "the old folders."
)
CHECKSUM = "its checksum does not fit its content."


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that is done and to which nothing happened."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run_toy(folder, DOCUMENT).done == 1
    return folder


@pytest.fixture
def run(tmp_path: Path, undisturbed: Path) -> Path:
    """Return the run folder of a copy in ``tmp_path``."""
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    return run_folder(tmp_path, "entropy")


def change(path: Path, **values: Any) -> None:
    """Rewrite a record with other values and the checksum that fits them."""
    write_record(path, {**read_json(path), **values})


def change_a_weight(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["model"]["head.bias"][0] += 1
    torch.save(content, path)


def change_a_row(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def change_a_number(path: Path) -> None:
    path.write_text(path.read_text().replace('"iteration": 4', '"iteration": 5'))


TRAINING = "Training starts over; bought labels are kept."
PAST = "{run}/weights.pt is of iteration 8, past what is there of the run. " + TRAINING


@pytest.mark.parametrize(
    ("name", "damage", "notes", "phases"),
    [
        (
            "weights.pt",
            change_a_weight,
            [f"Checkpoint {{path}} is damaged: {CHECKSUM} {TRAINING}"],
            ["train", "train"],
        ),
        (
            "weights.pt",
            Path.unlink,
            [f"{{run}}/checkpoint.pt is missing, and there are no final weights. {TRAINING}"],
            ["train", "train"],
        ),
        (
            "rounds/01/confusion.npz",
            Path.unlink,
            [
                "{path} is missing. Round 1 is evaluated again.",
                PAST,
            ],
            ["train", "evaluate", "train"],
        ),
        (
            "rounds/01/metrics.json",
            change_a_number,
            [f"{{path}} is damaged: {CHECKSUM} Its numbers are computed again."],
            [],
        ),
        ("rounds/02/metrics.json", Path.unlink, ["{path} is missing. Its numbers are computed again."], []),
        (
            "rounds/02/ledger.npy",
            change_a_row,
            [
                "{path} is damaged: its checksum differs from the one in ledger.json. "
                "The labels of round 2 are bought again, and the rounds after it.",
                PAST,
            ],
            ["train", "acquire", "train", "evaluate"],
        ),
        (
            "rounds/02/ledger.json",
            Path.unlink,
            ["{path} is missing. The labels of round 2 are bought again, and the rounds after it.", PAST],
            ["train", "acquire", "train", "evaluate"],
        ),
    ],
)
def test_what_a_run_has_lost_is_named_and_made_again(
    tmp_path: Path,
    undisturbed: Path,
    run: Path,
    name: str,
    damage: Callable[[Path], object],
    notes: list[str],
    phases: list[str],
) -> None:
    damage(run / name)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert reporter.notes == [f"  {text.format(path=run / name, run=run)}" for text in notes]
    assert [phase for phase in reporter.phases if phase != "examples"] == phases
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_a_number_that_the_counts_do_not_give_is_computed_again(
    tmp_path: Path, undisturbed: Path, run: Path
) -> None:
    path = run / "rounds" / "01" / "metrics.json"
    truth = read_json(path)["miou"]
    change(path, miou=99.0)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert reporter.notes == [
        f"  {path} is damaged: by the counts beside it, miou 99.0000 -> {truth:.4f}. "
        "Its numbers are computed again."
    ]
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_numbers_of_another_scorer_are_left_to_alseg_rescore(tmp_path: Path, run: Path) -> None:
    change(run / "run.json", scorer="0")
    change(run / "rounds" / "01" / "metrics.json", miou=99.0)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert (reporter.notes, reporter.phases) == ([], [])
    assert read_json(run / "rounds" / "01" / "metrics.json")["miou"] == 99.0


def test_a_sound_run_costs_one_reading_of_its_weights(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    opened = checkpoint.open_regular
    monkeypatch.setattr(
        checkpoint, "open_regular", lambda path, largest: read.append(path) or opened(path, largest)
    )
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert read == [run / "weights.pt"]
    assert (reporter.notes, reporter.phases) == ([], [])


@pytest.mark.parametrize(
    ("name", "consequence"),
    [
        ("attempts/0.json", "What that attempt ran on is not known any more."),
        ("rounds/01/timing.json", "How long round 1 took is not known any more."),
    ],
)
def test_a_damaged_record_is_set_aside_and_nothing_is_done_again(
    tmp_path: Path, undisturbed: Path, run: Path, name: str, consequence: str
) -> None:
    path = run / name
    path.write_text(path.read_text().replace("0", "1"))
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert reporter.notes == [f"  {path} is damaged: {CHECKSUM} {consequence}"]
    assert reporter.phases == []
    assert [each.name for each in (run / "damaged").iterdir()] == [f"{name.replace('/', '-')}-1"]
    assert load_results([tmp_path / "results" / "toy"]).damaged == ()
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_an_attempt_after_a_lost_one_takes_no_other_attempts_place(tmp_path: Path, run: Path) -> None:
    shutil.copy(run / "attempts" / "0.json", run / "attempts" / "1.json")
    second = (run / "attempts" / "1.json").read_bytes()
    (run / "attempts" / "0.json").write_text("")
    (run / "weights.pt").unlink()
    assert run_toy(tmp_path, DOCUMENT).done == 1
    assert sorted(path.name for path in (run / "attempts").iterdir()) == ["1.json", "2.json"]
    assert (run / "attempts" / "1.json").read_bytes() == second


def test_a_damaged_run_json_is_renewed_only_if_the_user_says_so(
    tmp_path: Path, undisturbed: Path, run: Path
) -> None:
    path = run / "run.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    reporter = Silent()
    with pytest.raises(AlsegError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=reporter)
    assert str(raised.value) == (
        "Not all is as it was when these runs were begun:\n"
        f"  {run.name}: {path} is damaged: {CHECKSUM} What it was begun with is not known\n{REMEDY}"
    )
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter, accept_drift=True).done == 1
    assert reporter.notes == [
        f"  {path} is damaged: {CHECKSUM} It is written anew. "
        "What the run was begun with is not known any more."
    ]
    assert reporter.phases == []
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_a_lost_round_is_not_made_again_with_something_else_unless_the_user_says_so(
    tmp_path: Path, undisturbed: Path, run: Path
) -> None:
    made_with = read_json(run / "run.json")["made_with"]
    change(run / "run.json", made_with={**made_with, "torch": "1.0"})
    weights = run / "weights.pt"
    weights.unlink()
    outcome = run_toy(tmp_path, DOCUMENT)
    assert outcome.failed == [
        (
            run.name,
            f"Checkpoint {weights} is missing. It is not made again, for not all is as it was: "
            f"torch was 1.0 and is {made_with['torch']}. {REMEDY}",
        )
    ]
    assert outcome.done == 0
    assert json.loads((run / "status.json").read_text())["state"] == "done"
    assert run_toy(tmp_path, DOCUMENT, accept_drift=True).done == 1
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_status_says_that_what_was_bought_is_not_what_was_written(tmp_path: Path, run: Path) -> None:
    path = run / "rounds" / "01" / "ledger.npy"
    change_a_row(path)
    (state,) = experiment_state(tmp_path / "results" / "toy").runs
    assert (state.state, state.why) == (
        "damaged",
        f"{path} is damaged: its checksum differs from the one in ledger.json.",
    )


@pytest.mark.parametrize(
    ("name", "damage", "problem"),
    [
        ("rounds/01/ledger.json", Path.unlink, "{path} is missing."),
        (
            "rounds/01/ledger.npy",
            lambda path: path.write_bytes(path.read_bytes()[:-1]),
            "{path} is damaged or does not fit ledger.json.",
        ),
        (
            "rounds/02/confusion.npz",
            cut_in_half,
            "{path} is damaged: File is not a zip file.",
        ),
        ("rounds/01/metrics.json", Path.unlink, "{path} is missing, but round 2 is there."),
    ],
)
def test_compare_and_status_say_that_a_run_is_damaged(
    tmp_path: Path, run: Path, name: str, damage: Callable[[Path], object], problem: str
) -> None:
    damage(run / name)
    message = problem.format(path=run / name)
    with pytest.raises(AlsegError) as raised:
        load_results([run])
    assert str(raised.value) == f"No run can be read:\n  {message}"
    (state,) = experiment_state(tmp_path / "results" / "toy").runs
    assert (state.state, state.why) == ("damaged", message)


def test_published_results_need_no_ledgers_and_no_weights(tmp_path: Path, run: Path) -> None:
    for path in [*run.rglob("ledger.*"), run / "weights.pt"]:
        path.unlink()
    results = load_results([run])
    assert (len(results.runs), results.damaged) == (1, ())


def test_the_time_of_a_round_whose_record_is_damaged_is_unknown(tmp_path: Path, run: Path) -> None:
    (run / "rounds" / "01" / "timing.json").write_text('{"train": "long"}')
    (state,) = experiment_state(tmp_path / "results" / "toy").runs
    assert [each.seconds is None for each in state.rounds] == [False, True, False]


def test_a_round_whose_time_is_unknown_makes_the_time_of_its_run_unknown(tmp_path: Path, run: Path) -> None:
    from alseg.report.provenance import phase_seconds

    (sound,) = load_results([run]).runs
    seconds = phase_seconds([sound])
    assert set(seconds) >= {"acquire", "train", "evaluate"}
    (run / "rounds" / "01" / "timing.json").write_text("{}}")
    assert phase_seconds([sound]) == {}
