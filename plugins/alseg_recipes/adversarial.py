"""Adversarial alignment of predictions; importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from alseg import toolkit
from alseg.contracts import (
    ADDED_LATER,
    BatchSize,
    Interval,
    Iterations,
    LearningRate,
    RecipeSpec,
    Share,
    Side,
    Weight,
)
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alseg.contracts import Forward, SegmentationModel, TrainingBatch


@dataclass(kw_only=True)
class Adversarial(SupervisedRecipe):
    """Cross-entropy on labels of both domains; target predictions are made to look like those of the source.

    A step computes

    1. ``source`` and ``target``: cross-entropy on source labels, and on bought target labels where there are
       any;
    2. ``discriminator``: how far a discriminator is from telling the softmax of target images from that of
       source images, the mean of both domains. It trains the discriminator;
    3. with ``inverted-labels`` also ``adversarial``: how far the discriminator is from taking target images
       for source images, which trains the network alone. With ``gradient-reversal`` the network learns from
       the second loss with the opposite sign, and source predictions move, too.

    All gradients are those of one state and one backward pass, then network and discriminator take their
    steps. Steps without source or without target images have the first losses only, as in ``plain``.

    Attributes:
        adversarial: Weight of what the network learns from the discriminator; 0 leaves it out, and the
            discriminator only watches.
        alignment: ``inverted-labels``, the paper's, or ``gradient-reversal``.
        objective: ``vanilla``, the cross-entropy of the domains, or ``least-squares``.
        discriminator_rate: Learning rate of the discriminator, with the schedule of the others.
        channels: Of the discriminator's first convolution.
        layers: Convolutions of the discriminator, each of which halves the resolution.
        until: How long predictions are aligned: a share of the iterations, or ``first-purchase`` for a
            warm-up. The discriminator stays as it is afterwards.
        class_names: Of the label space, filled in by alseg.

    Source:
        Tsai et al. (AdaptSegNet), CVPR 2018, arXiv:1802.10349; defaults from the released code, which stops
        at 150,000 of 250,000 iterations. It aligns a second output of the network, too (weight 0.0002), which
        a recipe does not see. The warm-up of Wu et al. (D2ADA), ECCV 2022, has a weight of 0.0005 and 5,000
        steps of rising rates. Where inputs of both domains have one size they pass the network together here.
        ``gradient-reversal``: Ganin and Lempitsky, ICML 2015, arXiv:1409.7495, whose weight rises with time.
    """

    title: ClassVar[str] = "adversarial"

    iterations: Iterations = 250_000
    source_batch: BatchSize = 1
    target_batch: BatchSize = 1
    target_size: tuple[Side, Side] | None = (512, 1024)
    adversarial: Weight = 0.001
    objective: Literal["vanilla", "least-squares"] = "vanilla"
    discriminator_rate: LearningRate = 1e-4
    channels: Annotated[int, Interval(ge=1, le=1_024)] = 64
    layers: Annotated[int, Interval(ge=1, le=10)] = 5
    until: Share | Literal["first-purchase"] = 1.0
    alignment: Annotated[Literal["inverted-labels", "gradient-reversal"], ADDED_LATER] = "inverted-labels"
    class_names: tuple[str, ...] = ()

    def modules(self, model: SegmentationModel) -> Mapping[str, nn.Module]:
        """Return the ``discriminator`` of softmaxes.

        Raises:
            ValueError: If the recipe was not given the names of the classes.
        """
        from alseg_recipes._discriminator import Discriminator

        if not self.class_names:
            raise ValueError("class_names must be given: the discriminator has an input for each class")
        return {"discriminator": Discriminator(len(self.class_names), self.channels, self.layers)}

    def make_optimizers(
        self, model: SegmentationModel, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.optim.Optimizer]:
        """Return the network's optimiser, and Adam with betas 0.9 and 0.99 for the discriminator.

        Args:
            model: The network.
            modules: Those of `modules`.
        """
        import torch

        weights = modules["discriminator"].parameters()
        return {
            "network": self.make_optimizer(model),
            "discriminator": torch.optim.Adam(weights, lr=self.discriminator_rate, betas=(0.9, 0.99)),
        }

    def losses(  # type: ignore[override]
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.Tensor]:
        """Return ``source``, ``target``, ``discriminator`` and ``adversarial``, those that there are.

        Args:
            forward: Maps images to float32 logits ``(B, C, H, W)``.
            batch: Source and target images with their labels.
            modules: Those of `modules`.
        """
        source, target = toolkit.optim.joint_forward(forward, batch)
        losses = self.losses_of(source, target, batch)
        if source is not None and target is not None and self._aligns(batch):
            losses |= self._domain_losses(source, target, modules["discriminator"])
        return losses

    def outputs(
        self,
        model: SegmentationModel,
        modules: Mapping[str, nn.Module],
        images: torch.Tensor,
        logits: torch.Tensor,
    ) -> Mapping[str, torch.Tensor]:
        """Return ``domain``, float32 ``(B, 1, h, w)``: log odds that a place belongs to the target.

        Args:
            model: The network.
            modules: Those of `modules`.
            images: float ``(B, 3, H, W)``.
            logits: float ``(B, C, h, w)``, resized to the images' size as in training.
        """
        from torch.nn import functional

        from alseg_recipes._discriminator import log_odds

        logits = functional.interpolate(
            logits.float(), size=images.shape[-2:], mode="bilinear", align_corners=True
        )
        return {"domain": log_odds(modules["discriminator"](logits.softmax(1)), self.objective)}

    def _aligns(self, batch: TrainingBatch) -> bool:
        """Return whether predictions are aligned in a step."""
        if self.until == "first-purchase":
            return batch.round == 0
        return batch.iteration < self.until * self.iterations

    def _domain_losses(
        self, source: torch.Tensor, target: torch.Tensor, discriminator: nn.Module
    ) -> dict[str, torch.Tensor]:
        """Return the losses that need the discriminator, of logits ``(B, C, H, W)``."""
        from alseg_recipes._domain_losses import inverted_labels, reversed_gradients

        reverses = self.alignment == "gradient-reversal" and self.adversarial > 0
        probs = source.softmax(1), target.softmax(1)
        losses_of = reversed_gradients if reverses else inverted_labels
        return losses_of(*probs, discriminator, self.adversarial, self.objective)


SPEC = RecipeSpec(
    name="adversarial",
    summary="Target predictions that a discriminator takes for source ones; as long as wanted, as a warm-up.",
    source="Tsai et al. (AdaptSegNet), CVPR 2018, arXiv:1802.10349.",
    build=Adversarial,
    provides=("output:domain",),
)
