from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from alseg.contracts import ModelSpec
from alseg.testing import check_model
from toys import TinyNet


def spec(build: Callable[..., object]) -> ModelSpec:
    return ModelSpec(
        name="mine",
        summary="A network.",
        source="a paper",
        build=build,
        provides=("logits", "probs", "features"),
    )


class Unnormalised(TinyNet):
    mean = 0.5  # type: ignore[assignment]


class Untrained(TinyNet):
    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        return []


class Twice(TinyNet):
    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.parameters())


class Flat(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images).amax(1)


class Undecided(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images) * torch.nan


class Random(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = super().forward(images)
        return logits + torch.rand(logits.shape)


class Spoiling(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images.mul_(2))


class BatchWise(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images - images.mean())


class Forgetful(TinyNet):
    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes)
        self.shift = torch.rand(())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images) + self.shift


class Featureless(TinyNet):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images).mean((2, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(images))


class Detached(TinyNet):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images).detach().requires_grad_()


def unseeded(num_classes: int) -> TinyNet:
    network = TinyNet(num_classes)
    torch.nn.init.normal_(next(network.parameters()), generator=torch.Generator().manual_seed(unseeded.calls))
    unseeded.calls += 1  # type: ignore[attr-defined]
    return network


unseeded.calls = 0  # type: ignore[attr-defined]


def test_a_network_that_keeps_the_contract_passes() -> None:
    check_model(spec(TinyNet), num_classes=3, size=(12, 20))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda num_classes: "a network", "build must return a torch.nn.Module, got str"),
        (Unnormalised, "mean must be a tuple of three numbers, for RGB, got 0.5"),
        (Untrained, "neither backbone_parameters nor head_parameters has "),
        (Twice, "parameter head.weight is in a group twice, or in both"),
        (Flat, "logits must have shape (2, 3, h, w), got (2, "),
        (Undecided, "logits are not finite"),
        (Random, "the same images give other logits in evaluation"),
        (Spoiling, "it changes its input"),
        (BatchWise, "in evaluation an image alone has other logits than in a batch, by up to "),
        (
            Forgetful,
            "a network with the same state gives other logits; keep all they depend on in the state",
        ),
        (Featureless, "features must have shape (2, D, h, w), got (2, "),
        (Detached, "backbone_parameters: a training step gives none of them a gradient"),
        (unseeded, "a second network from the same seed has other initial weights ("),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_network_that_breaks_the_contract_fails(build: Callable[..., object], message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_model(spec(build), num_classes=3, size=(12, 20))
    assert str(caught.value).startswith(f"'mine': {message}")
