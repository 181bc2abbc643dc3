"""What tables, statistics and reports need to know about runs: records, read by `alseg.storage.reader`.

The fields of `Method`, `ResultClasses`, `Pool` and `RoundResult` are the keys of the files, with the bounds
of their values; keys that no table needs are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from alseg.contracts import Cost
from alseg.files import content_hash
from alseg.storage.layout import folder_of_round

_LARGEST = 2**53
"""Up to here, every whole number is a floating-point number."""

Count = Annotated[int, Field(ge=0, le=_LARGEST, strict=True)]
"""A number of pixels, clicks, images or steps."""

Percent = Annotated[float, Field(ge=0, le=100.000001, allow_inf_nan=False, strict=True)]
"""A share of hundred; a mean of hundreds may be rounded up."""

Name = Annotated[str, Field(min_length=1, max_length=500)]
"""A name of a class, a method or a component."""

Text = Annotated[str, Field(max_length=10_000)]
"""A text for people."""


def _bounded(cost: Cost) -> Cost:
    for value in astuple(cost):
        if value is not None and not 0 <= value <= _LARGEST:
            raise ValueError(f"a cost is less than 0 or more than {_LARGEST:,}")
    return cost


State = Literal["running", "waiting", "done", "failed", "interrupted", "skipped"]
"""What ``status.json`` says about a run."""


@dataclass(frozen=True)
class Method:
    """One line of an experiment's ``methods``.

    Attributes:
        label: The name people gave it.
        order: Its place in the experiment file, from 0.
        target_labels: ``none``, ``acquired`` (buys labels) or ``all`` (fully supervised).
        acquisition: Plugin name, or None.
        annotation: Plugin name, or None.
        budget: As written in the experiment file, or None.
        labels_since: Where all labels are known: from the ``start``, or from the ``first-purchase`` of the
            other methods on, so that training with labels is as long as theirs.
        reference: ``lower`` or ``upper`` end of the gap that other methods close; None where the file does
            not say.
        sees_labels: Whether the acquisition sees the labels of the pool: an upper mark, no method that
            anybody can use. False in files from before there were any.
    """

    label: Name
    order: Count
    target_labels: Literal["none", "acquired", "all"]
    acquisition: Name | None = None
    annotation: Name | None = None
    budget: Name | None = None
    labels_since: Literal["start", "first-purchase"] = "start"
    reference: Literal["lower", "upper"] | None = None
    sees_labels: bool = False


@dataclass(frozen=True)
class ResultClasses:
    """The label space in which a run's results are given.

    Attributes:
        name: Such as ``cityscapes-19``.
        classes: Class names in table order.
        subsets: Named groups of class names.
    """

    name: Name
    classes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=255)]
    subsets: Annotated[
        Mapping[Name, Annotated[tuple[Name, ...], Field(min_length=1)]], Field(max_length=255)
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class Pool:
    """The target training set, of which costs are a share.

    Attributes:
        pixels: Number of pixels.
        images: Number of images.
        listing: Which images these are, in a line with a hash, where the pool may grow; else None.
    """

    pixels: Annotated[Count, Field(ge=1)]
    images: Annotated[Count, Field(ge=1)]
    listing: Text | None = None


@dataclass(frozen=True)
class Spending:
    """What has been spent of a budget by the end of a round, and what might have been.

    Attributes:
        currency: What is counted: clicks or regions; of pixels and images the costs tell.
        spent: In all images together.
        allowed: The most that the budget allows so far.
    """

    currency: Literal["clicks", "regions"]
    spent: Count
    allowed: Count


@dataclass(frozen=True)
class AnswerScores:
    """How a network predicts answers that it was not trained on, in the pixels to which they give a class.

    Answers are where a method has asked: none of this is the mIoU of the target.

    Attributes:
        answers: Number of answers.
        images: Images that they are about.
        pixels: Pixels to which they give a class.
        miou_of_answers: Percent, mean over the classes that the answers name; None where they name none.
        accuracy_of_answers: Percent of the pixels; None where there are none.
        iou_of_answers: Class name to percent; None for a class that no answer names.
    """

    answers: Count
    images: Count
    pixels: Count
    miou_of_answers: Percent | None
    accuracy_of_answers: Percent | None
    iou_of_answers: Mapping[str, Percent | None]


@dataclass(frozen=True)
class RoundResult:
    """A round's ``metrics.json``.

    Attributes:
        round: 0 before the first purchase.
        iteration: Optimiser steps taken.
        cost: All labels bought so far.
        pool: The target training set.
        miou: Percent, mean over the classes that the ground truth holds; None if it holds none, and without
            evaluation labels.
        accuracy: Percent of valid pixels; None if there are none.
        iou: Class name to percent; None for a class that the ground truth does not hold.
        subsets: Subset name to mean percent; None where the ground truth holds no class of it.
        allowance_pixels: Most pixels the budget allowed so far; None without acquisition, and where it is
            in clicks or regions.
        spending: Of a budget in clicks or regions; None for others.
        bought: Class name to pixels bought so far; None in files from before it was kept.
        prequential: Without evaluation labels, the answers that the round bought, predicted before training
            with them; None in round 0 and where nothing is asked.
        estimate: The answers held out of training so far, predicted at the end of the round; None where none
            are held out.
    """

    round: Count
    iteration: Count
    cost: Annotated[Cost, AfterValidator(_bounded)]
    pool: Pool
    miou: Percent | None = None
    accuracy: Percent | None = None
    iou: Mapping[str, Percent | None] = field(default_factory=dict)
    subsets: Mapping[str, Percent | None] = field(default_factory=dict)
    allowance_pixels: Count | None = None
    bought: Mapping[str, Count] | None = None
    spending: Spending | None = None
    prequential: AnswerScores | None = None
    estimate: AnswerScores | None = None

    @property
    def accuracy_on_new_answers(self) -> float | None:
        """Percent of the pixels of the round's answers that were predicted before training with them."""
        return None if self.prequential is None else self.prequential.accuracy_of_answers

    @property
    def miou_estimate(self) -> float | None:
        """Mean IoU in percent over the answers held out so far."""
        return None if self.estimate is None else self.estimate.miou_of_answers


