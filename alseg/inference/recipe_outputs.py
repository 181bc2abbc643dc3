"""Named outputs that a recipe gives acquisitions, besides those of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from alseg.contracts import OutputRecipe
from alseg.guard.answers import checked_logits, refused


@dataclass(frozen=True, kw_only=True)
class RecipeOutputs:
    """Further outputs of a recipe with its modules.

    Attributes:
        recipe: Gives them.
        modules: Of the recipe, wrapped for device and precision.
        names: Those that are wanted.
    """

    recipe: OutputRecipe
    modules: Mapping[str, torch.nn.Module]
    names: tuple[str, ...]

    def prepare(self) -> None:
        """Put the modules into evaluation mode."""
        for module in self.modules.values():
            module.eval()

    def of(self, model: Any, images: torch.Tensor, logits: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the outputs for a batch, float32 ``(B, D, h, w)`` each.

        Args:
            model: The network, in evaluation mode, possibly wrapped.
            images: Normalised float ``(B, 3, H, W)``.
            logits: What the network says of them, float ``(B, C, h, w)``.

        Raises:
            AnswerError: If the recipe returns something else.
        """
        given = self.recipe.outputs(model, self.modules, images, logits)
        for name in self.names:
            if not isinstance(given, Mapping) or name not in given:
                raise refused(self.recipe, "outputs", f"a mapping with '{name}'", given)
        return {
            name: checked_logits(self.recipe, given[name], images, f"output '{name}'").float()
            for name in self.names
        }
