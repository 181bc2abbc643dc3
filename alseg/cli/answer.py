"""``alseg answer``: what people have answered, checked and kept in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import root_option
from alseg.errors import AlsegError
from alseg.text.display import put, say

if TYPE_CHECKING:
    from alseg.asking.importing import Imported


@click.command("answer")
@click.argument("results", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--run", "wanted", metavar="NAME", help="The run: its folder's name, or how it begins.")
@click.option("--who", default="", metavar="NAME", help="Who answered, where the files do not say it.")
@click.option("--go-on", "goes_on", is_flag=True, help="Let the round go on with the answers that are there.")
@root_option("Folder of the data sets. [default: the run's]")
def command(
    results: Path, files: tuple[Path, ...], wanted: str | None, who: str, goes_on: bool, root: Path | None
) -> None:
    """Take in the answers in FILES to what a run in RESULTS asks; all of them, or none.

    RESULTS is a result folder or a run folder. The run goes on with 'alseg run'.
    """
    from alseg.asking.importing import import_answers
    from alseg.asking.waiting_run import find_waiting

    if len(who) > 200 or not who.isprintable():
        raise click.BadParameter("a name is one line of at most 200 characters.", param_hint="--who")
    runs = find_waiting(results, read_registry(), root, wanted)
    if len(runs) > 1:
        names = ", ".join(run.folder.name for run in runs)
        raise AlsegError(f"{len(runs)} runs wait for people. Say which one with --run: {names}.")
    [run] = runs
    found = import_answers(run, files, who=who.strip(), goes_on=goes_on)
    say(_text(found))
    if found.used is not None:
        put("Go on with the command that started the run: alseg run FILE", err=True)


def _text(found: Imported) -> str:
    """Return what was taken, how far people agree, and what is missing."""
    answers = "1 answer" if found.taken == 1 else f"{found.taken:,} answers"
    lines = [f"{answers} taken. {found.answered:,} of {found.total:,} questions are answered."]
    agreement = found.agreement
    if agreement is not None:
        kappa = "" if agreement.kappa is None else f", Cohen's kappa {agreement.kappa:.2f}"
        lines.append(
            f"Agreement in {agreement.questions:,} questions answered by several people: "
            f"{agreement.share:.1%} equal{kappa}."
        )
    if found.used is None:
        missing = found.total - found.answered
        lines.append(f"{missing:,} {'is' if missing == 1 else 'are'} missing: the run waits.")
    elif found.used < found.answered:
        more = found.answered - found.used
        lines.append(f"The round is complete with {found.used:,} answers.")
        lines.append(f"{more:,} more are kept, but neither used nor paid.")
    else:
        lines.append("The round is complete.")
    return "\n".join(lines)
