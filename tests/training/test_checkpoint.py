from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

import toys
from alseg.training import checkpoint
from toys import run_folder, run_toy


def _scaling(scale: float, steps: int) -> MixedPrecision:
    """Return a precision whose scaler has a scale and has counted some steps without overflow."""
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    scaler.load_state_dict({**scaler.state_dict(), "_growth_tracker": steps})
    return MixedPrecision("16-mixed", "cpu", scaler)


def test_the_scaler_of_half_precision_goes_on_where_it_was(tmp_path: Path) -> None:
    model, path = torch.nn.Linear(2, 2), tmp_path / "checkpoint.pt"
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    checkpoint.save(path, iteration=3, model=model, optimizer=optimizer, scaler=_scaling(512.0, 7))
    fresh = _scaling(65536.0, 0)
    assert checkpoint.load(path, model=model, optimizer=optimizer, scaler=fresh) == 3
    state = fresh.state_dict()
    assert (state["scale"], state["_growth_tracker"]) == (512.0, 7)


def test_a_precision_without_a_scaler_leaves_no_trace(tmp_path: Path) -> None:
    model, path = torch.nn.Linear(2, 2), tmp_path / "checkpoint.pt"
    checkpoint.save(
        path, iteration=3, model=model, optimizer=None, scaler=Fabric(accelerator="cpu").strategy.precision
    )
    assert set(torch.load(path, weights_only=True)) == {"format", "iteration", "model", "sha256"}


def test_runs_of_one_process_do_not_hand_on_their_scaler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precision = _scaling(2.0, 7)
    monkeypatch.setattr(toys, "make_fabric", lambda settings: Fabric(accelerator="cpu", plugins=[precision]))
    assert run_toy(tmp_path).failed == []
    # Every run starts with the scale that torch starts with, whatever the last one came to; the toy's losses
    # never overflow, and a run of 8 steps is too short for the scale to grow.
    shared = next((tmp_path / "results" / "toy" / "shared").glob("*/checkpoint.pt"))
    kept = torch.load(shared, weights_only=True)["scaler"]
    assert (kept["scale"], kept["_growth_tracker"]) == (65536.0, 2)
    assert (precision.state_dict()["scale"], precision.state_dict()["_growth_tracker"]) == (65536.0, 8)
    assert (run_folder(tmp_path, "entropy") / "weights.pt").exists()
