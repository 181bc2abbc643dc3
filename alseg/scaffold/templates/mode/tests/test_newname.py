from __future__ import annotations

import numpy as np
import pytest
import torch
from alseg.contracts import AnnotationModeSpec
from alseg.testing import check_annotation_mode, check_spec

from alseg_newname import register_annotation_modes
from alseg_newname.mode import NewnameMode

NOTHING = np.zeros((0, 2), np.int32)


@pytest.mark.parametrize("spec", register_annotation_modes(), ids=lambda spec: spec.name)
def test_the_annotation_mode_keeps_its_contract(spec: AnnotationModeSpec) -> None:
    check_spec(spec)
    check_annotation_mode(spec)
    check_annotation_mode(spec, side=1)


def test_the_square_of_the_highest_mean_comes_first() -> None:
    score = torch.tensor([[1.0, 1.0, 5.0, 0.0, 4.0], [1.0, 1.0, 0.0, 0.0, 4.0]])
    picks = NewnameMode(side=2).propose(score, NOTHING, pixel_limit=6)
    # The means are 1, 1.25 and 4. The last square is cut at the border to 2 pixels.
    assert picks.positions.tolist() == [[0, 4], [0, 2]]
    assert picks.scores.tolist() == [4.0, 1.25]
    assert picks.pixels.tolist() == [2, 4]


def test_what_was_asked_is_not_asked_again() -> None:
    asked = np.array([[0, 2]], np.int32)
    picks = NewnameMode(side=2).propose(torch.ones(2, 4), asked, pixel_limit=8)
    assert picks.positions.tolist() == [[0, 0]]


def test_a_question_reveals_its_square() -> None:
    footprint = NewnameMode(side=2).footprint(np.array([[0, 2], [0, 0]], np.int32), (2, 5))
    assert footprint.tolist() == [[1, 1, 0, 0, -1]] * 2
