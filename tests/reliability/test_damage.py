"""A file of an unfinished run is damaged: it is named, and the run ends in the bytes it would have had."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from alseg.errors import AlsegError
from alseg.system.signals import Interrupted
from alseg.training import checkpoint
from killing import result_bytes
from toys import Silent, run_folder, run_toy, toy_document

DOCUMENT: dict[str, Any] = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]


class StopInThirdTraining(Silent):
    def advance(self, detail: str = "") -> None:
        if self.phases.count("train") == 3:
            raise Interrupted


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run_toy(folder, DOCUMENT).done == 1
    return folder


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that was stopped after its second purchase."""
    folder = tmp_path_factory.mktemp("begun")
    assert run_toy(folder, DOCUMENT, reporter=StopInThirdTraining()).signal is not None
    return folder


def copy_of(folder: Path, to: Path) -> Path:
    """Copy a run; returns the copy's run folder."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    return run_folder(to, "entropy")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[_middle_of_data(path)] ^= 4
    path.write_bytes(content)


def _middle_of_data(path: Path) -> int:
    """Return a place in what the file is for: an archive's own fields hold dates and the like, too."""
    if path.suffix != ".npz":
        return path.stat().st_size // 2
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda member: member.compress_size)
    return largest.header_offset + 30 + len(largest.filename) + 20 + largest.compress_size // 2


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip_a_bit, cut_short, empty])
@pytest.mark.parametrize(
    ("name", "consequence"),
    [
        ("checkpoint.pt", "Training starts over; bought labels are kept."),
        ("rounds/00/confusion.npz", "Round 0 is evaluated again."),
        ("rounds/01/metrics.json", "Its numbers are computed again."),
        ("rounds/01/ledger.npy", "The labels of round 1 are bought again, and the rounds after it."),
        ("rounds/02/ledger.json", "The labels of round 2 are bought again, and the rounds after it."),
    ],
)
def test_a_damaged_file_is_named_and_made_again(
    tmp_path: Path, undisturbed: Path, begun: Path, damage: Any, name: str, consequence: str
) -> None:
    run = copy_of(begun, tmp_path)
    damage(run / name)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert name in reporter.notes[0]
    assert reporter.notes[0].endswith(consequence)
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


@pytest.mark.parametrize("name", ["checkpoint.pt", "confusion.npz"])
def test_damaged_shared_training_is_done_again(
    tmp_path: Path, undisturbed: Path, begun: Path, name: str
) -> None:
    run = copy_of(begun, tmp_path)
    shutil.rmtree(run)
    (shared,) = (tmp_path / "results" / "toy" / "shared").iterdir()
    flip_a_bit(shared / name)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert f"{shared / name}" in reporter.notes[0]
    assert reporter.notes[0].endswith("Source training is done again.")
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


@pytest.mark.parametrize("name", ["status.json", "attempts/0.json"])
def test_a_damaged_note_about_the_run_costs_nothing(
    tmp_path: Path, undisturbed: Path, begun: Path, name: str
) -> None:
    run = copy_of(begun, tmp_path)
    cut_short(run / name)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert reporter.phases == ["train", "evaluate", "examples"]
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_a_finished_run_without_its_status_is_not_trained_again(tmp_path: Path, undisturbed: Path) -> None:
    run = copy_of(undisturbed, tmp_path)
    empty(run / "status.json")
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=reporter).done == 1
    assert reporter.phases == []
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_a_damaged_round_of_a_finished_run_is_made_again(tmp_path: Path, undisturbed: Path) -> None:
    run = copy_of(undisturbed, tmp_path)
    flip_a_bit(run / "rounds" / "01" / "metrics.json")
    assert run_toy(tmp_path, DOCUMENT).done == 1
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_what_was_damaged_is_kept(tmp_path: Path, begun: Path) -> None:
    run = copy_of(begun, tmp_path)
    flip_a_bit(run / "rounds" / "01" / "ledger.npy")
    run_toy(tmp_path, DOCUMENT)
    assert sorted(path.name for path in (run / "damaged").iterdir()) == ["rounds-01-1", "rounds-02-1"]


def test_every_changed_weight_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    model = torch.nn.Linear(2, 2)
    checkpoint.save(path, iteration=3, model=model, optimizer=None)
    weight = model.weight.detach().numpy().tobytes()
    content = path.read_bytes()
    # One bit of the last byte of the weights: sign and exponent of a float32.
    place = content.index(weight) + len(weight) - 1
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(AlsegError) as raised:
        checkpoint.load(path, model=model, optimizer=None)
    assert str(raised.value) == f"Checkpoint {path} is damaged: its checksum does not fit its content."
