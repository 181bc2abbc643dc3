from __future__ import annotations

import math

import pytest
import torch
from alseg.contracts import AcquisitionSpec
from alseg.testing import check_acquisition, check_spec, observations_of, parts_of_pool, view_of

from alseg_newname import register_acquisitions
from alseg_newname.acquisition import NewnameAcquisition


@pytest.mark.parametrize("spec", register_acquisitions(), ids=lambda spec: spec.name)
def test_the_acquisition_keeps_its_contract(spec: AcquisitionSpec) -> None:
    check_spec(spec)
    check_acquisition(spec)


def test_it_observes_a_row_for_each_region() -> None:
    probs = torch.tensor([[[0.5, 1.0, 0.0]], [[0.5, 0.0, 1.0]]])
    regions = torch.tensor([[0, 0, 1]], dtype=torch.int32)
    observed = NewnameAcquisition().observe(view_of(probs, regions=regions, unit="region"))
    # Region 0 has a pixel of log 2 and one of 0; its mean probabilities are 0.75 and 0.25.
    torch.testing.assert_close(observed["doubt"], torch.tensor([math.log(2) / 2, 0.0]))
    assert observed["class"].tolist() == [0, 1]


def test_regions_of_rare_classes_come_first_and_bought_ones_never() -> None:
    observed = [
        {"doubt": torch.tensor([0.9, 0.8]), "class": torch.tensor([0, 0])},
        {"doubt": torch.tensor([0.5, 0.4]), "class": torch.tensor([0, 1])},
    ]
    pool = parts_of_pool([[10, 10], [10, 10]], count=2, bought=[1])
    ranked = NewnameAcquisition(power=1.0).rank(observations_of(observed), pool)
    # Class 0 has 3 of 4 regions, class 1 has 1: 0.9, 0.5 and 0.4 become 1.2, 0.67 and 1.6.
    assert ranked.tolist() == [3, 0, 2]
