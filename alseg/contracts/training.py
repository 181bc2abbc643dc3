"""Models and recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from alseg.contracts.types import Need, Size

if TYPE_CHECKING:
    import torch


SourceSampling = Literal["shuffle", "class-balanced", "rare-class"]
"""How source images are drawn, see `DataPlan`."""


class SegmentationModel(Protocol):
    """A ``torch.nn.Module`` that the loop can train and ask for predictions.

    A model that provides features also has ``features(images) -> Tensor``, float ``(B, D, h, w)`` of any
    size. It may have ``logits_and_features(images) -> tuple[Tensor, Tensor]``, which gives what calling the
    model and its ``features`` would, in one pass instead of two.

    A model that provides ``backbone_features`` has a method of this name, which returns the last feature map
    of what `backbone_parameters` lists, as ``features`` does; and perhaps ``logits_and_backbone_features``.
    It may say with ``pretrained: bool`` whether that part began with weights trained elsewhere; where it does
    not say, it is taken for pretrained.
    """

    mean: tuple[float, float, float]
    """RGB mean of the input normalisation, in units of 0-1."""
    std: tuple[float, float, float]
    """RGB standard deviation of the input normalisation, in units of 0-1."""

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of normalised images.

        Args:
            images: float ``(B, 3, H, W)`` on the network's device, RGB less `mean` over `std`.

        Returns:
            float ``(B, C, h, w)`` of any size; the core resizes them to that of the label maps.
        """
        ...

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the pretrained parameters (the recipe's base learning rate)."""
        ...

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return all other parameters (the recipe may multiply their learning rate)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of a training sample; images and label maps move together.

    Attributes:
        flip: Mirror left to right with probability one half.
        scale: Lowest and highest factor of a random zoom, log-uniform; ``(1, 1)`` for none.
        color: Strength of random brightness, contrast and saturation, 0 for none, 0.5 for factors in 0.5-1.5.
    """

    flip: bool = False
    scale: tuple[float, float] = (1.0, 1.0)
    color: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DataPlan:
    """How one domain's images become batches.

    Attributes:
        batch_size: Images per step from this domain; 0 leaves the domain out.
        size: Input size ``(height, width)`` in pixels; None keeps the native size (all images must share it).
        augmentation: Random changes, after resizing; a zoomed image is cut or padded (void) back to ``size``,
            or to ``crop``.
        sampling: ``shuffle`` (every image once per epoch), ``class-balanced`` (classes that the
            images drawn so far show least are drawn more often, see `alseg.data.sampling`) or ``rare-class``
            (a class is drawn first, rare ones more often, see `alseg.data.rare_classes`).
            Of the target ``shuffle`` or ``labelled`` (a share of the draws are of images with bought labels).
        labelled_share: That share, above 0 and at most 1, for ``labelled``.
        label_resize: How bought labels shrink: ``point`` keeps every bought pixel at its place (two that fall
            on one place count once), ``nearest`` samples the grid and loses most single pixels. Dense source
            label maps are always resized by ``nearest``.
        regions: Whether batches say which question revealed each pixel and which classes its answer leaves
            possible; of the target only.
        crop: Height and width of a random cut of the resized image, in pixels; None for the whole image.
        rare_temperature: Of ``rare-class``: the lower, the more the rarest classes are preferred.
        rare_share: Of ``rare-class``: share of an image above which it shows a class. A cut should show as
            many pixels of the class for which its image was drawn; up to 10 more are tried.
    """

    batch_size: int
    size: Size | None
    augmentation: Augmentation = Augmentation()
    sampling: SourceSampling | Literal["labelled"] = "shuffle"
    labelled_share: float = 0.5
    label_resize: Literal["point", "nearest"] = "point"
    regions: bool = False
    crop: Size | None = None
    rare_temperature: float = 0.01
    rare_share: float = 0.0015


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What a recipe asks of the loop.

    Attributes:
        iterations: Optimiser steps in a run, all rounds together.
        source: Labelled source batches.
        target: Target batches, with labels where they have been bought and 255 elsewhere.
        accumulation: Batches that a step draws from each domain, one after the other. The step's losses are
            the means over them.
    """

    iterations: int
    source: DataPlan
    target: DataPlan
    accumulation: int = 1


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """What one optimiser step sees, or one of its batches where it accumulates several.

    Tensors are on the training device.

    Attributes:
        iteration: Steps already taken, from 0.
        source_images: Normalised float ``(B, 3, H, W)``, or None where the plan has no source batch.
        source_labels: int64 ``(B, H, W)`` in the scenario's label space, 255 to be ignored; None as above.
        target_images: As for source.
        target_labels: As for source: bought labels, 255 where none was bought.
        source_labelled: Whether any source pixel has a label, known without waiting for the device; None
            where the labels have to be asked.
        target_labelled: As for source.
        target_regions: int64 ``(B, H, W)``, the question about its image that revealed each pixel, from 0 in
            the order asked, -1 where nothing was asked; None unless the plan asks for ``regions``. It moves
            with the image; a resize samples the grid.
        target_classes: bool ``(B, R, C + 1)``, the classes that the answer to each question leaves possible,
            void last; R is the largest number of questions about an image of the batch, rows beyond those of
            an image are False. None as above.
        round: Purchases made before this step, 0 before the first. A run that buys nothing counts the rounds
            of its experiment.
        rounds: Purchases that a run makes in all.
    """

    iteration: int
    source_images: torch.Tensor | None
    source_labels: torch.Tensor | None
    target_images: torch.Tensor | None
    target_labels: torch.Tensor | None
    source_labelled: bool | None = None
    target_labelled: bool | None = None
    target_regions: torch.Tensor | None = None
    target_classes: torch.Tensor | None = None
    round: int = 0
    rounds: int = 0


class Forward(Protocol):
    """Calls a network for a recipe, in the run's precision."""

    def __call__(self, images: torch.Tensor, network: torch.nn.Module | None = None, /) -> torch.Tensor:
        """Map normalised images to logits at the images' own size.

        Args:
            images: Float ``(B, 3, H, W)``.
            network: Another network of the same kind, such as a teacher among the recipe's modules; None for
                the one that is trained.

        Returns:
            float32 ``(B, C, H, W)``, with gradients unless the recipe switches them off.
        """
        ...

    def with_features(
        self, images: torch.Tensor, network: torch.nn.Module | None = None, /, *, backbone: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map normalised images to logits and features, in one pass where the network can do that.

        Recipes that call it list what they need in ``needs``, see `NeedsOfModel`.

        Args:
            images: Float ``(B, 3, H, W)``.
            network: As above.
            backbone: Whether the features are the last ones of the pretrained part, instead of those that the
                logits are computed from.

        Returns:
            Logits as above; float32 ``(B, D, h, w)`` of any size. Both with gradients.

        Raises:
            AlsegError: If the network has no such features.
        """
        ...


@runtime_checkable
class NeedsOfModel(Protocol):
    """A recipe that needs more of a network than logits; a method is skipped with a reason if it lacks it."""

    needs: tuple[Need, ...]
    """Of ``features`` and ``backbone_features``, as ``provides`` of a `ModelSpec` says them. With the latter,
    the network must be pretrained."""


class Recipe(Protocol):
    """How labelled source, bought target labels and unlabelled target become a trained model.

    What else a recipe may have is in `alseg.contracts.stateful`: modules of its own, several optimisers,
    something done after each step, outputs for acquisitions. It may need more of the network than logits, see
    `NeedsOfModel`.
    """

    plan: TrainingPlan

    def make_optimizer(self, model: SegmentationModel) -> torch.optim.Optimizer:
        """Return the optimiser with the learning rates of iteration 0."""
        ...

    def learning_rate_factor(self, iteration: int) -> float:
        """Return the factor on every group's initial learning rate at ``iteration`` (steps already taken)."""
        ...

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        """Return named scalar losses; their sum is minimised, each one is logged.

        Args:
            forward: Maps normalised images to float32 logits at the images' own size, ``(B, C, H, W)``.
            batch: The data of this step.
        """
        ...
