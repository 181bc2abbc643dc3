"""Comparisons that an experiment file declares, so that nobody chooses them by their results."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple

from alseg.errors import AlsegError, nearest
from alseg.files import LARGEST_RECORD
from alseg.registry.problems import Path, Problem
from alseg.system.regular_file import read_regular

if TYPE_CHECKING:
    from alseg.config.specs import Method


class Pair(NamedTuple):
    """One declared comparison, by labels.

    Attributes:
        method: Label of the method.
        baseline: Label of the method that it is compared with.
        margin: Largest difference that does not matter, in points; None for no test of equivalence.
        family: Name of those with which it is corrected together; None for the family of all that name none.
    """

    method: str
    baseline: str
    margin: float | None
    family: str | None


@dataclass(frozen=True)
class ComparedMethod:
    """What a comparison needs to know about a method.

    Attributes:
        label: Its label.
        purchase: What annotation and budget it has; None where it buys no labels.
        sees_labels: Whether it sees the labels of the pool: an upper mark, with which nothing is compared,
            and which is compared only where it is named.
    """

    label: str
    purchase: Any
    sees_labels: bool = False


def compared_methods(
    methods: Sequence[Method], given: Sequence[Any] | None, upper_marks: Collection[str] = ()
) -> list[ComparedMethod]:
    """Return the methods of an experiment file.

    Args:
        methods: Those that could be read.
        given: All as the file has them; of those that could not be read only the label is known.
        upper_marks: Acquisitions that see the labels of the pool.
    """
    read = {
        method.label: None
        if method.annotation is None or method.budget is None
        else (
            method.annotation,
            method.partition,
            method.annotator,
            method.budget.unit,
            method.budget.amount,
            method.budget.scope,
        )
        for method in methods
    }
    labels = [str(item.get("label")).strip() for item in given or [] if isinstance(item, Mapping)]
    seeing = {
        method.label for method in methods if method.acquisition and method.acquisition.name in upper_marks
    }
    return [
        ComparedMethod(label, read.get(label), label in seeing) for label in dict.fromkeys((*labels, *read))
    ]


def expand(
    items: Sequence[Any] | None,
    methods: Sequence[ComparedMethod],
    path: Path,
    problems: list[Problem],
    *,
    unlike: bool = False,
) -> list[Pair]:
    """Return every pair that ``comparisons`` stand for.

    Args:
        items: The list as the file has it.
        methods: The methods of the experiment, as far as they could be read.
        path: Where the list stands.
        problems: Extended by all that is wrong.
        unlike: Whether methods that do not buy alike may be paired, as after a change of the experiment.
    """
    # Imported here: most comparisons read no experiment file.
    from alseg.config.schema import read_section
    from alseg.config.sections import ComparisonSection

    known = {method.label: method for method in methods}
    pairs: list[Pair] = []
    for index, item in enumerate(items or []):
        where = (*path, index)
        section = read_section(ComparisonSection, item, where, problems)
        baseline = _find(section.baseline, known, (*where, "baseline"), problems)
        if baseline is None:
            continue
        given = (
            [(label, (*where, "methods", place)) for place, label in enumerate(section.methods)]
            if section.methods is not None
            else [(label, where) for label in _all_against(baseline, methods)]
        )
        if not given:
            problems.append(Problem(where, f"nothing to compare with '{baseline.label}'"))
        for label, place in given:
            method = _find(label, known, place, problems)
            if method is None:
                continue
            problem = _refusal(method, baseline, pairs, unlike=unlike)
            if problem is not None:
                problems.append(Problem(place, problem))
                continue
            pairs.append(Pair(method.label, baseline.label, section.margin, section.family))
    return pairs


def declared_in(
    folder: FilePath, purchases: Mapping[str, str | None], seeing: Collection[str] = ()
) -> list[Pair]:
    """Return the comparisons that the ``experiment.yaml`` of a results folder declares; none without one.

    Args:
        folder: The results folder.
        purchases: Label of each method that has runs to what it buys; None for one that buys no labels.
        seeing: Labels of those that see the labels of the pool. Of a method without runs that is not known.

    Raises:
        AlsegError: If what it declares cannot be read; names the file.
    """
    path = folder / "experiment.yaml"
    try:
        text = read_regular(path, LARGEST_RECORD).decode("utf-8")
    except (OSError, ValueError, AlsegError):
        return []
    if "comparisons" not in text:  # spares most comparisons the reading of YAML
        return []
    from alseg.config.document import read_document
    from alseg.config.schema import read_section
    from alseg.config.sections import StoredSection

    root = read_document(path).root
    problems: list[Problem] = []
    section = read_section(
        StoredSection, {key: root.get(key) for key in StoredSection.model_fields}, (), problems
    )
    methods = [
        replace(method, sees_labels=method.label in seeing) for method in _stored(section.methods, purchases)
    ]
    pairs = expand(section.comparisons, methods, ("comparisons",), problems, unlike=True)
    if problems:
        listing = "; ".join(problem.text for problem in problems)
        raise AlsegError(f"{path}: the declared comparisons cannot be read: {listing}.")
    return pairs


def _stored(methods: Sequence[Any] | None, purchases: Mapping[str, str | None]) -> list[ComparedMethod]:
    """Return all methods; one without runs buys what another one does that is written in the same way."""
    from alseg.config.lookup import long_form

    written: dict[str, str] = {}
    for method in methods or []:
        if isinstance(method, Mapping):
            bought = [long_form(method.get(key)) for key in ("annotation", "budget")]
            who = long_form(method.get("annotator"))
            text = "" if None in bought else repr([*bought, *([who] if who else [])])
            written[str(method.get("label")).strip()] = text
    known = {written[label]: bought for label, bought in purchases.items() if label in written}
    return [
        ComparedMethod(label, purchases[label] if label in purchases else known.get(text, text or None))
        for label, text in written.items()
    ]


def _all_against(baseline: ComparedMethod, methods: Sequence[ComparedMethod]) -> list[str]:
    """Return the methods that buy what the baseline buys; all that buy where it buys nothing.

    Upper marks are not among them.
    """
    return [
        method.label
        for method in methods
        if method.label != baseline.label
        and method.purchase is not None
        and not method.sees_labels
        and baseline.purchase in (None, method.purchase)
    ]


def _find(
    label: str | None, known: Mapping[str, ComparedMethod], path: Path, problems: list[Problem]
) -> ComparedMethod | None:
    if label is None:
        return None
    if label not in known:
        guess = nearest(label, known)
        available = "" if guess else f"; methods: {', '.join(known) or 'none'}"
        problems.append(Problem(path, f"no method is called '{label}'{available}", guess))
        return None
    return known[label]


def _refusal(
    method: ComparedMethod, baseline: ComparedMethod, pairs: Sequence[Pair], *, unlike: bool
) -> str | None:
    """Say why two methods cannot be compared; None where they can."""
    if method.label == baseline.label:
        return f"'{method.label}' is compared with itself"
    if baseline.sees_labels:
        return f"'{baseline.label}' sees the labels of the pool: it is an upper mark, and no baseline"
    if any({method.label, baseline.label} == {pair.method, pair.baseline} for pair in pairs):
        return f"'{method.label}' and '{baseline.label}' are compared twice"
    if (
        not unlike
        and None not in (method.purchase, baseline.purchase)
        and method.purchase != baseline.purchase
    ):
        return (
            f"'{method.label}' and '{baseline.label}' differ in annotation, annotator, partition or budget, "
            "so that no test tells them apart; compare each with a method that asks at random with its own"
        )
    return None
