"""What one round of acquisition is given: a pool of images, and the methods that ask about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.allowance import Limits
from alseg.contracts import AnnotationMode, Dataset, Picks, ScoreAcquisition, SelectAcquisition
from alseg.inference.predict import InferenceOptions


class AcquisitionError(Exception):
    """An acquisition returned something that cannot be used; the message names it and the image."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The target training images as one round of acquisition sees them.

    Attributes:
        dataset: The images; their labels are not read.
        num_classes: That the model predicts.
        model: Gives predictions.
        options: How images are fed to it; None where nothing of it is needed: no image is read then.
        seed_axes: What generators depend on: the run's seed and the round.
        on_image: Called after every image.
    """

    dataset: Dataset
    num_classes: int
    model: Any
    options: InferenceOptions | None
    seed_axes: Sequence[int | str]
    on_image: Callable[[], None] = lambda: None


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
        on_final: Called with an image's id and picks as soon as nothing can change them any more, while
            others are still scored; never where the budget is the pool's.
    """

    acquisition: ScoreAcquisition | SelectAcquisition
    name: str
    identity: str
    mode: AnnotationMode
    limits: Limits
    asked: Callable[[str], NDArray[np.int32]]
    on_final: Callable[[str, Picks], object] = lambda image_id, picks: None
