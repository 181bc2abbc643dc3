from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.contracts import AnnotationModeSpec, Answers, Picks
from alseg.registry.loading import load_registry
from alseg.testing import check_annotation_mode
from alseg_baselines.modes import Window

MODES = load_registry().annotation_modes


@pytest.mark.parametrize("radius", [0, 1, 9])
def test_windows_of_any_size_keep_the_contract(radius: int) -> None:
    check_annotation_mode(MODES["region"].spec, radius=radius)


@dataclass(frozen=True)
class Free(Window):
    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        return np.zeros(answers.count, np.int64)


@dataclass(frozen=True)
class Dear(Window):
    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        return np.full(answers.count, 100)


@dataclass(frozen=True)
class Greedy(Window):
    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        return super().propose(score, asked, pixel_limit + 9)


@dataclass(frozen=True)
class Understated(Window):
    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        picks = super().propose(score, asked, pixel_limit)
        return replace(picks, pixels=np.ones_like(picks.pixels))


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (Free, "'faulty', 48 x 80 pixels, at most 1280 a round: an answer costs less than one click"),
        (Dear, "at most 1280 a round: an answer costs 100 clicks, but most_clicks says 5"),
        (Greedy, "'faulty', 48 x 80 pixels, at most 1 a round: picks reveal 9 pixels"),
        (Understated, "at most 1280 a round: picks bill "),
        (object, "'faulty' lacks a method of alseg.contracts.AnnotationMode"),
    ],
)
def test_what_is_wrong_is_said(mode: Any, problem: str) -> None:
    def build() -> Any:
        return mode() if mode is object else mode(radius=1, spacing=2)

    spec = AnnotationModeSpec(name="faulty", summary="Test.", source="Test.", build=build)
    with pytest.raises(AssertionError) as caught:
        check_annotation_mode(spec)
    assert problem in str(caught.value)
