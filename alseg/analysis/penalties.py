"""The pairwise penalty matrix: how often one method beats another significantly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alseg.analysis.groups import ComparisonGroup, common_methods
from alseg.analysis.statistics import paired_difference

LEVEL = 0.05
"""A method beats another where the two-sided p-value is below this."""


@dataclass(frozen=True, kw_only=True)
class Matchup:
    """Two methods in one group.

    Attributes:
        first: A method.
        second: Another.
        group: Title.
        rounds: In how many rounds both have two seeds in common or more.
        of_rounds: How many rounds the group has.
    """

    first: str
    second: str
    group: str
    rounds: int
    of_rounds: int


@dataclass(frozen=True, kw_only=True)
class PenaltyMatrix:
    """Who beats whom.

    Attributes:
        methods: Those that every group has with two seeds or more, in the order of rows and columns. Empty
            where there are no two such methods.
        penalties: Row by row, how often the row's method beats the column's: the share of the rounds, summed
            over groups. None on the diagonal and where two methods never met.
        averages: Mean of each column, the diagonal left out: how often a method is beaten; lower is better.
            None where a method met nobody.
        groups: Titles of the groups that count; their number is the largest penalty there can be.
        few_seeds: Title of each group to methods left out of it, which have fewer than two seeds in any
            round; without groups in which no round follows a purchase.
        missing: Method left out to the titles of groups that lack it.
        incomplete: Pairs that met in fewer rounds than the group has; their penalties are shares of those.
        unused: Titles of groups with fewer than two methods that have two seeds.
        purchase: The annotation and budget that all methods have, in words.
    """

    methods: tuple[str, ...]
    penalties: tuple[tuple[float | None, ...], ...]
    averages: tuple[float | None, ...]
    groups: tuple[str, ...]
    few_seeds: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]
    incomplete: tuple[Matchup, ...]
    unused: tuple[str, ...]
    purchase: str = ""


def penalty_matrix(groups: Sequence[ComparisonGroup]) -> PenaltyMatrix:
    """Count in every group and round which methods beat which.

    For each pair and group, ``1 / rounds`` is added for every round in which one method is better than the
    other by a two-sided paired t-test over the seeds that both have (p < 0.05, not corrected for the number
    of pairs). Rounds in which they share fewer than two seeds do not count as rounds.

    Args:
        groups: Any number, of methods with the same annotation and budget.

    Returns:
        A matrix without methods where fewer than two can be compared.

    Source:
        Ash et al., "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds" (BADGE), ICLR
        2020, section 4 ("pairwise penalty matrix"). Deviation: the number of seeds is what there is, 5 there.
    """
    able = {each.title: _with_two_seeds(each) for each in groups}
    methods, missing = common_methods(able)
    used = [each for each in groups if methods and len(able[each.title]) > 1]
    total: dict[tuple[str, str], float] = {}
    incomplete = []
    for group in used:
        for index, first in enumerate(methods):
            for second in methods[index + 1 :]:
                wins, losses, rounds = _meet(group, first, second)
                if rounds < len(group.by_round):
                    incomplete.append(
                        Matchup(
                            first=first,
                            second=second,
                            group=group.title,
                            rounds=rounds,
                            of_rounds=len(group.by_round),
                        )
                    )
                if rounds:
                    total[first, second] = total.get((first, second), 0.0) + wins / rounds
                    total[second, first] = total.get((second, first), 0.0) + losses / rounds
    penalties = tuple(tuple(total.get((row, column)) for column in methods) for row in methods)
    return PenaltyMatrix(
        methods=methods,
        penalties=penalties,
        averages=tuple(_mean(column) for column in zip(*penalties, strict=True)),
        groups=tuple(each.title for each in used),
        few_seeds={
            each.title: left_out
            for each in groups
            if each.by_round
            if (left_out := tuple(name for name in each.scores if name not in able[each.title]))
        },
        missing=missing,
        incomplete=tuple(incomplete),
        unused=tuple(each.title for each in groups if len(able[each.title]) < 2),
        purchase=groups[0].purchase if groups else "",
    )


def _with_two_seeds(group: ComparisonGroup) -> tuple[str, ...]:
    """Return the methods that have two seeds in some round, in order."""
    return tuple(
        name
        for name in group.scores
        if any(len(scores.get(name, ())) > 1 for scores in group.by_round.values())
    )


def _meet(group: ComparisonGroup, first: str, second: str) -> tuple[int, int, int]:
    """Return in how many rounds the first method wins, loses and meets the second with two seeds or more."""
    wins = losses = rounds = 0
    for scores in group.by_round.values():
        difference = paired_difference(scores.get(first, {}), scores.get(second, {}))
        if difference is None or difference.n < 2:
            continue
        rounds += 1
        if difference.p is not None and difference.p < LEVEL:
            wins += difference.mean > 0
            losses += difference.mean < 0
    return wins, losses, rounds


def _mean(column: Sequence[float | None]) -> float | None:
    met = [penalty for penalty in column if penalty is not None]
    return sum(met) / len(met) if met else None
