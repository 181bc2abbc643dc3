"""What every method is compared with: baseline acquisitions, annotation modes and a plain recipe."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import AcquisitionSpec, AnnotationModeSpec, RecipeSpec
from alseg.toolkit.recipes import SupervisedRecipe
from alseg_baselines import build
from alseg_baselines.superpixel import Superpixel


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer random and the three classical uncertainties."""
    return [
        AcquisitionSpec(
            name="random",
            summary="Uniform random scores: what every method has to beat.",
            source="The usual baseline.",
            build=build.random,
            needs=(),
        ),
        AcquisitionSpec(
            name="entropy",
            summary="Entropy of the predicted class distribution.",
            source="Shannon 1948; Settles, Active Learning Literature Survey, 2009, section 3.1.",
            build=build.entropy,
            differs="Other codes take other logarithms and add up to 1e-6 inside: same ranks to rounding.",
        ),
        AcquisitionSpec(
            name="least-confidence",
            summary="One minus the probability of the likeliest class.",
            source="Lewis and Gale, SIGIR 1994; Culotta and McCallum, AAAI 2005.",
            build=build.least_confidence,
        ),
        AcquisitionSpec(
            name="margin",
            summary="Smallest gap between the two likeliest classes.",
            source="Scheffer et al., IDA 2001.",
            build=build.margin,
        ),
    ]


@hookimpl
def register_annotation_modes() -> list[AnnotationModeSpec]:
    """Offer square regions, single pixels, whole images and superpixels."""
    return [
        AnnotationModeSpec(
            name="region",
            summary="A square window of (2 * radius + 1)^2 pixels is labelled, for a click per class in it.",
            source="Xie et al., CVPR 2022, arXiv:2111.12940, region-based annotation.",
            build=build.region,
        ),
        AnnotationModeSpec(
            name="pixel",
            summary="One pixel is labelled for one click; picks keep a distance.",
            source="Xie et al., CVPR 2022, arXiv:2111.12940, pixel-based annotation.",
            build=build.pixel,
        ),
        AnnotationModeSpec(
            name="image",
            summary="A whole image is outlined, for a click per corner; ranked over the pool by mean score.",
            source="The usual image-based selection.",
            build=build.image,
            unit="image",
        ),
        AnnotationModeSpec(
            name="superpixel",
            summary="A region of the method's partition is labelled, for a click per class in it.",
            source="Kasarla et al., WACV 2019; Siddiqui et al., CVPR 2020, arXiv:1911.11789.",
            build=Superpixel,
            unit="region",
        ),
    ]


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer plain supervised training."""
    return [
        RecipeSpec(
            name="plain",
            summary="Cross-entropy on source and on bought target pixels, nothing else.",
            source="The usual supervised baseline.",
            build=SupervisedRecipe,
        )
    ]
