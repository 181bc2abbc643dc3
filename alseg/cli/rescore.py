"""``alseg rescore``: metrics from stored confusion counts, without running anything again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from alseg.cli.options import results_argument
from alseg.errors import AlsegError
from alseg.text.display import put, say


@click.command("rescore")
@results_argument
@click.option("--write", "writing", is_flag=True, help="Write what differs. [default: only say so]")
def command(results: tuple[Path, ...], writing: bool) -> None:
    """Compute the metrics of RESULTS anew from their confusion counts, and say what differs.

    RESULTS are result folders such as results/quickstart, or single run folders. Nothing is trained or
    predicted. The exit code is 1 where a round or a run could not be computed. Packs are never written.
    """
    # Imported here: --help needs none of it.
    from alseg.exchange.opening import opened

    with opened(results) as found:
        packed = next((part.shown for part in found.parts if part.part is not None), None)
        if writing and packed is not None:
            raise AlsegError(f"{packed} is packed, and packs are never written. Leave out --write.")
        _rescore(found.paths, writing)


def _rescore(results: Sequence[Path], writing: bool) -> None:
    """Compute the metrics of result folders and run folders anew."""
    from alseg.storage.reader import run_folders
    from alseg.storage.rescore import rescore, write
    from alseg.text.printable import printable
    from alseg.toolkit.metrics import SCORER_VERSION

    folders = list(dict.fromkeys(folder for path in results for folder in run_folders(path)))
    rounds = outdated = 0
    old: Counter[str] = Counter()
    problems: list[str] = []
    for folder in folders:
        try:
            rescored = rescore(folder)
        except AlsegError as error:
            if len(folders) == 1:
                raise
            problems.append(str(error))
            continue
        rounds += rescored.rounds
        problems += rescored.problems
        for change in rescored.changes:
            say(f"{folder.name}, round {int(change.folder.name)}: {printable('; '.join(change.changes))}")
        outdated += rescored.is_outdated
        if rescored.new_scorer != SCORER_VERSION:
            old[rescored.scorer] += 1
        if writing and rescored.is_outdated:
            write(rescored)
    for problem in problems:
        say(f"warning: {printable(problem)}", err=True)
    for scorer, count in sorted(old.items()):
        say(
            f"note: {_number(count, 'run')} with counts of scorer version {printable(scorer)}, which version "
            f"{SCORER_VERSION} may count differently. The version stays; only running anew changes it.",
            err=True,
        )
    put(_summary(len(folders), rounds, outdated, writing), err=True)
    if problems:
        click.get_current_context().exit(1)


def _summary(runs: int, rounds: int, outdated: int, writing: bool) -> str:
    looked = f"{_number(rounds, 'round')} of {_number(runs, 'run')} computed from the counts"
    if not outdated:
        return f"{looked}: nothing differs."
    done = "written" if writing else "not written (--write)"
    return f"{looked}: {outdated} run{' differs' if outdated == 1 else 's differ'}, {done}."


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
