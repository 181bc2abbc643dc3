"""Checks of what a plugin's hooks return: a mistake in a plugin shows when it is loaded, not mid-run."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from alseg.contracts import (
    BACKBONE_FEATURES,
    NEEDS,
    TRUE_LABELS,
    AcquisitionSpec,
    AnnotatorSpec,
    DatasetSpec,
    LabelSpace,
    ModelSpec,
    PartitionSpec,
    PublishedResult,
    RecipeSpec,
    Spec,
)
from alseg.registry.parameters import check_parameters
from alseg.registry.signatures import parameters_of

PEOPLE_KEYS = ("partial", "conflict")
"""Keys that alseg itself reads of every annotator that is people."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OUTPUT = re.compile(r"output:[a-z0-9]+(?:[-_][a-z0-9]+)*")


def check_returned(returned: object, kind: type) -> Sequence[Any]:
    """Check what a hook returned.

    Args:
        returned: The return value of an implementation of a ``register_`` hook.
        kind: `LabelSpace`, `PublishedResult` or the type of spec that the hook asks for.

    Returns:
        The same, now known to be a list or tuple of sound specs.

    Raises:
        TypeError: If it is not; says what is.
        ValueError: If a name or a label space is not well formed.
    """
    if not isinstance(returned, list | tuple):
        raise TypeError(f"returned {_kind_of(returned)}, expected a list of {kind.__name__}")
    for item in returned:
        if not isinstance(item, kind):
            raise TypeError(f"returned a list with {_kind_of(item)}, expected {kind.__name__}")
        if isinstance(item, Spec):
            _check_spec(item)
        elif isinstance(item, LabelSpace):
            _check_label_space(item)
        elif isinstance(item, PublishedResult):
            _check_published(item)
    return returned


def _check_spec(spec: Spec) -> None:
    """Check name, texts, builder and the fields of the spec's own kind."""
    _check_texts(spec.name, spec.summary, spec.source)
    if not callable(spec.build):
        raise TypeError(f"build of '{spec.name}' is {_kind_of(spec.build)}, expected a function or class")
    hints = _hints_of(type(spec))  # type: ignore[arg-type]  # mypy takes the hash of an object for that of its class
    for field in dataclasses.fields(spec):
        _check_choice(spec.name, field.name, hints[field.name], getattr(spec, field.name))
    if isinstance(spec, DatasetSpec):
        if not isinstance(spec.label_space, str) and not callable(spec.label_space):
            raise TypeError(
                f"label_space of '{spec.name}' is {spec.label_space!r}, expected a name or a function"
            )
        if not callable(spec.splits) and not (
            isinstance(spec.splits, tuple) and spec.splits and all(isinstance(s, str) for s in spec.splits)
        ):
            raise TypeError(f"splits of '{spec.name}' is {spec.splits!r}, expected a tuple of names")
        _check_fake_and_expected(spec)
    if isinstance(spec, AcquisitionSpec):
        _check_needs(spec.name, "needs", spec.needs)
        if spec.kind == "select" and spec.sees_labels:
            raise TypeError(
                f"needs of '{spec.name}' has '{TRUE_LABELS}', but of kind 'select' it sees mean features only"
            )
    if isinstance(spec, PartitionSpec):
        words = [need for need in NEEDS if need not in ("moments", TRUE_LABELS)]
        _check_needs(spec.name, "needs", spec.needs, words)
    if isinstance(spec, ModelSpec):
        words = [need for need in NEEDS if need != TRUE_LABELS]
        _check_needs(spec.name, "provides", spec.provides, (*words, BACKBONE_FEATURES))
    if isinstance(spec, RecipeSpec):
        _check_needs(spec.name, "provides", spec.provides, ())
    check_parameters(spec)
    if isinstance(spec, AnnotatorSpec):
        _check_annotator(spec)


@functools.cache
def _hints_of(kind: type[Spec]) -> dict[str, Any]:
    """Return the types of the fields of a kind of spec."""
    return get_type_hints(kind)


