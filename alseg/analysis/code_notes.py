"""What a reader must know where the seeds of a method were run with different code, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alseg.analysis.row import Row


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield whose mean is one over different code, and of which runs.

    Args:
        rows: The rows shown.
    """
    for row in rows:
        runs = [run for run, _ in row.counted]
        names = dict.fromkeys(name for run in runs for name in run.code)
        for name in names:
            seeds: dict[str, list[int]] = {}
            for run in runs:
                if name in run.code:
                    seeds.setdefault(run.code[name], []).append(run.seed)
            if len(seeds) > 1:
                told = "; ".join(f"{code[:7]} with {_seeds(of_code)}" for code, of_code in seeds.items())
                yield f"{row.label} averages runs of different code of {name}: {told}."


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
