"""The format as it is published: the schema, and the results of this repository as an unpacked pack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.exchange.opening import opened
from alseg.exchange.schema import schema
from alseg.files import read_json
from documents import DOCS, README, REPOSITORY, all_blocks
from fakepacks import alseg, make, members_of, write_counted

PUBLISHED = REPOSITORY / "results" / "published"


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 14),
    reason="earlier pydantic words schemas otherwise",
)
def test_the_schema_in_the_documents_is_that_of_the_records() -> None:
    written = json.loads((DOCS / "pack-schema.json").read_text(encoding="utf-8"))
    assert written == schema() == json.loads(alseg("pack", "--schema").stdout)


def test_the_schema_names_every_key_of_the_files_of_a_pack(tmp_path: Path) -> None:
    write_counted(tmp_path / "toy", "Random")
    made = schema()
    definitions = made["$defs"]

    def keys(name: str) -> set[str]:
        reference = made["files"][name]["$ref"].rpartition("/")[2]
        return set(definitions[reference]["properties"])

    packed = members_of(make(tmp_path / "toy.zip", tmp_path / "toy"))

    def content(suffix: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(next(packed[name] for name in packed if name.endswith(suffix)))
        return found

    for name in ("pack.json", "run.json", "metrics.json", "status.json"):
        assert set(content(name)) <= keys(name)
    assert keys("pack.json") == {"format", "parts", "members", "seal"}


def test_the_published_results_are_an_unpacked_pack() -> None:
    with opened([PUBLISHED]) as found:
        parts = {part.folder.name: len(part.runs) for part in found.parts}
    assert parts == {"answers": 36, "camvid": 20, "quickstart": 11}


def test_the_published_results_hold_nothing_private() -> None:
    for path in PUBLISHED.glob("*/runs/*/run.json"):
        scenario = read_json(path)["spec"]["scenario"]
        assert scenario["root"] in (None, "data")
    assert not any(path.is_symlink() for path in PUBLISHED.rglob("*"))


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (README, "quickstart"),
        (DOCS / "results.md", "quickstart"),
        (DOCS / "results.md", "camvid"),
        (DOCS / "results.md", "answers"),
    ],
)
def test_tables_in_the_documents_are_those_of_the_published_runs(document: Path, name: str) -> None:
    (block,) = (each for each in all_blocks(document) if each.startswith(f"{name}: "))
    result = CliRunner(env={"COLUMNS": "100"}).invoke(main, ["compare", str(PUBLISHED / name)])
    assert result.exit_code == 0, result.output
    for table in block.rstrip("\n").split("\n\n"):  # a document may leave some out
        assert f"{table}\n" in result.stdout


def test_counts_of_a_pack_can_be_read_without_alseg(tmp_path: Path) -> None:
    """docs/exchange.md promises plain files: NumPy alone computes the mean IoU."""
    write_counted(tmp_path / "toy", "Random", quality=2)
    alseg("merge", make(tmp_path / "toy.zip", tmp_path / "toy"), "-o", tmp_path / "folder")
    (path,) = (tmp_path / "folder").glob("toy/runs/*/rounds/01/confusion.npz")
    counts = np.load(path, allow_pickle=False)["counts"].sum(axis=0)
    hit = counts.diagonal()
    iou = hit / (counts.sum(axis=0) + counts.sum(axis=1) - hit)
    metrics = json.loads(path.with_name("metrics.json").read_text())
    assert abs(100 * iou.mean() - metrics["miou"]) < 1e-9
