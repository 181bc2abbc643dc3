"""Everything that training changes: the network, the modules of a recipe, optimisers and the loss scale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric

from alseg.contracts import Recipe, SegmentationModel, SeveralOptimizers, StatefulRecipe
from alseg.guard.calls import guarded
from alseg.guard.recipe_answers import checked_modules, checked_optimizers
from alseg.seeding import derive
from alseg.system.ranks import Ranks
from alseg.training import checkpoint
from alseg.training.checkpoint import Scaler
from alseg.training.device import set_up

HALF_EPSILON = 1e-4
"""Least epsilon of an optimiser where weights are float16, which rounds the usual 1e-8 to 0."""


class TrainingState:
    """The parts of a training state, made once and then changed in place.

    Args:
        fabric: Device and precision.
        model: A `SegmentationModel`; moved to the device.
        recipe: Makes modules and optimisers.
        seed: The run's seed.
        channels_last: Whether images and weights lie in memory with channels last.
        compiled: Whether the network is compiled.

    Attributes:
        module: The network itself.
        model: The same, wrapped for device and precision.
        modules: The recipe's modules by name; empty for recipes without state.
        wrapped_modules: The same, wrapped.
        optimizers: By name; a recipe's only optimiser has the name of its checkpoint key.
        scaler: Scales losses in half precision.

    Raises:
        AnswerError: If the recipe returns something that its contract does not allow.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: torch.nn.Module,
        recipe: Recipe,
        seed: int,
        *,
        channels_last: bool = False,
        compiled: bool = False,
    ) -> None:
        self._fabric, self._recipe, self._seed = fabric, recipe, seed
        if channels_last:
            model = model.to(memory_format=torch.channels_last)
        self.module = model
        self.modules = self._fresh_modules()
        if channels_last:
            self.modules = {
                name: each.to(memory_format=torch.channels_last) for name, each in self.modules.items()
            }
        if compiled:
            model.compile()
        self.optimizers = self._make_optimizers()
        for group in self._groups:
            group.setdefault("initial_lr", group["lr"])
        self.scaler: Scaler = fabric.strategy.precision
        self._reset_scaler()  # runs of one process share it
        self.model, *self._stepping = set_up(fabric, model, *self.optimizers.values())
        self.wrapped_modules = {name: set_up(fabric, each) for name, each in self.modules.items()}
        for group in self._groups:
            if "eps" in group and any(parameter.dtype == torch.float16 for parameter in group["params"]):
                group["eps"] = max(group["eps"], HALF_EPSILON)

    def begin_anew(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Begin with other weights of the network, with modules as they are made beside them."""
        self.module.load_state_dict(weights)
        for name, fresh in self._fresh_modules().items():
            self.modules[name].load_state_dict(fresh.state_dict())
        self.forget_steps()

    def forget_steps(self) -> None:
        """Forget what optimisers know of the steps taken; weights stay."""
        for optimizer in self.optimizers.values():
            optimizer.state.clear()
        self._reset_scaler()

    def train_mode(self) -> None:
        """Put the network and the modules into training mode."""
        for module in (self.model, *self.wrapped_modules.values()):
            module.train()

    def set_rates(self, factor: float) -> None:
        """Set every learning rate to a factor of its initial one."""
        for group in self._groups:
            group["lr"] = group["initial_lr"] * factor

    def forget_gradients(self) -> None:
        """Forget the gradients of everything that is trained."""
        for optimizer in self._stepping:
            optimizer.zero_grad()

    def step(self) -> None:
        """Take one step with every optimiser."""
        scaler: Any = getattr(self.scaler, "scaler", None)
        if scaler is None or len(self._stepping) == 1:
            for optimizer in self._stepping:
                optimizer.step()
            return
        # Lightning updates the scale after every optimiser: the next one would divide by another scale than
        # its gradients were multiplied by.
        for own in self.optimizers.values():
            if any(parameter.grad is not None for group in own.param_groups for parameter in group["params"]):
                scaler.step(own)
        scaler.update()

    def save(self, path: Path, iteration: int) -> None:
        """Write all of the state.

        Raises:
            WriteError: If the file cannot be written.
        """
        only, several = self._by_key()
        checkpoint.save(
            path,
            iteration=iteration,
            model=self.module,
            optimizer=only,
            scaler=self.scaler,
            modules=self.modules,
            optimizers=several,
        )

    def load(self, path: Path) -> int:
        """Read all of the state; returns the iteration at which it was saved.

        Raises:
            DamageError: If the file is missing, damaged, or of another network or recipe; names it.
        """
        only, several = self._by_key()
        return checkpoint.load(
            path,
            model=self.module,
            optimizer=only,
            scaler=self.scaler,
            modules=self.modules,
            optimizers=several,
        )

    def follow_first(self, ranks: Ranks) -> None:
        """Take over the state of the first of the processes that do a run together.

        Raises:
            LostRank: If another one has ended.
        """
        if ranks.size == 1:
            return
        parts: list[Any] = [self.module, *self.modules.values(), *self.optimizers.values()]
        if self.scaler.state_dict():
            parts.append(self.scaler)
        content = ranks.from_first([_on_cpu(part.state_dict()) for part in parts] if ranks.is_first else [])
        if not ranks.is_first:
            for part, state in zip(parts, content, strict=True):
                part.load_state_dict(state)

    def digest(self) -> str:
        """Return the SHA-256 of the weights, those of the modules included, in hexadecimal."""
        own = self.module.state_dict()
        if not self.modules:
            return checkpoint.digest(own)
        return checkpoint.digest([own, {name: each.state_dict() for name, each in self.modules.items()}])

    def largest_size(self) -> int:
        """Return bytes that a checkpoint needs at most."""
        return sum(map(checkpoint.largest_size, (self.module, *self.modules.values())))

    @property
    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.optimizers.values() for group in optimizer.param_groups]

    def _by_key(self) -> tuple[torch.optim.Optimizer | None, Mapping[str, torch.optim.Optimizer]]:
        """Return the only optimiser, or those that a recipe has named."""
        if isinstance(self._recipe, SeveralOptimizers):
            return None, self.optimizers
        return self.optimizers["optimizer"], {}

    def _fresh_modules(self) -> dict[str, torch.nn.Module]:
        if not isinstance(self._recipe, StatefulRecipe):
            return {}
        torch.manual_seed(derive("modules-init", self._seed))
        with guarded(self._recipe, "modules"):
            made = self._recipe.modules(cast(SegmentationModel, self.module))
        return checked_modules(self._recipe, made, self.module)

    def _make_optimizers(self) -> dict[str, torch.optim.Optimizer]:
        model = cast(SegmentationModel, self.module)
        if isinstance(self._recipe, SeveralOptimizers):
            with guarded(self._recipe, "optimizers"):
                made = self._recipe.make_optimizers(model, self.modules)
            return checked_optimizers(self._recipe, made)
        with guarded(self._recipe, "optimizer"):
            return {"optimizer": self._recipe.make_optimizer(model)}

    def _reset_scaler(self) -> None:
        if self.scaler.state_dict():
            fresh = torch.amp.GradScaler(self._fabric.device.type)
            self.scaler.load_state_dict(fresh.state_dict())


def _on_cpu(content: Any) -> Any:
    """Return nested mappings and sequences with their tensors on the CPU."""
    if isinstance(content, torch.Tensor):
        return content.detach().cpu()
    if isinstance(content, Mapping):
        return {key: _on_cpu(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_on_cpu(value) for value in content]
    return content
