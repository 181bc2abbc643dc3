"""RIPU: region impurity and prediction uncertainty, as acquisitions, losses and a recipe.

Public functions, importable from here: `region_scores`, `pixel_scores`, `negative_learning_loss` and
`local_consistency_loss`, which load torch when first asked for, and `published_rows`.

Source:
    Xie, Yuan, Li, Liu, Cheng: Towards Fewer Annotations: Active Learning via Region Impurity and Prediction
    Uncertainty for Domain Adaptive Semantic Segmentation, CVPR 2022, arXiv:2111.12940.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from alseg import AcquisitionSpec, PublishedResult, RecipeSpec, hookimpl
from alseg_ripu import build
from alseg_ripu.published import PAPER, published_results
from alseg_ripu.recipe import Ripu

if TYPE_CHECKING:
    from alseg_ripu.losses import local_consistency_loss as local_consistency_loss
    from alseg_ripu.losses import negative_learning_loss as negative_learning_loss
    from alseg_ripu.published import published_rows as published_rows
    from alseg_ripu.scores import Scores as Scores
    from alseg_ripu.scores import pixel_scores as pixel_scores
    from alseg_ripu.scores import region_scores as region_scores

# Without its __dir__, which would hide the hooks from pluggy.
__getattr__, _, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "losses": ["local_consistency_loss", "negative_learning_loss"],
        "published": ["published_rows"],
        "scores": ["Scores", "pixel_scores", "region_scores"],
    },
)


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer ``ripu`` for regions and ``ripu-pixel`` for single pixels."""
    return [
        AcquisitionSpec(
            name="ripu",
            summary="Class impurity times mean entropy of the window around a pixel.",
            source=f"{PAPER}, eq. 2-4, region-based (RA).",
            build=build.ripu,
            differs="The released code takes log(p + 1e-6), which moves scores by up to 2e-5 of the largest.",
        ),
        AcquisitionSpec(
            name="ripu-pixel",
            summary="Class impurity of the window around a pixel times the pixel's own entropy.",
            source=f"{PAPER}, eq. 2-4, pixel-based (PA).",
            build=build.ripu_pixel,
            differs="The released code takes log(p + 1e-6), which moves scores by up to 2e-5 of the largest.",
        ),
    ]


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``ripu``."""
    return [
        RecipeSpec(
            name="ripu",
            summary="Cross-entropy, consistency at source boundaries, negative learning on the target.",
            source=f"{PAPER}, eq. 5-9 and section 4.1.",
            build=Ripu,
        )
    ]


@hookimpl
def register_published_results() -> list[PublishedResult]:
    """Offer the rows of the paper's tables."""
    return published_results()
