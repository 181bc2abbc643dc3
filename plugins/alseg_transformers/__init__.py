"""Segmentation networks of Hugging Face's transformers, which is imported when one is built."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ModelSpec
from alseg_transformers.build import build_transformers


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer ``transformers``."""
    return [
        ModelSpec(
            name="transformers",
            summary="Networks for semantic segmentation of Hugging Face's transformers, by checkpoint.",
            source="Wolf et al., EMNLP 2020, arXiv:1910.03771.",
            build=build_transformers,
            provides=("logits", "probs", "features", "backbone_features"),
        )
    ]
