"""A network of transformers as the loop wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch

from alseg import AlsegError

Triple = tuple[float, float, float]


def encoder_of(network: Any) -> Any | None:
    """Return the part of a network of transformers that is pretrained; None where it has none of its own."""
    base = network.base_model
    return base if base is not network else getattr(network, "backbone", None)


class TransformersModel(torch.nn.Module):
    """Fulfils `alseg.contracts.SegmentationModel` with a network of transformers for semantic segmentation.

    Args:
        network: The network; its state is this module's, under ``network.``.
        mean: RGB mean of the input normalisation, in units of 0-1.
        std: RGB standard deviation, likewise.
        frozen: Whether the encoder is not trained and stays in evaluation.
        pretrained: Whether the encoder begins with weights trained elsewhere.

    Raises:
        AlsegError: If the encoder is to be frozen and the network has none of its own.
    """

    def __init__(
        self, network: Any, *, mean: Triple, std: Triple, frozen: bool = False, pretrained: bool = True
    ) -> None:
        super().__init__()
        self.network = network
        self.mean, self.std, self.pretrained = mean, std, pretrained
        encoder = encoder_of(network)
        if frozen:
            if encoder is None:
                raise AlsegError(
                    f"{type(network).__name__} has no encoder of its own to freeze. Leave frozen_encoder out."
                )
            encoder.requires_grad_(False)
        self._encoder, self._frozen = [encoder], frozen  # in a list, so that it is registered once

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images, float ``(B, 3, H, W)``, to logits, float ``(B, C, h, w)``."""
        logits: torch.Tensor = self.network(pixel_values=images).logits
        return logits

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the encoder's last hidden state.

        Args:
            images: float ``(B, 3, H, W)``, normalised.

        Returns:
            float ``(B, D, h, w)``; tokens lie on their grid of patches, class tokens are left out.

        Raises:
            AlsegError: If the hidden state is neither a map nor one token for each patch.
        """
        return self.logits_and_features(images)[1]

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `features` give, from one pass."""
        found = self.network(pixel_values=images, output_hidden_states=True)
        return found.logits, self._as_map(found.hidden_states[-1], images)

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what `features` does: the last hidden state is the encoder's."""
        return self.features(images)

    def logits_and_backbone_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `backbone_features` give, from one pass."""
        return self.logits_and_features(images)

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the encoder's parameters that are trained."""
        [encoder] = self._encoder
        return [] if encoder is None else [each for each in encoder.parameters() if each.requires_grad]

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return all other parameters."""
        [encoder] = self._encoder
        own = set() if encoder is None else {id(parameter) for parameter in encoder.parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in own]

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; a frozen encoder stays in evaluation."""
        super().train(mode)
        [encoder] = self._encoder
        if self._frozen and encoder is not None:
            encoder.eval()
        return self

    def _as_map(self, hidden: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        if hidden.ndim == 4:
            return hidden
        patch = getattr(self.network.config, "patch_size", None)
        if hidden.ndim == 3 and isinstance(patch, int):
            height, width = (side // patch for side in images.shape[-2:])
            if 0 < height * width <= hidden.shape[1]:
                tokens = hidden[:, hidden.shape[1] - height * width :]  # class and register tokens come first
                return tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)
        raise AlsegError(
            f"{type(self.network).__name__} gives no map of features: its last hidden state is "
            f"{tuple(hidden.shape)}. Use an acquisition that needs no features, or another network."
        )
