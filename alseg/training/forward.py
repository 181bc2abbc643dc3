"""How a recipe calls networks: logits at the images' own size, and features beside them."""

from __future__ import annotations

from typing import Any

import torch

from alseg.contracts import BACKBONE_FEATURES, Size
from alseg.errors import AlsegError
from alseg.guard.calls import name_of
from alseg.inference.predict import resize_logits


class NetworkCalls:
    """Fulfils `alseg.contracts.Forward`.

    Args:
        model: The network that is trained, wrapped for device and precision.
        module: The network itself, for messages.
    """

    def __init__(self, model: Any, module: torch.nn.Module) -> None:
        self._model, self._module = model, module

    def __call__(self, images: torch.Tensor, network: torch.nn.Module | None = None, /) -> torch.Tensor:
        """Return float32 logits of the images' size."""
        return resize_logits(self._chosen(network)(images), _size_of(images))

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
        logits, maps = both(images) if both else (chosen(images), getattr(chosen, name)(images))
        return resize_logits(logits, _size_of(images)), maps.float()

    def _chosen(self, network: torch.nn.Module | None) -> Any:
        return self._model if network is None else network


def _size_of(images: torch.Tensor) -> Size:
    return images.shape[-2], images.shape[-1]
