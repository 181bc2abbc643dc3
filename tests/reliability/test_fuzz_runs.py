"""Run folders damaged at random: `alseg run` makes good what it can, names what it cannot, and never guesses.

With ``ALSEG_NIGHTLY`` in the environment there are 40 examples, with ``ALSEG_FUZZ_EXAMPLES=300`` so many.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from alseg.cli import main
from alseg.errors import AlsegError
from alseg.files import read_json
from alseg.launch.status import experiment_state
from alseg.storage.lock_kind import LOCKING_NAME
from alseg.storage.reader import load_results
from alseg.storage.records import RoundResult
from alseg.system.signals import Interrupted
from alseg.training.checkpoint import digest
from toys import Silent, run_toy, toy_document, toy_registry

EXAMPLES = int(os.environ.get("ALSEG_FUZZ_EXAMPLES", "40" if os.environ.get("ALSEG_NIGHTLY") else "12"))

METHODS: list[Any] = toy_document()["methods"]  # type: ignore[assignment]
DOCUMENT: dict[str, Any] = toy_document(
    methods=[*METHODS[:2], {**METHODS[1], "label": "Margin", "acquisition": "margin"}],
    settings={"device": "cpu", "checkpoint_minutes": 1e-9},
)


STOPS = {"training": 17, "asking": 33, "asked": 45, "buying": 57, "last": 90}
"""Moments at which an experiment is stopped, and how many steps it has done."""


class StopAt(Silent):
    """Stops at the n-th step of all phases."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._left = step

    def advance(self, detail: str = "") -> None:
        self._left -= 1
        if self._left == 0:
            raise Interrupted


@dataclass(frozen=True)
class Bases:
    """Experiments to be damaged, and what they must come to.

    Attributes:
        folders: Finished, and stopped at different moments.
        outcome: See `outcome_of`.
        rounds: Run and round to what `alseg compare` reads.
    """

    folders: dict[str, Path]
    outcome: dict[str, Any]
    rounds: dict[tuple[str, int], RoundResult]

    def __repr__(self) -> str:
        """Return a short text: hypothesis prints it for every failing example."""
        return "Bases()"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    with pytest.MonkeyPatch.context() as patched:
        for module in ("alseg.registry.loading", "alseg.launch.wanted"):
            patched.setattr(f"{module}.load_registry", toy_registry)
        folders = {"finished": tmp_path_factory.mktemp("finished")}
        assert run_toy(folders["finished"], DOCUMENT).done == 3
        # 29 steps of the first run; then those of the two that buy, 39 and 33: 6 images asked about, which
        # the first does for both, 3 kept for people, 2 of training, 6 images evaluated, and so on.
        for name, step in STOPS.items():
            folders[name] = tmp_path_factory.mktemp(name)
            assert run_toy(folders[name], DOCUMENT, reporter=StopAt(step)).signal is not None
        results = load_results([folders["finished"] / "results" / "toy"])
        rounds = {(run.name, result.round): result for run in results.runs for result in run.rounds}
        yield Bases(folders, outcome_of(folders["finished"]), rounds)


def outcome_of(folder: Path) -> dict[str, Any]:
    """Return the content of all files that must not depend on what a run went through."""
    read = {
        "metrics.json": read_json,
        "ledger.json": read_json,
        "ledger.npy": Path.read_bytes,
        "confusion.npz": _counts,
        # A changed bit in the padding of the zip format is no other weight.
        "weights.pt": lambda path: digest(torch.load(path, weights_only=True)),
    }
    root = folder / "results" / "toy" / "runs"
    return {
        str(path.relative_to(root)): read[path.name](path)
        for path in sorted(root.rglob("*"))
        if path.name in read and "damaged" not in path.relative_to(root).parts
    }


def _counts(path: Path) -> tuple[list[str], bytes]:
    with np.load(path, allow_pickle=False) as content:
        return content["image_ids"].tolist(), content["counts"].tobytes()


@st.composite
def damages(draw: st.DrawFn) -> tuple[int, str, float, int]:
    """Return which file, what is done to it, where (a share of its length) and which bit."""
    kind = draw(st.sampled_from(["cut", "empty", "delete", "flip"]))
    share = draw(st.floats(0, 1, exclude_max=True)) if kind in ("cut", "flip") else 0.0
    return draw(st.integers(0, 10_000)), kind, share, draw(st.integers(0, 7)) if kind == "flip" else 0


def damage(folder: Path, which: int, kind: str, share: float, bit: int) -> Path:
    """Damage one file of an experiment."""
    # A lock of unknown kind is no guess: tests/storage/test_lock.py.
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCKING_NAME)
    path = files[which % len(files)]
    content = bytearray(path.read_bytes())
    place = int(share * len(content))
    note(f"{kind} {path.relative_to(folder)} at {place} bit {bit}")
    if kind == "delete":
        path.unlink()
        return path
    if kind == "flip" and content:
        content[place] ^= 1 << bit
    path.write_bytes(content if kind == "flip" else content[:place])
    return path


def refuse_wrong_numbers(folder: Path, bases: Bases) -> None:
    """Read an experiment as compare and status do: what they show must be what came out undisturbed."""
    try:
        results = load_results([folder])
    except AlsegError:
        return
    for run in results.runs:
        assert [each.round for each in run.rounds] == list(range(len(run.rounds)))
        assert all(each == bases.rounds[run.name, each.round] for each in run.rounds)
        assert run.state != "done" or len(run.rounds) == run.planned_rounds == 3
    for state in experiment_state(folder).runs:
        assert state.state != "to do" or not list(folder.glob(f"runs/{state.name}/rounds/*/metrics.json"))
        assert all(each.miou == bases.rounds[state.name, each.round].miou for each in state.rounds)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["finished", *STOPS]),
    changes=st.lists(damages(), min_size=1, max_size=4),
)
def test_alseg_run_makes_damaged_files_again_or_names_them(
    tmp_path_factory: pytest.TempPathFactory,
    bases: Bases,
    name: str,
    changes: list[tuple[int, str, float, int]],
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bases.folders[name] / "results", folder / "results")
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    toy = folder / "results" / "toy"
    paths = [damage(toy, *change) for change in changes]
    refuse_wrong_numbers(toy, bases)
    command = ["run", str(file), "--results", str(folder / "results")]
    result = CliRunner().invoke(main, command)
    note(result.output)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    if result.exit_code != 0:
        assert any(str(path) in result.output for path in paths)
        refuse_wrong_numbers(toy, bases)
        result = CliRunner().invoke(main, [*command, "--accept-drift"])
        note(result.output)
    assert result.exit_code == 0
    assert outcome_of(folder) == bases.outcome
    results = load_results([toy])
    assert (len(results.runs), results.damaged) == (3, ())
    assert {run.state for run in results.runs} == {"done"}
    refuse_wrong_numbers(toy, bases)
