"""Runs whose metrics follow from their counts, packs of them, and zip files that nobody should trust."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.files import write_record
from alseg.storage.rescore import rescore, write
from fakeruns import write_run

RIGHT = 6
"""Pixels of each class that a run of quality 0 has right, of 10."""


def write_counted(
    results: Path, label: str, seed: int = 0, *, quality: int = 0, rounds: int = 2, **given: Any
) -> Path:
    """Write a run of which the metrics follow from the counts of two images.

    Each class has 10 pixels in each image, of which ``RIGHT + quality`` are right; the others are taken for
    the next class. So every IoU is right / (20 - right): with quality 0, 6 / 14 = 42.857%.
    """
    right = RIGHT + quality
    counts = right * np.eye(3, dtype=int) + (10 - right) * np.roll(np.eye(3, dtype=int), 1, axis=1)
    folder = write_run(
        results, label, seed, iou=[[0.0, 0.0, 0.0]] * rounds, counts=np.stack([counts, counts]), **given
    )
    write(rescore(folder))
    return folder


def alseg(*words: str | Path) -> Result:
    """Run a command in this process; an exception that is no message is a failed test."""
    result = CliRunner().invoke(main, list(map(str, words)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def make(file: Path, *words: str | Path) -> Path:
    """Return a pack that ``alseg pack`` has made."""
    result = alseg("pack", *words, "-o", file)
    assert result.exit_code == 0, result.output
    return file


def members_of(file: Path) -> dict[str, bytes]:
    """Return the files of an archive."""
    with zipfile.ZipFile(file) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def rewritten(file: Path, changes: Mapping[str, bytes | None], *, honest: bool = False) -> Path:
    """Return an archive with other files, beside the given one.

    Args:
        file: A pack.
        changes: Path in the pack to its new content; None for no such file.
        honest: Whether the manifest has the new checksums, as that of a liar who knows the format would.
    """
    content = {**members_of(file), **changes}
    if honest:
        manifest = json.loads(content["pack.json"] or b"")
        del manifest["seal"]
        for name, data in changes.items():
            manifest["members"].pop(name, None)
            if data is not None:
                found = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                manifest["members"][name] = found
        sealed = file.parent / "sealed.json"
        write_record(sealed, manifest)
        content["pack.json"] = sealed.read_bytes()
    target = file.with_name("rewritten.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return target
