"""Two classifiers that disagree where the target is hard; importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from alseg import toolkit
from alseg.contracts import RecipeSpec, Share, Weight
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alseg.contracts import Forward, SegmentationModel, TrainingBatch


@dataclass(kw_only=True)
class TwoClassifiers(SupervisedRecipe):
    """Cross-entropy on labels of both domains, and a second classifier beside it for acquisitions.

    The network is trained as by ``plain``, and results are its own. The second classifier is another head on
    the same backbone, with three losses that train it alone:

    1. ``second-source``: cross-entropy on source labels;
    2. ``second-target``: cross-entropy on bought labels, and elsewhere on the network's likeliest class where
       that is sure;
    3. ``agreement``: how much its softmax has in common with the network's where no label was bought. It is
       made small, so that the two differ where labels leave it open.

    Attributes:
        threshold: Probability from which on the network's likeliest class is a pseudo label.
        discrepancy: Weight of the agreement; 0 leaves it out.

    Source:
        After Shin et al. (LabOR), ICCV 2021, arXiv:2108.05570, of which no code was found: two classifiers
        of a pixel selector are trained on pseudo labels with a discrepancy loss. Form and weight of this loss
        and the threshold are ours. There, a network of its own is trained on pseudo labels and evaluated;
        here the selector has the network's backbone, and the network is its first classifier.
    """

    title: ClassVar[str] = "two-classifiers"

    threshold: Share = 0.9
    discrepancy: Weight = 0.1

    def modules(self, model: SegmentationModel) -> Mapping[str, nn.Module]:
        """Return ``second``: a network with the same backbone and another head.

        Raises:
            AlsegError: If the network has no head.
        """
        from alseg_recipes._second_classifier import second_of

        return {"second": second_of(model)}

    def make_optimizers(
        self, model: SegmentationModel, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.optim.Optimizer]:
        """Return two optimisers that are alike, one for the network and one for the second classifier.

        Args:
            model: The network.
            modules: Those of `modules`.
        """
        second: Any = modules["second"]
        return {"network": self.make_optimizer(model), "second": self.make_optimizer(second)}

    def losses(  # type: ignore[override]
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.Tensor]:
        """Return ``source``, ``target``, ``second-source``, ``second-target`` and ``agreement``.

        Args:
            forward: Maps images, and perhaps another network than the one that is trained, to logits.
            batch: Source and target images with their labels.
            modules: Those of `modules`.
        """
        source, target = toolkit.optim.joint_forward(forward, batch)
        losses = self.losses_of(source, target, batch)
        second = modules["second"]
        others = toolkit.optim.joint_forward(lambda images: forward(images, second), batch)
        return losses | self._second_losses(target, *others, batch)

    def after_step(self, model: SegmentationModel, modules: Mapping[str, nn.Module], iteration: int) -> None:
        """Give the second classifier the network's backbone.

        Args:
            model: The network, with its new weights.
            modules: Those of `modules`; changed in place.
            iteration: Not used.
        """
        from alseg_recipes._second_classifier import follow_backbone

        network: Any = model
        follow_backbone(modules["second"], network)

    def outputs(
        self,
        model: SegmentationModel,
        modules: Mapping[str, nn.Module],
        images: torch.Tensor,
        logits: torch.Tensor,
    ) -> Mapping[str, torch.Tensor]:
        """Return ``second``, float ``(B, C, h, w)``: the logits of the second classifier.

        Args:
            model: The network.
            modules: Those of `modules`.
            images: float ``(B, 3, H, W)``.
            logits: Those of the first classifier, not used.
        """
        return {"second": modules["second"](images)}

    def _second_losses(
        self,
        first: torch.Tensor | None,
        source: torch.Tensor | None,
        target: torch.Tensor | None,
        batch: TrainingBatch,
    ) -> dict[str, torch.Tensor]:
        """Return the losses of the second classifier, from its logits and the target logits of the first."""
        from alseg_recipes._second_classifier import agreement, with_pseudo_labels

        losses: dict[str, torch.Tensor] = {}
        cross_entropy, measure = toolkit.losses.CrossEntropy, toolkit.losses.softmax_losses
        if source is not None and batch.source_labels is not None:
            losses |= measure(source, {"second-source": cross_entropy(batch.source_labels)})
        if first is None or target is None or batch.target_labels is None:
            return losses
        probs = first.detach().softmax(1)
        labels = with_pseudo_labels(batch.target_labels, probs, self.threshold)
        losses |= measure(target, {"second-target": cross_entropy(labels)})
        if self.discrepancy:
            common = agreement(probs, target.softmax(1), batch.target_labels)
            losses["agreement"] = self.discrepancy * common
        return losses


SPEC = RecipeSpec(
    name="two-classifiers",
    summary="Cross-entropy as plain, with a second classifier that differs where labels leave it open.",
    source="After Shin et al. (LabOR), ICCV 2021, arXiv:2108.05570.",
    build=TwoClassifiers,
    provides=("output:second",),
)
