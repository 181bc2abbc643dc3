"""``alseg cancel``: ask runs that are being done to save and stop."""

from __future__ import annotations

from pathlib import Path

import click

from alseg.cli.inputs import read_registry
from alseg.text.display import put


@click.command("cancel")
@click.argument("results", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--only",
    multiple=True,
    metavar="KEY=PATTERN",
    help="Only some runs, such as 'method=RIPU*' or seed=0. May be repeated.",
)
def command(results: Path, runs: tuple[str, ...], only: tuple[str, ...]) -> None:
    """Ask whoever does the runs in RESULTS to save and stop.

    RUN is the name of a run's folder, or how it begins; without any, the whole experiment stops. Nothing is
    lost: the same `alseg run` goes on.
    """
    from alseg.launch.cancel import Canceller
    from alseg.launch.run_choice import choose_runs

    asked = Canceller(results, choose_runs(results, runs, only), read_registry).cancel()
    for line in asked.done:
        put(line)
    for line in asked.left:
        put(line, err=True)
    if asked.left:
        click.get_current_context().exit(1)
    if asked.done:
        put(f"`alseg status {results} --watch` shows when they have. The same `alseg run` goes on.")
    else:
        put(f"Nothing to cancel: `alseg status {results}` says what each run does.")
