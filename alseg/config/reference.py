"""The tables of keys in docs/experiments.md, made from the sections of an experiment file.

``python -m alseg.config.reference docs/experiments.md`` writes them into the document, each between two
comments: ``<!-- keys of settings, from alseg/config/sections.py -->`` and ``<!-- end of keys -->``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic.fields import FieldInfo

from alseg.config import sections
from alseg.config.schema import Section, declared
from alseg.errors import AlsegError
from alseg.files import write_text
from alseg.registry.bounds import Bounds, numbers_in

SECTIONS: Mapping[str, type[Section]] = MappingProxyType(
    {
        "the top level": sections.RootSection,
        "scenario": sections.ScenarioSection,
        "label_space": sections.LabelSpaceSection,
        "classes": sections.ClassSection,
        "methods": sections.MethodSection,
        "annotator": sections.AnnotatorSection,
        "people": sections.PeopleSection,
        "target_labels": sections.LabelsSection,
        "comparisons": sections.ComparisonSection,
        "evaluation": sections.Evaluation,
        "settings": sections.Settings,
    }
)
"""Every section with a table, by the name in its comment."""

_TABLE = re.compile(
    r"(?P<begin><!-- keys of (?P<name>[a-z_ ]+), from alseg/config/sections\.py -->\n)"
    r".*?(?P<end>\n<!-- end of keys -->)",
    re.DOTALL,
)


def key_table(section: type[Section]) -> str:
    """Return the keys of a section as a Markdown table: key, what it is, default."""
    rows = [
        f"| `{name}` | {_what(field)} | {_default(field)} |" for name, field in section.model_fields.items()
    ]
    return "\n".join(
        ["| key | what | default |", "|---|---|---|", *(row.replace("|  |", "| |") for row in rows)]
    )


def with_key_tables(text: str) -> str:
    """Return a document with every table of keys made anew.

    Raises:
        AlsegError: If a comment names no section, or a section has no table or more than one.
    """
    names = [found["name"] for found in _TABLE.finditer(text)]
    if sorted(names) != sorted(SECTIONS):
        raise AlsegError(
            f"The document has tables of keys for {', '.join(names) or 'nothing'}; it needs one each for "
            f"{', '.join(SECTIONS)}."
        )
    return _TABLE.sub(
        lambda found: f"{found['begin']}\n{key_table(SECTIONS[found['name']])}\n{found['end']}", text
    )


def _what(field: FieldInfo) -> str:
    """Return a key's description and the bounds of its numbers."""
    texts = [text for _, bounds in numbers_in(field.rebuild_annotation()) if (text := _bounds_text(bounds))]
    each = "each " if len(texts) > 1 else ""
    return "; ".join([str(field.description), *dict.fromkeys(f"bounds: {each}{text}" for text in texts)])


def _bounds_text(bounds: Bounds) -> str:
    """Return bounds with thousands separators, and the largest whole number as the power that it is."""
    return re.sub(
        r"[0-9]{4,}", lambda found: f"{int(found[0]):,}", bounds.text.replace(str(2**63 - 1), "2^63 - 1")
    )


def _default(field: FieldInfo) -> str:
    """Return a key's default in words, or as YAML has it."""
    text = declared(field)["default_text"]
    if text is not None:
        return str(text)
    default = field.default
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    return f"`{json.dumps(default).strip(chr(34))}`"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    write_text(document, with_key_tables(document.read_text(encoding="utf-8")))
