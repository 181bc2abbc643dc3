"""Networks of transformers as the loop wants them; a network of our own stands in for theirs."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from alseg.contracts import ModelSpec
from alseg.errors import AlsegError
from alseg.testing import check_model
from alseg_transformers import register_models
from alseg_transformers.build import build_transformers
from alseg_transformers.model import TransformersModel

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


class Network(torch.nn.Module):
    """Patches of 4 pixels, as tokens behind a class token or as a map, and a classifier."""

    def __init__(self, num_classes: int, tokens: bool = False, encoder: bool = True) -> None:
        super().__init__()
        self.config = SimpleNamespace(patch_size=4)
        self.encoder = torch.nn.Conv2d(3, 8, 4, stride=4)
        self.classifier = torch.nn.Conv2d(8, num_classes, 1)
        self._tokens, self._has_encoder = tokens, encoder

    @property
    def base_model(self) -> torch.nn.Module:
        return self.encoder if self._has_encoder else self

    def forward(self, pixel_values: torch.Tensor, output_hidden_states: bool = False) -> Any:
        hidden = self.encoder(pixel_values)
        logits = self.classifier(hidden)
        if self._tokens:
            rows = hidden.flatten(2).transpose(1, 2)
            hidden = torch.cat([rows.new_full((len(rows), 1, 8), 9.0), rows], dim=1)
        return SimpleNamespace(logits=logits, hidden_states=[hidden] if output_hidden_states else None)


def build_stand_in(*, num_classes: int, tokens: bool = False, frozen: bool = False) -> TransformersModel:
    return TransformersModel(Network(num_classes, tokens), mean=MEAN, std=STD, frozen=frozen)


SPEC = ModelSpec(
    name="stand-in",
    summary="A network.",
    source="alseg's tests",
    build=build_stand_in,
    provides=("logits", "probs", "features", "backbone_features"),
)


def test_listing_the_model_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import alseg_transformers, sys; alseg_transformers.register_models(); "
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    (spec,) = register_models()
    assert (spec.name, spec.provides) == (
        "transformers",
        ("logits", "probs", "features", "backbone_features"),
    )


@pytest.mark.parametrize("params", [{}, {"tokens": True}, {"frozen": True}])
def test_a_network_keeps_the_contract(params: dict[str, Any]) -> None:
    check_model(SPEC, **params)


def test_tokens_lie_on_their_grid_and_class_tokens_are_left_out() -> None:
    plain, tokens = build_stand_in(num_classes=3), build_stand_in(num_classes=3, tokens=True)
    tokens.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    assert tokens.features(images).shape == (2, 8, 2, 3)
    torch.testing.assert_close(tokens.features(images), plain.features(images))


def test_a_hidden_state_that_is_no_map_is_refused() -> None:
    model = build_stand_in(num_classes=3, tokens=True)
    model.network.config.patch_size = None
    with pytest.raises(AlsegError) as caught:
        model.features(torch.zeros(1, 3, 8, 12))
    assert str(caught.value) == (
        "Network gives no map of features: its last hidden state is (1, 7, 8). Use an acquisition that needs "
        "no features, or another network."
    )


def test_a_frozen_encoder_stays_in_evaluation_and_is_not_trained() -> None:
    model = build_stand_in(num_classes=3, frozen=True).train()
    assert model.backbone_parameters() == []
    assert len(model.head_parameters()) == 2  # weight and bias of the classifier
    assert not model.network.encoder.training and model.network.classifier.training


def test_a_network_without_an_encoder_cannot_freeze_it() -> None:
    with pytest.raises(AlsegError) as caught:
        TransformersModel(Network(3, encoder=False), mean=MEAN, std=STD, frozen=True)
    assert str(caught.value) == "Network has no encoder of its own to freeze. Leave frozen_encoder out."
    whole = TransformersModel(Network(3, encoder=False), mean=MEAN, std=STD)
    assert whole.backbone_parameters() == [] and len(whole.head_parameters()) == 4


def test_a_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(AlsegError) as caught:
        build_transformers(num_classes=3)
    assert str(caught.value) == (
        "Model 'transformers' needs a package that is not installed (import of transformers halted; None in "
        'sys.modules): pip install "alseg[transformers]"'
    )
