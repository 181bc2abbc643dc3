"""Segmentation networks of segmentation-models-pytorch and on encoders of timm."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ModelSpec
from alseg_smp.build import build_dpt, build_segformer, build_smp, build_vit_linear


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer ``smp``, and by names of their own ``segformer``, ``dpt`` and ``vit-linear``."""
    return [
        ModelSpec(
            name="smp",
            summary="Any architecture and encoder of segmentation-models-pytorch, timm encoders included.",
            source="Iakubovskii, segmentation_models_pytorch; Wightman, timm, doi:10.5281/zenodo.4414861.",
            build=build_smp,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
        ModelSpec(
            name="segformer",
            summary="SegFormer: a mix transformer and a decoder of linear layers.",
            source="Xie et al., NeurIPS 2021, arXiv:2105.15203.",
            build=build_segformer,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
        ModelSpec(
            name="dpt",
            summary="DPT: a vision transformer of timm and a convolutional decoder.",
            source="Ranftl et al., ICCV 2021, arXiv:2103.13413.",
            build=build_dpt,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
        ModelSpec(
            name="vit-linear",
            summary="A linear classifier of the patch tokens of a frozen vision transformer, such as DINOv2.",
            source="Oquab et al., TMLR 2024, arXiv:2304.07193.",
            build=build_vit_linear,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
    ]
