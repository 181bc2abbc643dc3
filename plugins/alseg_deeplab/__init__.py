"""The networks of the RIPU paper: DeepLab-v2 and DeepLab-v3+ on a dilated ResNet with frozen batch norms."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ModelSpec
from alseg_deeplab.build import build_deeplab_v2, build_deeplab_v3plus


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer ``deeplab-v2`` and ``deeplab-v3plus``."""
    return [
        ModelSpec(
            name="deeplab-v2",
            summary="Dilated ResNet and four summed dilated convolutions, as in the RIPU paper.",
            source="Chen et al., TPAMI 2018, arXiv:1606.00915; Xie et al., CVPR 2022, arXiv:2111.12940.",
            build=build_deeplab_v2,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
        ModelSpec(
            name="deeplab-v3plus",
            summary="Dilated ResNet, separable spatial pyramid and shortcut, as in the RIPU paper.",
            source="Chen et al., ECCV 2018, arXiv:1802.02611; Xie et al., CVPR 2022, arXiv:2111.12940.",
            build=build_deeplab_v3plus,
            provides=("logits", "probs", "features", "backbone_features"),
        ),
    ]
