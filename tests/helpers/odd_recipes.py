"""Recipes that call networks in ways that cannot be divided by rows, or not at all times."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from alseg.contracts import Forward, TrainingBatch
from alseg.toolkit.gradients import reverse_gradient
from alseg.toolkit.recipes import SupervisedRecipe


class SomeImages(SupervisedRecipe):
    """Features of both domains that should be alike, and a consistency of one image with its mirror image."""

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        """Return a loss of all images, and one of the first target image alone, which no two can share."""
        source, target = batch.source_images, batch.target_images
        assert source is not None and target is not None and batch.source_labels is not None
        alone = forward(target[:1]).log_softmax(1)
        logits, features = forward.with_features(source, backbone=True)
        _, others = forward.with_features(target)
        mirrored = forward(target[:1].flip(-1)).flip(-1).softmax(1)
        noise = torch.rand(())  # as equal on all ranks as what the network has drawn before
        return {
            "source": functional.cross_entropy(logits, batch.source_labels, ignore_index=255),
            "alike": functional.mse_loss(
                reverse_gradient(features, 0.5).mean((0, 2, 3)), others.mean((0, 2, 3))
            ),
            "mirrored": functional.kl_div(alone, mirrored, reduction="batchmean") * noise / 100,
        }


class NowAndThen(SupervisedRecipe):
    """Has losses in every second step only."""

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        """Return nothing in even steps but the first."""
        if batch.iteration and batch.iteration % 2 == 0:
            return {}
        return super().losses(forward, batch)


class BreaksInRow(SupervisedRecipe):
    """Is NaN in the second step, and in its second part only where batches are accumulated."""

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        """Return a loss that depends on the last target image."""
        losses = dict(super().losses(forward, batch))
        assert batch.target_images is not None
        logits = forward(batch.target_images)[-1]
        losses["last"] = logits.mean() * (float("nan") if batch.iteration == 1 else 1.0)
        return losses
