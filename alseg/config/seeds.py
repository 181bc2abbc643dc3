"""Seeds as an experiment file gives them."""

from __future__ import annotations

from alseg.registry.problems import Path, Problems


def check_seeds(seeds: tuple[int, ...], path: Path, problems: Problems) -> tuple[int, ...]:
    """Return the seeds, and report where there are none or two are the same.

    Args:
        seeds: As the file has them.
        path: Where the list stands.
        problems: Extended by all that is wrong.
    """
    if not seeds:
        problems.report(path, "no seeds: one at least is needed, such as [0]")
    for index, seed in enumerate(seeds):
        if seed in seeds[:index]:
            problems.report((*path, index), f"seed {seed} is given twice")
    return seeds
