"""What methods are ranked and matched in: results of methods that buy alike under the same conditions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ComparisonGroup:
    """Methods that buy labels and share scenario, model, rounds, evaluation, recipe, annotation and budget.

    Attributes:
        title: Names it to people; no other has it.
        scenario: Short text; several groups share a scenario where conditions differ in something else.
        scores: Method to seed to the metric in percent, higher is better, in the round compared. Methods have
            the same name in every group.
        by_round: Round, from 1 on, to the same as ``scores`` after it.
        baseline: The method that differences are taken to; None without differences.
        purchase: The annotation and budget that all its methods have, in words.
        by_block: Method to seed to pseudo-values of the metric, one for each block of images; empty where
            they were not asked for, or a run has none, or runs were evaluated on other images.
        differences: Method to its mean difference to the baseline, paired by seed, in points of the metric;
            without the baseline and methods that share no seed with it.
    """

    title: str
    scenario: str
    scores: Mapping[str, Mapping[int, float]]
    by_round: Mapping[int, Mapping[str, Mapping[int, float]]] = field(default_factory=dict)
    by_block: Mapping[str, Mapping[int, Sequence[float]]] = field(default_factory=dict)
    differences: Mapping[str, float] = field(default_factory=dict)
    purchase: str = ""
    baseline: str | None = None


def common_methods(
    groups: Mapping[str, Collection[str]],
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the methods that every group has, and where the others are missing.

    Args:
        groups: Title to the methods that can be used there. One with fewer than two compares nothing, so
            that the others need not be in it.

    Returns:
        The methods of all groups, in the order of the first; every other method with the titles that lack
        it.
    """
    enough = {title: methods for title, methods in groups.items() if len(methods) > 1}
    found = dict.fromkeys(name for methods in enough.values() for name in methods)
    lacking = {
        name: tuple(title for title, methods in enough.items() if name not in methods) for name in found
    }
    return (
        tuple(name for name, titles in lacking.items() if not titles),
        {name: titles for name, titles in lacking.items() if titles},
    )
