from __future__ import annotations

import pytest
import torch
from alseg.contracts import ModelSpec
from alseg.testing import check_model, check_spec

from alseg_newname import build_newname, register_models


@pytest.mark.parametrize("spec", register_models(), ids=lambda spec: spec.name)
def test_the_network_keeps_its_contract(spec: ModelSpec) -> None:
    check_spec(spec)
    check_model(spec)


def test_logits_have_an_eighth_of_the_resolution() -> None:
    model = build_newname(num_classes=5, width=4)
    logits, features = model.logits_and_features(torch.zeros(2, 3, 33, 64))
    # 33 rows are 17, 9 and 5 after the convolutions; features have 4 * 4 channels.
    assert logits.shape == (2, 5, 5, 8)
    assert features.shape == (2, 16, 5, 8)
