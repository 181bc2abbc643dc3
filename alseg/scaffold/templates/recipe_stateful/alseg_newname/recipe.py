"""The losses of a training step. This module must not import torch: parameters are read without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alseg import toolkit
from alseg.contracts import Share, Weight
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch
    from alseg.contracts import Forward, SegmentationModel, TrainingBatch
    from torch import nn


@dataclass(kw_only=True)
class NewnameRecipe(SupervisedRecipe):
    """Cross-entropy on labels, and on the classes that an averaged teacher sees in target images.

    The fields of the class are the parameters of experiment files. Those of the supervised recipe, such
    as ``iterations`` and ``learning_rate``, are inherited.

    Attributes:
        decay: Share of its weights that the teacher keeps in each step.
        agreement: Weight of the cross-entropy on the teacher's classes; 0 leaves it out.

    Source:
        Tarvainen and Valpola, NeurIPS 2017, arXiv:1703.01780, who compare probabilities by their mean
        squared error. Write your paper here, and every deviation with its effect.
    """

    decay: Share = 0.99
    agreement: Weight = 1.0

    def modules(self, model: SegmentationModel) -> Mapping[str, nn.Module]:
        """Make the teacher, which alseg keeps with the run; a recipe has no other state."""
        network: Any = model
        return {"teacher": toolkit.ema.teacher_of(network)}

    def losses(  # type: ignore[override]  # modules are given to recipes that have some
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.Tensor]:
        """Return ``source`` and ``target`` cross-entropy, and ``agreement``.

        Args:
            forward: Maps images to float32 logits ``(B, C, H, W)``, by the network or another one.
            batch: Source and target images with their labels.
            modules: The teacher.

        Returns:
            Scalars by name.
        """
        import torch
        from torch.nn import functional

        losses = dict(super().losses(forward, batch))
        if batch.target_images is not None and self.agreement > 0:
            with torch.no_grad():
                taught = forward(batch.target_images, modules["teacher"]).argmax(dim=1)
            found = functional.cross_entropy(forward(batch.target_images), taught)
            losses["agreement"] = self.agreement * found
        return losses

    def after_step(self, model: SegmentationModel, modules: Mapping[str, nn.Module], iteration: int) -> None:
        """Move the teacher towards the network; called without gradient."""
        network: Any = model
        toolkit.ema.update(modules["teacher"], network, self.decay)
