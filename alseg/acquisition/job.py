"""What one round of acquisition is given: a pool of images, and the methods that ask about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.allowance import Limits
from alseg.contracts import (
    AnnotationMode,
    Dataset,
    Domain,
    Need,
    ObservingAcquisition,
    Picks,
    RegionAnnotationMode,
    ScoreAcquisition,
    SelectAcquisition,
    Unit,
)
from alseg.inference.predict import InferenceOptions, Prediction
from alseg.system.ranks import ALONE, Ranks

Acquisition = ScoreAcquisition | SelectAcquisition | ObservingAcquisition


class AcquisitionError(Exception):
    """An acquisition returned something that cannot be used; the message names it and the image."""


@dataclass(frozen=True, kw_only=True)
class SourceImages:
    """The labelled source images, for acquisitions that observe them.

    Attributes:
        dataset: The images.
        label: Returns an image's label map by index, uint8 ``(H, W)`` in the scenario's label space.
        options: How images are fed to the network.
    """

    dataset: Dataset
    label: Callable[[int], NDArray[np.uint8]]
    options: InferenceOptions


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The target training images as one round of acquisition sees them.

    Attributes:
        dataset: The images; their labels are not read here.
        num_classes: That the model predicts.
        model: Gives predictions.
        options: How images are fed to it; None where nothing of it is needed: no image is read then.
        seed_axes: What generators depend on: the run's seed and the round.
        previous: Gives the predictions of the network of the round before; None where no acquisition wants
            them.
        source: The source images; None where no acquisition observes them.
        round: The purchase that is decided on, from 1.
        rounds: How many purchases a run makes.
        ranks: The processes that pass over the pool together, each over whole batches of it.
        on_image: Called after every image that is this rank's.
    """

    dataset: Dataset
    num_classes: int
    model: Any
    options: InferenceOptions | None
    seed_axes: Sequence[int | str]
    previous: Any | None = None
    source: SourceImages | None = None
    round: int = 1
    rounds: int = 1
    ranks: Ranks = ALONE
    on_image: Callable[[], None] = lambda: None


class AdaptsRegions(Protocol):
    """Makes the regions of a round, image after image."""

    def see(self, prediction: Prediction, image_id: str, job: QueryJob, pool: Pool) -> None:
        """See an image, before anything is asked about it; what was seen before is not made again."""
        ...

    def gather(self, pool: Pool) -> None:
        """Know the regions of the images that other ranks have seen, too."""
        ...


@dataclass(frozen=True, kw_only=True)
class QueryJob:
    """A method that asks about the images of a pool.

    Attributes:
        acquisition: Says what is wanted.
        name: Of the acquisition, for messages.
        identity: Acquisitions of the same identity give the same scores.
        mode: What a question is.
        limits: The budget left.
        asked: Image id to where it has been asked before, int32 ``(m, 2)``.
        needs: What the acquisition reads, by the names of its spec.
        observes: The domains whose images it observes, where it does.
        unit: What a question is about.
        regions: Returns an image's regions by index, int32 ``(H, W)``; None where the method has no
            partition.
        adapted: Makes these regions in the pass over the pool, where the partition follows the network.
        source_regions: The same of a source image.
        revealed: Returns the labels of an image that have been bought, by index, uint8 ``(H, W)``, 255
            elsewhere.
        bought: Returns the pixels of an image that have been bought, by index, bool ``(H, W)``.
        true_labels: Returns all labels of an image, by index, uint8 ``(H, W)``, 255 for void; None unless the
            acquisition declares that it sees them.
        on_final: Called with an image's id and picks as soon as nothing can change them any more, while
            others are still scored; never where the budget is the pool's.
    """

    acquisition: Acquisition
    name: str
    identity: str
    mode: AnnotationMode | RegionAnnotationMode
    limits: Limits
    asked: Callable[[str], NDArray[np.int32]]
    needs: Sequence[Need] = ("logits",)
    observes: Sequence[Domain] = ("target",)
    unit: Unit = "part"
    regions: Callable[[int], NDArray[np.int32]] | None = None
    adapted: AdaptsRegions | None = None
    source_regions: Callable[[int], NDArray[np.int32]] | None = None
    revealed: Callable[[int], NDArray[np.uint8]] | None = None
    bought: Callable[[int], NDArray[np.bool_]] | None = None
    true_labels: Callable[[int], NDArray[np.uint8]] | None = None
    on_final: Callable[[str, Picks], object] = lambda image_id, picks: None


def reads_logits(job: QueryJob) -> str:
    """Return what is wrong with an acquisition that reads the logits where nothing was predicted for it."""
    names = f"names only {', '.join(job.needs)}" if job.needs else "is empty"
    return f"reads the logits, but its spec does not say so: its 'needs' {names}"
