"""``alseg report``: one HTML file that shows results and works offline."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import MOST_IMAGES, read_registry
from alseg.cli.options import (
    baseline_option,
    file_option,
    published_option,
    results_argument,
    root_option,
)
from alseg.text.display import put

if TYPE_CHECKING:
    from alseg.report.content import Extras
    from alseg.storage.records import Results


@click.command("report")
@results_argument
@file_option("report.html", "The HTML file.")
@click.option("--title", help="The heading. [default: the names of the experiments]")
@baseline_option
@published_option
@click.option(
    "--images",
    type=click.IntRange(0, MOST_IMAGES),
    default=3,
    show_default=True,
    help="Pictures of so many target images, as far as the runs have kept any; 0 for none.",
)
@root_option("Folder of the data sets, for photographs and ground truth. [default: the runs']")
def command(
    results: tuple[Path, ...],
    output: Path,
    title: str | None,
    baseline: str | None,
    published: bool,
    images: int,
    root: Path | None,
) -> None:
    """Show RESULTS on one HTML page: curves, tables with statistics, classes, costs and where it comes from.

    RESULTS are result folders such as results/quickstart, or single run folders. The page holds everything it
    needs and asks no other host.
    """
    # Imported here: other commands and --help need neither scipy nor pydantic.
    from alseg.report.content import report_content
    from alseg.report.page import write_page
    from alseg.storage.reader import load_results

    found = load_results(results)
    registry = read_registry() if published else None
    content = report_content(
        found,
        baseline=baseline,
        published=registry.published_results if registry else None,
        extras=_extras(found, images, root, baseline) if images else None,
        command=_again(click.get_current_context()),
    )
    names = ", ".join(dict.fromkeys(run.experiment for run in found.runs))
    write_page(content, title or names, output)
    put(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB). Open it in a browser.", err=True)


def _extras(found: Results, images: int, root: Path | None, baseline: str | None) -> Extras | None:
    """Draw pictures, where any run has kept something to draw."""
    from alseg.report.content import counted_runs
    from alseg.report.extras import gather_extras, has_pictures

    if not any(map(has_pictures, found.runs)):
        return None

    def tell(label: str) -> None:
        put(f"drawing {label}", err=True)

    extras = gather_extras(counted_runs(found, baseline), read_registry(), images, root=root, on_row=tell)
    for pictures in extras.pictures.values():
        if pictures.get("note"):
            put(f"note: {pictures['note']}", err=True)
    return extras


def _again(context: click.Context) -> str:
    """Return the command line that makes the same report."""
    given = context.params
    words = ["alseg", "report", *map(str, given["results"]), "-o", str(given["output"])]
    for name in ("title", "baseline", "root"):
        words += [f"--{name}", str(given[name])] if given[name] else []
    words += ["--published"] if given["published"] else []
    words += ["--images", str(given["images"])] if given["images"] != 3 else []
    return shlex.join(words)
