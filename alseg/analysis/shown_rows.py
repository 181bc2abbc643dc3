"""Some rows of a comparison, shown alone: whatever is computed is computed from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alseg.analysis.comparison import Comparison
from alseg.analysis.row import Row
from alseg.config.filters import parse_only
from alseg.errors import AlsegError


@dataclass(frozen=True)
class RowFilter:
    """Which rows to show.

    A reader needs the references to read anything off the other rows. They stay, therefore, unless somebody
    names one or leaves them out.

    Attributes:
        only: Filters such as ``method=RIPU*``; none takes all methods. Where one of them matches a method
            that buys no labels, these are filtered like the others; otherwise all of these are shown too.
        references: False leaves out the methods that buy no labels, such as source only.
    """

    only: tuple[str, ...] = ()
    references: bool = True

    def named(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that are shown because a filter takes them, in the order given.

        Args:
            rows: All of a comparison.

        Raises:
            AlsegError: If a filter is malformed or matches no method, or no row is left.
        """
        taken = parse_only(self.only, ["method"])
        taken.check_named([_names(row) for row in rows])
        named = [row for row in rows if taken.takes_named(_names(row))]
        if not self.references:
            named = [row for row in named if not row.is_reference]
        if not named:
            raise AlsegError(
                "No method is left to be shown: those named buy no labels. Leave out --no-references."
            )
        return named

    def shown(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that are shown, in the order given: those named, and references beside them.

        References are those of scenarios in which a row is named.

        Args:
            rows: All of a comparison.

        Raises:
            AlsegError: As `named`.
        """
        named = self.named(rows)
        if not self.references or any(row.is_reference for row in named):
            return named
        scenarios = {row.scenario for row in named}
        return [row for row in rows if row in named or (row.is_reference and row.scenario in scenarios)]


ALL_ROWS = RowFilter()
"""Leaves nothing out."""


def show_rows(comparison: Comparison, chosen: RowFilter) -> Comparison:
    """Return a comparison that shows some of its rows; no number, mark or letter of a group changes.

    Mean ranks, penalties and mixed models stay those of all methods. Of declared comparisons those of the
    rows shown remain. A note says how many rows there are.

    Args:
        comparison: Of all rows.
        chosen: Which rows to show.

    Raises:
        AlsegError: If a filter is malformed or matches no method, or no row is left.
    """
    rows = chosen.shown(comparison.rows)
    if len(rows) == len(comparison.rows):
        return comparison
    kept = {(row.scenario, row.label) for row in rows}
    scenarios = {row.scenario for row in rows}
    note = (
        f"Rows shown: {len(rows)} of {len(comparison.rows)}. All numbers, marks and notes are those of the "
        "whole table: corrections, baselines, ranks, what may be the best, the gap closed."
    )
    return replace(
        comparison,
        baseline=next((row.baseline for row in rows if row.difference is not None), None),
        rows=tuple(rows),
        contrasts=tuple(each for each in comparison.contrasts if (each.scenario, each.method) in kept),
        published=tuple(row for row in comparison.published if row.scenario in scenarios),
        notes=(note, *comparison.notes),
    )


def _names(row: Row) -> tuple[str, ...]:
    """Return all that a method goes by: in tables, in its experiment file, and in its run folders."""
    return row.label, row.method.label, *(run.name.rsplit("__", 2)[0] for run in row.runs)
