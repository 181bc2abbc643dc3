"""The JSON schema of packs, made from the records that read them.

``python -m alseg.exchange.schema docs/pack-schema.json`` writes the file that a test compares.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from alseg.exchange.manifest import FORMAT, Manifest
from alseg.files import write_text
from alseg.storage.records import RoundResult
from alseg.storage.run_description import RUN_FORMATS, RunFile
from alseg.storage.status_file import StatusFile

_RECORDS = {
    "pack.json": Manifest,
    "run.json": RunFile,
    "metrics.json": RoundResult,
    "status.json": StatusFile,
}


def schema() -> dict[str, Any]:
    """Return a JSON schema (2020-12) with one definition for each kind of file, by its name.

    Records end with ``seal``, their checksum. Of ``pack.json`` other keys are ignored.
    """
    inputs: list[Any] = [(name, "validation", TypeAdapter(record)) for name, record in _RECORDS.items()]
    made, shared = TypeAdapter.json_schemas(inputs)
    files = {name: made[name, "validation"] for name in _RECORDS}
    for content in files.values():
        content = shared["$defs"][content["$ref"].rpartition("/")[2]] if "$ref" in content else content
        content["properties"]["seal"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Files of a pack of alseg",
        "description": f"Pack format {FORMAT}, run formats {', '.join(map(str, RUN_FORMATS))}. "
        "See docs/exchange.md.",
        "$ref": f"#/$defs/{files['pack.json']['$ref'].rpartition('/')[2]}"
        if "$ref" in files["pack.json"]
        else "#/files/pack.json",
        "files": files,
        "$defs": shared["$defs"],
    }


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), json.dumps(schema(), indent=1, ensure_ascii=False) + "\n")
