"""How a recipe calls networks: logits at the images' own size, and features beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from alseg.contracts import BACKBONE_FEATURES, Size
from alseg.errors import AlsegError
from alseg.guard.calls import name_of
from alseg.inference.predict import resize_logits
from alseg.system.ranks import ALONE, Ranks
from alseg.training.row_calls import RowCalls


class NetworkCalls:
    """Fulfils `alseg.contracts.Forward`.

    Over several ranks each computes its own rows of the images, see `alseg.training.row_calls`.

    Args:
        model: The network that is trained, wrapped for device and precision.
        module: The network itself, for messages.
        ranks: The processes that make the same calls together.
        precision: Of the run, as in settings.
    """

    def __init__(
        self, model: Any, module: torch.nn.Module, ranks: Ranks = ALONE, precision: str = "32-true"
    ) -> None:
        self._model, self._module = model, module
        self._by_rows = RowCalls(ranks, module, precision) if ranks.size > 1 else None

    def __call__(self, images: torch.Tensor, network: torch.nn.Module | None = None, /) -> torch.Tensor:
        """Return float32 logits of the images' size."""
        chosen = self._chosen(network)
        return resize_logits(self._computed(chosen, chosen, images), _size_of(images))

    def with_features(
        self, images: torch.Tensor, network: torch.nn.Module | None = None, /, *, backbone: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return float32 logits of the images' size, and float32 features of any size.

        Raises:
            AlsegError: If the network has no such features.
        """
        chosen, name = self._chosen(network), BACKBONE_FEATURES if backbone else "features"
        if not hasattr(chosen, name):
            raise AlsegError(
                f"{name_of(self._module)} has no {name}, which the recipe asks for. Choose another network, "
                "or set up the recipe so that it needs none."
            )
        both = getattr(chosen, f"logits_and_{name}", None)
        if both:
            logits, maps = self._computed(chosen, both, images)
        else:
            calls = chosen, getattr(chosen, name)
            logits, maps = (self._computed(chosen, call, images) for call in calls)
        return resize_logits(logits, _size_of(images)), maps.float()

    def _computed(self, network: Any, call: Callable[[torch.Tensor], Any], images: torch.Tensor) -> Any:
        return call(images) if self._by_rows is None else self._by_rows(network, call, images)

    def _chosen(self, network: torch.nn.Module | None) -> Any:
        return self._model if network is None else network


def _size_of(images: torch.Tensor) -> Size:
    return images.shape[-2], images.shape[-1]
