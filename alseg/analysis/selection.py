"""What a comparison is about: runs that can be compared, and the names asked for, looked up in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alseg.analysis.cost_axes import COST_AXES, CommonEnds, CostAxis
from alseg.analysis.metric import Metric, choose_metric
from alseg.analysis.options import CompareOptions
from alseg.analysis.rows import tell_scenarios_apart
from alseg.errors import AlsegError, unknown_name
from alseg.storage.records import Run


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is compared.

    Attributes:
        runs: The runs; scenarios have the same name only if they are the same.
        metric: What is compared.
        classes: Classes to show, in the order of the label space.
        subsets: Subsets whose means are shown.
        area_axis: The costs under whose curve areas are taken; None without areas.
        axis: The same where the area is a column of its own: where it is not what is compared.
        ends: Where areas begin and end.
        cost: The costs at which methods reach a share.
    """

    runs: tuple[Run, ...]
    metric: Metric
    classes: tuple[str, ...]
    subsets: tuple[str, ...]
    area_axis: CostAxis | None
    axis: CostAxis | None
    ends: CommonEnds | None
    cost: CostAxis


def select(runs: Sequence[Run], options: CompareOptions) -> Selection:
    """Return what is compared.

    Args:
        runs: At least one.
        options: Names of metric, subset and cost.

    Raises:
        AlsegError: If runs differ in label space or scorer version, or a name is unknown.
    """
    runs = tell_scenarios_apart(runs)
    _require_same(runs, "label spaces", lambda run: (run.label_space.name, run.label_space.classes))
    _require_same(runs, "scorer versions", lambda run: (run.scorer, ()))
    label_space = runs[0].label_space
    area_axis = _axis(options.x) or (COST_AXES["pixels"] if options.metric == "aubc" else None)
    ends = None if area_axis is None else CommonEnds(area_axis, runs)
    cost = area_axis or COST_AXES["pixels"]
    metric = choose_metric(runs[0], options.metric, options.subset, cost, ends)
    shown = label_space.classes if options.subset is None else label_space.subsets[options.subset]
    return Selection(
        runs=tuple(runs),
        metric=metric,
        classes=tuple(name for name in label_space.classes if name in shown),
        subsets=tuple(label_space.subsets) if metric.key == "miou" else (),
        area_axis=area_axis,
        axis=area_axis if options.metric != "aubc" else None,
        ends=ends,
        cost=cost,
    )


def _require_same(runs: Sequence[Run], what: str, key: Callable[[Run], tuple[str, tuple[str, ...]]]) -> None:
    found: dict[tuple[str, tuple[str, ...]], Run] = {}
    for run in runs:
        found.setdefault(key(run), run)
    if len(found) > 1:
        listing = "".join(f"\n  {name}: {run.place}" for (name, _), run in found.items())
        raise AlsegError(f"Results with different {what} cannot be compared. There are:{listing}")


def _axis(key: str | None) -> CostAxis | None:
    if key is None:
        return None
    if key not in COST_AXES:
        raise AlsegError(unknown_name("cost", key, COST_AXES))
    return COST_AXES[key]
