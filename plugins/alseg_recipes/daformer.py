"""DAFormer's self-training; importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from alseg.contracts import (
    ADDED_LATER,
    BACKBONE_FEATURES,
    Interval,
    Iterations,
    LearningRate,
    Need,
    Power,
    RecipeSpec,
    Share,
    SourceSampling,
    WarmUp,
    Weight,
    WeightDecay,
)
from alseg_recipes.mean_teacher import MeanTeacher

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alseg.contracts import Forward, SegmentationModel, TrainingBatch

_THINGS = (
    "traffic light",
    "traffic sign",
    "person",
    "rider",
    "car",
    "truck",
    "bus",
    "train",
    "motorcycle",
    "bicycle",
)
"""Classes of the released configuration whose features stay near to those of ImageNet."""


@dataclass(kw_only=True)
class DAFormer(MeanTeacher):
    """The mean teacher with rare-class sampling, warm-up, AdamW and a slower teacher.

    With a ``feature_distance`` above 0 there is one more loss, ``features``: how far the last features of the
    backbone, on source images, are from those of its pretrained weights. It is the mean Euclidean distance
    over cells of the feature map that one of the ``feature_classes`` fills. The network must be pretrained
    and provide backbone features.

    Attributes:
        mixing: The released code draws the classes of every mask from all labels of the batch.
        ignore_top: 15 of 512 rows, for what is stretched where Cityscapes' images were rectified.
        ignore_bottom: 120 of 512 rows, for the car's own bonnet. Set both to 0 for images without.
        feature_distance: Weight of the distance to features of the pretrained weights; the paper's is 0.005.
        feature_classes: Names of the classes on which it is measured; None for those of Cityscapes' things
            that the label space has.
        feature_share: Share of a cell's pixels that such a class must have.
        class_names: Of the label space, filled in by alseg.

    Raises:
        AlsegError: If the label space lacks one of the classes, or all things.

    Source:
        Hoyer et al., CVPR 2022, arXiv:2111.14887; defaults from the released configuration for GTAV to
        Cityscapes, but for the feature distance, which is off. Left out: weight decay of 0 for
        normalisation and position layers, and cuts that show one class on at most 75% of their pixels. The
        released teacher is updated before a step instead of after it, and begins with half of the network's
        first weights. Where the feature map does not divide the input, cells of the label map overlap here.
    """

    title: ClassVar[str] = "daformer"

    iterations: Iterations = 40_000
    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: LearningRate = 6e-5
    weight_decay: WeightDecay = 0.01
    power: Power = 1.0
    warmup: WarmUp = 1_500
    flip: bool = True
    sampling: SourceSampling = "rare-class"
    alpha: Annotated[float, Interval(ge=0, lt=1)] = 0.999
    mixing: Literal["image", "batch"] = "batch"
    jitter: Share = 0.2
    ignore_top: Share = 0.03
    ignore_bottom: Share = 0.235
    feature_distance: Annotated[Weight, ADDED_LATER] = 0.0
    feature_classes: Annotated[tuple[str, ...] | None, ADDED_LATER] = None
    feature_share: Annotated[Share, ADDED_LATER] = 0.75
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.needs: tuple[Need, ...] = (BACKBONE_FEATURES,) if self.feature_distance else ()

    def modules(self, model: SegmentationModel) -> Mapping[str, nn.Module]:
        """Return the teacher, and with a feature distance ``pretrained``: the backbone as it begins."""
        modules = dict(super().modules(model))
        if self.feature_distance:
            from alseg_recipes._feature_distance import FirstBackbone

            modules["pretrained"] = FirstBackbone(model)
        return modules

    def _check(self) -> None:
        super()._check()
        if not self.feature_distance or not self.class_names:
            return
        has = f"the label space has {', '.join(self.class_names)}"
        unknown = [name for name in self.feature_classes or () if name not in self.class_names]
        if unknown:
            self._refuse(f"feature_classes has '{unknown[0]}', but {has}")
        if not self._feature_classes():
            self._refuse(
                f"feature_distance is measured on things, but {has}. Name those that are things in "
                "feature_classes, or set feature_distance to 0"
            )

    def _feature_classes(self) -> list[int]:
        """Return the indices of the classes on which the distance is measured."""
        names = _THINGS if self.feature_classes is None else self.feature_classes
        return [index for index, name in enumerate(self.class_names) if name in names]

    def _losses_of_labels(
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> dict[str, torch.Tensor]:
        """Return ``source``, ``target``, and ``features`` from the same pass."""
        images, labels = batch.source_images, batch.source_labels
        if not self.feature_distance or images is None or labels is None:
            return super()._losses_of_labels(forward, batch, modules)
        from alseg_recipes._feature_distance import cells_of, feature_distance

        calls = _RememberingForward(forward)
        losses = super()._losses_of_labels(calls, batch, modules)
        # Source images come first, alone or before those of the target.
        features = calls.features[0][: len(images)]
        cells = cells_of(
            labels,
            (features.shape[-2], features.shape[-1]),
            self._feature_classes(),
            self.feature_share,
            len(self.class_names),
        )
        distance = feature_distance(features, modules["pretrained"](images).float(), cells)
        return {**losses, "features": self.feature_distance * distance}


class _RememberingForward:
    """Fulfils `Forward` and keeps the backbone features of each batch of images."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self.features: list[torch.Tensor] = []

    def __call__(self, images: torch.Tensor, network: nn.Module | None = None, /) -> torch.Tensor:
        logits, features = self._forward.with_features(images, network, backbone=True)
        self.features.append(features)
        return logits

    def with_features(
        self, images: torch.Tensor, network: nn.Module | None = None, /, *, backbone: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self._forward.with_features(images, network, backbone=backbone)


SPEC = RecipeSpec(
    name="daformer",
    summary="The mean teacher with rare-class sampling, warm-up, AdamW and a distance to first features.",
    source="Hoyer et al., CVPR 2022, arXiv:2111.14887.",
    build=DAFormer,
)
