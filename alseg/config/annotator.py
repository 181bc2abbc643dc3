"""``annotator`` of a method: who answers, and with which errors."""

from __future__ import annotations

from alseg.config.lookup import long_form
from alseg.config.schema import read_section
from alseg.config.sections import AnnotatorSection, fraction
from alseg.config.specs import Component
from alseg.registry.problems import Path, Problems


def read_annotator(value: object, path: Path, problems: Problems) -> Component | None:
    """Return the annotator of a method; None for one who makes no errors, as without the key.

    Args:
        value: What the file holds at ``path``: a name, or a mapping with ``name`` and parameters.
        path: Where it stands.
        problems: Extended by all that is wrong.
    """
    section = read_section(AnnotatorSection, long_form(value), path, problems)
    confusion = fraction(section.confusion)
    if not confusion and not section.boundary:
        return None
    return Component(section.name, {"confusion": confusion, "boundary": section.boundary})
