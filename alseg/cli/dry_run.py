"""What ``alseg run --dry-run`` prints: runs and the costs of their labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alseg.config.experiment import Experiment
    from alseg.launch.preflight import Plan, PlannedRun


def dry_run_text(experiment: Experiment, plan: Plan, folder: Path, width: int) -> str:
    """Return a table of the runs, what their labels may cost, and how far they are.

    Args:
        experiment: What the runs belong to.
        plan: Checked runs.
        folder: The experiment's results folder.
        width: Columns of the terminal.
    """
    from alseg.text.layout import column, lay_out
    from alseg.text.printable import printable

    without_budget = {"none": "no labels", "all": "all labels"}
    methods = [planned.spec.method for planned in plan.runs]
    states = [_state(folder, planned) for planned in plan.runs]
    keys = [
        column("method", [printable(method.label) for method in methods], "left"),
        column("seed", [str(planned.spec.seed) for planned in plan.runs]),
    ]
    budgets = [
        method.budget.text if method.budget else without_budget[method.target_labels] for method in methods
    ]
    shares = [planned.pixels / planned.pool_pixels for planned in plan.runs]
    columns = [
        column("budget", list(map(printable, budgets)), "left"),
        column("pixels at most", [_pixels_text(planned) for planned in plan.runs]),
        column("of pool", [f"{share:.2%}" for share in shares]),
        column("clicks, about", [_clicks_text(planned.clicks) for planned in plan.runs]),
        column("state", states, "left"),
    ]
    reasons = [printable(planned.skipped or "") for planned in plan.runs]
    lines = lay_out(keys, [columns], width, remarks=reasons)
    rounds = ", ".join(map(str, experiment.rounds)) or "none"
    count = f"{len(plan.runs)} run{'' if len(plan.runs) == 1 else 's'}"
    heading = f"{experiment.name}: {count}, labels bought after iterations {rounds}"
    return "\n".join([heading, "", *(line.plain for line in lines)])


def _pixels_text(planned: PlannedRun) -> str:
    """Return the most pixels that a run buys, as far as that is known."""
    return f"{planned.pixels:,}" if planned.exact else f"about {planned.pixels:,}"


def _clicks_text(clicks: tuple[int, int] | None) -> str:
    """Say what is known of the price before there are answers."""
    if clicks is None:
        return "known with the answers"
    low, high = clicks
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _state(folder: Path, planned: PlannedRun) -> str:
    from alseg.storage.run_folder import RunFolder

    if planned.skipped:
        return "skipped"
    return RunFolder(folder / "runs" / planned.spec.folder).state or "to do"
