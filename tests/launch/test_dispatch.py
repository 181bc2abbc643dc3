"""The dispatcher beside an executor that only pretends."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

import alseg.launch.dispatch
from alseg.contracts import Resources, Standing, WorkUnit
from alseg.errors import AlsegError
from alseg.files import WriteError
from alseg.launch.dispatch import GRACE_SECONDS, Dispatcher
from alseg.storage.unit_files import (
    DispatchFile,
    Submission,
    UnitEnding,
    read_dispatch,
    read_ending,
    write_dispatch,
    write_ending,
)
from alseg.system.signals import StopRequest
from toys import Silent

State = Literal["done", "failed", "skipped", "waiting", "interrupted"]


class Pretending:
    """Ends a unit at the second look, with what the script of its key says; None says nothing."""

    def __init__(self, root: Path, script: Mapping[str, list[State | None]], outlives: bool = False) -> None:
        self.root, self.outlives = root, outlives
        self.script = {key: list(states) for key, states in script.items()}
        self.submitted: list[tuple[str, tuple[str, ...]]] = []
        self.cancelled: list[tuple[list[str], float]] = []
        self.looks: dict[str, int] = {}
        self.on_look = lambda: None
        self.on_submit = lambda: None

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        self.on_submit()
        assert not (self.root / f"units/{unit.key}.json").exists()
        self.submitted.append((unit.key, tuple(after)))
        name = f"{unit.key}#{len(self.submitted)}"
        self.looks[name] = 0
        return name

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        self.on_look()
        return {name: self._standing(name) for name in ids if name in self.looks}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        self.cancelled.append((list(ids), grace))
        for name in ids:
            self.script[name.partition("#")[0]] = ["interrupted"]
            self.looks[name] = 1

    def close(self) -> None: ...

    def _standing(self, name: str) -> Standing:
        self.looks[name] += 1
        if self.looks[name] < 2:
            return Standing(state="working", host="host1")
        key = name.partition("#")[0]
        state = self.script.get(key, ["done"]).pop(0) if self.script.get(key, ["done"]) else None
        if state is not None:
            write_ending(self.root, key, UnitEnding(state=state, reason=f"it {state}"))
        return Standing(state="gone", host="host1", reason="SIGKILL")


def units_of(root: Path, *keys: str) -> list[WorkUnit]:
    """Return units; one called ``b<a`` comes after ``a``."""
    found = []
    for name in keys:
        key, _, before = name.partition("<")
        after = (before,) if before else ()
        found.append(WorkUnit(key=key, experiment=str(root / "e.yaml"), runs=(key,), after=after))
    return found


def dispatched(
    executor: Pretending,
    units: list[WorkUnit],
    stop: StopRequest | None = None,
    reporter: Silent | None = None,
) -> dict[str, str]:
    dispatcher = Dispatcher(
        units, executor, "pretending:2", executor.root, reporter or Silent(), poll_seconds=0
    )
    found = {}
    for each in dispatcher.ended(stop or StopRequest()):
        assert each.ending is not None
        found[each.unit.key] = f"{each.ending.state}: {each.ending.reason}"
    return found


def test_a_unit_is_submitted_when_those_before_it_have_ended_well_or_not(tmp_path: Path) -> None:
    executor = Pretending(tmp_path, {"shared": ["failed"]})
    reporter = Silent()
    ended = dispatched(executor, units_of(tmp_path, "shared", "a<shared", "b"), reporter=reporter)
    assert executor.submitted == [("shared", ()), ("b", ()), ("a", ())]
    assert ended == {"shared": "failed: it failed", "b": "done: it done", "a": "done: it done"}
    assert reporter.notes == ["shared on host1", "b on host1", "a on host1"]
    assert read_dispatch(tmp_path) == DispatchFile(executor="pretending:2", units={})


def test_where_units_outlive_the_process_all_are_submitted_at_once(tmp_path: Path) -> None:
    executor = Pretending(tmp_path, {}, outlives=True)
    dispatched(executor, units_of(tmp_path, "shared", "a<shared", "b"))
    assert executor.submitted == [("shared", ()), ("a", ("shared#1",)), ("b", ())]


@pytest.mark.parametrize("state", ["done", "failed", "skipped", "waiting"])
def test_a_unit_that_has_ended_is_not_started_again(tmp_path: Path, state: State) -> None:
    executor = Pretending(tmp_path, {"a": [state]})
    assert dispatched(executor, units_of(tmp_path, "a")) == {"a": f"{state}: it {state}"}
    assert executor.submitted == [("a", ())]


def test_a_lost_unit_is_started_again(tmp_path: Path) -> None:
    executor, reporter = Pretending(tmp_path, {"a": [None, "interrupted", "done"]}), Silent()
    assert dispatched(executor, units_of(tmp_path, "a"), reporter=reporter) == {"a": "done: it done"}
    assert executor.submitted == [("a", ())] * 3
    assert reporter.notes == [
        "a on host1",
        "a: its process ended without a word (SIGKILL); started again, 1 of 3",
        "a: its process was stopped and has saved (SIGKILL); started again",
    ]


def test_a_unit_that_saves_each_time_is_started_again_as_often_as_it_takes(tmp_path: Path) -> None:
    states: list[State | None] = [None, *["interrupted"] * 9, None, None, "done"]
    executor = Pretending(tmp_path, {"a": states})
    assert dispatched(executor, units_of(tmp_path, "a")) == {"a": "done: it done"}
    assert executor.submitted == [("a", ())] * 13


def test_a_unit_that_is_lost_each_time_has_failed(tmp_path: Path) -> None:
    executor = Pretending(tmp_path, {"a": [None, None, None, None], "b": ["done"]})
    ended = dispatched(executor, units_of(tmp_path, "a", "b"))
    assert ended["a"] == "failed: its process ended without a word (SIGKILL), as it did 3 times before"
    assert [key for key, _ in executor.submitted].count("a") == 4
    said = read_ending(tmp_path, "a")
    assert said is not None and (said.state, said.host) == ("failed", "host1")


def test_what_is_submitted_is_on_the_disk(tmp_path: Path) -> None:
    executor, seen = Pretending(tmp_path, {"a": [None, "done"]}), []
    executor.on_look = lambda: seen.append(read_dispatch(tmp_path))
    dispatched(executor, units_of(tmp_path, "a"))
    waiting = [Submission(id="a#1", tries=1), Submission(id="a#2", tries=2)]
    working = [replace(submission, host="host1") for submission in waiting]
    in_turn = (waiting[0], working[0], waiting[1], working[1])
    assert seen == [DispatchFile(executor="pretending:2", units={"a": each}) for each in in_turn]


def test_what_a_unit_waits_for_is_on_the_disk(tmp_path: Path) -> None:
    executor, seen = Pretending(tmp_path, {}), []
    executor.on_look = lambda: seen.append(read_dispatch(tmp_path))
    dispatched(executor, units_of(tmp_path, "shared", "a<shared"))
    assert seen[0] == DispatchFile(
        executor="pretending:2", units={"shared": Submission(id="shared#1")}, after={"a": ("shared",)}
    )
    assert seen[2] == DispatchFile(executor="pretending:2", units={"a": Submission(id="a#2")})


@pytest.mark.parametrize(
    ("name", "outlives", "again"),
    [
        ("pretending:2", True, False),
        ("pretending", True, False),
        ("pretending:2", False, True),
        ("other", True, True),
    ],
)
def test_units_of_a_dispatcher_that_was_killed_are_taken_up_where_they_outlive_it(
    tmp_path: Path, name: str, outlives: bool, again: bool
) -> None:
    write_dispatch(tmp_path, DispatchFile(executor=name, units={"a": Submission(id="a#77", tries=3)}))
    executor = Pretending(tmp_path, {}, outlives=outlives)
    executor.looks["a#77"] = 0
    assert dispatched(executor, units_of(tmp_path, "a")) == {"a": "done: it done"}
    assert executor.submitted == ([("a", ())] if again else [])


def test_damage_to_what_was_submitted_starts_units_again(tmp_path: Path) -> None:
    (tmp_path / "dispatch.json").write_text("{}")
    executor = Pretending(tmp_path, {}, outlives=True)
    assert dispatched(executor, units_of(tmp_path, "a")) == {"a": "done: it done"}


def test_asked_to_stop_it_lets_units_save_and_starts_none(tmp_path: Path) -> None:
    executor, stop = Pretending(tmp_path, {}), StopRequest()
    executor.on_look = lambda: setattr(stop, "signal", 2)
    ended = dispatched(executor, units_of(tmp_path, "shared", "a<shared", "b"), stop)
    assert executor.cancelled == [(["shared#1", "b#2"], GRACE_SECONDS)]
    assert ended == {"shared": "interrupted: it interrupted", "b": "interrupted: it interrupted"}
    assert [key for key, _ in executor.submitted] == ["shared", "b"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal is closed by a signal here")
@pytest.mark.parametrize("outlives", [True, False])
def test_a_terminal_that_is_closed_stops_no_units_that_outlive_the_process(
    tmp_path: Path, outlives: bool
) -> None:
    executor, stop, reporter = Pretending(tmp_path, {}, outlives=outlives), StopRequest(), Silent()
    executor.on_look = lambda: setattr(stop, "signal", signal.SIGHUP)
    ended = dispatched(executor, units_of(tmp_path, "a", "b"), stop, reporter)
    if outlives:
        assert ended == {} and executor.cancelled == []
        assert reporter.notes[-1] == "units go on in 'pretending:2'; the same command takes them up"
        again = dispatched(executor, units_of(tmp_path, "a", "b"))
        assert again == {"a": "done: it done", "b": "done: it done"}
        assert [key for key, _ in executor.submitted] == ["a", "b"]
    else:
        assert executor.cancelled == [(["a#1", "b#2"], GRACE_SECONDS)]
        assert ended == {"a": "interrupted: it interrupted", "b": "interrupted: it interrupted"}


def test_asked_to_stop_while_units_are_submitted_it_submits_no_more(tmp_path: Path) -> None:
    executor, stop = Pretending(tmp_path, {}), StopRequest()
    executor.on_submit = lambda: setattr(stop, "signal", 15)
    assert dispatched(executor, units_of(tmp_path, "a", "b", "c"), stop) == {
        "a": "interrupted: it interrupted"
    }
    assert executor.submitted == [("a", ())]


def test_a_second_ctrl_c_while_a_unit_is_submitted_leaves_none_that_nobody_knows_of(tmp_path: Path) -> None:
    executor, stop = Pretending(tmp_path, {}), StopRequest()

    def press_twice() -> None:
        stop.signal, stop.at_once = 2, True  # the handler raises nothing meanwhile: test_signals.py

    executor.on_submit = press_twice
    dispatcher = Dispatcher(units_of(tmp_path, "a"), executor, "pretending:2", tmp_path, Silent())
    with pytest.raises(KeyboardInterrupt):
        next(dispatcher.ended(stop))
    dispatcher.kill()
    assert executor.cancelled == [(["a#1"], 0)]


def test_a_unit_that_outlives_the_process_but_cannot_be_written_down_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise WriteError("Cannot write dispatch.json: No space left on device.")

    monkeypatch.setattr(alseg.launch.dispatch, "write_dispatch", full)
    executor = Pretending(tmp_path, {}, outlives=True)
    with pytest.raises(WriteError):
        dispatched(executor, units_of(tmp_path, "a", "b"))
    assert executor.submitted == [("a", ())]
    assert executor.cancelled == [(["a#1"], GRACE_SECONDS)]


def test_units_of_an_earlier_command_stay_written_down_until_they_are_gone(tmp_path: Path) -> None:
    earlier = {"a": Submission(id="a#77"), "x": Submission(id="x#78"), "y": Submission(id="y#79")}
    write_dispatch(tmp_path, DispatchFile(executor="pretending:2", units=earlier))
    executor, reporter, seen = Pretending(tmp_path, {}, outlives=True), Silent(), []
    executor.looks |= {"a#77": -5, "x#78": -2}  # y is gone already, x works for 3 looks more, a for 6
    executor.on_look = lambda: seen.append(set(read_dispatch(tmp_path).units))  # type: ignore[union-attr]
    assert dispatched(executor, units_of(tmp_path, "a"), reporter=reporter) == {"a": "done: it done"}
    assert reporter.notes[0] == "beside these, units of an earlier command go on: x, y"
    assert seen == [{"a", "x", "y"}, *[{"a", "x"}] * 3, *[{"a"}] * 3]
    assert executor.submitted == [] == executor.cancelled


@pytest.mark.parametrize("method", ["submit", "poll"])
def test_an_executor_that_fails_is_named(tmp_path: Path, method: str) -> None:
    def fail() -> None:
        raise RuntimeError("no such queue\nas that")

    executor = Pretending(tmp_path, {})
    setattr(executor, {"submit": "on_submit", "poll": "on_look"}[method], fail)
    with pytest.raises(AlsegError) as caught:
        dispatched(executor, units_of(tmp_path, "a"))
    assert str(caught.value) == (
        f"Executor 'pretending:2' failed in {method}: RuntimeError: no such queue as that. Mend what is "
        "wrong there, or name another executor, and give the same command again."
    )


def test_what_a_lost_units_processes_have_printed_is_named(tmp_path: Path) -> None:
    executor, log = Pretending(tmp_path, {"a": [None] * 4}), tmp_path / "units" / "a.log"
    log.parent.mkdir()
    log.touch()
    ended = dispatched(executor, units_of(tmp_path, "a"))
    assert ended["a"].endswith(f"(SIGKILL), as it did 3 times before; what it printed is in {log}")


class Waking(Pretending):
    """Says that it need not be looked at for long, and is waited for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, {})
        self.waits: list[float] = []

    def get_ready(self, needs: Resources) -> None: ...

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def test_an_executor_that_wakes_is_waited_for_in_place_of_sleeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alseg.launch.dispatch.time, "sleep", lambda seconds: pytest.fail("it slept"))
    executor = Waking(tmp_path)
    assert dispatched(executor, units_of(tmp_path, "a")) == {"a": "done: it done"}
    assert executor.waits == [0]
