"""One step of checking a component: a call into its plugin that settles some checks."""

from __future__ import annotations

import inspect
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alseg.conformance.findings import Finding, NotCheckedError
from alseg.conformance.remedies import remedy_for
from alseg.errors import one_line
from alseg.guard import timeouts
from alseg.guard.calls import guarded, random_state_kept
from alseg.testing.aspects import DepartureError, Departures, collecting

_ALSEG = Path(__file__).parents[1]


@dataclass(frozen=True)
class Passed:
    """A check that has passed and found something to tell.

    Attributes:
        note: One line.
        measured: Numbers, by name with unit.
    """

    note: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A call and the checks that it makes.

    Attributes:
        checks: Their names. What the call raises is the first one's failure, unless it names another aspect.
        run: Makes them; returns what it has to tell of them. It raises `NotCheckedError` where nothing can be
            checked here, and anything else where something is wrong.
        about: What messages point at where no line of the plugin was at work: its builder.
    """

    checks: tuple[str, ...]
    run: Callable[[], Mapping[str, Passed] | None]
    about: object = None


@dataclass
class _Ending:
    """How a step ended.

    Attributes:
        told: What it returned, if it did.
        error: What it raised, if it did.
    """

    told: Mapping[str, Passed] = field(default_factory=dict)
    error: BaseException | None = None


def run_step(step: Step, words: str, seconds: float) -> list[Finding]:
    """Make the checks of a step, whatever the plugin does but for ending the process.

    Args:
        step: The step.
        words: What messages of the guard call the component.
        seconds: Wall time that it may take.

    Returns:
        One finding per check, in their order.
    """
    started = time.monotonic()
    with collecting() as departures:
        ending = _ending(step, words, seconds)
    failed = _failed(step, ending, departures, seconds)
    first, *others = (failed.get(check) or _not_failed(check, ending, failed) for check in step.checks)
    return [replace(first, seconds=time.monotonic() - started), *others]


def _ending(step: Step, words: str, seconds: float) -> _Ending:
    ending = _Ending()
    try:
        with random_state_kept(), guarded(words, step.checks[0]):
            timer = timeouts.start(seconds)
            try:
                ending.told = step.run() or {}
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit and a timeout are failures of the plugin, too
                ending.error = error
            finally:
                timeouts.stop(timer)
    except Exception as error:  # the time was up at the very end
        ending.error = ending.error or error
    return ending


def _failed(step: Step, ending: _Ending, departures: Departures, seconds: float) -> dict[str, Finding]:
    """Return the checks that failed."""
    failed = {
        _check_of(step, aspect): (message, _place_of(step, None)) for aspect, message in departures.items()
    }
    error = ending.error
    if error is not None and not isinstance(error, NotCheckedError):
        check = _check_of(step, error.aspect) if isinstance(error, DepartureError) else step.checks[0]
        problem = _problem(error, seconds)
        failed.setdefault(check, (problem, _place_of(step, error)))
    return {
        check: Finding(
            check=check, status="fail", problem=problem, cause=place, remedy=remedy_for(check, error)
        )
        for check, (problem, place) in failed.items()
    }


def _not_failed(check: str, ending: _Ending, failed: Mapping[str, Finding]) -> Finding:
    if ending.error is not None:
        is_absent = isinstance(ending.error, NotCheckedError)
        reason = str(ending.error) if is_absent else f"'{next(iter(failed))}' has failed before."
        return Finding(check=check, status="not checked", note=" ".join(reason.split()))
    told = ending.told.get(check, Passed())
    return Finding(check=check, status="pass", note=told.note, measured=told.measured)


def _check_of(step: Step, aspect: str) -> str:
    """Return the check that an aspect belongs to: pickling of what is built is a check of its own."""
    check = "copies" if aspect == "pickling" and "copies" in step.checks else aspect
    return check if check in step.checks else step.checks[0]


def _problem(error: BaseException, seconds: float) -> str:
    if isinstance(error, timeouts.TimedOut):
        return f"It has not ended after {seconds:g} s."
    if isinstance(error, SystemExit):
        return f"It calls sys.exit({error.code!r}), which would end the process."
    if isinstance(error, AssertionError) and str(error).strip():
        return " ".join(str(error).split())
    return f"It raises {one_line(error)}."


def place_of(made: object) -> str:
    """Return file and line of a function or class, such as ``alseg_rare.py:12``; empty where it has none."""
    found = _source_of(made)
    return f"{_short(found[0])}:{found[1]}" if found else ""


def _place_of(step: Step, error: BaseException | None) -> str:
    """Return file and line: where the plugin was at work, else where its builder is."""
    builder = _source_of(step.about)
    known = error if error is None or error.__cause__ is None else error.__cause__
    trace = traceback.extract_tb(None if known is None else known.__traceback__)
    outside = [frame for frame in trace if _ALSEG not in Path(frame.filename).parents]
    of_plugin = [frame for frame in outside if builder and builder[0].parent in Path(frame.filename).parents]
    if of_plugin or outside:
        last = (of_plugin or outside)[-1]
        return f"{_short(Path(last.filename))}:{last.lineno}, in {last.name}"
    return place_of(step.about)


def _source_of(made: Any) -> tuple[Path, int] | None:
    """Return file and line of a function or class; None where it has none."""
    try:
        made = inspect.unwrap(made)
        return Path(inspect.getsourcefile(made) or ""), inspect.getsourcelines(made)[1]
    except (TypeError, OSError, ValueError):
        return None


def _short(path: Path) -> str:
    """Return a path below the working folder without that folder."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
