"""Which units are to stop where `alseg cancel` names runs."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.contracts import WorkUnit
from alseg.storage.cancel_files import CancelRequest


def units_asked_for(requests: Sequence[CancelRequest], units: Sequence[WorkUnit]) -> set[str]:
    """Return keys of units to stop: runs that are named, and what is done for such runs alone.

    Args:
        requests: Each names runs.
        units: Those that have not ended.
    """
    named = {run for request in requests for run in request.runs}
    going_on = {unit.key for unit in units}
    if not named:
        return set()
    return {unit.key for unit in units if _is_asked_for(unit, named, going_on)}


def _is_asked_for(unit: WorkUnit, named: set[str], going_on: set[str]) -> bool:
    return going_on.intersection(unit.runs) <= named if unit.is_shared else unit.key in named
