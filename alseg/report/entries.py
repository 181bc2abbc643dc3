"""Runs of many people for a leaderboard: which count, their conditions, and metrics from their counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from alseg.analysis.notes import state_of
from alseg.analysis.purchases import Purchase, purchase_of
from alseg.exchange.checks import CheckedRun, check_run
from alseg.exchange.opening import OpenedPart
from alseg.files import content_hash
from alseg.storage.reader import run_folders
from alseg.storage.records import RoundResult, Run
from alseg.storage.rescore import label_space_of, recomputed
from alseg.storage.run_description import RunFile, read_run_file

_DATA = ("source data", "target data", "evaluation data", "source classes", "target classes")
"""Keys of ``made_with``: lists of images, and classes that data sets bring."""

_SPACE = "label space "
_PLUGIN = "plugin "
_CODE = ", code "


class Scores(NamedTuple):
    """Metrics of a run after its last round, from its counts.

    Attributes:
        miou: Percent.
        iou: Class name to percent; None for a class that the ground truth does not hold.
    """

    miou: float
    iou: Mapping[str, float | None]


@dataclass(frozen=True)
class Entry:
    """One run on a leaderboard.

    Attributes:
        run: The run; it is done.
        file: Its ``run.json``.
        part: Where it comes from.
        place: Number of that part on the page.
        scores: After the last round.
    """

    run: Run
    file: RunFile
    part: OpenedPart
    place: int
    scores: Scores

    @property
    def last(self) -> RoundResult:
        """The last round."""
        return self.run.rounds[-1]

    @cached_property
    def purchase(self) -> Purchase | None:
        """Annotation and budget; None for a reference, which buys nothing or everything."""
        return purchase_of(self.run)

    @cached_property
    def task(self) -> str:
        """Hash of what references share with a group: scenario, data, network, rounds, evaluation, scorer."""
        return content_hash([self.run.task_hash, self._data, self.run.scorer])

    @cached_property
    def group(self) -> str:
        """Hash of what methods must share to stand in one table: the task, the recipe and the purchase."""
        bought = self.purchase.key if self.purchase else None
        return content_hash([self.task, self.run.conditions_hash, bought])

    @cached_property
    def code(self) -> tuple[str, ...]:
        """Code of alseg and of the plugins that the run used, such as ``alseg 0.1.0, code 57c52efb2254``."""
        found = self.file.made_with
        own = [f"alseg {found['alseg']}"] if "alseg" in found else []
        plugins = [f"{key}: {value}" for key, value in found.items() if key.startswith(_PLUGIN)]
        return (*own, *sorted(plugins))

    @cached_property
    def method(self) -> str:
        """Hash of what more seeds of one method share: all settings but the seed, and the code."""
        return content_hash([self.run.settings_hash, [line.rpartition(_CODE)[2] for line in self.code]])

    def has_code_of(self, other: Entry) -> bool:
        """Whether alseg and the plugins that both runs used have the same code."""
        ours, theirs = self.file.made_with, other.file.made_with
        names = [key for key in ours.keys() & theirs.keys() if key == "alseg" or key.startswith(_PLUGIN)]
        return all(ours[name].rpartition(_CODE)[2] == theirs[name].rpartition(_CODE)[2] for name in names)

    @property
    def _data(self) -> list[Any]:
        """Return which images and classes the run had, whatever version of alseg brought them."""
        found = self.file.made_with
        spaces = [value.rpartition(", ")[2] for key, value in found.items() if key.startswith(_SPACE)]
        return [[found.get(key) for key in _DATA], sorted(spaces)]


def read_entries(parts: Iterable[OpenedPart]) -> tuple[list[Entry], list[str]]:
    """Return the runs that count, and a sentence about each that does not.

    Args:
        parts: As `alseg.exchange.opening.opened` gives them.

    Raises:
        AlsegError: If a run of a results folder is damaged, or its metrics do not follow from its counts.
    """
    entries: list[Entry] = []
    left_out: list[str] = []
    for place, part in enumerate(parts):
        for checked in part.runs or map(check_run, run_folders(part.folder)):
            run = checked.run
            problem = _problem_of(checked)
            scores = None if problem else _scores_of(run)
            if scores is None:
                shown = f"{part.shown.name}/{run.name}"
                left_out.append(f"{shown}: {problem or 'the ground truth holds no class'}.")
                continue
            entries.append(Entry(run, read_run_file(run.folder), part, place, scores))
    return entries, left_out


def _problem_of(checked: CheckedRun) -> str | None:
    run = checked.run
    if run.final is None:
        return state_of(run)
    if not run.evaluated:
        return "it has no evaluation labels"
    return (
        None if checked.counted else "it has no confusion counts, so that its metrics cannot be computed anew"
    )


def _scores_of(run: Run) -> Scores | None:
    """Compute the metrics of the last round from its counts; nothing is taken from its metrics."""
    space = label_space_of(read_run_file(run.folder).label_space)
    content = recomputed(run.round_folder(run.rounds[-1].round), space).content
    return None if content["miou"] is None else Scores(content["miou"], content["iou"])
