"""DAFormer's self-training; importing this module does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from alseg.contracts import (
    Interval,
    Iterations,
    LearningRate,
    Power,
    RecipeSpec,
    Share,
    SourceSampling,
    WarmUp,
    WeightDecay,
)
from alseg_recipes.mean_teacher import MeanTeacher


@dataclass(kw_only=True)
class DAFormer(MeanTeacher):
    """The mean teacher with rare-class sampling, warm-up, AdamW and a slower teacher.

    Attributes:
        mixing: The released code draws the classes of every mask from all labels of the batch.
        ignore_top: 15 of 512 rows, for what is stretched where Cityscapes' images were rectified.
        ignore_bottom: 120 of 512 rows, for the car's own bonnet. Set both to 0 for images without.

    Source:
        Hoyer et al., CVPR 2022, arXiv:2111.14887; defaults from the released configuration for GTAV to
        Cityscapes. Left out: the distance to ImageNet features (weight 0.005, on things), since a recipe sees
        logits only, so that results are not those of the paper. Left out, too: weight decay of 0 for
        normalisation and position layers, and cuts that show one class on at most 75% of their pixels. The
        released teacher is updated before a step instead of after it, and begins with half of the network's
        first weights.
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


SPEC = RecipeSpec(
    name="daformer",
    summary="The mean teacher with rare-class sampling, warm-up and AdamW; no feature distance.",
    source="Hoyer et al., CVPR 2022, arXiv:2111.14887.",
    build=DAFormer,
)
