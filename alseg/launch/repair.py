"""A run's folder before an attempt: what is damaged is set aside, and a complete run stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from alseg.config.experiment import RunSpec
from alseg.engine.assembly import Assembler
from alseg.engine.description import description
from alseg.engine.provenance import REMEDY, provenance_changes
from alseg.engine.quarantine import (
    quarantine_damaged,
    quarantine_description,
    quarantine_misplaced,
    quarantine_records,
)
from alseg.engine.recovery import find_missing, find_untrained
from alseg.files import remove
from alseg.launch.outcome import RunResult
from alseg.storage.run_folder import RunFolder


def repair(
    spec: RunSpec,
    folder: RunFolder,
    assembler: Assembler,
    tell: Callable[[str], None],
    *,
    accept_drift: bool,
) -> tuple[RunResult, str] | None:
    """Set aside what is damaged, and tell of it.

    Args:
        spec: The run.
        folder: Its folder, whose lock the caller holds.
        assembler: Knows what is installed, and the data.
        tell: Called with a line about each thing that is damaged or missing.
        accept_drift: Whether a run that is done and has lost something may be completed with other versions
            or code.

    Returns:
        What became of the run and why, where no work is to be done: it is complete, or must not be completed.
    """
    rounds = len(spec.rounds) + 1
    for problem in (*quarantine_misplaced(folder, rounds), *quarantine_records(folder)):
        tell(problem)
    undescribed = quarantine_description(folder)
    if undescribed is not None:
        tell(undescribed)
        folder.write_run(description(spec, assembler))
    untrained = find_untrained(folder)
    if folder.is_done:
        lost = find_missing(folder, rounds)
        if lost is None:
            remove(folder.checkpoint)
            _write_reference(spec, folder)
            return RunResult.DONE, ""
        differences = [] if accept_drift else provenance_changes(folder, spec, assembler, even_done=True)
        if differences:
            changed = "; ".join(differences)
            refusal = f"{lost} It is not made again, for not all is as it was: {changed}. {REMEDY}"
            return RunResult.FAILED, refusal
        for problem in quarantine_damaged(folder, rounds, done=True):
            tell(problem)
    if untrained is not None:
        tell(untrained)
    return None


def _write_reference(spec: RunSpec, folder: RunFolder) -> None:
    """Record which end of the gap a run is: a file may declare that after the run is done."""
    content = folder.description()
    if content["method"].get("reference") != spec.method.reference:
        method = {**content["method"], "reference": spec.method.reference}
        folder.write_run({**content, "method": method})
