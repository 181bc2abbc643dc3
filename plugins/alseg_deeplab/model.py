"""DeepLab on a dilated ResNet, and where its weights come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torchvision
from torch import nn

from alseg import AlsegError
from alseg.toolkit.weights import find_state_dict, load_exactly, read_checkpoint, weights_path
from alseg_deeplab.heads import Head, frozen_norm

_PARTS = ("feature_extractor", "classifier")
_NAMED_WEIGHTS = ("imagenet", "none")


class DeepLab(nn.Module):
    """Fulfils `alseg.contracts.SegmentationModel`; its state has the names of the RIPU authors' checkpoints.

    Args:
        backbone: ``resnet50`` or ``resnet101``.
        head: The classifier.

    Attributes:
        pretrained: Whether the backbone has been given weights trained elsewhere.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, released code: strides of stages 3 and 4 replaced by
        dilation, all batch norms frozen with eps 0.
    """

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)

    def __init__(self, backbone: str, head: Head) -> None:
        super().__init__()
        self.feature_extractor = FeatureExtractor(backbone)
        self.classifier = head
        self.pretrained = False

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images, float ``(B, 3, H, W)``, to logits, float ``(B, C, h, w)``."""
        return self.classifier.classify(self.features(images))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images, float ``(B, 3, H, W)``, to what the head computes logits from."""
        shortcut, deep = self.feature_extractor(images)
        return self.classifier.features(shortcut, deep)

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `features` give, from one pass."""
        features = self.features(images)
        return self.classifier.classify(features), features

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the last stage of the ResNet, float ``(B, 2048, h, w)``, of normalised images."""
        deep: torch.Tensor = self.feature_extractor(images)[1]
        return deep

    def logits_and_backbone_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what `forward` and `backbone_features` give, from one pass."""
        shortcut, deep = self.feature_extractor(images)
        return self.classifier.classify(self.classifier.features(shortcut, deep)), deep

    def backbone_parameters(self) -> Sequence[nn.Parameter]:
        """Return the ResNet's parameters; its batch norms have none."""
        return list(self.feature_extractor.parameters())

    def head_parameters(self) -> Sequence[nn.Parameter]:
        """Return the classifier's parameters."""
        return list(self.classifier.parameters())


class FeatureExtractor(nn.Module):
    """A ResNet of torchvision, dilated from stage 3 on, without its classifier.

    Args:
        name: ``resnet50`` or ``resnet101``.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.backbone = torchvision.models.get_model(
            name, weights=None, norm_layer=frozen_norm, replace_stride_with_dilation=[False, True, True]
        )
        self.backbone.avgpool = nn.Identity()
        self.backbone.fc = nn.Identity()
        self._balance_residuals()

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map images, float ``(B, 3, H, W)``, to the first and last stage, at strides 4 and 8."""
        stem = self.backbone.relu(self.backbone.bn1(self.backbone.conv1(images)))
        shortcut = self.backbone.layer1(self.backbone.maxpool(stem))
        deep = self.backbone.layer4(self.backbone.layer3(self.backbone.layer2(shortcut)))
        return shortcut, deep

    def _balance_residuals(self) -> None:
        """Scale residual branches for a start from random weights.

        A frozen norm normalises nothing before statistics are loaded, and the variance would double in each
        of up to 33 blocks. With branches scaled by one over the square root of their number it grows by e.
        """
        stages = (self.backbone.layer1, self.backbone.layer2, self.backbone.layer3, self.backbone.layer4)
        blocks = [block for stage in stages for block in stage]
        for block in blocks:
            block.bn3.weight.fill_(1 / math.sqrt(len(blocks)))


def make(head: Head, backbone: str, weights: str) -> DeepLab:
    """Make a network and fill it with the weights that a ``weights`` parameter names.

    Args:
        head: The classifier.
        backbone: ``resnet50`` or ``resnet101``.
        weights: ``imagenet``, ``none`` or a file.

    Raises:
        AlsegError: If weights are missing, not reachable, damaged or of another network.
    """
    model = DeepLab(backbone, head)
    model.pretrained = weights != "none"
    if weights == "imagenet":
        state, origin = _imagenet(backbone)
        _fill_backbone(model, backbone, state, origin)
    elif weights != "none":
        _load_file(model, backbone, weights_path(weights, _NAMED_WEIGHTS))
    return model


def _imagenet(backbone: str) -> tuple[Mapping[str, torch.Tensor], Path]:
    """Download the first version of torchvision's weights, which the paper starts from."""
    weights = torchvision.models.get_model_weights(backbone).IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=False, check_hash=True), Path(weights.url)
    except Exception as error:  # a broken download raises from OSError to RuntimeError
        name = Path(weights.url).name
        raise AlsegError(
            f"torchvision could not download {weights.url}: {error}. Put {name} into "
            f"{Path(torch.hub.get_dir()) / 'checkpoints'}, name a file in 'weights', or use 'weights: none'."
        ) from error


def _load_file(model: DeepLab, backbone: str, path: Path) -> None:
    """Load a checkpoint of the RIPU authors, a whole network or a ResNet."""
    content = read_checkpoint(path)
    parts = {part: content[part] for part in _PARTS if isinstance(content.get(part), Mapping)}
    if parts:
        state = {
            f"{part}.{name}": tensor
            for part, own in parts.items()
            for name, tensor in find_state_dict(own, path).items()
        }
    else:
        state = find_state_dict(content, path)
    if any(name.startswith(_PARTS) for name in state):
        load_exactly(model, state, path, what=f"{model.classifier.name} on {backbone}")
    else:
        _fill_backbone(model, backbone, state, path)


def _fill_backbone(model: DeepLab, backbone: str, state: Mapping[str, torch.Tensor], origin: Path) -> None:
    """Fill the ResNet from a classifier of torchvision, whose last layer is left out."""
    kept = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
    load_exactly(model.feature_extractor.backbone, kept, origin, what=backbone)
