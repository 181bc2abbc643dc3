"""Checking in a process of its own, which a plugin may end: the check that was under way has failed then."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from alseg.conformance.findings import Component, Finding, Report
from alseg.conformance.request import Request
from alseg.conformance.run import Event, Place, collect, findings_event
from alseg.errors import AlsegError
from alseg.guard.timeouts import GRACE
from alseg.system.python import python_module

_SLACK = 60.0
"""Seconds for what a process does beside a check: it starts, imports torch, and writes."""


def check_apart(request: Request) -> Iterator[Report]:
    """Check in another process, and yield the report of each component when it is whole.

    Raises:
        AlsegError: If there is no such component or module, or a parameter is wrong.
    """
    return collect(_events(request))


def _events(request: Request) -> Iterator[Event]:
    """Yield the events of as many processes as it takes: one that ends too early is followed by another."""
    plan: Event | None = None
    start: Place = (0, 0)
    while plan is None or start[0] < len(plan["components"]):
        with _process(request, start) as process:
            for event in _read(process, GRACE * request.seconds + _SLACK):
                if event["event"] == "refused":
                    raise AlsegError(event["message"])
                if event["event"] == "plan":
                    if plan is None:
                        yield event
                    plan = event
                elif event["event"] == "findings":
                    start = _after(plan, (event["component"], event["step"]))
                    yield event
        ended = _how_it_ended(process, request.seconds)
        if plan is None:
            yield from _nothing_loaded(request, ended)
            return
        if start[0] < len(plan["components"]):
            yield from _failed(plan, start, ended)
            start = (start[0] + 1, 0)


@contextmanager
def _process(request: Request, start: Place) -> Iterator[subprocess.Popen[str]]:
    """Start a process that checks; it ends with this block at the latest."""
    asked = json.dumps({"request": request.as_json(), "start": start})
    process = subprocess.Popen(
        python_module("alseg.conformance.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(asked)
            process.stdin.close()
        except BrokenPipeError:  # it could not even start
            pass
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _read(process: subprocess.Popen[str], seconds: float) -> Iterator[Event]:
    """Yield the events of a process until it ends, or says nothing for too long."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=seconds)
        except queue.Empty:
            process.kill()
            return
        if line is None:
            process.wait()
            return
        yield json.loads(line)


def _pass_on(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        if line.endswith("\n"):  # the last one may be cut
            lines.put(line)
    lines.put(None)


def _after(plan: Event | None, place: Place) -> Place:
    """Return the place that follows, in the next component where a component is done."""
    component, step = place
    is_last = plan is None or step + 1 >= len(plan["components"][component]["steps"])
    return (component + 1, 0) if is_last else (component, step + 1)


def _how_it_ended(process: subprocess.Popen[str], seconds: float) -> str:
    code = process.returncode
    if code == 0:
        return "It ends the process."
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"It ends the process ({how}), or does not end within {GRACE * seconds:g} s."


def _failed(plan: Event, place: Place, problem: str) -> Iterator[Event]:
    """Yield what came of a step that ended its process, and of the component's steps after it."""
    component, step = place
    first, *others = plan["components"][component]["steps"][step]
    remedy = "Look at what stands on standard error, and raise an exception instead."
    findings = [Finding(check=first, status="fail", problem=problem, remedy=remedy)]
    note = f"'{first}' has ended the process."
    findings += [Finding(check=check, status="not checked", note=note) for check in others]
    yield findings_event(component, step, findings)
    for number, checks in enumerate(plan["components"][component]["steps"][step + 1 :], step + 1):
        left = [Finding(check=check, status="not checked", note=note) for check in checks]
        yield findings_event(component, number, left)


def _nothing_loaded(request: Request, problem: str) -> Iterator[Event]:
    """Yield what is known of a target whose import ends the process."""
    name = request.target or "all"
    component = Component(kind="plugin", name=name, plugin=name, distribution="unknown", version="0")
    plan = {"event": "plan", "components": [{"component": asdict(component), "steps": [["import"]]}]}
    yield plan
    yield from _failed(plan, (0, 0), problem)
