"""Can a spec be listed, and sent to another process?"""

from __future__ import annotations

import dataclasses
import functools
import pickle
import types

from alseg.contracts import Spec
from alseg.testing.aspects import DepartureError, require


def check_spec(spec: Spec) -> None:
    """Check what every spec has, whatever its kind.

    Checked are that summary and source are one line each, that the builder has a docstring, and that the spec
    can be pickled, so that it can be handed to another process.

    Args:
        spec: The spec that the plugin registers.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    check_description(spec)
    check_pickling(spec)


def check_description(spec: Spec) -> None:
    """Check that summary and source are one line each, and that the builder has a docstring.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    for title, text in (("summary", spec.summary), ("source", spec.source)):
        assert text.strip() and len(text.splitlines()) == 1, (
            f"'{spec.name}': {title} must be one line of text, got {text!r}"
        )
    doc = spec.build.__doc__ or ""
    # A dataclass without a docstring gets its signature for one.
    assert doc.strip() and not doc.startswith(f"{getattr(spec.build, '__name__', '')}("), (
        f"'{spec.name}': build has no docstring"
    )


def check_pickling(spec: Spec) -> None:
    """Check that a spec, and so its builder, can be sent to another process.

    Raises:
        DepartureError: Says what cannot be pickled, or what differs in the copy.
    """
    try:
        copy = pickle.loads(pickle.dumps(spec))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DepartureError(
            "pickling",
            f"'{spec.name}': it cannot be pickled; build must be a function or class of a module: {error}",
        ) from error
    for field in dataclasses.fields(spec):
        require(
            "pickling",
            _same(getattr(copy, field.name), getattr(spec, field.name)),
            f"'{spec.name}': {field.name} of an unpickled copy differs from the spec's",
        )


def _same(one: object, other: object) -> bool:
    """Return whether two values are equal; bound methods and partial functions, in what they hold."""
    if isinstance(one, types.MethodType) and isinstance(other, types.MethodType):
        return one.__func__ == other.__func__ and one.__self__ == other.__self__
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return (one.func, one.args, one.keywords) == (other.func, other.args, other.keywords)
    return one == other
