"""Which checks each component gets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from alseg.conformance import contracts, described, imports
from alseg.conformance.findings import NotCheckedError
from alseg.conformance.request import Request
from alseg.conformance.step import Passed, Step
from alseg.conformance.subjects import PLUGIN, PUBLISHED, Subject
from alseg.contracts import (
    AcquisitionSpec,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    PartitionSpec,
    RecipeSpec,
    Spec,
)
from alseg.errors import AlsegError, one_line
from alseg.registry.parameters import ParameterError, validate_parameters
from alseg.registry.signatures import REQUIRED, parameters_of

PROCESS = "process"
"""The last check of a component: whether all its calls have left the process as it was."""

_UPPER_MARK = "It declares that it sees the labels of the pool: an upper mark."

_COSTLY = (AcquisitionSpec, DatasetSpec, ModelSpec, PartitionSpec, RecipeSpec)
"""Specs of components that work on images."""


def plan_of(subject: Subject, request: Request) -> list[Step]:
    """Return the steps in which a component is checked.

    Raises:
        AlsegError: If a parameter that was given is wrong.
    """
    made = subject.made
    if subject.component.kind == PLUGIN:
        return list(_of_plugin(subject, request.seconds))
    if subject.component.kind == PUBLISHED:
        return [Step(("contract",), partial(contracts.check_published, made, subject.registry))]
    if isinstance(made, LabelSpace):
        check = partial(contracts.check_label_classes, made)
        return [Step(("source",), partial(described.check_source, made.source)), Step(("contract",), check)]
    return list(_of_spec(made, subject, request))


def check_params(subjects: Sequence[Subject], params: Mapping[str, Any]) -> None:
    """Refuse parameters that nothing has.

    Raises:
        AlsegError: Names the parameter, and those that there are.
    """
    specs = [subject.made for subject in subjects if isinstance(subject.made, Spec)]
    known = sorted({name for spec in specs for name in _names(spec)})
    for name in params:
        if name not in known:
            there = f"There are: {', '.join(known)}." if known else "There are none."
            raise AlsegError(f"Nothing that is checked has a parameter '{name}'. {there}")


def _of_plugin(subject: Subject, seconds: float) -> Iterator[Step]:
    yield Step(("import",), partial(_check_loaded, subject))
    if subject.failure is None:
        yield Step(("import-cost",), partial(imports.check_import_cost, subject, seconds))
    if any(info == subject.info for info, _ in subject.registry.round_end_hooks):
        yield Step(("on_round_end",), _tell_of_hook)


def _check_loaded(subject: Subject) -> None:
    failure = subject.failure
    assert failure is None, f"It fails at {failure.stage}: {failure.error}"


def _tell_of_hook() -> None:
    raise NotCheckedError(
        "It may send something to others; test it with alseg.testing.round_report in a test of your own."
    )


def _of_spec(spec: Spec, subject: Subject, request: Request) -> Iterator[Step]:
    from alseg.testing.specs import check_description, check_pickling

    step = partial(Step, about=spec.build)
    yield step(("description",), partial(check_description, spec))
    yield step(("source",), partial(described.check_source, spec.source))
    yield step(("parameters",), partial(described.check_parameters, spec))
    yield step(("pickling",), partial(check_pickling, spec))
    params, missing = _params(spec, request.params)

    def given(check: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        return partial(_with_params, missing, check, *arguments)

    if isinstance(spec, AcquisitionSpec | RecipeSpec):
        yield step(("labels",), given(_check_reads, spec, params))
    contract = given(contracts.check_contract, spec, params, subject.registry, request.root)
    yield step(contracts.checks_of(spec), contract)
    if isinstance(spec, ExecutorSpec):
        yield step(("units",), given(_check_units, spec, params, request))
    if isinstance(spec, _COSTLY):
        yield step(("cost",), given(_measure, spec, params, subject, request.root))
    yield Step((PROCESS,), lambda: None, spec.build)


def _with_params(missing: str, check: Callable[..., Any], *arguments: Any) -> Any:
    if missing:
        raise NotCheckedError(missing)
    return check(*arguments)


def _check_reads(spec: AcquisitionSpec | RecipeSpec, params: Mapping[str, Any]) -> Mapping[str, Passed]:
    """Watch a first decision: later ones may know what the first one has read.

    An acquisition that declares that it sees labels is given them, and must look for none elsewhere either.
    """
    from alseg.conformance.reads import check_reads
    from alseg.conformance.work import acquisition_work, recipe_work

    size = (32, 64)
    if isinstance(spec, RecipeSpec):
        work, _ = recipe_work(spec, params, size=size)
    else:
        work = acquisition_work(spec, params, size=size, images=3, num_classes=5)
    try:
        check_reads(work, _package(spec))
    except AssertionError:
        raise
    except (Exception, SystemExit) as error:
        raise NotCheckedError(f"It cannot be watched, as it raises {one_line(error)}.") from error
    declared = isinstance(spec, AcquisitionSpec) and spec.sees_labels
    return {"labels": Passed(_UPPER_MARK)} if declared else {}


def _package(spec: Spec) -> Path | None:
    """Return the folder of the package that a builder is in; None where it is a single module."""
    module = inspect.getmodule(inspect.unwrap(spec.build))
    name = getattr(module, "__package__", "") or ""
    file = getattr(module, "__file__", None)
    return Path(file).parents[name.count(".")].resolve() if name and file else None


def _check_units(spec: ExecutorSpec, params: Mapping[str, Any], request: Request) -> None:
    if not request.full:
        raise NotCheckedError("Real units take minutes: --full.")
    from alseg.testing import check_executor

    with contracts.outside():
        check_executor(contracts.told(spec), timeout=request.seconds, **params)


def _measure(
    spec: Spec, params: Mapping[str, Any], subject: Subject, root: Path | None
) -> Mapping[str, Passed]:
    from alseg.conformance.costs import measure_costs

    return measure_costs(spec, params, subject.registry, root)


def _names(spec: Spec) -> tuple[str, ...]:
    """Return the parameters that a user can give."""
    address = ("address",) if isinstance(spec, ExecutorSpec) else ()
    return (*(parameter.name for parameter in parameters_of(spec)), *address)


def _params(spec: Spec, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters of a component, and what is missing in words.

    Raises:
        AlsegError: If a value is wrong.
    """
    own = {name: value for name, value in given.items() if name in _names(spec)}
    address = {"address": str(own.pop("address"))} if "address" in own else {}
    parameters = {parameter.name: parameter for parameter in parameters_of(spec)}
    missing = [name for name, one in parameters.items() if one.default is REQUIRED and name not in own]
    if missing:
        words = " ".join(f"-p {name}=VALUE" for name in missing)
        return {}, f"It needs a value of {', '.join(missing)}: {words}."
    if isinstance(spec, ModelSpec) and "weights" in parameters and "weights" not in own:
        own |= _untrained(spec, own)
    valid = validate_parameters(spec, own)
    return {**{name: valid[name] for name in own if name in valid}, **address}, ""


def _untrained(spec: ModelSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value with which a network downloads no weights, where it has one."""
    try:
        validate_parameters(spec, {**given, "weights": "none"})
    except ParameterError:
        return {}
    return {"weights": "none"}
