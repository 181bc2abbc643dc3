"""Everything that crosses a plugin boundary: specs, protocols and records.

Importing this module never imports torch: plugins are listed, and experiment files checked, without it.

Terms: an *image* is uint8 RGB ``(H, W, 3)``. A *label map* is uint8 ``(H, W)`` with the class index of its
label space, or `IGNORE_INDEX` for void. A *size* is ``(height, width)`` in pixels. A *pick* is the pixel
``(y, x)`` at which a question is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

IGNORE_INDEX = 255
"""The value of void pixels, and of pixels nobody has labelled, in every label map."""

CLICKS_PER_IMAGE = 1700
"""Clicks that outlining everything in one street image takes, about: the cost of a fully labelled image."""

Size = tuple[int, int]
"""Height and width in pixels."""

Need = Literal["logits", "probs", "features", "image"]
"""What an acquisition can ask to see. All but the image come from the model."""


# ----------------------------------------------------------------------------------------------------
# Label spaces


@dataclass(frozen=True)
class ClassInfo:
    """One class of a label space.

    Attributes:
        name: The class name in the field's usual spelling, such as ``traffic light``.
        color: RGB, each 0-255, of colour predictions and legends.
        includes: Names of classes in other label spaces that are part of this one, such as ``terrain`` for
            CamVid's ``tree``. Used to translate label maps by class name.
    """

    name: str
    color: tuple[int, int, int]
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelSpace:
    """The class set in which results are given; a class's index is its place in ``classes``.

    Attributes:
        name: Such as ``cityscapes-19``.
        summary: One line.
        source: The paper or site that defines it.
        classes: In the order in which tables show them.
        subsets: Named groups of class names over which a second mean is usual, such as ``13`` for SYNTHIA.
    """

    name: str
    summary: str
    source: str
    classes: tuple[ClassInfo, ...]
    subsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The class names in order."""
        return tuple(info.name for info in self.classes)


# ----------------------------------------------------------------------------------------------------
# Specs: what hooks return


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every plugin offers: a name, a description and a builder.

    Attributes:
        name: The YAML name, lower case with hyphens.
        summary: One line for listings.
        source: Paper, with year and identifier, or site.
        build: Makes the object. The place where torch is imported. Its typed parameters (less those the core
            fills in, see each subclass) are the one source for YAML validation, listings and documentation.
    """

    name: str
    summary: str
    source: str
    build: Callable[..., Any]

    core_parameters: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters of ``build`` that the core fills in."""


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """Offers a data set: ``build(*, root, split, **params) -> Dataset``.

    Attributes:
        label_space: Name of the label space in which the data set's own label maps are given.
        splits: Names of the splits, such as ``("train", "val")``.
        needs_root: Whether files on disk are read, so that ``scenario.root`` must be given.
        write_fake: Writes a tiny made-up data set in the real layout and encoding below a folder:
            ``write_fake(root, seed, *, count, size, scene)`` with images per split, an optional size and a
            `SceneRenderer`. None where there is no such thing.
        expected: Images per split of the published data set, as far as known, to tell incomplete ones.

    ``root`` is a ``pathlib.Path`` (or None) and ``split`` one of ``splits``. ``build`` raises `DataError`
    where files are missing; it only looks at names, so it is fast.
    """

    label_space: str
    splits: tuple[str, ...] = ("train", "val")
    needs_root: bool = True
    write_fake: Callable[..., object] | None = None
    expected: Mapping[str, int] = field(default_factory=dict)

    core_parameters: ClassVar[tuple[str, ...]] = ("root", "split")


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """Offers segmentation networks: ``build(*, num_classes, **params) -> SegmentationModel``.

    Attributes:
        provides: What acquisitions can be given by it. ``features`` needs a method ``features`` on the model.
    """

    provides: tuple[Need, ...] = ("logits", "probs")

    core_parameters: ClassVar[tuple[str, ...]] = ("num_classes",)


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Spec):
    """Offers a training recipe: ``build(**params) -> Recipe``."""


@dataclass(frozen=True, kw_only=True)
class AcquisitionSpec(Spec):
    """Offers an acquisition: ``build(**params) -> ScoreAcquisition | SelectAcquisition``.

    Attributes:
        needs: What it reads. A method whose model does not provide it is skipped with a reason.
        kind: ``score`` (one image to an ``(H, W)`` map; works with every annotation mode) or ``select``
            (ranks whole images over the pool; works with annotation modes that ask for whole images).
    """

    needs: tuple[Need, ...] = ("logits",)
    kind: Literal["score", "select"] = "score"


@dataclass(frozen=True, kw_only=True)
class AnnotationModeSpec(Spec):
    """Offers an annotation mode: ``build(**params) -> AnnotationMode``.

    Attributes:
        unit: ``part`` where a question is about a part of an image, ``image`` where it is about all of it.
    """

    unit: Literal["part", "image"] = "part"


# ----------------------------------------------------------------------------------------------------
# Results of others


