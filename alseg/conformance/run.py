"""Checking component after component in this process, told as events that another process can read."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from alseg.conformance.findings import Component, Finding, Report
from alseg.conformance.plan import PROCESS, check_params, plan_of
from alseg.conformance.remedies import remedy_for
from alseg.conformance.request import Request
from alseg.conformance.step import Step, place_of, run_step
from alseg.conformance.subjects import Subject, subjects_of
from alseg.contracts import Spec
from alseg.guard.calls import watching

Event = dict[str, Any]
"""``plan`` (what will be checked), ``step`` (what is begun) or ``findings`` (of a step that has ended)."""

Place = tuple[int, int]
"""Number of a component, and of a step of it."""


def check_here(request: Request) -> Iterator[Report]:
    """Check in this process, and yield the report of each component when it is whole.

    Raises:
        AlsegError: If there is no such component or module, or a parameter is wrong.
    """
    return collect(events_of(request))


def check_subject(subject: Subject, request: Request) -> Report:
    """Check one component in this process.

    Args:
        subject: The component.
        request: Parameters, folder of the data sets, and time.

    Raises:
        AlsegError: If a parameter is wrong.
    """
    changes: list[str] = []
    words = str(subject.component)
    steps = [_findings(step, words, request.seconds, changes) for step in plan_of(subject, request)]
    return Report(subject.component, tuple(finding for findings in steps for finding in findings))


def events_of(request: Request, start: Place = (0, 0)) -> Iterator[Event]:
    """Check, and yield what happens.

    Args:
        request: What to check.
        start: The component and step to begin with.

    Raises:
        AlsegError: If there is no such component or module, or a parameter is wrong.
    """
    with contextlib.redirect_stdout(sys.stderr):  # plugins may print; standard output is for the report
        subjects = subjects_of(request.target, request.kind)
        check_params(subjects, request.params)
        plans = [plan_of(subject, request) for subject in subjects]
    if any(isinstance(subject.made, Spec) for subject in subjects):
        importlib.import_module("alseg.conformance.costs")  # with torch: no plugin's time
    yield plan_event((subject.component, steps) for subject, steps in zip(subjects, plans, strict=True))
    for number, (subject, steps) in enumerate(zip(subjects, plans, strict=True)):
        changes: list[str] = []
        for place, step in enumerate(steps):
            if (number, place) < start:
                continue
            yield {"event": "step", "component": number, "step": place}
            findings = _findings(step, str(subject.component), request.seconds, changes)
            yield findings_event(number, place, findings)


def plan_event(plans: Iterable[tuple[Component, list[Step]]]) -> Event:
    """Return what will be checked, as an event."""
    components = [
        {"component": asdict(component), "steps": [list(step.checks) for step in steps]}
        for component, steps in plans
    ]
    return {"event": "plan", "components": components}


def findings_event(component: int, step: int, findings: list[Finding]) -> Event:
    """Return what came of a step, as an event."""
    found = [finding.as_json() for finding in findings]
    return {"event": "findings", "component": component, "step": step, "findings": found}


def collect(events: Iterable[Event]) -> Iterator[Report]:
    """Yield the report of each component as soon as its last step has ended."""
    components: list[Event] = []
    found: list[Finding] = []
    for event in events:
        if event["event"] == "plan":
            components = event["components"]
        elif event["event"] == "findings":
            found += [Finding(**finding) for finding in event["findings"]]
            planned = components[event["component"]]
            if event["step"] == len(planned["steps"]) - 1:
                yield Report(Component(**planned["component"]), tuple(found))
                found = []


def _findings(step: Step, words: str, seconds: float, changes: list[str]) -> list[Finding]:
    """Make the checks of a step; ``changes`` keeps what the steps so far have changed of the process."""
    if step.checks == (PROCESS,):
        return [_of_process(step, changes)]

    def tell(line: str) -> None:
        what = line.removeprefix(words).split(", which was put back")[0].strip()
        if what not in changes:
            changes.append(what)

    with watching(notes=None, tell=tell), contextlib.redirect_stdout(sys.stderr):
        return run_step(step, words, seconds)


def _of_process(step: Step, changes: list[str]) -> Finding:
    if not changes:
        return Finding(check=PROCESS, status="pass")
    problem = f"It {'; it '.join(changes)}. Other results would have moved."
    cause = place_of(step.about)
    return Finding(check=PROCESS, status="fail", problem=problem, cause=cause, remedy=remedy_for(PROCESS))
