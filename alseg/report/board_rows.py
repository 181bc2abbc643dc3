"""Rows of a leaderboard: whose runs are seeds of one method, and differences to random choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from alseg.analysis.statistics import Difference, Interval, mean_interval, paired_difference
from alseg.report.entries import Entry
from alseg.storage.reader import has_same_results

LEVEL = 0.95
"""Of intervals; those of differences hold together for all methods of a group."""


@dataclass
class BoardRow:
    """One method of a group, with all its seeds.

    Attributes:
        entries: One run for each seed.
        repeated: Runs of others with the same seeds and the same results, which count once.
    """

    entries: list[Entry] = field(default_factory=list)
    repeated: list[Entry] = field(default_factory=list)

    @property
    def first(self) -> Entry:
        """The run that the row is named after."""
        return self.entries[0]

    @property
    def is_random(self) -> bool:
        """Whether it is the method that others are compared with."""
        return self.first.run.method.acquisition == "random"

    @property
    def by_seed(self) -> dict[int, float]:
        """Mean IoU in percent of each seed."""
        return {entry.run.seed: entry.scores.miou for entry in self.entries}

    @property
    def score(self) -> Interval:
        """Mean IoU in percent over seeds."""
        return mean_interval(list(self.by_seed.values()), LEVEL)

    @property
    def iou(self) -> list[float | None]:
        """Percent of each class, mean over seeds."""
        found: list[float | None] = []
        for name in self.first.run.label_space.classes:
            values = [entry.scores.iou[name] for entry in self.entries]
            present = [value for value in values if value is not None]
            found.append(sum(present) / len(present) if present else None)
        return found

    def joins(self, entries: Sequence[Entry]) -> bool:
        """Whether somebody's runs are more seeds of this row, or the same runs again."""
        if entries[0].method != self.first.method:
            return False
        own = {entry.run.seed: entry for entry in self.entries}
        return all(
            entry.run.seed not in own or has_same_results(entry.run, own[entry.run.seed].run)
            for entry in entries
        )

    def add(self, entries: Sequence[Entry]) -> None:
        """Take somebody's runs in; a seed that is there already counts once."""
        seeds = set(self.by_seed)
        for entry in entries:
            (self.repeated if entry.run.seed in seeds else self.entries).append(entry)
        self.entries.sort(key=lambda entry: entry.run.seed)


def rows_of(entries: Sequence[Entry]) -> list[BoardRow]:
    """Return the methods of one group, best first.

    Runs are seeds of one method if all settings but the seed, and the code, are equal, whoever made them.
    Where two people have other results of the same seed, each has a row.

    Args:
        entries: Runs of one group.
    """
    rows: list[BoardRow] = []
    contributions: dict[tuple[int, str], list[Entry]] = {}
    for entry in entries:
        contributions.setdefault((entry.place, entry.method), []).append(entry)
    for alike in contributions.values():
        once = list({entry.run.seed: entry for entry in reversed(alike)}.values())[::-1]
        row = next((row for row in rows if row.joins(once)), None)
        if row is None:
            row = BoardRow()
            rows.append(row)
        row.add(once)
    return sorted(rows, key=lambda row: -row.score.mean)


def baseline_of(row: BoardRow, rows: Sequence[BoardRow]) -> BoardRow | None:
    """Return the random method of a group that a row is compared with: of the same code, then of most seeds.

    None for a random method itself, and where no random method shares a seed.
    """
    if row.is_random:
        return None

    def preference(other: BoardRow) -> tuple[bool, int]:
        return other.first.has_code_of(row.first), len(other.by_seed.keys() & row.by_seed.keys())

    found = [other for other in rows if other.is_random and other.by_seed.keys() & row.by_seed.keys()]
    return max(found, key=preference, default=None)


def differences(rows: Sequence[BoardRow]) -> list[tuple[BoardRow, Difference] | None]:
    """Return the difference of each row to its random method, paired by seed; None where there is none.

    Intervals are simultaneous (Bonferroni) over the methods that are compared.
    """
    baselines = [baseline_of(row, rows) for row in rows]
    compared = sum(
        baseline is not None and len(row.by_seed.keys() & baseline.by_seed.keys()) > 1
        for row, baseline in zip(rows, baselines, strict=True)
    )
    level = 1 - (1 - LEVEL) / max(compared, 1)
    found: list[tuple[BoardRow, Difference] | None] = []
    for row, baseline in zip(rows, baselines, strict=True):
        difference = baseline and paired_difference(row.by_seed, baseline.by_seed, level)
        found.append((baseline, difference) if baseline and difference else None)
    return found
