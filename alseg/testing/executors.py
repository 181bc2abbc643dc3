"""Does an executor keep the contract?"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from alseg.contracts import Executor, ExecutorSpec, Standing, WorkUnit
from alseg.errors import DamageError
from alseg.files import read_json
from alseg.guard import timeouts
from alseg.system.python import python_module

T = TypeVar("T")

_AT_ONCE = 30.0
"""Seconds in which a method returns that must not wait for units."""

_GRACE = 600.0
"""Seconds in which a unit saves, however slow the machine is."""

_STREETS = {"name": "streets", "height": 32, "width": 64, "count": 2, "val_count": 1}
_ENDLESS = 100_000_000
"""Iterations that no machine takes while somebody waits."""


def check_executor(
    spec: ExecutorSpec,
    *,
    address: str | None = None,
    folder: Path | None = None,
    timeout: float = 900.0,
    work: bool = True,
    **params: Any,
) -> None:
    """Check an executor against `alseg.contracts.Executor`, with real units that train a small network.

    It needs room for one unit and takes four of them, a minute or so. Checked are that `submit`, `poll` and
    `cancel` return at once; that a unit is done, its end written, and its id gone; that a unit begins when
    those before it are gone and no sooner; that one that is cancelled saves first, and that without grace it
    is killed; that an id nobody knows is gone and can be cancelled; and what happens at `close`: units save
    and end, or go on where they outlive it, known to another executor of the same kind.

    Args:
        spec: The spec that the plugin registers.
        address: What would follow the name and a colon, such as ``2`` of ``local:2``.
        folder: An empty folder that is shared by all machines; without it a temporary one of this machine.
        timeout: Seconds that each unit may take to begin or to end.
        work: Whether units are submitted. Without, only its methods and an id that nobody knows are checked,
            which takes no time.
        params: Further parameters for ``build``.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    with tempfile.TemporaryDirectory() as scratch:
        where = folder or Path(scratch)
        check = _Check(spec, {"address": address, **params}, timeout)
        try:
            check.knows_only_its_own()
            if not work:
                return
            short, endless = _experiment(where / "short", 1), _experiment(where / "endless", _ENDLESS)
            check.does(short[0])
            check.keeps_the_order_and_saves(*endless)
            check.closes(endless[0])
        finally:
            check.clean_up()