@dataclass(frozen=True)
class ChosenImages:
    """Of which evaluation images the metrics of a run are, where they are not of all.

    Attributes:
        patterns: What was asked for: names of groups, or patterns with ``*``, ``?`` and ``[...]``.
        groups: The groups they name, in the order of the evaluation.
        images: Number of images in these groups.
        all_groups: Number of groups of all evaluation images.
        all_images: Number of evaluation images.
    """

    patterns: tuple[str, ...]
    groups: tuple[str, ...]
    images: int
    all_groups: int
    all_images: int


@dataclass(frozen=True)
class Run:
    """All that tables need to know about one run.

    Attributes:
        folder: Where it was read from.
        experiment: Name of the experiment.
        name: The folder's name when it was made, such as ``ripu-ra__s0__3f9c1a7e``.
        fingerprint: Hash of all that can change a result, the seed included.
        method: The method.
        seed: The seed.
        label_space: What the results are about.
        scenario: Short text such as ``streets (render) -> streets (camera)``.
        scorer: Version of the code that computed the metrics.
        spec: The whole resolved specification.
        state: How far it is.
        explanation: Why it failed or was skipped, one line; empty otherwise.
        rounds: Committed rounds in order.
        devices: What its attempts ran on, in order, each once.
        threads: Of torch in its attempts, in order, each number once.
        planned_rounds: Rounds when it is done, round 0 included.
        clicks_of_answers: Whether clicks were counted from answers; in files from before, an answer cost a
            constant.
        evaluated: Whether there were evaluation labels.
        shown: Where people find it, if not in the folder: in a pack.
        code: ``alseg`` and ``plugin NAME`` to the hash of the code with which the run was begun, as far as
            that was recorded.
        chosen_images: Of which evaluation images the metrics of all rounds are; None for all.
    """

    folder: Path
    experiment: str
    name: str
    fingerprint: str
    method: Method
    seed: int
    label_space: ResultClasses
    scenario: str
    scorer: str
    spec: Mapping[str, Any]
    state: State
    explanation: str
    rounds: tuple[RoundResult, ...]
    devices: tuple[str, ...]
    planned_rounds: int
    clicks_of_answers: bool = True
    threads: tuple[int, ...] = ()
    evaluated: bool = True
    shown: Path | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    chosen_images: ChosenImages | None = None

    @property
    def place(self) -> Path:
        """Where people find it."""
        return self.folder if self.shown is None else self.shown

    @property
    def image_patterns(self) -> tuple[str, ...]:
        """Of which groups of evaluation images the metrics are; empty for all images."""
        return () if self.chosen_images is None else self.chosen_images.patterns

    @cached_property
    def scenario_hash(self) -> str:
        """Hash of the scenario, wherever its data lies."""
        return content_hash(self._conditions["scenario"])

    @cached_property
    def task_hash(self) -> str:
        """Hash of all settings but seed and method: scenario, network, rounds and evaluation."""
        return content_hash(self._conditions)

    @cached_property
    def conditions_hash(self) -> str:
        """Hash of the task and the recipe: what methods must share to be compared fairly."""
        return content_hash([self._conditions, self.recipe])

    @property
    def recipe(self) -> dict[str, Any]:
        """Parameters of the recipe, and its name under ``recipe``; empty where the run does not say."""
        recipe = _without(self.spec.get("method")).get("recipe")
        if not isinstance(recipe, Mapping):
            return {}
        return {"recipe": recipe.get("name"), **_without(recipe.get("params") or {})}

    @cached_property
    def settings_hash(self) -> str:
        """Hash of all settings but the seed, which the runs of one method share."""
        method = _without(self.spec.get("method"), "label", "order", "twin", "reference")
        return content_hash([self._conditions, method])

    @property
    def data_sets(self) -> tuple[str, str]:
        """Names of the source and the target data set; empty where the specification names none."""
        scenario = _without(self.spec.get("scenario"))
        source, target = (_without(scenario.get(key)).get("name", "") for key in ("source", "target"))
        return str(source), str(target)

    @property
    def _conditions(self) -> dict[str, Any]:
        scenario = _without(self.spec.get("scenario"), "root", "source_root", "target_root")
        space = scenario.get("label_space")
        if isinstance(space, Mapping):  # of the experiment file: neither name nor colours change a result
            classes = [_without(info, "color") for info in space.get("classes", ())]
            scenario["label_space"] = {**_without(space, "name"), "classes": classes}
        return {**_without(self.spec, "experiment", "seed", "method"), "scenario": scenario}

    @property
    def final(self) -> RoundResult | None:
        """The last round of a run that is done; None for any other run."""
        return self.rounds[-1] if self.state == "done" and self.rounds else None

    def round_folder(self, number: int) -> Path:
        """Return the folder of round ``number``, whether or not it has been committed."""
        return folder_of_round(self.folder, number)

    def at(self, number: int) -> RoundResult | None:
        """Return round ``number``, or None where it has not been committed."""
        return next((result for result in self.rounds if result.round == number), None)


@dataclass(frozen=True)
class DamagedRun:
    """A run that was left out: its folder, and one line that says what is wrong with which file."""

    folder: Path
    problem: str


@dataclass(frozen=True)
class Results:
    """What was found.

    Attributes:
        runs: By experiment as given, then method as in the experiment file, then seed.
        damaged: Runs that could not be read.
        copies: Folders that hold a run already read from another folder; each run counts once.
        disagreeing: Folders that hold other results of a run already read; they are left out.
        without_images: Sentences about runs that were left out since nothing is known of the evaluation
            images asked for.
    """

    runs: tuple[Run, ...]
    damaged: tuple[DamagedRun, ...] = ()
    copies: tuple[Path, ...] = ()
    disagreeing: tuple[Path, ...] = ()
    without_images: tuple[str, ...] = ()


def _without(value: Any, *keys: str) -> dict[str, Any]:
    content = value if isinstance(value, Mapping) else {"": value}
    return {key: inner for key, inner in content.items() if key not in keys}
