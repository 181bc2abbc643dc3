"""How recipes call networks."""

from __future__ import annotations

import pytest
import torch

from alseg import AlsegError
from alseg.config.sections import Settings
from alseg.guard.calls import name
from alseg.training.device import make_fabric, set_up
from alseg.training.forward import NetworkCalls
from toys import TinyNet

IMAGES = torch.randn((2, 3, 12, 24), generator=torch.Generator().manual_seed(0))


class Backed(TinyNet):
    """A network whose backbone features come before the rectifier; counts passes of the backbone."""

    passes = 0

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone_features(images).relu()

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        maps: torch.Tensor = self.body(images)
        return maps


class AtOnce(Backed):
    def logits_and_backbone_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.backbone_features(images)
        return self.head(maps.relu()), maps


def calls_of(network: TinyNet, precision: str = "32-true") -> NetworkCalls:
    settings = Settings.model_validate({"device": "cpu", "precision": precision})
    return NetworkCalls(set_up(make_fabric(settings), network), network)


def test_features_come_with_the_logits_of_a_call_and_both_have_gradients() -> None:
    torch.manual_seed(1)
    network = Backed(3)
    calls = calls_of(network)
    logits, features = calls.with_features(IMAGES)
    assert torch.equal(logits, calls(IMAGES)) and logits.shape == (2, 3, 12, 24)
    assert torch.equal(features, network.features(IMAGES)) and features.shape == (2, 8, 6, 12)
    features.sum().backward()
    assert network.body.weight.grad is not None


def test_backbone_features_take_one_pass_where_the_network_can() -> None:
    for kind, passes in ((Backed, 2), (AtOnce, 1)):
        torch.manual_seed(1)
        network = kind(3)
        logits, features = calls_of(network).with_features(IMAGES, backbone=True)
        assert network.passes == passes
        assert features.min() < 0
        assert torch.equal(logits, calls_of(network)(IMAGES))


def test_features_of_another_network_are_its_own() -> None:
    network, other = Backed(3), Backed(3)
    logits, features = calls_of(network).with_features(IMAGES, other, backbone=True)
    assert torch.equal(features, other.body(IMAGES))
    assert torch.equal(logits, calls_of(other)(IMAGES))


def test_features_are_computed_in_the_runs_precision_and_come_as_float32() -> None:
    torch.manual_seed(1)
    network = AtOnce(3)
    _, exact = calls_of(network).with_features(IMAGES, backbone=True)
    _, rounded = calls_of(network, "bf16-mixed").with_features(IMAGES, backbone=True)
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)


def test_a_network_without_the_features_is_named() -> None:
    network = name(TinyNet(3), "model 'tiny' of plugin toys")
    with pytest.raises(AlsegError) as raised:
        calls_of(network).with_features(IMAGES, backbone=True)
    assert str(raised.value) == (
        "model 'tiny' of plugin toys has no backbone_features, which the recipe asks for. Choose another "
        "network, or set up the recipe so that it needs none."
    )
