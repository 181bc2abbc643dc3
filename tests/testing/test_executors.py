"""What `alseg.testing.check_executor` finds."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

import pytest

import alseg.testing.executors
import alseg_executors
from alseg import ExecutorSpec
from alseg.contracts import Standing, WorkUnit
from alseg.testing import check_executor
from alseg_executors.local import LocalExecutor

PRETENDED = """
import json, pathlib, signal, sys, time
unit = json.loads(sys.stdin.readline())
root = pathlib.Path(unit["experiment"]).parent
for name in ("units", "runs/" + unit["key"]):
    (root / name).mkdir(parents=True, exist_ok=True)
def say(state):
    (root / "runs" / unit["key"] / "status.json").write_text(json.dumps({"state": state}))
def leave(state):
    say(state)
    (root / "units" / (unit["key"] + ".json")).write_text(json.dumps({"state": state}))
def save(*_):
    leave("interrupted")
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
say("running")
while "100000000" in (root / "experiment.yaml").read_text():
    time.sleep(0.01)
leave("done")
"""
"""Writes what a unit would, without training."""


class Pretending(LocalExecutor):
    """Keeps the contract, with processes that only pretend."""

    def __init__(self) -> None:
        super().__init__(1, [sys.executable, "-c", PRETENDED])


class SubmitWaits(Pretending):
    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        name = super().submit(unit, after)
        while self.poll([name])[name].state != "gone":
            time.sleep(0.01)
        return name


class ForgetsOrder(Pretending):
    def __init__(self) -> None:
        super().__init__()
        self._count = 2

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        return super().submit(unit, [])


class KillsAtOnce(Pretending):
    def cancel(self, ids: Sequence[str], grace: float) -> None:
        super().cancel(ids, 0)


class LetsSaveAlways(Pretending):
    def cancel(self, ids: Sequence[str], grace: float) -> None:
        super().cancel(ids, 60)


class KnowsNobody(Pretending):
    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return {name: found for name, found in super().poll(ids).items() if name in self._jobs}


class WaitsForUnknown(Pretending):
    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        known = super().poll(ids)
        return {name: known[name] if name in self._jobs else Standing(state="waiting") for name in ids}


class LeavesUnits(Pretending):
    def close(self) -> None:
        self.cancel(list(self._jobs), 0)


class Outlives(Pretending):
    outlives = True


class NoExecutor:
    outlives = False


def spec_of(made: type) -> ExecutorSpec:
    return ExecutorSpec(name="mine", summary="Mine.", source="", build=lambda *, address: made())


pytestmark = pytest.mark.usefixtures("preloaded_python")


def test_one_that_keeps_the_contract_passes() -> None:
    check_executor(spec_of(Pretending))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (NoExecutor, "'mine': NoExecutor lacks outlives, submit, poll, cancel or close"),
        (SubmitWaits, "'mine': submit has not returned in 5 s"),
        (KnowsNobody, "'mine': poll says None of an id, no Standing"),
        (WaitsForUnknown, "'mine': an unknown id is waiting, not gone"),
        (ForgetsOrder, "'mine': a unit is working, not waiting, while the one before it works"),
        (
            KillsAtOnce,
            "'mine': a unit that is cancelled has ended as None, not as 'interrupted': it is to be sent "
            "SIGTERM, and must be given time to save",
        ),
        (LetsSaveAlways, "'mine': a unit cancelled without grace has saved first (interrupted)"),
        (LeavesUnits, "'mine': after 20 s not yet: units end at close()"),
        (Outlives, "'mine': outlives, but for another one a unit is gone"),
    ],
)
def test_one_that_breaks_the_contract_is_told_how(
    made: type, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alseg.testing.executors, "_AT_ONCE", 5.0)
    with pytest.raises(AssertionError) as caught:
        check_executor(spec_of(made), timeout=20.0 if made is LeavesUnits else 600.0)
    assert str(caught.value) == message


@pytest.mark.slow
def test_processes_of_this_machine_keep_the_contract() -> None:
    (local,) = alseg_executors.register_executors()
    check_executor(local, address="2")
