"""``alseg report``: one HTML file that shows results and works offline."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from alseg.cli.inputs import read_catalog


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The HTML file.",
)
@click.option("--title", help="The heading. [default: the names of the experiments]")
@click.option(
    "--baseline",
    metavar="METHOD",
    help="Label of the method to take differences to. [default: the method with random acquisition]",
)
@click.option(
    "--published", is_flag=True, help="Add what papers print about the same data sets, marked as published."
)
def command(
    results: tuple[Path, ...], output: Path, title: str | None, baseline: str | None, published: bool
) -> None:
    """Show RESULTS on one HTML page: curves, tables with statistics, classes, costs and where it comes from.

    RESULTS are result folders such as results/quickstart, or single run folders. The page holds everything it
    needs and asks no other host.
    """
    # Imported here: other commands and --help need neither scipy nor pydantic.
    from alseg.report.content import report_content
    from alseg.report.page import write_page
    from alseg.results import load_results

    found = load_results(results)
    again = shlex.join(["alseg", "report", *map(str, results), "-o", str(output)])
    content = report_content(
        found,
        baseline=baseline,
        published=read_catalog().published_results if published else None,
        command=again + (" --published" if published else ""),
    )
    names = ", ".join(dict.fromkeys(run.experiment for run in found.runs))
    write_page(content, title or names, output)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB). Open it in a browser.", err=True)
