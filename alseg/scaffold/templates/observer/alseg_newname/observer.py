"""Learning curves as CSV files."""

from __future__ import annotations

import csv
from pathlib import Path

from alseg import AlsegError
from alseg.contracts import RoundReport

HEADER = ("round", "iteration", "pixels", "clicks", "miou")


class NewnameObserver:
    """Writes ``RESULTS/FOLDER/RUN.csv``, a row for each round.

    Args:
        folder: Name of the folder, beside the folder ``runs`` of the results.

    Raises:
        AlsegError: If it is no name of a folder, or one that alseg uses itself.
    """

    def __init__(self, folder: str = "newname") -> None:
        if Path(folder).name != folder or folder in ("", "..", "runs"):
            raise AlsegError(
                f"Observer 'newname' cannot write to {folder!r}: no folder of its own. "
                "Leave 'folder' out, or give the name of another one."
            )
        self._folder = folder
        self._rows: dict[str, dict[int, tuple[str, ...]]] = {}

    def on_round_end(self, report: RoundReport) -> None:
        """Write all rounds of the run so far.

        A run that goes on after a stop begins again at round 0, so every row comes anew. The same round
        twice gives the same file.
        """
        numbers = (report.round, report.iteration, report.cost.pixels, report.cost.clicks)
        rows = self._rows.setdefault(report.run, {})
        rows[report.round] = (*map(str, numbers), f"{report.miou:.2f}")
        path = Path(report.folder).parents[1] / self._folder / f"{report.run}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *(rows[number] for number in sorted(rows))])

    def close(self) -> None:
        """Finish what is open; nothing is."""
