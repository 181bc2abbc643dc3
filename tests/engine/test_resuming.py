"""Runs that are stopped go on to the same bytes."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

import pytest
import torch

from alseg.errors import AlsegError
from alseg.system.signals import StopRequest
from alseg.training import checkpoint
from stopping import StopAfter
from toys import Silent, round_bytes, run_folder, run_toy, toy_document


@pytest.mark.parametrize(
    ("phase", "occurrence", "steps"),
    [
        ("train", 1, 1),
        ("evaluate", 1, 3),
        ("acquire", 1, 2),
        ("train", 2, 1),
        ("evaluate", 2, 1),
        ("acquire", 2, 6),
    ],
)
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, phase: str, occurrence: int, steps: int
) -> None:
    methods = [toy_document()["methods"][1]]  # type: ignore[index]
    document = toy_document(methods=methods)
    run_toy(tmp_path / "through", document)
    reporter = StopAfter(phase, occurrence, steps)
    assert run_toy(tmp_path / "stopped", document, reporter=reporter).signal is not None
    assert reporter.states == ["interrupted"]
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second


class _CountsSteps(Silent):
    """Counts training steps."""

    steps = 0

    def advance(self, detail: str = "") -> None:
        self.steps += self.phases[-1] == "train"


@pytest.mark.parametrize("number", range(1, 13))
def test_a_signal_that_comes_just_before_it_is_looked_for_loses_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls, original = itertools.count(1), StopRequest.check

    def check(request: StopRequest) -> None:
        if next(calls) == number:
            request.signal = signal.SIGTERM
        original(request)

    monkeypatch.setattr(StopRequest, "check", check)
    reporter = _CountsSteps()
    methods = [toy_document()["methods"][1]]  # type: ignore[index]
    assert run_toy(tmp_path, toy_document(methods=methods), reporter=reporter).signal == signal.SIGTERM
    path = run_folder(tmp_path, "entropy") / "checkpoint.pt"
    saved = torch.load(path, weights_only=True)["iteration"] if path.exists() else 0
    assert saved == reporter.steps


def test_a_damaged_checkpoint_costs_training_but_no_label(tmp_path: Path) -> None:
    document = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]
    run_toy(tmp_path / "through", document)
    run_toy(tmp_path / "stopped", document, reporter=StopAfter("evaluate", 2, 1))
    folder = run_folder(tmp_path / "stopped", "entropy")
    bought = (folder / "rounds" / "01" / "ledger.npy").read_bytes()
    (folder / "checkpoint.pt").write_bytes(b"half a file")
    reporter = Silent()
    run_toy(tmp_path / "stopped", document, reporter=reporter)
    assert (folder / "rounds" / "01" / "ledger.npy").read_bytes() == bought
    assert round_bytes(folder) == round_bytes(run_folder(tmp_path / "through", "entropy"))
    assert "is damaged" in reporter.notes[0]


def test_finished_runs_are_not_done_again(tmp_path: Path) -> None:
    run_toy(tmp_path)
    reporter = Silent()
    assert run_toy(tmp_path, reporter=reporter).done == 3
    assert reporter.phases == []


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, iteration=3, model=torch.nn.Linear(2, 2), optimizer=None)
    with pytest.raises(AlsegError) as caught:
        checkpoint.load(path, model=torch.nn.Linear(2, 3), optimizer=None)
    assert str(caught.value) == (
        f"Checkpoint {path} is of another model: size mismatch for weight: copying a param with shape "
        "torch.Size([2, 2]) from checkpoint, the shape in current model is torch.Size([3, 2])."
    )
