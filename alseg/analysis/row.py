"""The rows of a comparison: one method in one scenario, averaged over seeds, and results of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from alseg.analysis.bootstrap import CrossedInterval, ImageInterval
from alseg.analysis.contrasts import Contrast
from alseg.analysis.gap import Gap
from alseg.analysis.learnt import Learnt, bought_of
from alseg.analysis.multiplicity import Corrected
from alseg.analysis.purchases import Purchase, purchase_of
from alseg.analysis.reach import Reach
from alseg.analysis.statistics import Difference, Interval
from alseg.contracts import PublishedResult
from alseg.storage.records import ChosenImages, Method, RoundResult, Run

UPPER_MARK = "upper mark"
"""What stands beside the label of a method that sees the labels of the pool."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Labels bought until a round, averaged over seeds.

    Attributes:
        pixels: Pixels bought.
        valid_pixels: Those of them that have a class.
        trained_pixels: Those of them that remain at training size.
        clicks: What the answers have cost.
        images: Images touched.
        drawn_pixels: Pixels bought in images that a training step has drawn since; None where a run was not
            counted so.
        pool_pixels: Pixels of the target training set.
        pool_images: Images of the target training set.
        of_budget: What was spent of a budget in clicks or regions, such as ``398 of 400 clicks``; None for
            other budgets.
    """

    pixels: float
    valid_pixels: float
    trained_pixels: float
    clicks: float
    images: float
    drawn_pixels: float | None
    pool_pixels: float
    pool_images: float
    of_budget: str | None = None

    @property
    def pixels_percent(self) -> float:
        """Pixels bought as percent of the pool."""
        return 100 * self.pixels / self.pool_pixels

    @property
    def valid_percent(self) -> float | None:
        """Percent of the bought pixels that have a class; None where nothing was bought."""
        return 100 * self.valid_pixels / self.pixels if self.pixels else None

    @property
    def drawn_percent(self) -> float | None:
        """Percent of the bought pixels that training has drawn; None where nothing was bought or counted."""
        if self.drawn_pixels is None or not self.pixels:
            return None
        return 100 * self.drawn_pixels / self.pixels

    @property
    def clicks_per_image(self) -> float:
        """Clicks per image of the pool."""
        return self.clicks / self.pool_images


class ClosedGap(NamedTuple):
    """How much of a gap is closed, and between which rows.

    Attributes:
        gap: The share, over the seeds that all three share.
        zero: Label of the row without target labels.
        hundred: Label of the row with all of them.
    """

    gap: Gap
    zero: str
    hundred: str


class Reached(NamedTuple):
    """What it costs to reach a share of full supervision, and which row that is.

    Attributes:
        reach: The cost with its interval.
        hundred: Label of the fully supervised row.
    """

    reach: Reach
    hundred: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method, averaged over the seeds that reached the round.

    Attributes:
        label: Unique in its scenario: the method's label, told apart by experiment or hash where needed.
        experiment: Name of the experiment.
        scenario: Short text.
        method: From the experiment file.
        runs: All runs of the method, those left out included.
        counted: Runs and their rounds that are averaged; empty where none reached the round.
        score: The metric in percent; None where nothing is counted.
        iou: Class name to mean percent; None where the ground truth does not hold the class, or nothing is
            counted.
        subsets: Name of a subset of the label space to the mean over it in percent; None as for the score.
        costs: None where nothing is counted.
        contrast: The first of its comparisons with another row, which has the same scenario; None without.
        unpaired: Whether there is a baseline for it that shares no seed with it.
        image_interval: Where the difference is over one seed: its interval over resampled evaluation images,
            which is about two networks, not about two methods; None where it is not known.
        crossed: The interval of the difference over seeds and evaluation images together; None where it was
            not asked for or is not known.
        gap_closed: Percent of the way from no target labels to all of them; None for methods that buy none,
            and where either end is missing.
        reach: What it costs to reach the share of full supervision asked for; None without.
        area: Area under the curve of the metric over the cost axis asked for, in percent; None without.
        learnt: What is known where runs have no evaluation labels; None where all have some.
        best: Classes in which the method may be the best of those with the same annotation and budget, where
            any of them can be ruled out.
        best_score: The same for the metric.
        best_subsets: The same for subsets.
    """

    label: str
    experiment: str
    scenario: str
    method: Method
    runs: tuple[Run, ...]
    counted: tuple[tuple[Run, RoundResult], ...]
    score: Interval | None
    iou: Mapping[str, float | None]
    subsets: Mapping[str, Interval | None]
    costs: Costs | None
    contrast: Contrast | None = None
    unpaired: bool = False
    image_interval: ImageInterval | None = None
    crossed: CrossedInterval | None = None
    gap_closed: ClosedGap | None = None
    reach: Reached | None = None
    area: Interval | None = None
    learnt: Learnt | None = None
    best: frozenset[str] = frozenset()
    best_score: bool = False
    best_subsets: frozenset[str] = frozenset()

    @property
    def bought(self) -> Mapping[str, float] | None:
        """Class name to pixels bought, averaged over seeds; None where no run has kept them."""
        return bought_of(self.counted)

    @property
    def evaluated(self) -> bool:
        """Whether a run that counts has evaluation labels."""
        return any(run.evaluated for run, _ in self.counted)

    @property
    def chosen_images(self) -> ChosenImages | None:
        """Of which evaluation images the metrics are; None for all, and where no run has a round."""
        return next((run.chosen_images for run in self.runs if run.chosen_images is not None), None)

    @property
    def is_reference(self) -> bool:
        """Whether the method buys no labels (source only, fully supervised)."""
        return self.method.target_labels != "acquired"

    @property
    def title(self) -> str:
        """The label as people read it: it says where the method is an upper mark."""
        return f"{self.label} ({UPPER_MARK})" if self.is_upper_mark else self.label

    @property
    def is_upper_mark(self) -> bool:
        """Whether the method sees the labels of the pool; nobody can, so it is never ranked or best."""
        return self.method.sees_labels

    @property
    def baseline(self) -> str | None:
        """Label of the row that the difference is taken to."""
        return None if self.contrast is None else self.contrast.baseline

    @property
    def difference(self) -> Difference | None:
        """Difference to the baseline, paired by seed; None for a baseline and where no seed is shared."""
        return None if self.contrast is None else self.contrast.difference

    @property
    def alike(self) -> bool:
        """Whether the baseline has the same annotation and budget."""
        return self.contrast is not None and self.contrast.alike

    @property
    def corrected(self) -> Corrected | None:
        """The difference as one of its family; None where nothing is tested."""
        return None if self.contrast is None else self.contrast.corrected

    @cached_property
    def purchase(self) -> Purchase | None:
        """Annotation and budget; None for a method that buys no labels."""
        return purchase_of(self.runs[0])

    @property
    def task_hash(self) -> str:
        """Hash of all settings but seed and method."""
        return self.runs[0].task_hash

    @property
    def conditions_hash(self) -> str:
        """Hash of all settings but seed and method, and of the recipe."""
        return self.runs[0].conditions_hash

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Name and parameters of the recipe, see `alseg.storage.records.Run.recipe`."""
        return self.runs[0].recipe

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are averaged."""
        return tuple(run.seed for run, _ in self.counted)

    @property
    def rounds(self) -> tuple[int, ...]:
        """The rounds that are averaged, each once; one number in all but odd cases."""
        return tuple(sorted({result.round for _, result in self.counted}))


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """A result of others, beside the rows of a scenario with the same data sets and label space.

    Attributes:
        scenario: That of the rows it stands beside.
        result: As printed.
        score: The metric in percent; None where it is not printed.
        reference: Number of the paper in the notes, from 1.
    """

    scenario: str
    result: PublishedResult
    score: float | None
    reference: int
