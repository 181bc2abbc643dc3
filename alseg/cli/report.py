"""``alseg report``: one HTML file that shows results and works offline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import MOST_IMAGES, read_registry
from alseg.cli.options import (
    baseline_option,
    file_option,
    image_group_option,
    published_option,
    results_argument,
    root_option,
)
from alseg.text.display import put

if TYPE_CHECKING:
    from alseg.exchange.opening import OpenedPart
    from alseg.report.content import Extras
    from alseg.storage.records import Results


@click.command("report")
@results_argument
@file_option("report.html", "The HTML file.")
@click.option("--title", help="The heading. [default: the names of the experiments]")
@image_group_option
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
@click.option(
    "--leaderboard",
    is_flag=True,
    help="Show packs of many people in groups that compare, with who made them, in place of curves.",
)
def command(
    results: tuple[Path, ...],
    output: Path,
    title: str | None,
    image_groups: tuple[str, ...],
    baseline: str | None,
    published: bool,
    images: int,
    root: Path | None,
    leaderboard: bool,
) -> None:
    """Show RESULTS on one HTML page: curves, tables with statistics, classes, costs and where it comes from.

    RESULTS are result folders such as results/quickstart, single run folders, or packs. The page holds
    everything it needs and asks no other host.
    """
    # Imported here: other commands and --help need neither scipy nor pydantic.
    from alseg.analysis.chosen_images import on_chosen_images
    from alseg.exchange.opening import opened

    again = _again(click.get_current_context())
    if leaderboard:
        again = shlex.join(["alseg", "report", "--leaderboard", *(path.name for path in results)])
        _refuse_curves(click.get_current_context())
    with opened(results) as found:
        if leaderboard:
            _write_leaderboard(found.parts, output, title or "Leaderboard", again)
        else:
            chosen = on_chosen_images(found.load(), image_groups)
            _write_report(chosen, output, title, baseline, published, images, root, again)
    put(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB). Open it in a browser.", err=True)


def _write_report(
    found: Results,
    output: Path,
    title: str | None,
    baseline: str | None,
    published: bool,
    images: int,
    root: Path | None,
    again: str,
) -> None:
    from alseg.report.content import report_content
    from alseg.report.page import write_page

    registry = read_registry() if published else None
    content = report_content(
        found,
        baseline=baseline,
        published=registry.published_results if registry else None,
        extras=_extras(found, images, root, baseline) if images else None,
        command=again,
    )
    names = ", ".join(dict.fromkeys(run.experiment for run in found.runs))
    write_page(content, title or names, output)


def _write_leaderboard(parts: Sequence[OpenedPart], output: Path, title: str, again: str) -> None:
    from alseg.report.leaderboard import leaderboard_content
    from alseg.report.page import write_leaderboard

    acquisitions = read_registry().entries("acquisitions")
    sources = {name: entry.spec.source for name, entry in acquisitions.items()}
    write_leaderboard(leaderboard_content(parts, sources, again), title, output)


def _refuse_curves(context: click.Context) -> None:
    """Refuse options that a leaderboard has no use for."""
    refused = ("image_groups", "baseline", "published", "images", "root")
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        if option.name in refused and given:
            raise click.UsageError(
                f"{option.opts[0]} says nothing about a leaderboard. Leave it out.", context
            )


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
    for pattern in given["image_groups"]:
        words += ["--image-group", pattern]
    words += ["--published"] if given["published"] else []
    words += ["--images", str(given["images"])] if given["images"] != 3 else []
    return shlex.join(words)
