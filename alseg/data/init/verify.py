"""Opening what is proposed, before it is proposed."""

from __future__ import annotations

from typing import Any

from alseg.contracts import DatasetSpec
from alseg.data.init.splits import SplitPlan
from alseg.data.init.survey import Survey
from alseg.errors import AlsegError
from alseg.registry.parameters import validate_parameters

_FAIR = 2.0
"""A share may be so many times smaller than wanted, since groups stay together."""


def opened_counts(spec: DatasetSpec, found: Survey, params: dict[str, Any]) -> dict[str, int]:
    """Return the number of images of every split, as the data set ``folder`` finds them.

    Raises:
        AlsegError: If it cannot be opened.
    """
    names = tuple(params.get("splits") or {"train": None})
    validated = validate_parameters(spec, params)
    return {name: len(spec.build(root=found.root, split=name, **validated)) for name in names}


def without_unfair_groups(spec: DatasetSpec, found: Survey, plan: SplitPlan, extra: dict[str, Any]) -> None:
    """Drop groups where shares that keep them together would be empty or far from what is wanted.

    Args:
        spec: The data set ``folder``.
        found: The folder.
        plan: Its splits; changed.
        extra: Parameters of label maps.
    """
    shares = {
        name: float(value.rstrip("%")) / 100
        for name, value in plan.params.get("splits", {}).items()
        if isinstance(value, str) and value.endswith("%")
    }
    if "group" not in plan.params or not shares:
        return
    try:
        counts = opened_counts(spec, found, plan.params | extra)
        total = sum(counts[name] for name in shares)
        if all(_FAIR * counts[name] >= share * total for name, share in shares.items()):
            return
    except AlsegError:
        pass  # an empty share; other faults are told when all is opened
    group = plan.params.pop("group")
    plan.comments.setdefault("splits", []).append(
        f"'group: \"{group}\"' would keep the {found.patterns.groups} groups together, but shares of so few "
        "are uneven: images of one sequence are in several splits"
    )
