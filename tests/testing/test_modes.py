from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.contracts import AnnotationModeSpec, AnswerKind, Answers, Picks
from alseg.registry.loading import load_registry
from alseg.testing import check_annotation_mode
from alseg_baselines.modes import WholeImage, Window
from alseg_baselines.superpixel import Superpixel

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
class Small(Window):
    def question_pixels(self, size: Any) -> int:
        return 8


@dataclass(frozen=True)
class Understated(Window):
    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        picks = super().propose(score, asked, pixel_limit)
        return replace(picks, pixels=np.ones_like(picks.pixels))


@dataclass(frozen=True)
class Twice(WholeImage):
    """Asks about each half of an image, and is paid for one of them."""

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        if len(asked) or score.numel() > pixel_limit or score.numel() < 2:
            return Picks(np.zeros((0, 2), np.int32), np.zeros(0, np.float32), np.zeros(0, np.int64))
        pixels = np.array([score.numel() - 1, 1])
        return Picks(np.array([[0, 0], [0, 1]], np.int32), np.zeros(2, np.float32), pixels)

    def footprint(self, positions: NDArray[np.int32], size: Any) -> NDArray[np.int32]:
        footprint = super().footprint(positions, size)
        if len(positions):
            footprint.flat[1] = 1
        return footprint


@dataclass(frozen=True)
class Misnamed(Superpixel):
    """Names regions by their last pixels."""

    def propose(self, *given: Any, regions: NDArray[np.int32]) -> Picks:
        picks = super().propose(*given, regions=regions)
        ids = regions[picks.positions[:, 0], picks.positions[:, 1]]
        last = [np.argwhere(regions == region)[-1] for region in ids]
        return replace(picks, positions=np.array(last, np.int32).reshape(-1, 2))


@dataclass(frozen=True)
class Halves(Superpixel):
    """Reveals half of what it bills."""

    def footprint(self, *given: Any, regions: NDArray[np.int32]) -> NDArray[np.int32]:
        footprint = super().footprint(*given, regions=regions)
        footprint[::2] = -1
        return footprint


@pytest.mark.parametrize(
    ("mode", "unit", "problem"),
    [
        (
            lambda: Window(1, 2),
            "region",
            "'faulty': propose lacks the argument regions, which it gets as its unit is 'region'",
        ),
        (Superpixel, "part", "'faulty': propose wants regions, so its unit must be 'region', not 'part'"),
        (object, "region", "'faulty' lacks a method of alseg.contracts.RegionAnnotationMode"),
        (Misnamed, "region", "'faulty', 48 x 80 pixels, at most 1280 a round: a question is at pixel ("),
        (Halves, "region", "'faulty', 48 x 80 pixels, at most 1280 a round: picks bill "),
        (
            lambda: Twice(2.0),
            "image",
            "'faulty', 48 x 80 pixels, at most 3840 a round: it asks 2 questions about one image",
        ),
    ],
)
def test_what_is_wrong_with_questions_about_regions_or_images_is_said(
    mode: Any, unit: Any, problem: str
) -> None:
    def build() -> Any:
        return mode()

    spec = AnnotationModeSpec(name="faulty", summary="Test.", source="Test.", build=build, unit=unit)
    with pytest.raises(AssertionError) as caught:
        check_annotation_mode(spec)
    assert str(caught.value).startswith(problem)


@dataclass(frozen=True)
class ClicksOfPixels(Window):
    """Takes a click for each pixel, whatever is said."""

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        return np.bincount(answers.questions, minlength=answers.count)


def test_a_mode_is_checked_with_every_kind_of_answer() -> None:
    kinds: list[str] = []

    def build(answer: AnswerKind = "pixels") -> Any:
        kinds.append(answer)
        # 9 clicks for a window are more than most_clicks says of one with 4 classes and void.
        return (ClicksOfPixels if answer == "classes" else Window)(radius=1, spacing=2, answer=answer)

    spec = AnnotationModeSpec(name="faulty", summary="Test.", source="Test.", build=build)
    with pytest.raises(AssertionError) as caught:
        check_annotation_mode(spec)
    assert kinds == ["pixels", "dominant", "classes"]
    assert str(caught.value).startswith("'faulty' with the answer 'classes', 48 x 80 pixels, at most ")
    assert "clicks, but most_clicks says 5" in str(caught.value)
    check_annotation_mode(spec, answer="correction")
    assert kinds[-1] == "correction"


def test_an_answer_that_is_not_the_one_given_or_no_kind_is_found() -> None:
    def deaf(answer: AnswerKind = "pixels") -> Any:
        return Window(radius=1, spacing=2)

    def unknown() -> Any:
        return Window(radius=1, spacing=2, answer="guess")  # type: ignore[arg-type]

    for build, problem in (
        (deaf, "'faulty': built with the answer 'dominant', it has the answer 'pixels'"),
        (unknown, "'faulty': answer is 'guess', which is no kind of answer"),
    ):
        spec = AnnotationModeSpec(name="faulty", summary="Test.", source="Test.", build=build)
        with pytest.raises(AssertionError) as caught:
            check_annotation_mode(spec)
        assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (Free, "'faulty', 48 x 80 pixels, at most 1280 a round: an answer costs less than one click"),
        (Dear, "at most 1280 a round: an answer costs 100 clicks, but most_clicks says 5"),
        (Greedy, "'faulty', 48 x 80 pixels, at most 1 a round: picks reveal 9 pixels"),
        (Small, "at most 1280 a round: a question reveals 9 pixels, question_pixels says 8"),
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