class _Check:
    """The parts of the check, on one executor.

    Args:
        spec: Of the executor.
        params: For ``build``.
        timeout: Seconds that each unit may take to begin or to end.
    """

    def __init__(self, spec: ExecutorSpec, params: dict[str, Any], timeout: float) -> None:
        self._name, self._timeout = spec.name, timeout
        self._build: Callable[[], Executor] = lambda: spec.build(**params)
        self._executor = self._build()
        made = type(self._executor).__name__
        assert isinstance(self._executor, Executor), (
            f"'{spec.name}': {made} lacks outlives, submit, poll, cancel or close"
        )
        self._submitted: list[str] = []

    def knows_only_its_own(self) -> None:
        """Ask for an id that nobody has given."""
        standing = self._poll("alseg-no-such-unit")
        assert standing.state == "gone", f"'{self._name}': an unknown id is {standing.state}, not gone"
        self._cancel("alseg-no-such-unit", 1.0)
        found = self._at_once("poll", lambda: self._executor.poll([]))
        assert not found, f"'{self._name}': poll of no ids returns {found}"

    def does(self, unit: WorkUnit) -> None:
        """Have a unit done to its end."""
        name = self._submit(unit, [])
        self._until(f"{unit.key} is gone", lambda: self._poll(name).state == "gone")
        ending = _ending(unit)
        assert ending == "done", (
            f"'{self._name}': a unit has ended as {ending!r}, not as 'done': {self._poll(name).reason}"
        )

    def keeps_the_order_and_saves(self, first: WorkUnit, second: WorkUnit) -> None:
        """Have a unit wait for another one, which is cancelled; then kill it."""
        names = [self._submit(first, [])]
        names.append(self._submit(replace(second, after=(first.key,)), names))
        self._until_at_work(first, names[0])
        state = self._poll(names[1]).state
        assert state == "waiting" and not _began(second), (
            f"'{self._name}': a unit is {state}, not waiting, while the one before it works"
        )
        self._cancel(names[0], _GRACE)
        self._until(f"{first.key} is gone", lambda: self._poll(names[0]).state == "gone")
        ending = _ending(first)
        assert ending == "interrupted", (
            f"'{self._name}': a unit that is cancelled has ended as {ending!r}, not as 'interrupted': it is "
            "to be sent SIGTERM, and must be given time to save"
        )
        self._until_at_work(second, names[1])
        self._cancel(names[1], 0.0)
        self._until(f"{second.key} is gone", lambda: self._poll(names[1]).state == "gone")
        ending = _ending(second)
        assert ending is None, f"'{self._name}': a unit cancelled without grace has saved first ({ending})"

    def closes(self, unit: WorkUnit) -> None:
        """Close the executor while a unit works."""
        _forget(unit)
        name = self._submit(unit, [])
        self._until_at_work(unit, name)
        self._executor.close()
        outlives, self._executor = self._executor.outlives, self._build()
        if not outlives:
            self._until("units end at close()", lambda: _ending(unit) is not None)
            ending = _ending(unit)
            assert ending == "interrupted", f"'{self._name}': at close() a unit has ended as {ending!r}"
            return
        state = self._poll(name).state
        assert state == "working", f"'{self._name}': outlives, but for another one a unit is {state}"
        self._cancel(name, _GRACE)
        self._until("units of another executor can be cancelled", lambda: self._poll(name).state == "gone")

    def clean_up(self) -> None:
        """End whatever is left after a failure."""
        self._executor.cancel(self._submitted, 0.0)
        self._executor.close()

    def _submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        name = self._at_once("submit", lambda: self._executor.submit(unit, after))
        assert isinstance(name, str) and name, f"'{self._name}': submit returns {name!r}, not an id"
        assert name not in self._submitted, f"'{self._name}': submit returns the id {name!r} twice"
        self._submitted.append(name)
        return name

    def _poll(self, name: str) -> Standing:
        standing = self._at_once("poll", lambda: self._executor.poll([name])).get(name)
        assert isinstance(standing, Standing), f"'{self._name}': poll says {standing!r} of an id, no Standing"
        return standing

    def _cancel(self, name: str, grace: float) -> None:
        self._at_once("cancel", lambda: self._executor.cancel([name], grace))

    def _at_once(self, method: str, call: Callable[[], T]) -> T:
        timer = timeouts.start(_AT_ONCE)
        try:
            return call()
        except timeouts.TimedOut:
            raise AssertionError(f"'{self._name}': {method} has not returned in {_AT_ONCE:.0f} s") from None
        finally:
            timeouts.stop(timer)

    def _until_at_work(self, unit: WorkUnit, name: str) -> None:
        def at_work() -> bool:
            standing = self._poll(name)
            assert standing.state != "gone", (
                f"'{self._name}': {unit.key} is gone before it was at work: {standing.reason}"
            )
            return standing.state == "working" and _began(unit)

        self._until(f"{unit.key} works", at_work)

    def _until(self, what: str, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + self._timeout
        while not condition():
            assert time.monotonic() < end, f"'{self._name}': after {self._timeout:.0f} s not yet: {what}"
            time.sleep(0.1)


def _experiment(folder: Path, iterations: int) -> list[WorkUnit]:
    """Write an experiment of two runs; return a unit for each."""
    folder.mkdir(parents=True)
    file = folder.absolute() / "experiment.yaml"
    content = {
        "name": folder.name,
        "scenario": {"source": _STREETS, "target": {**_STREETS, "domain": "camera"}},
        "model": {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]},
        "recipe": {
            "name": "plain",
            "iterations": iterations,
            "source_size": [32, 64],
            "target_size": [32, 64],
        },
        "rounds": [],
        "methods": [{"label": "All", "target_labels": "all"}],
        "seeds": [0, 1],
        "settings": {"device": "cpu", "threads": 1},
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    command = [*python_module("alseg"), "status", str(folder), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return [WorkUnit(key=run["name"], experiment=str(file), runs=(run["name"],)) for run in found["runs"]]


def _began(unit: WorkUnit) -> bool:
    return _state(Path(unit.experiment).parent / "runs" / unit.key / "status.json") == "running"


def _ending(unit: WorkUnit) -> str | None:
    return _state(_ending_file(unit))


def _forget(unit: WorkUnit) -> None:
    _ending_file(unit).unlink(missing_ok=True)


def _ending_file(unit: WorkUnit) -> Path:
    return Path(unit.experiment).parent / "units" / f"{unit.key}.json"


def _state(file: Path) -> str | None:
    with suppress(DamageError):
        return str(read_json(file)["state"])
    return None
