"""``alseg diff``: what differs in how two runs were made."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.options import format_option
from alseg.text.display import asked_width, put, put_json, say

if TYPE_CHECKING:
    from alseg.storage.diff import Difference


@click.command("diff")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@format_option("table", "json")
def command(first: Path, second: Path, output: str) -> None:
    """Print what differs in how two runs were made: settings, plugins, environment.

    FIRST and SECOND are run folders, such as results/quickstart/runs/ripu-ra__s0__3f9c1a7e, in packs too:
    others.zip/quickstart/runs/ripu-ra__s0__3f9c1a7e.
    """
    # Imported here: --help needs none of it.
    from alseg.exchange.opening import opened
    from alseg.storage.diff import SECTIONS, run_differences

    with opened([first]) as ours, opened([second]) as theirs:
        differences = run_differences(ours.paths[0], theirs.paths[0])
    if output == "json":
        put_json(json.dumps([each._asdict() for each in differences], indent=1, ensure_ascii=False))
        return
    if not differences:
        put("Nothing differs in settings, classes, plugins and environment.")
    for section in SECTIONS:
        found = [each for each in differences if each.section == section]
        if found:
            put(f"{section}:")
        for each in found:
            say(_entry(each, asked_width(sys.stdout)))


def _entry(difference: Difference, width: int | None) -> str:
    """Return a difference in one line, or its values below its key where that is too long."""
    from rich.cells import cell_len

    from alseg.text.printable import printable

    key, first, second = map(printable, (difference.key, difference.first, difference.second))
    line = f"  {key}: {first} -> {second}"
    fits = width is None or cell_len(line) <= width
    return line if fits else f"  {key}:\n    {first}\n    -> {second}"
