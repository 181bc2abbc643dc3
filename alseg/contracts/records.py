"""Records of what labels cost and what came out, here and in papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What labels have cost, in every currency.

    Attributes:
        pixels: Target pixels bought, void ones included.
        valid_pixels: Those of them that have a class; the rest was void and cost the same.
        trained_pixels: Those that remain after label maps are resized to the training size.
        clicks: What the answers have cost.
        images: Images touched.
        drawn_pixels: Those of ``pixels`` in images that a training step has drawn since they were bought;
            None in files from before that was counted.
        drawn_images: Those of ``images`` that have been drawn since a label of theirs was bought; None as
            above.
    """

    pixels: int = 0
    valid_pixels: int = 0
    trained_pixels: int = 0
    clicks: int = 0
    images: int = 0
    drawn_pixels: int | None = None
    drawn_images: int | None = None


@dataclass(frozen=True, kw_only=True)
class RoundReport:
    """What observers are told about a committed round: plain data, as the run folder has it.

    Attributes:
        experiment: The experiment's name.
        scenario: Source and target in words, such as ``gtav -> cityscapes``.
        run: The run's folder name, such as ``ripu-ra__s0__3f9c1a7e``.
        folder: Absolute path of that folder. It is the core's: observers write nothing below it. Two levels
            up is the experiment's folder, where they may have one of their own.
        method: The method's label.
        seed: The seed.
        spec: All that the run was asked for, as ``spec`` in its ``run.json``: mappings, lists, text, numbers,
            bools and None.
        round: 0 before the first purchase.
        iteration: Optimiser steps taken.
        cost: All labels bought so far.
        class_names: In the order of ``iou``.
        iou: Percent per class; NaN for a class that the ground truth does not hold, and without evaluation.
        miou: Percent, the mean over classes that the ground truth holds; NaN without evaluation.
        accuracy: Percent of valid pixels that are right; NaN without evaluation.
        evaluated: Whether there are evaluation labels.
        of_answers: Without them, how the network predicts answers that it was not trained on, by name:
            ``prequential/...`` of the answers that the round bought, before training with them,
            ``estimate_from_held_out_answers/...`` of those held out, at the end of the round. Each has
            ``answers`` (their number), ``miou_of_answers`` and ``accuracy_of_answers`` in percent. They are
            where the method asked: no mIoU of the target.
    """

    experiment: str
    scenario: str
    run: str
    folder: str
    method: str
    seed: int
    spec: Mapping[str, Any]
    round: int
    iteration: int
    cost: Cost
    class_names: tuple[str, ...]
    iou: tuple[float, ...]
    miou: float
    accuracy: float
    evaluated: bool = True
    of_answers: Mapping[str, float] = field(default_factory=dict)


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
