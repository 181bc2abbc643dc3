"""Mean ranks and the penalty matrix, as the page shows them."""

from __future__ import annotations

from typing import Any

from alseg.analysis.compare import compare
from alseg.analysis.options import CompareOptions
from alseg.analysis.ranking_notes import notes
from alseg.storage.records import Results
from alseg.tables.rankings import standings

MOST_METHODS = 40
"""With more methods a matrix of pairs is no help to a reader, and takes long."""


def standing_tables(results: Results, baseline: str | None = None) -> dict[str, Any]:
    """Return tables of the methods' standing by the mean IoU after the last round, and what to know of them.

    Args:
        results: The runs.
        baseline: Label of the method that differences are taken to; None for the usual one.

    Returns:
        ``tables``, each with ``title``, ``columns`` (titles), ``rows`` of texts and ``best``, places of cells
        to be marked; ``notes``. Both are empty with one seed or too many methods.

    Raises:
        AlsegError: As `alseg.analysis.compare.compare`.
    """
    seeds = {run.seed for run in results.runs}
    if len(seeds) < 2 or len({run.method.label for run in results.runs}) > MOST_METHODS:
        return {"tables": [], "notes": []}
    comparison = compare(results, CompareOptions(baseline=baseline, ranks=True, penalties=True))
    tables = [
        {
            "title": table.title,
            "columns": [column.title for column in table.columns],
            "rows": [
                [cell.text for cell in row]
                for row in zip(*(column.cells for column in table.columns), strict=True)
            ],
            "best": [
                [row, place]
                for place, column in enumerate(table.columns)
                for row, cell in enumerate(column.cells)
                if cell.best
            ],
        }
        for table in standings(comparison)
    ]
    return {
        "tables": tables,
        "notes": list(notes(comparison.rankings, comparison.penalties)) if tables else [],
    }
