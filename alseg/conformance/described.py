"""What a spec says of itself: texts, where its source can be read, parameters with bounds and docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alseg.conformance.findings import NotCheckedError
from alseg.conformance.step import Passed
from alseg.contracts import Spec
from alseg.registry.bounds import numbers_in
from alseg.registry.signatures import parameters_of
from alseg.text.docstrings import docstring_of
from alseg.text.links import link_in


def check_source(source: str) -> Mapping[str, Passed]:
    """Tell where a source can be read.

    Raises:
        NotCheckedError: If it names no place.
    """
    link = link_in(source)
    if link is None:
        raise NotCheckedError(f"No arXiv number, DOI or address in '{source}'.")
    return {"source": Passed(link, {})}


def check_parameters(spec: Spec) -> Mapping[str, Passed]:
    """Check that every parameter is described, and that numbers have both bounds.

    Raises:
        AssertionError: Names the parameters that are or have not.
    """
    parameters = parameters_of(spec)
    described = docstring_of(spec.build).parameters
    silent = [one.name for one in parameters if one.name not in described]
    unbounded = [one.name for one in parameters if any(_ends_missing(one.annotation))]
    problems = []
    if unbounded:
        problems.append(f"No lower and upper bound: {', '.join(unbounded)}.")
    if silent:
        problems.append(f"Not described in the docstring: {', '.join(silent)}.")
    assert not problems, " ".join(problems)
    count = len(parameters)
    return {"parameters": Passed(f"{count or 'no'} parameter{'' if count == 1 else 's'}", {})}


def _ends_missing(annotation: object) -> Iterator[bool]:
    """Yield for each number of a type whether an end of its range is not stated."""
    for _, bounds in numbers_in(annotation):
        yield not (bounds.has_low and bounds.has_high)
