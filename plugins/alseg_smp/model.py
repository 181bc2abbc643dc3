"""A network of segmentation-models-pytorch as the loop wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import segmentation_models_pytorch as smp
import torch
from torch.nn import functional as F

from alseg import AlsegError
from alseg_smp.encoders import Triple
from alseg_smp.network import side_multiple

_REFUSALS = {
    "more than 1 value per channel": (
        "in training a batch norm would see one value per channel. Use a batch size of at least 2, "
        "or FPN or Unet, which have no global pooling."
    ),
    "Output size is too small": "its pyramid would have less than one pixel. Use larger images.",
}
"""What torch says, and what it means for the user."""


class SmpModel(torch.nn.Module):
    """Fulfils `alseg.contracts.SegmentationModel` with any network of segmentation-models-pytorch.

    Images of any size are taken: where the encoder wants sides that are multiples of its stride, the image's
    last row and column are repeated, and the logits cut back.

    Args:
        network: The network; its state is this module's, under ``network.``.
        mean: RGB mean of the input normalisation, in units of 0-1.
        std: RGB standard deviation, likewise.
        frozen_norms: Batch norms of the network that keep their running statistics in training.
    """

    def __init__(
        self,
        network: smp.base.SegmentationModel,
        *,
        mean: Triple,
        std: Triple,
        frozen_norms: Sequence[torch.nn.Module] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.mean = mean
        self.std = std
        self._frozen_norms = list(frozen_norms)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images to logits.

        Args:
            images: float ``(B, 3, H, W)``.

        Returns:
            float ``(B, C, h, w)``; of the decoder's own size, or of the images' where they had to be padded.

        Raises:
            AlsegError: If a batch norm sees one value per channel only, in training.
        """
        return self._classify(images, self._decode(self._pad(images)))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the decoder's last feature map, from which the logits are computed.

        Args:
            images: float ``(B, 3, H, W)``, normalised.

        Returns:
            float ``(B, D, h, w)``; padding is cut off to the nearest whole feature.
        """
        return self._cut(images, self._decode(self._pad(images)))

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `features` give, from one pass."""
        decoded = self._decode(self._pad(images))
        return self._classify(images, decoded), self._cut(images, decoded)

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the encoder's parameters that are trained."""
        return [parameter for parameter in self.network.encoder.parameters() if parameter.requires_grad]

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the parameters of decoder and classifier."""
        encoder = {id(parameter) for parameter in self.network.encoder.parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in encoder]

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; frozen batch norms stay in evaluation."""
        super().train(mode)
        for norm in self._frozen_norms:
            norm.eval()
        return self

    def _pad(self, images: torch.Tensor) -> torch.Tensor:
        height, width = self._padded_size(images)
        bottom, right = height - images.shape[-2], width - images.shape[-1]
        return F.pad(images, (0, right, 0, bottom), mode="replicate") if bottom or right else images

    def _classify(self, images: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
        """Return the logits of decoded images, without what padding added."""
        height, width = images.shape[-2:]
        logits: torch.Tensor = self.network.segmentation_head(decoded)
        padded_size = self._padded_size(images)
        if padded_size == (height, width):
            return logits
        resized = F.interpolate(logits, size=padded_size, mode="bilinear", align_corners=True)
        return resized[..., :height, :width]

    def _cut(self, images: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
        """Return the decoder's map without what padding added."""
        height, width = (
            max(1, round(side / padded_side * decoded_side))
            for side, padded_side, decoded_side in zip(
                images.shape[-2:], self._padded_size(images), decoded.shape[-2:], strict=True
            )
        )
        return decoded[..., :height, :width]

    def _padded_size(self, images: torch.Tensor) -> tuple[int, int]:
        multiple = side_multiple(self.network)
        height, width = (side + -side % multiple for side in images.shape[-2:])
        return height, width

    def _decode(self, images: torch.Tensor) -> torch.Tensor:
        """Run encoder and decoder; images of which torch refuses number or size are a user's mistake."""
        try:
            encoded: Any = self.network.encoder(images)
            parts = encoded if isinstance(encoded, tuple) else (encoded,)
            decoded: torch.Tensor = self.network.decoder(*parts)
        except (ValueError, RuntimeError) as error:
            reason = next((reason for sign, reason in _REFUSALS.items() if sign in str(error)), None)
            if reason is None:
                raise
            name = type(self.network).__name__
            shape = f"{len(images)} x {images.shape[-2]} x {images.shape[-1]} (number, height, width)"
            raise AlsegError(f"{name} cannot take images of {shape}: {reason}") from error
        return decoded
