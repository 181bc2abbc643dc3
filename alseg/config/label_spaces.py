"""Label spaces that are written into an experiment file, and label spaces by name."""

from __future__ import annotations

from typing import Any

from alseg.config.schema import read_section
from alseg.config.sections import ClassSection, LabelSpaceSection
from alseg.contracts import ClassInfo, LabelSpace
from alseg.registry.problems import Path, Problems, show
from alseg.registry.registry import Registry

SOURCE = "experiment file"
"""`LabelSpace.source` of label spaces that no plugin registers."""


def resolve(registry: Registry, space: str | LabelSpace) -> LabelSpace:
    """Return a label space that is given by name or as it is.

    Raises:
        AlsegError: If there is no label space of that name.
    """
    if isinstance(space, LabelSpace):
        return space
    named: LabelSpace = registry.get("label_spaces", space).spec
    return named


def read_label_space(value: dict[str, Any], path: Path, problems: Problems) -> LabelSpace | None:
    """Read a label space from an experiment file.

    Args:
        value: What the file holds at ``path``.
        path: Where it stands.
        problems: Extended by all that is wrong.

    Returns:
        None where ``problems`` says why not.
    """
    from alseg.toolkit.labels import check_label_space, palette

    with problems.scope() as local:
        section = read_section(LabelSpaceSection, value, path, local)
        given = section.classes or ()
        colors = palette(len(given))
        classes = [
            _read_class(item, (*path, "classes", index), local, colors[index])
            for index, item in enumerate(given)
        ]
        if local:
            return None
        space = LabelSpace(
            name=section.name or f"custom-{len(classes)}",
            summary="Classes of an experiment.",
            source=SOURCE,
            classes=tuple(info for info in classes if info is not None),
            subsets=section.subsets,
        )
        try:
            check_label_space(space)
        except ValueError as error:
            local.report(path, str(error))
            return None
    return space


def _read_class(
    item: object, path: Path, problems: Problems, color: tuple[int, int, int]
) -> ClassInfo | None:
    """Return one class; None where something is wrong."""
    given = {"name": item} if isinstance(item, str) else item
    if not isinstance(given, dict):
        problems.report(path, f"expected the name of a class or a mapping with name, got {show(item)}")
        return None
    section = read_section(ClassSection, given, path, problems)
    if section.name is None:
        return None
    return ClassInfo(section.name, section.color or color, section.includes)
