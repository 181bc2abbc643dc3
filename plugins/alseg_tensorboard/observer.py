"""Event files, one for every process that has worked on a run."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from alseg.contracts import RoundReport

FOLDER = "tensorboard"
"""Beside the experiment's ``runs``; has a folder of the same name for each of them."""


class TensorBoard:
    """Writes the numbers of every round as scalars; the step is the training iteration."""

    def __init__(self) -> None:
        self._run: str | None = None
        self._writer: SummaryWriter | None = None

    def on_round_end(self, report: RoundReport) -> None:
        """Write a round, and see to it that it is on the disk."""
        writer = self._writer_of(report)
        scalars = {
            "miou": report.miou,
            "accuracy": report.accuracy,
            **{f"iou/{name}": value for name, value in zip(report.class_names, report.iou, strict=True)},
            **report.of_answers,
            **{
                f"cost/{currency}": amount
                for currency, amount in asdict(report.cost).items()
                if amount is not None
            },
        }
        for tag, value in scalars.items():
            if not math.isnan(value):
                writer.add_scalar(tag, value, report.iteration)
        writer.flush()

    def close(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
        self._run = self._writer = None

    def _writer_of(self, report: RoundReport) -> SummaryWriter:
        """Return the writer of a run; runs come one after another, so the one before is done."""
        if self._writer is None or self._run != report.run:
            self.close()
            folder = Path(report.folder).parents[1] / FOLDER / report.run
            # A process tells all rounds from the first on: what earlier ones have written from there on is
            # void. TensorBoard takes the first file that says so for the beginning, so all of them have to.
            self._writer = SummaryWriter(str(folder), purge_step=report.iteration)
            self._run = report.run
            self._writer.add_text("run", _description(report), report.iteration)
        return self._writer


def _description(report: RoundReport) -> str:
    """Return what the run is, as Markdown."""
    facts = {
        "method": report.method.replace("|", "\\|"),
        "seed": report.seed,
        "scenario": report.scenario,
        "experiment": report.experiment,
    }
    rows = [f"| {name} | {fact} |" for name, fact in facts.items()]
    return "\n".join(["| | |", "|---|---|", *rows])
