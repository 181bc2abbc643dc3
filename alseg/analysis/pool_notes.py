"""What a reader must know of pools that grow: runs begun at different times may have had different images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from alseg.analysis.row import Row


def differing_pools(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a paragraph for each scenario whose runs had different images in a round."""
    runs_with: dict[str, dict[int, Counter[str]]] = {}
    titles: dict[str, str] = {}
    counted = {id(run): (run, result.round) for row in rows for run, result in row.counted}
    for run, last in counted.values():
        titles[run.scenario_hash] = run.scenario
        of_scenario = runs_with.setdefault(run.scenario_hash, {})
        for each in run.rounds:
            if each.round <= last and each.pool.listing is not None:
                of_scenario.setdefault(each.round, Counter())[each.pool.listing] += 1
    for scenario, of_scenario in runs_with.items():
        differing = [number for number, pools in of_scenario.items() if len(pools) > 1]
        if differing:
            of_which = f" of {titles[scenario]}" if len(titles) > 1 else ""
            yield (
                f"Pools{of_which} differ: images were added between the starts of runs, or between their "
                f"rounds. {'; '.join(_round(number, of_scenario[number]) for number in sorted(differing))}. "
                "Costs are shares of each run's own pool."
            )


def _round(number: int, pools: Counter[str]) -> str:
    listing = (f"{pool} ({count} run{'s' if count > 1 else ''})" for pool, count in pools.items())
    return f"Round {number}: {' or '.join(listing)}"
