"""A network of segmentation-models-pytorch as the loop wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import segmentation_models_pytorch as smp
import torch

from alseg import AlsegError
from alseg_smp.encoders import Triple
from alseg_smp.network import side_multiple
from alseg_smp.padding import cut_features, cut_logits, pad

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
        frozen: Parts of the network that stay in evaluation in training, such as batch norms that keep their
            running statistics, or a whole encoder.
        dropout: Share of the channels of the decoder's last map that are dropped in training, 0-1.
        pretrained: Whether the encoder begins with weights trained elsewhere.
    """

    def __init__(
        self,
        network: smp.base.SegmentationModel,
        *,
        mean: Triple,
        std: Triple,
        frozen: Sequence[torch.nn.Module] = (),
        dropout: float = 0.0,
        pretrained: bool = True,
    ) -> None:
        super().__init__()
        self.network = network
        self.pretrained = pretrained
        self.mean = mean
        self.std = std
        self._frozen = list(frozen)
        self._dropout = torch.nn.Dropout2d(dropout) if dropout else torch.nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images to logits.

        Args:
            images: float ``(B, 3, H, W)``.

        Returns:
            float ``(B, C, h, w)``; of the decoder's own size, or of the images' where they had to be padded.

        Raises:
            AlsegError: If a batch norm sees one value per channel only, in training.
        """
        return self._classify(images, self._decoded(self._pad(images)))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the decoder's last feature map, from which the logits are computed.

        Args:
            images: float ``(B, 3, H, W)``, normalised.

        Returns:
            float ``(B, D, h, w)``; padding is cut off to the nearest whole feature.
        """
        return self._cut(images, self._decoded(self._pad(images)))

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `features` give, from one pass."""
        decoded = self._decoded(self._pad(images))
        return self._classify(images, decoded), self._cut(images, decoded)

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the encoder's last feature map.

        Args:
            images: float ``(B, 3, H, W)``, normalised.

        Returns:
            float ``(B, D, h, w)``; padding is cut off to the nearest whole feature.
        """
        return self._cut(images, self._encoded(self._pad(images))[0][-1])

    def logits_and_backbone_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `backbone_features` give, from one pass."""
        padded = self._pad(images)
        encoded = self._encoded(padded)
        decoded = self._decoded(padded, encoded)
        return self._classify(images, decoded), self._cut(images, encoded[0][-1])

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the encoder's parameters that are trained."""
        return [parameter for parameter in self.network.encoder.parameters() if parameter.requires_grad]

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the parameters of decoder and classifier."""
        encoder = {id(parameter) for parameter in self.network.encoder.parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in encoder]

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; frozen parts stay in evaluation."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def _pad(self, images: torch.Tensor) -> torch.Tensor:
        return pad(images, side_multiple(self.network))

    def _classify(self, images: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
        """Return the logits of decoded images, without what padding added."""
        logits = self.network.segmentation_head(self._dropout(decoded))
        return cut_logits(logits, images, side_multiple(self.network))

    def _cut(self, images: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return a map of features without what padding added."""
        return cut_features(features, images, side_multiple(self.network))

    def _encoded(self, images: torch.Tensor) -> tuple[Any, ...]:
        """Return what the decoder takes: the encoder's maps of padded images, and of some encoders tokens."""
        with self._refusing(images):
            encoded: Any = self.network.encoder(images)
        return encoded if isinstance(encoded, tuple) else (encoded,)

    def _decoded(self, images: torch.Tensor, encoded: tuple[Any, ...] | None = None) -> torch.Tensor:
        """Return the decoder's map of padded images, from what they are encoded to if that is known."""
        parts = self._encoded(images) if encoded is None else encoded
        with self._refusing(images):
            decoded: torch.Tensor = self.network.decoder(*parts)
        return decoded

    @contextmanager
    def _refusing(self, images: torch.Tensor) -> Iterator[None]:
        """Name images of which torch refuses number or size: they are a user's mistake."""
        try:
            yield
        except (ValueError, RuntimeError) as error:
            reason = next((reason for sign, reason in _REFUSALS.items() if sign in str(error)), None)
            if reason is None:
                raise
            name = type(self.network).__name__
            shape = f"{len(images)} x {images.shape[-2]} x {images.shape[-1]} (number, height, width)"
            raise AlsegError(f"{name} cannot take images of {shape}: {reason}") from error
