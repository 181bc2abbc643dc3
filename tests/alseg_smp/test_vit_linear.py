"""A linear classifier on the tokens of a vision transformer, on random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from alseg.contracts import ModelSpec
from alseg.errors import AlsegError
from alseg.testing import check_model
from alseg_smp import register_models
from alseg_smp.build import build_vit_linear
from alseg_smp.vit import VitLinear

(SPEC,) = (spec for spec in register_models() if spec.name == "vit-linear")


def tiny(**options: Any) -> VitLinear:
    return build_vit_linear(**{"num_classes": 5, "encoder": "test_vit", "weights": "none", **options})


def refusal(**options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        tiny(**options)
    return str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"frozen_encoder": False, "head": "linear"},
        {"layers": 4, "dropout": 0.1},
        {"encoder": "test_convnext"},
    ],
)
def test_every_kind_keeps_the_contract(options: dict[str, Any]) -> None:
    spec: ModelSpec = SPEC
    check_model(spec, size=(65, 97), **{"encoder": "test_vit", "weights": "none", **options})


def test_there_is_one_token_for_each_patch() -> None:
    model = tiny(layers=2).eval()
    images = torch.zeros(1, 3, 64, 96)
    logits, features = model.logits_and_features(images)
    # Patches of 16 pixels, two blocks of 64 channels.
    assert logits.shape == (1, 5, 4, 6)
    assert features.shape == (1, 128, 4, 6)


def test_dinov2_takes_sides_that_are_no_multiples_of_14() -> None:
    model = build_vit_linear(num_classes=5, weights="none").eval()
    # 64 x 128 is padded to 70 x 140: 5 x 10 patches, the last of each half on the image and more.
    assert model(torch.zeros(1, 3, 64, 128)).shape == (1, 5, 64, 128)
    assert model.features(torch.zeros(1, 3, 64, 128)).shape == (1, 384, 5, 9)
    assert model.features(torch.zeros(1, 3, 70, 140)).shape == (1, 384, 5, 10)


def test_a_frozen_encoder_is_not_trained_and_gives_no_gradients() -> None:
    model = tiny().train()
    assert model.backbone_parameters() == []
    assert not model.encoder.training and model.head.training
    tokens = model.features(torch.randn(2, 3, 32, 32))
    assert not tokens.requires_grad
    trained = tiny(frozen_encoder=False).train()
    assert trained.encoder.training
    assert len(trained.backbone_parameters()) == len(list(trained.encoder.parameters()))


def test_weights_come_from_a_file_of_the_encoder_or_of_the_whole(tmp_path: Path) -> None:
    torch.manual_seed(1)
    given = tiny()
    classifier = {"head.weight": torch.zeros(1000, 64), "head.bias": torch.zeros(1000)}
    whole, encoder = tmp_path / "whole.pt", tmp_path / "encoder.pt"
    torch.save(given.state_dict(), whole)
    torch.save(given.encoder.state_dict() | classifier, encoder)
    for path in (whole, encoder):
        torch.manual_seed(2)
        found = tiny(weights=str(path))
        for name, tensor in given.encoder.state_dict().items():
            assert torch.equal(found.encoder.state_dict()[name], tensor)
        assert torch.equal(found.head[2].weight, given.head[2].weight) == (path == whole)


def test_a_file_of_dinov2s_authors_is_translated(tmp_path: Path) -> None:
    name = "vit_small_patch14_dinov2"
    torch.manual_seed(1)
    given = tiny(encoder=name).encoder.state_dict()
    path = tmp_path / "dinov2_vits14_pretrain.pth"
    torch.save(given | {"mask_token": torch.zeros(1, 384)}, path)
    torch.manual_seed(2)
    found = tiny(encoder=name, weights=str(path)).encoder.state_dict()
    assert all(torch.equal(found[key], given[key]) for key in given)


def test_weights_of_another_encoder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"conv.weight": torch.zeros(3)}, path)
    assert refusal(weights=str(path)).startswith(f"The weights in {path} do not fit encoder 'test_vit'. ")


def test_weights_that_cannot_be_downloaded_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from alseg_smp import vit_weights

    def no_connection(found: object, *, pretrained: bool) -> Any:
        if pretrained:
            raise OSError("no route to host.")
        return made(found, pretrained=False)

    made = vit_weights._made
    monkeypatch.setattr(vit_weights, "_made", no_connection)
    assert refusal(weights="pretrained") == (
        "timm could not download the weights of encoder 'test_vit': no route to host. Check the connection, "
        "or use a file or 'weights: none'."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 7}, "layers is 7, but this encoder has 6. Use fewer."),
        (
            {"encoder": "test_convnext", "layers": 2},
            "The maps of the last 2 blocks of this encoder differ in size. Use 'layers: 1', or a plain "
            "vision transformer.",
        ),
        ({"encoder": "vit_large_patch99"}, "Unknown encoder 'vit_large_patch99'. Nearest: "),
        ({"weights": "imagenet"}, "Unknown weights 'imagenet'. Available: none, pretrained, or a file ("),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    assert refusal(**options).startswith(message)
