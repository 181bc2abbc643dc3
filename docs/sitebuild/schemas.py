"""JSON schemas of an experiment file and of the records in a run folder, from the types they are read by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from alseg.config.reference import SECTIONS
from alseg.storage.attempts import Attempt
from alseg.storage.cancel_files import CancelRequest
from alseg.storage.live import Live
from alseg.storage.lock_kind import LockKind
from alseg.storage.records import RoundResult
from alseg.storage.run_description import RunFile
from alseg.storage.status_file import StatusFile
from alseg.storage.unit_files import DispatchFile, UnitEnding
from sitebuild.pages import Page, index_page

FOLDER = "reference/schemas/"

_FILES: Mapping[str, tuple[str, type]] = {
    "run": ("`runs/*/run.json`: what was asked for", RunFile),
    "status": ("`runs/*/status.json`: state and last error", StatusFile),
    "attempt": ("`runs/*/attempts/N.json`: how an attempt ended", Attempt),
    "metrics": (
        "`runs/*/rounds/NN/metrics.json`: cost and metrics of a round, as tables need them",
        RoundResult,
    ),
    "live": ("`runs/*/live.json`: what a run is at", Live),
    "dispatch": ("`dispatch.json`: what an executor has", DispatchFile),
    "unit": ("`units/KEY.json`: how a unit ended", UnitEnding),
    "cancel": ("`cancel/ID.json`: what is asked to stop", CancelRequest),
    "locking": ("`locking.json`: how folders are locked", LockKind),
}
"""Files of a results folder by the name of their schema: what they are and the record that reads them."""

_INTRODUCTION = """\
They are made from the types that read the files. Files have further keys for people; readers of yours should
ignore keys that they do not know. [Run folders](../../internals.md) says what each file is for, and
[Experiment files](../../experiments.md#keys) what each key does. What plugins define, such as the parameters
of a network, is in no schema: `alseg plugins NAME --json` has them."""


def schema_pages() -> tuple[list[Page], dict[PurePosixPath, str]]:
    """Return a list of the schemas, the page of each, and the schemas as files."""
    given = dict(_FILES) | {
        f"experiment-{name.replace(' ', '-').replace('_', '-').removeprefix('the-')}": (
            f"experiment files: keys of {name if ' ' in name else f'`{name}`'}",
            section,
        )
        for name, section in SECTIONS.items()
    }
    rows: list[tuple[Page, str]] = []
    files: dict[PurePosixPath, str] = {}
    for name, (what, record) in given.items():
        schema = _plain(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **TypeAdapter(record).json_schema()}
        )
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        files[PurePosixPath(FOLDER) / f"{name}.schema.json"] = text + "\n"
        lines = [f"# {name}", "", f"{what[0].upper()}{what[1:]}.", "", *_table(schema)]
        lines += [
            "",
            "## Schema",
            "",
            f"[{name}.schema.json]({name}.schema.json)",
            "",
            "```json",
            text,
            "```",
        ]
        rows.append((Page(PurePosixPath(FOLDER) / f"{name}.md", name, "\n".join(lines) + "\n"), what))
    index = index_page(FOLDER, "JSON schemas", _INTRODUCTION, rows)
    return [index, *(page for page, _ in rows)], files


def _plain(schema: Any) -> Any:
    """Return a schema without what only alseg's own tables need."""
    if isinstance(schema, dict):
        return {
            key: _plain(value) for key, value in schema.items() if key not in ("default_text", "expected")
        }
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of the top level: type and whether they must be there."""
    if "properties" not in schema:
        return
    yield from ("| key | type | must be there |", "|---|---|---|")
    required = schema.get("required", ())
    for key, value in schema["properties"].items():
        yield f"| `{key}` | {_type_text(value)} | {'yes' if key in required else ''} |"


def _type_text(value: Mapping[str, Any]) -> str:
    """Return a type in words."""
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_type_text(each) for each in value["anyOf"]))
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "enum" in value or "const" in value:
        return ", ".join(f"`{each}`" for each in value.get("enum", [value.get("const")]))
    if value.get("type") == "array" and "items" in value:
        return f"array of {_type_text(value['items'])}"
    return str(value.get("type", "anything"))