@dataclass(frozen=True, kw_only=True)
class PublishedResult:
    """A result that is printed in a paper; tables show it as published, never as measured here.

    Attributes:
        label: Method, budget and network, such as ``RIPU RA 2.2%, V2``; one line.
        paper: Where the numbers are printed: authors, venue, year and identifier; one line.
        source: Name of the source data set.
        target: Name of the target data set.
        label_space: Name of the label space.
        miou: Percent, the mean over all classes of the label space.
        iou: Class name to percent; empty where the paper prints the mean alone.
        subsets: Name of a subset of the label space to the mean over it in percent, as far as printed.
    """

    label: str
    paper: str
    source: str
    target: str
    label_space: str
    miou: float
    iou: Mapping[str, float] = field(default_factory=dict)
    subsets: Mapping[str, float] = field(default_factory=dict)


# ----------------------------------------------------------------------------------------------------
# Data sets


@runtime_checkable
class Dataset(Protocol):
    """One split of one data set. Reading is by index; the object is pickled to worker processes."""

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def image_id(self, index: int) -> str:
        """Return a name that is unique in the split and stays the same on every machine."""
        ...

    def size(self, index: int) -> Size:
        """Return height and width of the label map, without decoding pixels.

        Raises:
            DataError: If image and label differ in size, or a file cannot be opened; names the file.
        """
        ...

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``.

        Raises:
            DataError: If the file cannot be decoded; names the file.
        """
        ...

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map in the data set's own label space, uint8 ``(H, W)``, 255 for void.

        Raises:
            DataError: If the file cannot be decoded or holds ids the data set does not define; names the
            file.
        """
        ...


class SceneRenderer(Protocol):
    """Makes up street scenes for fake data; the same arguments give the same scene."""

    def __call__(
        self,
        index: int,
        *,
        domain: Literal["render", "camera"],
        split: str,
        height: int,
        width: int,
        seed: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return one scene.

        Args:
            index: Number of the scene.
            domain: ``render`` (clean game look) or ``camera`` (photograph).
            split: ``train`` or ``val``.
            height: In pixels.
            width: In pixels.
            seed: Another seed gives other scenes of the same kind.

        Returns:
            Image, uint8 RGB ``(height, width, 3)``; label map in ``cityscapes-19``, uint8 ``(height,
            width)``.
        """
        ...


# ----------------------------------------------------------------------------------------------------
# Models and recipes


class SegmentationModel(Protocol):
    """A ``torch.nn.Module`` that the loop can train and ask for predictions.

    A model that provides features also has ``features(images) -> Tensor``, float ``(B, D, h, w)`` of any
    size.
    """

    mean: tuple[float, float, float]
    """RGB mean of the input normalisation, in units of 0-1."""
    std: tuple[float, float, float]
    """RGB standard deviation of the input normalisation, in units of 0-1."""

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images, float ``(B, 3, H, W)``, to logits ``(B, C, h, w)`` of any size."""
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
        augmentation: Random changes, after resizing; a zoomed image is cut or padded (void) back to ``size``.
        sampling: ``shuffle`` (every image once per epoch) or ``class-balanced`` (classes seen least so far
            are drawn more often, weights ``1 / log(1.01 + share of the class so far)``).
        label_resize: How bought labels shrink: ``point`` keeps every bought pixel at its place (two that fall
            on one place count once), ``nearest`` samples the grid and loses most single pixels. Dense source
            label maps are always resized by ``nearest``.
    """

    batch_size: int
    size: Size | None
    augmentation: Augmentation = Augmentation()
    sampling: Literal["shuffle", "class-balanced"] = "shuffle"
    label_resize: Literal["point", "nearest"] = "point"


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What a recipe asks of the loop.

    Attributes:
        iterations: Optimiser steps in a run, all rounds together.
        source: Labelled source batches.
        target: Target batches, with labels where they have been bought and 255 elsewhere.
    """

    iterations: int
    source: DataPlan
    target: DataPlan


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """What one optimiser step sees, on the training device.

    Attributes:
        iteration: Steps already taken, from 0.
        source_images: Normalised float ``(B, 3, H, W)``, or None where the plan has no source batch.
        source_labels: int64 ``(B, H, W)`` in the scenario's label space, 255 to be ignored; None as above.
        target_images: As for source.
        target_labels: As for source: bought labels, 255 where none was bought.
    """

    iteration: int
    source_images: torch.Tensor | None
    source_labels: torch.Tensor | None
    target_images: torch.Tensor | None
    target_labels: torch.Tensor | None


class Recipe(Protocol):
    """How labelled source, bought target labels and unlabelled target become a trained model."""

    plan: TrainingPlan

    def optimizer(self, model: SegmentationModel) -> torch.optim.Optimizer:
        """Return the optimiser with the learning rates of iteration 0."""
        ...

    def learning_rate_factor(self, iteration: int) -> float:
        """Return the factor on every group's initial learning rate at ``iteration`` (steps already taken)."""
        ...

    def losses(
        self, forward: Callable[[torch.Tensor], torch.Tensor], batch: TrainingBatch
    ) -> Mapping[str, torch.Tensor]:
        """Return named scalar losses; their sum is minimised, each one is logged.

        Args:
            forward: Maps normalised images to float32 logits at the images' own size, ``(B, C, H, W)``.
            batch: The data of this step.
        """
        ...


# ----------------------------------------------------------------------------------------------------
# Acquisitions


@dataclass(frozen=True)
class TargetView:
    """All that an acquisition may know about one target image. No labels.

    Attributes:
        image_id: The image's name.
        logits: float32 ``(C, H, W)`` at label size, on the device of the model.
        generator: Seeded for this scenario, seed, round and image; on the CPU.
        image: uint8 RGB ``(3, H, W)`` at label size, on the CPU; None unless ``image`` is needed.
        features: float32 ``(D, h, w)`` of the model; None unless ``features`` are needed.
    """

    image_id: str
    logits: torch.Tensor
    generator: torch.Generator
    image: torch.Tensor | None = None
    features: torch.Tensor | None = None

    @property
    def size(self) -> Size:
        """Height and width of the label map, in pixels."""
        return self.logits.shape[-2], self.logits.shape[-1]

    @cached_property
    def probs(self) -> torch.Tensor:
        """Softmax of the logits over classes, float32 ``(C, H, W)``; computed once."""
        return self.logits.softmax(0)


@runtime_checkable
class ScoreAcquisition(Protocol):
    """Says for every pixel of one image how much a label there is wanted."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return float ``(H, W)``, higher is asked first; NaN is refused, -inf means never."""
        ...


@dataclass(frozen=True)
class PoolView:
    """All that a *select* acquisition may know about the pool. No labels.

    Attributes:
        image_ids: Every image of the pool, in order.
        features: float32 ``(N, D)`` on the CPU: the model's features averaged over each image.
        bought: bool ``(N,)``: images already labelled in full.
        count: How many images can be afforded in this round, at most.
        generator: Seeded for this scenario, seed and round; on the CPU.
    """

    image_ids: Sequence[str]
    features: torch.Tensor
    bought: torch.Tensor
    count: int
    generator: torch.Generator


@runtime_checkable
class SelectAcquisition(Protocol):
    """Ranks whole images with a look at all of the pool."""

    def select(self, pool: PoolView) -> Sequence[int]:
        """Return at most ``pool.count`` different indices of images not bought yet, most wanted first."""
        ...


# ----------------------------------------------------------------------------------------------------
# Annotation


@dataclass(frozen=True)
class Picks:
    """Questions about one image, in the order in which they are asked.

    Attributes:
        positions: int32 ``(n, 2)``, rows ``(y, x)``.
        scores: float32 ``(n,)``, what the acquisition gave each pick.
        pixels: int64 ``(n,)``, pixels each answer reveals that were not bought before.
    """

    positions: NDArray[np.int32]
    scores: NDArray[np.float32]
    pixels: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.positions)

    def first(self, count: int) -> Picks:
        """Return the first ``count`` questions."""
        return Picks(self.positions[:count], self.scores[:count], self.pixels[:count])