def _check_annotator(spec: AnnotatorSpec) -> None:
    """Check that no parameter has the name of a key that alseg reads itself."""
    taken = [each.name for each in parameters_of(spec) if each.name in PEOPLE_KEYS]
    if taken:
        raise TypeError(
            f"build of '{spec.name}' has a parameter '{taken[0]}', which is a key that alseg reads itself"
        )


def _check_needs(spec_name: str, field_name: str, needs: object, words: Sequence[str] = NEEDS) -> None:
    """Check words for what an acquisition may see: some, and named outputs."""
    if not isinstance(needs, tuple):
        raise TypeError(f"{field_name} of '{spec_name}' is {needs!r}, expected a tuple")
    for need in needs:
        if need not in words and not (isinstance(need, str) and _OUTPUT.fullmatch(need)):
            allowed = ", ".join(map(repr, (*words, "output:NAME")))
            choice = f"one of {allowed}" if words else allowed
            raise TypeError(f"{field_name} of '{spec_name}' has {need!r}, expected {choice}")


def _check_fake_and_expected(spec: DatasetSpec) -> None:
    """Check the writer of fake data, and the numbers of images by split."""
    if spec.write_fake is not None and not callable(spec.write_fake):
        raise TypeError(
            f"write_fake of '{spec.name}' is {_kind_of(spec.write_fake)}, expected a function or None"
        )
    if callable(spec.expected):
        return
    for split, count in dict(spec.expected).items():
        known = callable(spec.splits) or split in spec.splits
        if not known or not isinstance(count, int) or count < 1:
            raise ValueError(
                f"expected of '{spec.name}' has {split!r}: {count!r}, expected a split and its images"
            )


def _check_choice(spec_name: str, field_name: str, hint: Any, value: object) -> None:
    """Check a field whose type is a choice, or a tuple of choices."""
    items: Sequence[object] = (value,)
    if get_origin(hint) is tuple:
        hint = get_args(hint)[0]
        if get_origin(hint) is Literal and not isinstance(value, tuple):
            raise TypeError(f"{field_name} of '{spec_name}' is {value!r}, expected a tuple")
        items = value if isinstance(value, tuple) else ()
    if get_origin(hint) is not Literal:
        return
    for item in items:
        if item not in get_args(hint):
            allowed = " or ".join(map(repr, get_args(hint)))
            raise TypeError(f"{field_name} of '{spec_name}' has {item!r}, expected {allowed}")


def _check_label_space(space: LabelSpace) -> None:
    """Check name and texts, then the classes."""
    from alseg.toolkit.labels import check_label_space

    _check_texts(space.name, space.summary, space.source)
    check_label_space(space)


def _check_published(result: PublishedResult) -> None:
    """Check texts and that every number is a percentage."""
    texts = {key: getattr(result, key) for key in ("label", "paper", "source", "target", "label_space")}
    _check_lines(texts, f"'{result.label}'")
    numbers = {"miou": result.miou, **result.iou, **result.subsets}
    for name, value in numbers.items():
        if not isinstance(value, int | float) or not 0 <= value <= 100:
            raise ValueError(f"{name} of '{result.label}' is {value!r}, expected percent from 0 to 100")


def _check_texts(name: object, summary: object, source: object) -> None:
    """Check that the name can be written in YAML and that the texts are one line each."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r} is malformed; use lower-case letters and digits with single hyphens")
    _check_lines({"summary": summary, "source": source}, f"'{name}'")


def _check_lines(texts: Mapping[str, object], owner: str) -> None:
    """Check that each text is one line."""
    for title, text in texts.items():
        if not isinstance(text, str) or not text.strip() or len(text.splitlines()) != 1:
            raise ValueError(f"{title} of {owner} is {text!r}, expected one line of text")


def _kind_of(value: object) -> str:
    """Return what a value is, for a message."""
    return "None" if value is None else f"a value of type {type(value).__name__}"
