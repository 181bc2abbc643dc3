"""A network of two convolutions, and what a recipe makes beside it: for `alseg.testing.check_recipe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional as F

from alseg.contracts import SeveralOptimizers, Size, StatefulRecipe, TrainingBatch

CLASSES = 4
CLASS_NAMES = tuple(f"class {number}" for number in range(CLASSES))
LARGE: Size = (24, 32)

Modules = Mapping[str, torch.nn.Module]


class SmallNetwork(torch.nn.Module):
    """Two convolutions with fixed initial weights; fulfils `alseg.contracts.SegmentationModel`."""

    mean = (0.5, 0.5, 0.5)
    std = (0.25, 0.25, 0.25)

    def __init__(self) -> None:
        super().__init__()
        self.backbone = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.head = torch.nn.Conv2d(8, CLASSES, 1)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits of half the size."""
        logits: torch.Tensor = self.head(self.features(images))
        return logits

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the logits are computed from, float ``(B, 8, h, w)``."""
        maps: torch.Tensor = self.backbone(images).relu()
        return maps

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the same: there is nothing between backbone and head."""
        return self.features(images)

    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        """Return those of the first convolution."""
        return list(self.backbone.parameters())

    def head_parameters(self) -> list[torch.nn.Parameter]:
        """Return those of the second convolution."""
        return list(self.head.parameters())


class _Calls:
    """Fulfils `alseg.contracts.Forward`."""

    def __init__(self, network: SmallNetwork) -> None:
        self._network = network

    def __call__(self, images: torch.Tensor, network: torch.nn.Module | None = None, /) -> torch.Tensor:
        logits = (self._network if network is None else network)(images)
        return F.interpolate(logits, size=images.shape[-2:], mode="bilinear")

    def with_features(
        self, images: torch.Tensor, network: torch.nn.Module | None = None, /, *, backbone: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        chosen: Any = self._network if network is None else network
        return self(images, network), (chosen.backbone_features if backbone else chosen.features)(images)


def modules_of(where: str, recipe: Any, network: SmallNetwork) -> Modules:
    """Return the modules of a recipe, as torch's seed 0 makes them; none for recipes without state.

    Raises:
        AssertionError: If they are no modules, or have parameters of the network.
    """
    if not isinstance(recipe, StatefulRecipe):
        return {}
    torch.manual_seed(0)
    modules = recipe.modules(network)
    assert isinstance(modules, Mapping), (
        f"{where}: modules must return a mapping, got {type(modules).__name__}"
    )
    own = {id(parameter) for parameter in network.parameters()}
    for name, module in modules.items():
        assert isinstance(module, torch.nn.Module), f"{where}: '{name}' of modules is no torch.nn.Module"
        assert not any(id(parameter) in own for parameter in module.parameters()), (
            f"{where}: module '{name}' has parameters of the network; return a copy: copy.deepcopy(model)"
        )
    return modules


def optimizers_of(
    where: str, recipe: Any, network: SmallNetwork, modules: Modules
) -> Mapping[str, torch.optim.Optimizer]:
    """Return the optimisers of a recipe.

    Raises:
        AssertionError: If they are none, or two train one parameter.
    """
    if not isinstance(recipe, SeveralOptimizers):
        optimizer = recipe.make_optimizer(network)
        assert isinstance(optimizer, torch.optim.Optimizer), (
            f"{where}: make_optimizer must return a torch.optim.Optimizer, got {type(optimizer).__name__}"
        )
        return {"optimizer": optimizer}
    made = recipe.make_optimizers(network, modules)
    seen: set[int] = set()
    assert isinstance(made, Mapping) and made, f"{where}: make_optimizers must return a mapping of optimisers"
    for name, optimizer in made.items():
        assert isinstance(optimizer, torch.optim.Optimizer), (
            f"{where}: '{name}' of make_optimizers is no torch.optim.Optimizer"
        )
        trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        assert not trained & seen, f"{where}: optimiser '{name}' trains what another one trains"
        seen |= trained
    return made


def losses_of(
    recipe: Any, network: SmallNetwork, modules: Modules, batch: TrainingBatch
) -> Mapping[str, torch.Tensor]:
    """Return the losses of a batch; torch is seeded by its iteration."""
    torch.manual_seed(batch.iteration)
    more = (modules,) if isinstance(recipe, StatefulRecipe) else ()
    losses: Mapping[str, torch.Tensor] = recipe.losses(_Calls(network), batch, *more)
    return losses
