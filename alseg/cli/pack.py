"""``alseg pack``: results as one checked archive, to publish or to send."""

from __future__ import annotations

import json
from pathlib import Path

import click

from alseg.cli.options import file_option, results_argument
from alseg.text.display import put, put_json


def _print_schema(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the JSON schema of packs and leave."""
    if not wanted or ctx.resilient_parsing:
        return
    from alseg.exchange.schema import schema

    put_json(json.dumps(schema(), indent=1, ensure_ascii=False))
    ctx.exit()


@click.command("pack")
@results_argument
@file_option("results.zip", "The pack.")
@click.option("--by", metavar="NAME", help="Who answers for the results: a person or group.")
@click.option("--contact", metavar="TEXT", help="How to reach them, such as an e-mail address.")
@click.option("--licence", metavar="TEXT", help="Licence of the numbers, such as CC-BY-4.0.")
@click.option("--link", metavar="URL", help="Source of the methods, or the paper.")
@click.option("--no-names", is_flag=True, help="Replace names of images by tokens.")
@click.option("--incomplete", is_flag=True, help="Pack runs that are not done too.")
@click.option("--without-counts", is_flag=True, help="Pack runs without confusion counts too.")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON schema of packs and leave.",
)
def command(
    results: tuple[Path, ...],
    output: Path,
    by: str | None,
    contact: str | None,
    licence: str | None,
    link: str | None,
    no_names: bool,
    incomplete: bool,
    without_counts: bool,
) -> None:
    """Make one archive of RESULTS: records, counts, ledgers and environment; no weights, no pixels.

    RESULTS are result folders such as results/quickstart, or single run folders. All metrics are computed
    anew from the confusion counts and must agree. The pack names neither your machine nor you, unless you say
    so with --by. The same results give the same bytes.
    """
    # Imported here: --help needs none of it.
    import tempfile

    from alseg.exchange.archive import write_archive
    from alseg.exchange.manifest import maker_of
    from alseg.exchange.packing import PackOptions, make_pack

    options = PackOptions(
        maker=maker_of(by=by, contact=contact, licence=licence, link=link),
        names=not no_names,
        incomplete=incomplete,
        without_counts=without_counts,
    )
    with tempfile.TemporaryDirectory(prefix="alseg-pack-") as folder:
        checked = make_pack(results, Path(folder), options)
        write_archive(Path(folder), output)
    counted = sum(each.counted for each in checked)
    rounds = sum(len(each.run.rounds) for each in checked if each.counted)
    verified = (
        f", of {counted} of which all metrics of {rounds} rounds were computed anew and agree."
        if counted
        else ". None has counts of evaluation images, so that no metric was computed anew."
    )
    size = output.stat().st_size / 1e6
    put(f"Wrote {output} ({size:.1f} MB): {len(checked)} runs{verified}", err=True)
