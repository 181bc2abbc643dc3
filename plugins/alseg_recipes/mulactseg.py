"""MulActSeg: losses of sets of classes, then pseudo labels from prototypes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from alseg import toolkit
from alseg.contracts import (
    ADDED_LATER,
    IGNORE_INDEX,
    Derivation,
    Interval,
    LearningRate,
    RecipeSpec,
    Temperature,
    Weight,
)
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch

    from alseg.contracts import DerivationView, TrainingBatch


@dataclass(kw_only=True)
class MulActSeg(SupervisedRecipe):
    """Cross-entropy on labelled pixels, two losses on regions of which a set of classes is known.

    In each round's first half, a region whose answer leaves several classes possible is trained by the merged
    positive loss (each pixel is one of them) and the prototypical loss (each of them is somewhere). Then its
    pixels, and like ones of the regions around it, get pseudo labels, see
    `alseg.toolkit.pseudo_labels.set_pseudo_labels`, training begins anew, and all of them are labelled pixels
    to the cross-entropy. With answers that give every pixel its class, the two losses are left out.

    All logits are divided by the temperature. It does not change predictions, but it does their
    probabilities: acquisitions that read these need the same ``temperature``, as ``pixbal`` has.

    Attributes:
        cross_entropy: Weight of the cross-entropy on the target.
        merged_positive: Weight of the merged positive loss; 0 leaves it out.
        prototypical: Weight of the prototypical loss; 0 leaves it out.
        temperature: Divides the logits before the softmax.
        second_stage: Whether pseudo labels are derived half-way through a round.
        second_rate: Factor on the learning rates of the second half of each round; the paper's is 2.
        expand: Whether pseudo labels reach regions next to those asked about. They do so only where the
            method has a partition.

    Source:
        Hwang et al., NeurIPS 2023, arXiv:2309.09319. The paper trains on the target alone (here
        ``source_batch=0``), 80,000 iterations for each stage, with twice the learning rate in the second,
        whose course begins anew there. It also trains a network in which void is a class.
    """

    title: ClassVar[str] = "mulactseg"

    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: LearningRate = 2e-5
    cross_entropy: Weight = 16.0
    merged_positive: Weight = 8.0
    prototypical: Weight = 1.0
    temperature: Temperature = 0.1
    second_stage: bool = True
    expand: bool = True
    second_rate: Annotated[float, Interval(gt=0, le=1_000), ADDED_LATER] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.plan = replace(self.plan, target=replace(self.plan.target, regions=True))
        half_way = Derivation(at=0.5, restart="initial", needs=("logits", "features"), rate=self.second_rate)
        self.derivation: Derivation | None = half_way if self.second_stage else None

    def losses_of(
        self, source_logits: torch.Tensor | None, target_logits: torch.Tensor | None, batch: TrainingBatch
    ) -> dict[str, torch.Tensor]:
        """Return cross-entropies and the losses of sets, weighted.

        Args:
            source_logits: float32 ``(B, C, H, W)``, or None where the batch has no source.
            target_logits: The same for the target.
            batch: The labels and the sets of classes.

        Returns:
            Scalars by name: ``source``, ``target``, ``merged-positive`` and ``prototypical``, those without
            anything to train on left out.
        """
        source, target = (
            None if logits is None else logits / self.temperature for logits in (source_logits, target_logits)
        )
        losses = super().losses_of(source, target, batch)
        if "target" in losses:
            losses["target"] = losses["target"] * self.cross_entropy
        if target is not None:
            losses |= self._set_losses(target, batch)
        return losses

    def derive(self, view: DerivationView, modules: Mapping[str, torch.nn.Module]) -> torch.Tensor | None:
        """Return labels revealed, and pseudo labels where an answer leaves several classes possible.

        Args:
            view: Of an image with answers; with features.
            modules: None of this recipe.

        Returns:
            uint8 ``(H, W)`` on the CPU; None where answers are not sets.

        Raises:
            ValueError: If the view has no features or no revealed labels.
        """
        import torch
        from torch.nn.functional import normalize

        if view.sets is None:
            return None
        if view.features is None or view.revealed is None:
            raise ValueError("the view has no features or no revealed labels: the derivation must need them")
        asked, count = view.asked.long(), len(view.sets)
        # Regions asked about are numbered by their question, those around them come after.
        others = torch.zeros_like(asked) if view.regions is None else view.regions.long()
        regions = torch.where(asked >= 0, asked, count + others)
        sets = torch.nn.functional.pad(view.sets, (0, 0, 0, int(others.max()) + 1))
        labels = toolkit.pseudo_labels.set_pseudo_labels(
            view.probs,
            normalize(view.features.float(), dim=0),
            regions,
            asked >= 0,
            sets,
            expand=self.expand and view.regions is not None,
        ).cpu()
        # Questions with a revealed label have been answered pixel by pixel or by one class; void stays void.
        filled = torch.zeros(count + 1, dtype=torch.bool)
        filled[asked[view.revealed != IGNORE_INDEX]] = True
        filled[count] = False
        return torch.where(filled[asked], view.revealed, labels)

    def _set_losses(self, logits: torch.Tensor, batch: TrainingBatch) -> dict[str, torch.Tensor]:
        """Return the losses of regions with several classes, of none of whose pixels there is a label."""
        import torch

        regions, sets, labels = batch.target_regions, batch.target_classes, batch.target_labels
        if regions is None or sets is None or labels is None:
            return {}
        # Pixels where nothing was asked make one more region.
        places = torch.where(regions < 0, sets.shape[1], regions).flatten(1)
        labelled = (labels != IGNORE_INDEX).flatten(1).long()
        most = labelled.new_zeros((len(sets), sets.shape[1] + 1)).scatter_reduce(1, places, labelled, "amax")
        wanted = (sets.sum(dim=2) > 1) & (most[:, :-1] == 0)
        pixels = toolkit.set_losses.SetPixels.of(logits, regions, sets & wanted[..., None])
        if not len(pixels.groups):
            return {}
        losses: dict[str, torch.Tensor] = {}
        if self.merged_positive:
            losses["merged-positive"] = pixels.merged_positive() * self.merged_positive
        if self.prototypical:
            losses["prototypical"] = pixels.prototypical() * self.prototypical
        return losses


SPEC = RecipeSpec(
    name="mulactseg",
    summary="Cross-entropy and losses of sets of classes; pseudo labels in the second half of each round.",
    source="Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319.",
    build=MulActSeg,
)
