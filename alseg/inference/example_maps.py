"""Makes examples from logits: small maps of what a network says about a few images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from alseg.contracts import AnnotationMode, Dataset, RegionAnnotationMode, Size, Unit
from alseg.data.subset import Subset, evenly
from alseg.guard.calls import guarded
from alseg.inference.predict import InferenceOptions, Prediction, predict
from alseg.storage.examples import HIGH_IMPURITY, LONGEST_SIDE, Example, kept_size
from alseg.toolkit.uncertainty import statistics
from alseg.toolkit.windows import window_impurity

_PROBE = 65
_WIDEST_WINDOW = 16
_CUT_OFF = (1.0, 99.0)
"""Percentiles of the score's map that become black and white."""


ScoreMap = Callable[[Prediction, str], torch.Tensor | None]
"""Gives the score of an image, float ``(H, W)``, from its prediction and id; None where there is none."""


def no_score(prediction: Prediction, image_id: str) -> None:
    """Give no score: nothing is acquired."""


def make_examples(
    model: Any,
    dataset: Dataset,
    options: InferenceOptions,
    *,
    count: int,
    mode: AnnotationMode | RegionAnnotationMode | None = None,
    unit: Unit = "part",
    score: ScoreMap = no_score,
) -> Iterator[tuple[str, Example]]:
    """Ask a network about a few images, spread evenly over a split.

    Args:
        model: A `SegmentationModel`, possibly wrapped.
        dataset: The split.
        options: How images are fed to it.
        count: Number of images at most.
        mode: What a question is: impurity is counted in a window as large as an answer, see `question_reach`.
        unit: What questions are about.
        score: Gives the acquisition's score of an image.

    Yields:
        Image id and example.
    """
    chosen = Subset(dataset, evenly(len(dataset), count))
    radius = question_reach(mode, unit)
    for prediction in predict(model, chosen, options):
        image_id = chosen.image_id(prediction.index)
        logits = logits_of(prediction, options)
        yield image_id, example_of(logits, radius, score(prediction, image_id))


def logits_of(prediction: Prediction, options: InferenceOptions) -> torch.Tensor:
    """Return float32 ``(C, H, W)`` that are logits with mirrored averaging, too."""
    # It gives probabilities, whose logarithms are logits.
    return prediction.logits.clamp(min=1e-12).log() if options.flip else prediction.logits


def example_of(
    logits: torch.Tensor, radius: int, score: torch.Tensor | None = None, longest: int = LONGEST_SIDE
) -> Example:
    """Return the example of one image.

    Args:
        logits: float ``(C, H, W)``.
        radius: Reach of the window in which impurity is counted, at least 0.
        score: float ``(H, W)``, higher is asked first; infinities allowed.
        longest: Pixels of the maps' longer side at most.
    """
    num_classes, height, width = logits.shape
    small = kept_size((height, width), longest)
    maps = statistics(logits, "entropy", "classes")
    assert maps.entropy is not None and maps.classes is not None
    impurity = window_impurity(maps.classes, num_classes, radius)
    steps, limits = (None, (0.0, 0.0)) if score is None else _scaled(_highest(score, small))
    return Example(
        size=(height, width),
        classes=_sampled(maps.classes, small),
        uncertainty=_quantised(_averaged(maps.entropy, small), 0.0, float(np.log(max(2, num_classes)))),
        impurity=_quantised(_averaged(impurity, small), 0.0, HIGH_IMPURITY),
        radius=radius,
        score=steps,
        score_range=limits,
    )


def question_reach(mode: AnnotationMode | RegionAnnotationMode | None, unit: Unit = "part") -> int:
    """Return how far the answer to one question reaches, at least 1 pixel: where impurity is worth counting.

    Answers that are no small window, such as regions and whole images, have a reach of 1, and so has no mode.
    """
    if mode is None or unit != "part":
        return 1
    middle = _PROBE // 2
    with guarded(mode, "footprint"):
        probe = cast(AnnotationMode, mode).footprint(np.array([[middle, middle]], np.int32), (_PROBE, _PROBE))
    revealed = probe >= 0
    rows, columns = np.nonzero(revealed)
    reach = int(max(np.abs(rows - middle).max(initial=0), np.abs(columns - middle).max(initial=0)))
    return reach if 1 <= reach <= _WIDEST_WINDOW else 1


def _sampled(classes: torch.Tensor, size: Size) -> NDArray[np.uint8]:
    """Return every so-manieth pixel, from the middle of each cell."""
    rows, columns = (
        ((2 * np.arange(new) + 1) * old) // (2 * new) for new, old in zip(size, classes.shape, strict=True)
    )
    return np.ascontiguousarray(classes.cpu().numpy()[np.ix_(rows, columns)])


def _averaged(values: torch.Tensor, size: Size) -> NDArray[np.float32]:
    # On the CPU, so that the file does not depend on the device where the maps do not.
    return functional.adaptive_avg_pool2d(values.float().cpu()[None], size)[0].numpy()


def _highest(score: torch.Tensor, size: Size) -> NDArray[np.float32]:
    """Return the highest score in each cell: that is what is asked first."""
    return functional.adaptive_max_pool2d(score.detach().float().cpu()[None], size)[0].numpy()


def _scaled(score: NDArray[np.float32]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Return scores in 256 steps, and what the first and the last step stand for."""
    finite = score[np.isfinite(score)].astype(np.float64)
    if not finite.size:
        return np.zeros(score.shape, np.uint8), (0.0, 0.0)
    low, high = (float(value) for value in np.percentile(finite, _CUT_OFF))
    if low == high:  # nearly everything is equal: what is not, is what matters
        low, high = float(finite.min()), float(finite.max())
    return _quantised(score, low, high), (low, high)


def _quantised(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Return 0 for ``low`` to 255 for ``high``; infinities and what lies beyond are cut off, NaN is 0."""
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    share = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
    return np.nan_to_num(255 * share).round().astype(np.uint8)
