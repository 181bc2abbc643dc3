"""Self-training with an averaged teacher and class mixing; importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from alseg import toolkit
from alseg.contracts import IGNORE_INDEX, Interval, Iterations, RecipeSpec, Share, Side, Weight
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch
    from torch import nn

    from alseg.contracts import Forward, SegmentationModel, TrainingBatch


@dataclass(kw_only=True)
class MeanTeacher(SupervisedRecipe):
    """Cross-entropy on labels of both domains, and on mixed images that a teacher labels.

    A step computes

    1. ``source`` and ``target``: cross-entropy on source labels, and on bought target labels where there are
       any;
    2. pseudo labels of the target, the teacher's likeliest classes. One weight for all of them: the share of
       the batch's target pixels that the teacher holds for at least ``threshold`` likely. Bought labels take
       their place, with weight 1;
    3. mixed images: half of the classes of a source image's label map, rounded up, void included, are pasted
       on a target image. Labels and weights are mixed alike, with weight 1 on source pixels. Colours are
       changed, images blurred;
    4. ``mixed``: cross-entropy on these, weighted pixel by pixel, the mean over all pixels.

    After each step the teacher's parameters become ``a * teacher + (1 - a) * network`` with
    ``a = min(1 - 1 / (t + 1), alpha)`` after ``t`` updates. Its batch norm has statistics of its own, from
    its passes in training mode; its dropout is off. Results are those of the network, not of the teacher.

    Without source images, what is mixed is the target alone; without target images, this is ``plain``. Images
    of different sizes are mixed at that of the target.

    Attributes:
        alpha: Share that the teacher keeps in an update, at the most.
        threshold: Probability from which on a pixel counts as sure.
        mixing: Whether the classes of a mask are drawn from its own source image or from all of the batch.
        mixed: Weight of the loss on mixed images; 0 leaves it out, and the teacher with it.
        jitter: Strength of random brightness, contrast, saturation and hue of mixed images.
        jitter_probability: Share of the mixed images whose colours are changed.
        blur: Share of the mixed images that are blurred.
        ignore_top: Share of the rows, from the top, where pseudo labels have weight 0.
        ignore_bottom: The same from the bottom.

    Source:
        Tranheden et al. (DACS), WACV 2021, arXiv:2007.08702; defaults from the released code, which knows no
        bought labels. Those are treated as by Gao et al., ECCV 2024: in place of pseudo labels, and with a
        cross-entropy of their own. The released code draws once for a whole batch whether colours are changed
        and whether it is blurred; here each image is drawn. See `alseg.toolkit.augment` for the jitter.
    """

    title: ClassVar[str] = "mean-teacher"

    iterations: Iterations = 250_000
    target_size: tuple[Side, Side] | None = (512, 1024)
    crop: tuple[Side, Side] | None = (512, 512)
    alpha: Annotated[float, Interval(ge=0, lt=1)] = 0.99
    threshold: Share = 0.968
    mixing: Literal["image", "batch"] = "image"
    mixed: Weight = 1.0
    jitter: Share = 0.25
    jitter_probability: Share = 0.8
    blur: Share = 0.5
    ignore_top: Share = 0.0
    ignore_bottom: Share = 0.0

    def modules(self, model: SegmentationModel) -> Mapping[str, nn.Module]:
        """Return ``teacher``, a copy of the network, and ``updates``, their number."""
        network: Any = model
        return {"teacher": toolkit.ema.teacher_of(network), "updates": toolkit.ema.StepCount()}

    def losses(  # type: ignore[override]
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> Mapping[str, torch.Tensor]:
        """Return ``source``, ``target`` and ``mixed``, each where there is something for it.

        Args:
            forward: Maps images, and perhaps another network than the one that is trained, to logits.
            batch: Source and target images with their labels.
            modules: Those of `modules`.
        """
        losses = self._losses_of_labels(forward, _without_unlabelled(batch), modules)
        if batch.target_images is not None and batch.target_labels is not None and self.mixed:
            losses["mixed"] = self.mixed * self._loss_of_mix(forward, batch, modules["teacher"])
        return losses

    def after_step(self, model: SegmentationModel, modules: Mapping[str, nn.Module], iteration: int) -> None:
        """Move the teacher towards the network.

        Args:
            model: The network, with its new weights.
            modules: Those of `modules`; changed in place.
            iteration: Not used: updates are counted beside the teacher, and from 0 where it is made anew.
        """
        updates: Any = modules["updates"]
        network: Any = model
        toolkit.ema.update(modules["teacher"], network, toolkit.ema.decay_at(updates.count, self.alpha))
        updates.count += 1

    def _losses_of_labels(
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, nn.Module]
    ) -> dict[str, torch.Tensor]:
        """Return ``source`` and ``target``; the batch has target images only if some are labelled."""
        return dict(super().losses(forward, batch))

    def _loss_of_mix(self, forward: Forward, batch: TrainingBatch, teacher: nn.Module) -> torch.Tensor:
        from alseg_recipes._mixed_batch import generator_of_step, mixed_with_source, pseudo_labels

        generator = generator_of_step()
        target = pseudo_labels(forward, batch, teacher, self.threshold, self.ignore_top, self.ignore_bottom)
        mix = mixed_with_source(batch, target, generator, self.mixing)
        network: Any = teacher
        images = toolkit.augment.color_jitter(
            mix.images, network.mean, network.std, self.jitter, self.jitter_probability, generator
        )
        images = toolkit.augment.gaussian_blur(images, self.blur, generator)
        term = toolkit.losses.WeightedCrossEntropy(mix.labels, mix.weights)
        return toolkit.losses.softmax_losses(forward(images), {"mixed": term})["mixed"]


def _without_unlabelled(batch: TrainingBatch) -> TrainingBatch:
    """Return a batch without target images if none of their pixels has been bought."""
    labelled = batch.target_labelled
    if labelled is None and batch.target_labels is not None:
        labelled = bool((batch.target_labels != IGNORE_INDEX).any())
    return batch if labelled else replace(batch, target_images=None, target_labels=None)


SPEC = RecipeSpec(
    name="mean-teacher",
    summary="Class mixing of source and target; an averaged teacher labels what nobody has labelled.",
    source="Tranheden et al. (DACS), WACV 2021, arXiv:2007.08702.",
    build=MeanTeacher,
)
