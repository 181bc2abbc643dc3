"""Requests of `alseg cancel`, beside an executor that only pretends."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from alseg.contracts import Standing, WorkUnit
from alseg.launch.dispatch import GRACE_SECONDS, Dispatcher
from alseg.storage.cancel_files import CancelRequest, forget_requests, take_requests, write_request
from alseg.storage.unit_files import UnitEnding, write_ending
from alseg.system.signals import StopRequest
from toys import Silent


class Patient:
    """Lets units work until they are cancelled; one called ``short...`` ends at the third look."""

    outlives = False

    def __init__(self, root: Path, *, dies: bool = False) -> None:
        self.root, self.dies = root, dies
        self.looks: dict[str, int] = {}
        self.submitted: list[str] = []
        self.cancelled: list[tuple[list[str], float]] = []

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        self.submitted.append(unit.key)
        self.looks[unit.key] = 0
        return unit.key

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return {key: self._standing(key) for key in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        self.cancelled.append((list(ids), grace))

    def close(self) -> None: ...

    def _standing(self, key: str) -> Standing:
        self.looks[key] += 1
        is_cancelled = any(key in ids for ids, _ in self.cancelled)
        if is_cancelled and self.dies:
            return Standing(state="gone", host="host1", reason="SIGKILL")
        if is_cancelled or (key.startswith("short") and self.looks[key] > 2):
            write_ending(self.root, key, UnitEnding(state="interrupted" if is_cancelled else "done"))
            return Standing(state="gone", host="host1", reason="exit code 0")
        return Standing(state="working", host="host1")


def unit(root: Path, key: str, *runs: str, after: tuple[str, ...] = ()) -> WorkUnit:
    return WorkUnit(key=key, experiment=str(root / "experiment.yaml"), runs=runs or (key,), after=after)


def dispatched(executor: Patient, *units: WorkUnit, stop: StopRequest | None = None) -> dict[str, str]:
    dispatcher = Dispatcher(units, executor, "patient", executor.root, Silent(), poll_seconds=0)
    found = {}
    for each in dispatcher.ended(stop or StopRequest()):
        assert each.ending is not None
        found[each.unit.key] = each.ending.state
    return found


def test_a_run_that_is_named_saves_and_the_others_go_on(tmp_path: Path) -> None:
    executor, stop = Patient(tmp_path), StopRequest()
    units = [unit(tmp_path, "long"), unit(tmp_path, "short")]
    dispatcher = Dispatcher(units, executor, "patient", tmp_path, Silent(), poll_seconds=0)
    ended = dispatcher.ended(stop)
    assert next(ended).unit.key == "short"
    write_request(tmp_path, CancelRequest(runs=("long", "unknown")))
    (rest,) = ended
    assert rest.unit.key == "long" and rest.ending is not None and rest.ending.state == "interrupted"
    assert (executor.cancelled, executor.submitted) == ([(["long"], GRACE_SECONDS)], ["long", "short"])
    assert stop.signal is None
    assert list((tmp_path / "cancel").iterdir()) == []


def test_a_run_that_waits_is_not_begun(tmp_path: Path) -> None:
    executor = Patient(tmp_path)
    write_request(tmp_path, CancelRequest(runs=("a",)))
    after = ("short-shared",)
    shared = unit(tmp_path, "short-shared", "a", "short-b")
    ended = dispatched(
        executor, shared, unit(tmp_path, "a", after=after), unit(tmp_path, "short-b", after=after)
    )
    # Run short-b still wants what is shared, so that this is done.
    assert ended == {"a": "interrupted", "short-shared": "done", "short-b": "done"}
    assert (executor.submitted, executor.cancelled) == (["short-shared", "short-b"], [])


def test_what_is_shared_by_runs_that_are_all_named_is_cancelled_with_them(tmp_path: Path) -> None:
    executor = Patient(tmp_path)
    after = ("shared-1",)
    units = [unit(tmp_path, "shared-1", "a", "b"), *(unit(tmp_path, key, after=after) for key in "ab")]
    dispatcher = Dispatcher(units, executor, "patient", tmp_path, Silent(), poll_seconds=0)
    write_request(tmp_path, CancelRequest(runs=("a",)))
    ended = dispatcher.ended(StopRequest())
    assert next(ended).unit.key == "a"
    write_request(tmp_path, CancelRequest(runs=("b",)))
    assert [each.unit.key for each in ended] == ["b", "shared-1"]
    assert executor.cancelled == [(["shared-1"], GRACE_SECONDS)]


def test_a_run_that_is_killed_while_it_saves_is_not_started_again(tmp_path: Path) -> None:
    executor = Patient(tmp_path, dies=True)
    units = [unit(tmp_path, "long"), unit(tmp_path, "short")]
    dispatcher = Dispatcher(units, executor, "patient", tmp_path, Silent(), poll_seconds=0)
    ended = dispatcher.ended(StopRequest())
    next(ended)
    write_request(tmp_path, CancelRequest(runs=("long",)))
    (rest,) = ended
    assert rest.ending == UnitEnding(state="interrupted", reason="cancelled")
    assert executor.submitted == ["long", "short"]


def test_a_request_without_runs_is_like_a_signal(tmp_path: Path) -> None:
    executor, stop = Patient(tmp_path), StopRequest()
    write_request(tmp_path, CancelRequest())
    assert dispatched(executor, unit(tmp_path, "a"), unit(tmp_path, "b"), stop=stop) == {}
    assert (stop.signal, executor.submitted) == (signal.SIGTERM, [])


def test_requests_are_taken_once_and_damage_is_none(tmp_path: Path) -> None:
    first = CancelRequest(runs=("a",), host="here", time="2026-11-26T00:00:00+00:00")
    write_request(tmp_path, first)
    (tmp_path / "cancel/torn.json").write_text('{"runs": ["b"], "seal": "0"}')
    assert take_requests(tmp_path) == [first]
    assert take_requests(tmp_path) == []


def test_requests_to_a_process_that_has_ended_are_forgotten(tmp_path: Path) -> None:
    write_request(tmp_path, CancelRequest(runs=("a",)))
    forget_requests(tmp_path)
    assert take_requests(tmp_path) == []
