from __future__ import annotations

import math

import pytest
import torch
from alseg.contracts import AcquisitionSpec
from alseg.testing import check_acquisition, check_spec, view_of

from alseg_newname import register_acquisitions
from alseg_newname.acquisition import NewnameAcquisition


@pytest.mark.parametrize("spec", register_acquisitions(), ids=lambda spec: spec.name)
def test_the_acquisition_keeps_its_contract(spec: AcquisitionSpec) -> None:
    check_spec(spec)
    check_acquisition(spec)


def test_of_equally_doubtful_pixels_the_rarer_class_comes_first() -> None:
    probs = torch.tensor([[[0.75, 0.75, 0.75, 0.25]], [[0.25, 0.25, 0.25, 0.75]]])
    score = NewnameAcquisition(power=1.0).score(view_of(probs))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    # Class 0 has 3 of 4 pixels, class 1 has 1.
    expected = torch.tensor([[entropy / 0.75] * 3 + [entropy / 0.25]])
    torch.testing.assert_close(score, expected)


def test_without_power_the_score_is_the_entropy() -> None:
    probs = torch.tensor([[[0.5, 1.0]], [[0.5, 0.0]]])
    score = NewnameAcquisition(power=0.0).score(view_of(probs))
    torch.testing.assert_close(score, torch.tensor([[math.log(2), 0.0]]))
