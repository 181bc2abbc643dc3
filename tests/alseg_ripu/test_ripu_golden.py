"""Numbers of the authors' released code; skipped where the golden files are absent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import alseg_ripu
from alseg.toolkit.optim import poly_factor
from alseg.toolkit.selection import greedy_select

GOLDEN = Path(__file__).parents[2] / "../shared/golden"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden files are not here")


def golden(name: str) -> dict[str, Any]:
    with np.load(GOLDEN / f"{name}.npz") as archive:
        return dict(archive)


def block(mask: torch.Tensor, picks: torch.Tensor, radius: int, value: bool) -> None:
    for y, x in picks.tolist():
        mask[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1] = value


def check_rounds(
    arrays: dict[str, Any], spacing: int, reach: int, count: int, pixel: bool, unit: float
) -> None:
    """Go through three rounds and compare scores, picks in order, what is blocked and what is bought.

    Scores may differ by 2e-5 of the largest: the released code adds 1e-6 inside logarithms, which moves them
    by up to 1.7e-5 of it.
    """
    size = arrays["ground_truth"].shape
    available, bought = torch.ones(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
    for number in range(3):
        logits = torch.from_numpy(arrays[f"logits_{number}"]).float()
        scores = (alseg_ripu.pixel_scores if pixel else alseg_ripu.region_scores)(logits, int(arrays["k"]))
        uncertainty = arrays[f"{'entropy' if pixel else 'uncertainty'}_{number}"]
        for ours, theirs, power in (
            (scores.impurity, arrays[f"impurity_{number}"], 1),
            (scores.uncertainty, uncertainty, 1),
            (scores.score, arrays[f"score_{number}"], 2),
        ):
            scaled = torch.from_numpy(theirs * unit**power)
            torch.testing.assert_close(ours, scaled, rtol=0, atol=2e-5 * float(scaled.max()))
        picks = greedy_select(scores.score, count, spacing, available)
        assert picks.tolist() == arrays[f"picks_{number}"].tolist()
        block(available, picks, spacing, False)
        block(bought, picks, reach, True)
    # In the files, True means that a pixel can no longer be selected.
    assert np.array_equal(~available.numpy(), arrays["active"])
    assert np.array_equal(bought.numpy(), arrays["selected"])
    assert np.array_equal(np.where(bought.numpy(), arrays["ground_truth"], 255), arrays["label"])


@pytest.mark.parametrize("number", range(4))
def test_regions_are_picked_as_by_the_released_code(number: int) -> None:
    arrays = golden(f"ra_{number}")
    k = int(arrays["k"])
    count = int(arrays["regions_per_round"])
    check_rounds(arrays, spacing=2 * k, reach=k, count=count, pixel=False, unit=math.log(19))


@pytest.mark.parametrize("number", range(2))
def test_pixels_are_picked_as_by_the_released_code(number: int) -> None:
    arrays = golden(f"pa_{number}")
    count = int(arrays["pixels_per_round"])
    check_rounds(arrays, spacing=int(arrays["k"]), reach=0, count=count, pixel=True, unit=1.0)


@pytest.mark.parametrize("name", ["ce", "negative", "consistency_l1", "consistency_kl"])
def test_losses_and_gradients_are_those_of_the_released_code(name: str) -> None:
    arrays = golden("losses")
    logits = torch.from_numpy(arrays["logits"]).requires_grad_()
    labels = torch.from_numpy(arrays["label"])
    losses = {
        "ce": lambda: functional.cross_entropy(logits, labels, ignore_index=255),
        "negative": lambda: alseg_ripu.negative_learning_loss(logits, 0.05),
        "consistency_l1": lambda: alseg_ripu.local_consistency_loss(logits, labels, "l1"),
        "consistency_kl": lambda: alseg_ripu.local_consistency_loss(logits, labels, "kl"),
    }
    loss = losses[name]()
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == pytest.approx(float(arrays[name]), rel=1e-5)
    theirs = torch.from_numpy(arrays[f"{name}_grad"])
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, theirs, rtol=1e-5, atol=1e-5 * float(theirs.abs().max()))


def test_learning_rates_are_those_of_the_released_code_to_the_last_bit() -> None:
    arrays = golden("poly_lr")
    rates = [2.5e-4 * poly_factor(int(iteration), 62500, 0.9) for iteration in arrays["iters"]]
    assert rates == arrays["lr"].tolist()
