"""Training recipes of the field: a mean teacher with class mixing (DACS), and DAFormer's self-training."""

from __future__ import annotations

from alseg import RecipeSpec, hookimpl
from alseg_recipes.daformer import DAFormer
from alseg_recipes.mean_teacher import MeanTeacher


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``mean-teacher`` and ``daformer``."""
    return [
        RecipeSpec(
            name="mean-teacher",
            summary="Class mixing of source and target; an averaged teacher labels what nobody has labelled.",
            source="Tranheden et al. (DACS), WACV 2021, arXiv:2007.08702.",
            build=MeanTeacher,
        ),
        RecipeSpec(
            name="daformer",
            summary="The mean teacher with rare-class sampling, warm-up and AdamW; no feature distance.",
            source="Hoyer et al., CVPR 2022, arXiv:2111.14887.",
            build=DAFormer,
        ),
    ]
