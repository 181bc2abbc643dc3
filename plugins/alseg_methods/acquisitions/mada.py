"""MADA: target images far from the anchors of the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval, SourceView
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View


def class_vectors(
    features: torch.Tensor, classes: torch.Tensor, num_classes: int, least: float
) -> torch.Tensor:
    """Return the mean feature of each class of an image.

    Args:
        features: float ``(D, h, w)``, resized to the size of the classes as logits are.
        classes: int ``(H, W)``; pixels with 255 are left out.
        num_classes: ``C``.
        least: Cells of the feature map that a class must fill; smaller ones count as absent.

    Returns:
        float64 ``(C, D)`` on the CPU, 0 for absent classes.
    """
    import torch

    from alseg.contracts import IGNORE_INDEX
    from alseg.toolkit.embeddings import resized_means

    ids = classes.long().cpu()
    known = ids != IGNORE_INDEX
    means = resized_means(features, torch.where(known, ids, -1), num_classes)
    pixels = torch.bincount(ids[known], minlength=num_classes)
    cells = pixels * (features.shape[1] * features.shape[2] / max(1, ids.numel()))
    return torch.where((cells >= least)[:, None], means, 0.0)


def least_mean_squared_error(vectors: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference of each vector from its nearest anchor.

    Args:
        vectors: float ``(n, L)``.
        anchors: float ``(K, L)``, K at least 1.

    Returns:
        float64 ``(n,)``.
    """
    from alseg.toolkit.diversity import Euclidean

    return Euclidean(vectors).to(anchors).amin(dim=1) / vectors.shape[1]


@dataclass(frozen=True)
class Mada:
    r"""Mean squared difference of an image's class vectors from the nearest anchor of the source.

    The vector of an image has the mean feature of each class, 0 where it is absent, so that absent classes
    weigh much. Source images count pixels where prediction and label agree, target images all as predicted.
    Anchors are the centres of a k-means over the source. Time is that of k-means, O(anchors) for each source
    image and step.

    Formula:
        s = \min_k \frac{1}{L} \left\lVert v - a_k \right\rVert^2

        v is the vector of an image, of length L: classes times dimensions. $`a_k`$ are the anchors of the
        source.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        anchors: Of the source.
        least: Cells of the feature map that a class must fill to be present.

    Source:
        Ning et al., ICCV 2021, arXiv:2108.08012, its choice of images.
    """

    dimensions: Dimensions = 256
    anchors: Annotated[int, Interval(ge=1, le=10_000)] = 10
    least: Annotated[int, Interval(ge=1, le=1_000_000)] = 10

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return class vectors, float32 ``(1, C * dimensions)``: 19 KB an image of 19 classes.

        The 24,966 images of GTAV take 486 MB.
        """
        import torch

        from alseg.contracts import IGNORE_INDEX
        from alseg.toolkit.embeddings import projected
        from alseg.toolkit.uncertainty import classes

        assert view.features is not None  # the spec needs them
        predicted = classes(view.logits).cpu()
        if isinstance(view, SourceView):
            assert view.label is not None  # views of the source have it
            predicted = torch.where(predicted == view.label, predicted, IGNORE_INDEX)
        vectors = class_vectors(view.features, predicted, view.logits.shape[0], self.least)
        return {"vectors": projected(vectors, self.dimensions).flatten()[None].float()}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return all images that are left, the farthest from the source first."""
        from alseg.toolkit.allocation import left_over
        from alseg.toolkit.clustering import k_means, seed_from
        from alseg.toolkit.embeddings import rows_of_parts

        assert observations.source is not None  # the spec observes it
        source = observations.source.column("vectors")
        anchors, _ = k_means(source, self.anchors, seed_from(pool.generator))
        parts = left_over(pool)
        distances = least_mean_squared_error(rows_of_parts(observations, "vectors", pool)[parts], anchors)
        return parts[distances.argsort(descending=True, stable=True)].tolist()


SPEC = AcquisitionSpec(
    name="mada",
    summary="Images whose mean features of each class lie far from all anchors of the source.",
    source="Ning et al., ICCV 2021, arXiv:2108.08012, its choice of images.",
    build=Mada,
    kind="pool",
    needs=("logits", "features"),
    units=("image",),
    observes=("source", "target"),
    differs="The code predicts at the size of the feature map and clusters with faiss; it selects once only.",
)