class AnnotationMode(Protocol):
    """What a question is, what its answer reveals and what it costs."""

    @property
    def questions_per_pick(self) -> int:
        """Clicks that one pick costs."""
        ...

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        """Return the best questions about one image that fit the limit.

        Args:
            score: float ``(H, W)``; higher is asked first, -inf never.
            asked: int32 ``(m, 2)``: positions asked about in earlier rounds.
            pixel_limit: Most pixels that all answers together may reveal.

        Returns:
            Picks with non-increasing scores; each reveals at least one pixel that no other one reveals.
        """
        ...

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        """Return which question reveals each pixel.

        Args:
            positions: int32 ``(n, 2)``, in the order asked, those of all rounds together.
            size: Height and width of the label map.

        Returns:
            int32 ``(H, W)``: the row of ``positions``, -1 where none reveals the pixel. A pixel that two
            questions cover belongs to the earlier one.
        """
        ...

    def most_pixels(self, size: Size) -> int:
        """Return how many pixels of one image can be bought at most, given the mode's own spacing."""
        ...


# ----------------------------------------------------------------------------------------------------
# Records


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What labels have cost, in every currency.

    Attributes:
        pixels: Target pixels bought, void ones included.
        valid_pixels: Those of them that have a class; the rest was void and cost the same.
        trained_pixels: Those that remain after label maps are resized to the training size.
        questions: Clicks.
        images: Images touched.
    """

    pixels: int = 0
    valid_pixels: int = 0
    trained_pixels: int = 0
    questions: int = 0
    images: int = 0


@dataclass(frozen=True, kw_only=True)
class RoundReport:
    """What observers are told when a round has been committed.

    Attributes:
        run: The run's folder name, such as ``ripu-ra__s0__3f9c1a7e``.
        method: The method's label.
        seed: The seed.
        round: 0 before the first purchase.
        iteration: Optimiser steps taken.
        cost: All labels bought so far.
        class_names: In the order of ``iou``.
        iou: Percent per class; NaN for a class that the ground truth does not hold.
        miou: Percent, the mean over classes that the ground truth holds.
        accuracy: Percent of valid pixels that are right.
    """

    run: str
    method: str
    seed: int
    round: int
    iteration: int
    cost: Cost
    class_names: tuple[str, ...]
    iou: tuple[float, ...]
    miou: float
    accuracy: float
