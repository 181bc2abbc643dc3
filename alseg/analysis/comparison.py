"""What a comparison of methods consists of. `alseg.analysis.compare` makes it, `alseg.tables` lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from alseg.analysis.contrasts import Contrast
from alseg.analysis.cost_axes import CostAxis
from alseg.analysis.metric import Metric
from alseg.analysis.mixed_model import MixedModel
from alseg.analysis.penalties import PenaltyMatrix
from alseg.analysis.ranks import Ranking
from alseg.analysis.row import PublishedRow, Row


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything a table shows.

    Attributes:
        label_space: Its name.
        classes: The classes shown, in table order.
        subsets: Subsets of the label space whose means are shown beside that over all classes.
        scorer: Version of the metric code.
        metric: What is compared.
        round: The round asked for, or None for each run's last.
        baseline: Label of the first row that differences are taken to; None where there is none.
        axis: The cost axis of the areas under curves; None where none was asked for.
        share: Of full supervision, in percent, whose cost is shown; None where it was not asked for.
        cost: The cost axis of that.
        rows: By scenario, then annotation and budget, then in the order of the experiment files.
        groups: A letter for each annotation and budget, by `Purchase.key`; empty with fewer than two.
        contrasts: Every comparison of two rows, in the order of the rows.
        published: Results of others, where they were asked for; no row of theirs is ever among ``rows``.
        rankings: Mean ranks over scenarios, one ranking for each annotation and budget; None where they were
            not asked for.
        penalties: How often methods beat each other, one matrix for each annotation and budget; None where
            they were not asked for.
        mixed: Mixed models of several scenarios, one for each annotation and budget; None where they were not
            asked for.
        bought: Whether tables show which classes were bought.
        notes: What a reader must know: what was left out and why, whatever makes rows incomparable.
    """

    label_space: str
    classes: tuple[str, ...]
    subsets: tuple[str, ...]
    scorer: str
    metric: Metric
    round: int | None
    baseline: str | None
    axis: CostAxis | None
    share: float | None
    cost: CostAxis
    rows: tuple[Row, ...]
    groups: Mapping[str, str]
    contrasts: tuple[Contrast, ...]
    published: tuple[PublishedRow, ...]
    rankings: tuple[Ranking, ...] | None
    penalties: tuple[PenaltyMatrix, ...] | None
    mixed: tuple[MixedModel, ...] | None
    bought: bool
    notes: tuple[str, ...]

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """Each scenario once, in order."""
        return tuple(dict.fromkeys(row.scenario for row in self.rows))

    @cached_property
    def lines(self) -> tuple[Row | PublishedRow, ...]:
        """All rows as tables show them: in each scenario those measured, then those published."""
        everything: tuple[Row | PublishedRow, ...] = (*self.rows, *self.published)
        return tuple(row for name in self.scenarios for row in everything if row.scenario == name)

    @property
    def round_text(self) -> str:
        """Which round is compared, in words: ``last round`` or, say, ``round 2``."""
        return "last round" if self.round is None else f"round {self.round}"

    def images_text(self, scenario: str) -> str:
        """Say on which evaluation images the numbers of a scenario are; empty where they are on all."""
        rows = [row for row in self.rows if row.scenario == scenario]
        chosen = next((row.chosen_images for row in rows if row.chosen_images is not None), None)
        if chosen is None:
            return ""
        return f"{chosen.images} of {chosen.all_images} evaluation images ({', '.join(chosen.patterns)})"

    @cached_property
    def experiments(self) -> tuple[str, ...]:
        """Each experiment once, in order."""
        return tuple(dict.fromkeys(row.experiment for row in self.rows))


def group_letters(rows: Iterable[Row]) -> Mapping[str, str]:
    """Return a letter for each annotation and budget, by `Purchase.key`, in order; none for one alone."""
    keys = dict.fromkeys(row.purchase.key for row in rows if row.purchase is not None)
    return {key: letter(number) for number, key in enumerate(keys)} if len(keys) > 1 else {}


def letter(number: int) -> str:
    """Return ``a`` to ``z`` for 0 to 25, then ``aa``, ``ab`` and so on."""
    last = chr(ord("a") + number % 26)
    return last if number < 26 else letter(number // 26 - 1) + last
