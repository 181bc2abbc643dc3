"""A linear classifier of the patch tokens of a vision transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch

from alseg import AlsegError
from alseg_smp.encoders import Triple
from alseg_smp.padding import cut_features, cut_logits, pad


class VitLinear(torch.nn.Module):
    """Fulfils `alseg.contracts.SegmentationModel` with an encoder of timm that gives maps of its tokens.

    Images of any size are taken: where sides are no multiples of the patch, the last row and column are
    repeated, and the logits cut back. The encoder interpolates its position embeddings.

    Args:
        encoder: A network of timm with ``forward_intermediates``; its state is under ``encoder.``.
        num_classes: Channels of the logits.
        mean: RGB mean of the input normalisation, in units of 0-1.
        std: RGB standard deviation, likewise.
        layers: Last blocks of the encoder whose tokens are concatenated, at least 1.
        normalised: Whether a batch norm comes before the linear layer.
        dropout: Share of the tokens' channels that are dropped in training, 0-1.
        frozen: Whether the encoder is not trained and stays in evaluation.
        pretrained: Whether the encoder begins with weights trained elsewhere.

    Raises:
        AlsegError: If the encoder has fewer blocks, or their maps differ in size.
    """

    def __init__(
        self,
        encoder: Any,
        num_classes: int,
        *,
        mean: Triple,
        std: Triple,
        layers: int = 1,
        normalised: bool = True,
        dropout: float = 0.0,
        frozen: bool = True,
        pretrained: bool = True,
    ) -> None:
        super().__init__()
        last = _last_blocks(encoder, layers)
        channels = sum(int(block["num_chs"]) for block in last)
        self.encoder = encoder
        classifier = torch.nn.Conv2d(channels, num_classes, 1)
        torch.nn.init.normal_(classifier.weight, std=0.01)
        if classifier.bias is not None:  # as torch's types have it
            torch.nn.init.zeros_(classifier.bias)
        self.head = torch.nn.Sequential(
            torch.nn.BatchNorm2d(channels) if normalised else torch.nn.Identity(),
            torch.nn.Dropout2d(dropout) if dropout else torch.nn.Identity(),
            classifier,
        )
        self.mean, self.std, self.pretrained = mean, std, pretrained
        self._patch, self._layers, self._frozen = int(last[0]["reduction"]), layers, frozen
        if frozen:
            encoder.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images to logits.

        Args:
            images: float ``(B, 3, H, W)``.

        Returns:
            float ``(B, C, h, w)``, one for each patch, or of the images' size where they had to be padded.
        """
        return self._classify(images, self._tokens(images))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the patch tokens, from which the logits are computed.

        Args:
            images: float ``(B, 3, H, W)``, normalised.

        Returns:
            float ``(B, D, h, w)``; padding is cut off to the nearest whole patch.
        """
        return cut_features(self._tokens(images), images, self._patch)

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `features` give, from one pass."""
        tokens = self._tokens(images)
        return self._classify(images, tokens), cut_features(tokens, images, self._patch)

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what `features` does: the logits are computed from the encoder's tokens."""
        return self.features(images)

    def logits_and_backbone_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `backbone_features` give, from one pass."""
        return self.logits_and_features(images)

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the encoder's parameters that are trained; none where it is frozen."""
        return [parameter for parameter in self.encoder.parameters() if parameter.requires_grad]

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the classifier's parameters."""
        return list(self.head.parameters())

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; a frozen encoder stays in evaluation."""
        super().train(mode)
        if self._frozen:
            self.encoder.eval()
        return self

    def _tokens(self, images: torch.Tensor) -> torch.Tensor:
        """Return the patch tokens of padded images, float ``(B, D, h, w)``."""
        padded = pad(images, self._patch)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self._frozen):
            maps = self.encoder.forward_intermediates(
                padded, indices=self._layers, norm=True, intermediates_only=True, output_fmt="NCHW"
            )
        return torch.cat(list(maps), dim=1)

    def _classify(self, images: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        return cut_logits(self.head(tokens), images, self._patch)


def _last_blocks(encoder: Any, layers: int) -> Sequence[dict[str, Any]]:
    """Return what timm says of the last blocks of an encoder: their channels and reductions."""
    blocks = [dict(block) for block in encoder.feature_info]
    if layers > len(blocks):
        raise AlsegError(f"layers is {layers}, but this encoder has {len(blocks)}. Use fewer.")
    last = blocks[-layers:]
    if len({block["reduction"] for block in last}) > 1:
        raise AlsegError(
            f"The maps of the last {layers} blocks of this encoder differ in size. Use 'layers: 1', or a "
            "plain vision transformer."
        )
    return last
