"""Segmentation networks of segmentation-models-pytorch, with its encoders and timm's."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ModelSpec
from alseg_smp.build import build_smp


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer ``smp``."""
    return [
        ModelSpec(
            name="smp",
            summary="Any architecture and encoder of segmentation-models-pytorch, timm encoders included.",
            source="Iakubovskii, segmentation_models_pytorch; Wightman, timm, doi:10.5281/zenodo.4414861.",
            build=build_smp,
            provides=("logits", "probs", "features"),
        )
    ]
