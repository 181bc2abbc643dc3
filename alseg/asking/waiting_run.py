"""A run that waits for people: what it asks, and what is answered so far. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import cast, get_args

import numpy as np

from alseg.annotation.allowance import BudgetSchedule, Limits
from alseg.annotation.answered import AnsweredQuestions
from alseg.annotation.oracle import Oracle
from alseg.annotation.price_limit import answers_within
from alseg.annotation.revealed import RevealedLabels
from alseg.asking.sheet import sheet_of
from alseg.config.annotator import People
from alseg.config.budget import Budget, Scope, Unit
from alseg.config.building import build
from alseg.contracts import AnswerKind, PeopleAnnotator, QuestionSheet
from alseg.errors import AlsegError
from alseg.guard.answers import answer_kind
from alseg.inspection.saved_run import SavedRun
from alseg.registry.registry import Registry
from alseg.storage.answers import read_answers
from alseg.storage.layout import folder_of_round, round_folders
from alseg.storage.ledger import Purchase
from alseg.storage.questions import Questions
from alseg.storage.reader import run_folders
from alseg.storage.run_description import read_budget, read_run_file


class WaitingRun:
    """One run that waits.

    Args:
        folder: The run's folder.
        round_number: The round that is not answered.
        registry: Where names are looked up.
        root: Folder of the data sets; None for the one the run has used.
    """

    def __init__(self, folder: Path, round_number: int, registry: Registry, root: Path | None) -> None:
        self.folder, self.round, self._registry = folder, round_number, registry
        self.saved = SavedRun(folder, registry, root)

    @property
    def round_folder(self) -> Path:
        """The folder of the round."""
        return folder_of_round(self.folder, self.round)

    @property
    def people(self) -> People:
        """Who answers.

        Raises:
            AlsegError: If the run's description says that nobody does.
        """
        found = self.saved.people
        if found is None or self.saved.mode is None:
            raise AlsegError(f"{self.folder / 'run.json'} is damaged: it names nobody who answers questions.")
        return found

    @cached_property
    def annotator(self) -> PeopleAnnotator:
        """What takes questions to people and brings their answers back.

        Raises:
            AlsegError: If it is not installed, or cannot be made.
        """
        made = build(self._registry, "annotators", self.people.tool)
        if not isinstance(made, PeopleAnnotator):
            raise AlsegError(f"Annotator '{self.people.tool.name}' cannot ask people. Update its plugin.")
        return made

    @cached_property
    def questions(self) -> Questions:
        """What is asked.

        Raises:
            DamageError: If the files are damaged; names one.
        """
        return Questions.read(self.round_folder)

    @cached_property
    def kind(self) -> AnswerKind:
        """What is said of a question."""
        return answer_kind(self.saved.mode)

    @cached_property
    def labels(self) -> RevealedLabels:
        """What is known of the labels: purchases of earlier rounds, and all answers of this one."""
        labels = self.saved.labels(self.round)
        regions = self.questions.regions
        if regions is not None:
            labels.deciding = lambda index: regions.of_image(labels.dataset.image_id(index))
        return labels

    @cached_property
    def sheet(self) -> QuestionSheet:
        """The questions, for whoever takes them to people."""
        return sheet_of(
            self.questions,
            self.labels,
            run=self.folder.name,
            experiment=read_run_file(self.folder).experiment,
            round_number=self.round,
            kind=self.kind,
            unit=self._unit,
            space=self.saved.space,
        )

    @cached_property
    def answered(self) -> AnsweredQuestions:
        """Which questions are answered."""
        assert self.labels.answers is not None
        return AnsweredQuestions.of(self.questions.picks, self.labels.answers)

    @cached_property
    def limits(self) -> Limits:
        """What the round may spend."""
        sizes = [self.labels.dataset.size(index) for index in range(len(self.labels.dataset))]
        rounds = len(read_run_file(self.folder).rounds)
        schedule = BudgetSchedule(self._budget, rounds, [height * width for height, width in sizes])
        return schedule.limits(self.round, self.labels)

    @property
    def goes_on(self) -> bool:
        """Whether the round goes on with what there is."""
        return self.people.partial == "go-on" or any(each.goes_on for each in read_answers(self.round_folder))

    def used(self) -> int | None:
        """Return how many answers the round buys with what is there; None where it needs more."""
        look_up = Oracle(self.labels).look_up
        picks = self.answered.to_buy(self.labels, self.limits, look_up, goes_on=self.goes_on)
        if picks is None:
            return None
        if self.limits.currency != "clicks":
            return sum(map(len, picks.values()))
        bought = answers_within(picks, self.labels.history.image_ids, self.limits, look_up)
        return sum(len(answer.picks) for answer in bought.values())

    def forget(self) -> None:
        """Read anew what is answered, after an import."""
        for name in ("labels", "sheet", "answered", "limits"):
            self.__dict__.pop(name, None)

    def estimated_clicks(self) -> tuple[int, int | None]:
        """Return the fewest clicks that answers to all questions take, and the most where that is known."""
        mode, classes = self.saved.mode, len(self.saved.space.classes)
        assert mode is not None
        fewest = self.questions.count
        pixels = np.concatenate([picks.pixels for picks in self.questions.picks.values()])
        values, counts = np.unique(pixels, return_counts=True)
        dearest = [mode.most_clicks(int(value), classes) for value in values]
        most = [int(count) * price for count, price in zip(counts, dearest, strict=True) if price is not None]
        return fewest, sum(most) if len(most) == len(dearest) else None

    @property
    def _unit(self) -> str:
        annotation = self.saved.asked.method.annotation
        assert annotation is not None
        return str(self._registry.get("annotation_modes", annotation.name).spec.unit)

    @property
    def _budget(self) -> Budget:
        budget = read_budget(self.folder)
        if budget.unit not in get_args(Unit) or budget.scope not in get_args(Scope):
            raise AlsegError(f"{self.folder / 'run.json'} is damaged: it names no budget.")
        return Budget(
            budget.text, cast(Unit, budget.unit), Fraction(budget.amount), cast(Scope, budget.scope)
        )


def find_waiting(
    results: Path, registry: Registry, root: Path | None = None, wanted: str | None = None
) -> Sequence[WaitingRun]:
    """Return the runs that wait for people.

    Args:
        results: A result folder or a run folder.
        registry: Where names are looked up.
        root: Folder of the data sets; None for the one the runs have used.
        wanted: Name of one run's folder, or how it begins; None for all.

    Raises:
        AlsegError: If there is no such folder or run, or no run waits.
    """
    found = {path.name: (path, number) for path in run_folders(results) if (number := _waits(path))}
    if not found:
        raise AlsegError(
            f"No run in {results} waits for people. 'alseg status {results}' shows what each does."
        )
    names = [name for name in found if wanted is None or name == wanted]
    names = names or [name for name in found if wanted is not None and name.startswith(wanted)]
    if not names:
        raise AlsegError(f"No run '{wanted}' waits for people. Those that do: {', '.join(found)}.")
    return [WaitingRun(*found[name], registry, root) for name in names]


def _waits(folder: Path) -> int | None:
    """Return the round in which a run waits; None where it does not."""
    last = max(round_folders(folder).items(), default=None)
    if last is None or not Questions.committed(last[1]) or Purchase.committed(last[1]):
        return None
    return last[0]
