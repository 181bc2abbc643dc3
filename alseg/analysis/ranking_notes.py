"""What a reader of mean ranks and of the penalty matrix must know besides the numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alseg.analysis.mixed_model import MixedModel
from alseg.analysis.penalties import LEVEL, Matchup, PenaltyMatrix
from alseg.analysis.ranks import Ranking
from alseg.storage.records import Run


def notes(rankings: Sequence[Ranking] | None, matrices: Sequence[PenaltyMatrix] | None) -> Iterator[str]:
    """Yield one or two sentences per thing to know, each once; nothing about what was not asked for."""
    found = [
        *(note for ranking in rankings or () for note in _about_ranks(ranking)),
        *(note for matrix in matrices or () for note in _about_penalties(matrix)),
    ]
    yield from dict.fromkeys(found)
    apart = [
        *(["Ranks"] if len(rankings or ()) > 1 else []),
        *(["Penalties"] if len(matrices or ()) > 1 else []),
    ]
    if apart:
        words = " and ".join(apart)
        yield f"{words.capitalize()} are among methods with the same annotation and budget."


def about_scenarios(
    runs: Sequence[Run], rankings: Sequence[Ranking] | None, models: Sequence[MixedModel] | None
) -> Iterator[str]:
    """Say what the mixed model holds, and which scenarios are not independent of each other."""
    if models is not None and not models:
        yield (
            "No mixed model: it takes two scenarios that share a random method and another one that buys "
            "alike, with two seeds or more each."
        )
    for model in models or ():
        spreads = ", ".join(f"{name} {value:.1f}" for name, value in model.spreads.items())
        yield (
            f"Mixed model (REML): method fixed; standard deviations of what is random: {spreads}. ± is "
            "simultaneous over methods, p is corrected by Bonferroni."
        )
    if not models and not any(each.over == "scenarios" for each in rankings or ()):
        return
    targets: dict[str, dict[str, None]] = {}
    for run in runs:
        if run.data_sets[1]:
            targets.setdefault(run.data_sets[1], {})[run.scenario] = None
    shared = [f"{' and '.join(names)} share {target}" for target, names in targets.items() if len(names) > 1]
    if shared:
        yield (
            f"Scenarios are not independent: {'; '.join(shared)}, pool and evaluation images included. "
            "Intervals over scenarios are too narrow for a claim about others."
        )


def _about_ranks(ranking: Ranking) -> Iterator[str]:
    if not ranking.methods:
        yield "No mean ranks: no two methods that buy labels have a seed in common in every scenario."
        yield from _missing("Not ranked", ranking.missing)
        return
    places = (
        "1 is best; methods that buy labels are ranked in each scenario and seed, equal ones share a rank"
    )
    widths = [each.rank.half_width for each in ranking.methods]
    if ranking.over == "scenarios":
        yield (
            f"Mean rank: {places}. ± is half the width of the 95% t interval over {len(ranking.scenarios)} "
            "scenarios, each of which counts once, however many seeds it has."
        )
    elif None in widths:
        yield f"Mean rank: {places}. No interval: one seed does not tell how much seeds or scenarios differ."
    else:
        yield (
            f"Mean rank: {places}. ± is half the width of the 95% t interval over the seeds of one scenario. "
            "It says nothing about how much scenarios differ."
        )
    if 0 in widths:
        yield "± 0.00 beside a mean rank: all ranks agree, as few can by chance. The next need not."
    if any(each.difference is not None for each in ranking.methods):
        yield (
            "Differences beside mean ranks are paired by scenario and seed and averaged over seeds, then "
            "over scenarios; their intervals and p (corrected by Bonferroni) are over scenarios."
        )
    seeds = {title: ", ".join(map(str, numbers)) for title, numbers in ranking.seeds.items()}
    if len(set(seeds.values())) == 1:
        numbers = next(iter(seeds.values()))
        yield f"Ranked: seed{'s' if ',' in numbers else ''} {numbers}, which all ranked methods have."
    else:
        listing = "; ".join(f"{numbers} in {title}" for title, numbers in seeds.items())
        yield f"Ranked: the seeds that all ranked methods have, {listing}."
    yield from _missing("Not ranked", ranking.missing)
    if ranking.unused:
        yield f"Not in mean ranks, too few methods with a seed in common: {', '.join(ranking.unused)}."


def _about_penalties(matrix: PenaltyMatrix) -> Iterator[str]:
    if matrix.methods:
        count = len(matrix.groups)
        added = ", added up over scenarios" if count > 1 else ""
        yield (
            "Penalty matrix (Ash et al., ICLR 2020): in what share of the rounds after a purchase the row's "
            f"method is better than the column's{added}, so {count} at most. Better: by a paired t-test over "
            f"seeds, two-sided, p < {LEVEL:g}, not corrected. Average: of the column without the diagonal, "
            "how often a method is beaten; lower is better."
        )
    else:
        yield (
            "No penalty matrix: it takes two methods that buy labels and have two seeds or more after a "
            "purchase."
        )
    for title, names in matrix.few_seeds.items():
        yield f"Not in the penalty matrix, fewer than two seeds in {title}: {', '.join(names)}."
    yield from _missing("Not in the penalty matrix", matrix.missing)
    if matrix.unused and matrix.methods:
        yield f"Not in the penalty matrix, too few methods with two seeds: {', '.join(matrix.unused)}."
    if matrix.incomplete:
        pairs = _pairs(matrix.incomplete)
        yield f"Rounds in which two methods have fewer than two seeds in common do not count: {pairs}."


def _missing(what: str, missing: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if missing:
        listing = "; ".join(f"{name} (not in {', '.join(titles)})" for name, titles in missing.items())
        yield f"{what}, for not every scenario has them: {listing}."


def _pairs(meetings: Sequence[Matchup]) -> str:
    return "; ".join(
        f"{each.first} and {each.second} meet in {each.rounds} of {each.of_rounds} in {each.group}"
        for each in meetings
    )
