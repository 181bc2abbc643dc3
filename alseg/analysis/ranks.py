"""Mean ranks: how far in front a method is, over scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from alseg.analysis.groups import ComparisonGroup, common_methods
from alseg.analysis.multiplicity import Corrected, corrected
from alseg.analysis.statistics import Difference, Interval, average_ranks, mean_interval, paired_difference


@dataclass(frozen=True, kw_only=True)
class RankedMethod:
    """One method's place.

    Attributes:
        method: Its name in every scenario.
        rank: Mean rank, 1 for the best, with its 95% interval over what `Ranking.over` says.
        by_scenario: Scenario to the mean rank over the seeds in it.
        difference: Mean over scenarios of the difference to the baseline, in points of the metric, with its
            95% interval over scenarios; None for a baseline, with one scenario, and where a scenario has no
            such difference.
        corrected: The difference as one of a family, of all methods that have one (paired t-test over
            scenarios).
    """

    method: str
    rank: Interval
    by_scenario: Mapping[str, float]
    difference: Difference | None = None
    corrected: Corrected | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Mean ranks of the methods that every scenario has.

    Attributes:
        methods: Best first; empty where no two methods share a seed in every scenario.
        over: What intervals are over. Seeds of one scenario say nothing about other scenarios.
        seeds: Title of each group that counts to the seeds that all ranked methods have, which are ranked.
        missing: Method that is not ranked to the titles of the groups that lack it.
        unused: Titles of groups with fewer than two methods or no seed that all ranked methods have.
        purchase: The annotation and budget that all ranked methods have, in words.
    """

    methods: tuple[RankedMethod, ...]
    over: Literal["scenarios", "seeds"]
    seeds: Mapping[str, tuple[int, ...]]
    missing: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]
    purchase: str = ""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios that count, each once."""
        return tuple(self.methods[0].by_scenario) if self.methods else ()


def mean_ranks(groups: Sequence[ComparisonGroup]) -> Ranking:
    """Rank the methods in each group and seed, and average.

    Ranks are averaged over the seeds of a group, then over the groups of a scenario. The interval is over
    the means of scenarios where there are several, else over the seeds of the one.

    Args:
        groups: Any number, of methods with the same annotation and budget.

    Returns:
        A ranking without methods where nothing can be ranked.

    Source:
        Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 2006: average ranks
        over data sets, where ties share the mean of their ranks. Deviation: t intervals instead of a critical
        difference, which needs more data sets than domain adaptation has. Their effect: with few scenarios
        they are wide, and may reach beyond the first and the last place, since ranks are treated as if they
        were normally distributed.
    """
    methods, missing = common_methods({each.title: each.scores for each in groups})
    ranks = {each.title: found for each in groups if (found := _ranks_by_seed(each, methods))}
    used = [each for each in groups if each.title in ranks]
    scenarios = tuple(dict.fromkeys(each.scenario for each in used))
    over: Literal["scenarios", "seeds"] = "scenarios" if len(scenarios) > 1 else "seeds"
    ranked = []
    for method in methods if used else ():
        by_scenario = {
            scenario: _mean(
                [
                    _mean([places[method] for places in ranks[each.title].values()])
                    for each in used
                    if each.scenario == scenario
                ]
            )
            for scenario in scenarios
        }
        values = by_scenario if over == "scenarios" else _over_seeds(list(ranks.values()), method)
        ranked.append(
            RankedMethod(
                method=method,
                rank=mean_interval(list(values.values())),
                by_scenario=by_scenario,
                difference=_over_scenarios(method, used) if over == "scenarios" else None,
            )
        )
    return Ranking(
        methods=tuple(sorted(_with_corrections(ranked), key=lambda each: each.rank.mean)),
        over=over,
        seeds={title: tuple(found) for title, found in ranks.items()},
        missing=missing,
        unused=tuple(each.title for each in groups if each.title not in ranks),
        purchase=groups[0].purchase if groups else "",
    )


def _ranks_by_seed(group: ComparisonGroup, methods: Sequence[str]) -> dict[int, dict[str, float]]:
    """Return the ranks of the methods for each seed that all of them have; none where a method is missing."""
    if not methods or not all(name in group.scores for name in methods):
        return {}
    shared = set.intersection(*(set(group.scores[name]) for name in methods))
    return {
        seed: dict(zip(methods, average_ranks([group.scores[name][seed] for name in methods]), strict=True))
        for seed in sorted(shared)
    }


def _over_seeds(groups: Sequence[Mapping[int, Mapping[str, float]]], method: str) -> dict[int, float]:
    seeds = dict.fromkeys(seed for by_seed in groups for seed in by_seed)
    return {seed: _mean([by_seed[seed][method] for by_seed in groups if seed in by_seed]) for seed in seeds}


def _over_scenarios(method: str, groups: Sequence[ComparisonGroup]) -> Difference | None:
    """Return the mean of the differences that scenarios have on average, so that each counts once."""
    by_scenario: dict[str, list[float]] = {}
    for group in groups:
        if method not in group.differences:
            return None
        by_scenario.setdefault(group.scenario, []).append(group.differences[method])
    means = {scenario: _mean(values) for scenario, values in by_scenario.items()}
    return paired_difference(means, dict.fromkeys(means, 0.0))


def _with_corrections(ranked: Sequence[RankedMethod]) -> list[RankedMethod]:
    family = sum(each.difference is not None for each in ranked)
    return [
        each if each.difference is None else replace(each, corrected=corrected(each.difference, family))
        for each in ranked
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
