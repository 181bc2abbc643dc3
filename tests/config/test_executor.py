from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alseg import ExecutorSpec, hookimpl
from alseg.config.executor import ExecutorChoice, named_executor
from alseg.config.experiment import ExperimentError, read_experiment
from alseg.config.specs import Component
from alseg.contracts import Standing, WorkUnit
from alseg.errors import AlsegError
from alseg.registry.loading import registry_of
from demofile import BASE
from fakeregistry import Fakes


class Nowhere:
    outlives = False

    def __init__(self, address: str | None, patience: int) -> None:
        self.address, self.patience = address, patience

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        return unit.key

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return {}

    def cancel(self, ids: Sequence[str], grace: float) -> None: ...

    def close(self) -> None: ...


def build_nowhere(*, address: str | None, patience: int = 3) -> Nowhere:
    return Nowhere(address, patience)


def build_wrong(*, address: str | None) -> object:
    return object()


class Executors:
    @hookimpl
    def register_executors(self) -> list[ExecutorSpec]:
        common: dict[str, Any] = {"summary": "For tests.", "source": "alseg's tests"}
        return [
            ExecutorSpec(name="nowhere", build=build_nowhere, **common),
            ExecutorSpec(name="wrong", build=build_wrong, **common),
        ]


REGISTRY = registry_of(Fakes(), Executors())


def executor_of(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "demo.yaml"
    file.write_text(BASE + text)
    return read_experiment(file, registry=REGISTRY).settings.executor


def test_without_the_key_there_is_no_executor(tmp_path: Path) -> None:
    assert executor_of(tmp_path, "") is None


@pytest.mark.parametrize(
    ("written", "address", "patience"),
    [("nowhere", None, 3), ("nowhere:host:80", "host:80", 3), ("{name: nowhere:4, patience: 7}", "4", 7)],
)
def test_name_address_and_parameters_are_read(
    tmp_path: Path, written: str, address: str | None, patience: int
) -> None:
    choice = executor_of(tmp_path, f"settings:\n  executor: {written}\n")
    assert isinstance(choice, ExecutorChoice)
    assert choice.text == ("nowhere" if address is None else f"nowhere:{address}")
    made = choice.build(REGISTRY)
    assert isinstance(made, Nowhere)
    assert (made.address, made.patience) == (address, patience)


def test_an_unknown_executor_is_a_mistake_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        executor_of(tmp_path, "settings: {executor: nowere:4}")
    place = len(BASE.splitlines()) + 1
    assert f":{place}:" in str(caught.value)
    assert str(caught.value).endswith("unknown executor 'nowere', did you mean 'nowhere'?")


def test_an_executor_is_no_part_of_a_run(tmp_path: Path) -> None:
    file = tmp_path / "demo.yaml"
    file.write_text(BASE)
    experiment = read_experiment(file, registry=REGISTRY)
    changed = read_experiment(file, ["settings.executor=nowhere:9"], registry=REGISTRY)
    assert [spec.folder for spec in experiment.runs()] == [spec.folder for spec in changed.runs()]


def test_the_option_names_an_executor_too() -> None:
    assert named_executor("nowhere:2", REGISTRY) == ExecutorChoice(Component("nowhere", {"patience": 3}), "2")
    with pytest.raises(AlsegError) as caught:
        named_executor("slurm", REGISTRY)
    assert str(caught.value) == "Unknown executor 'slurm'. Available: nowhere, wrong."


def test_an_object_that_is_no_executor_is_refused() -> None:
    with pytest.raises(AlsegError) as caught:
        named_executor("wrong", REGISTRY).build(REGISTRY)
    assert str(caught.value) == (
        "Executor 'wrong' of plugin Executors (unpackaged 0) cannot be used: object lacks outlives, submit, "
        "poll, cancel or close. Mend it, or choose another executor."
    )


UNIT = WorkUnit(key="a__s0", experiment="/r/experiment.yaml", runs=("a__s0",), after=("shared-1",))


def test_a_unit_comes_back_from_json() -> None:
    import json

    drifting = replace(UNIT, accept_drift=True)
    for unit in (UNIT, drifting):
        assert WorkUnit.from_json(json.loads(json.dumps(unit.as_json()))) == unit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": ""}, "'key' is '', expected text"),
        ({"runs": "a"}, "'runs' is 'a', expected a list of texts"),
        ({"runs": []}, "'runs' is empty: a unit has one run at least"),
        ({"speed": 3}, "a unit has no key 'speed'"),
        ({"needs": {"devices": "two"}}, "'devices' of 'needs' is 'two', expected a number or null"),
    ],
)
def test_a_unit_with_a_mistake_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        WorkUnit.from_json({**UNIT.as_json(), **change})
    assert str(caught.value) == message
