"""``alseg data init``: look at a folder and propose an experiment file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import FOLDER
from alseg.cli.outputs import OutputFile, OutputFolder, force_option, require_free
from alseg.errors import AlsegError
from alseg.text.display import output_width, put, say, say_command

if TYPE_CHECKING:
    from alseg.data.init.document import Proposal

_ENDING = "-classes"


@click.command("init")
@click.argument("source", type=FOLDER)
@click.argument("target", type=FOLDER, required=False)
@click.option("--target", "target_option", type=FOLDER, help="The same as the second folder.")
@click.option(
    "-o", "--output", type=OutputFile(), help="Write the experiment file here. [default: standard output]"
)
@click.option(
    "--pictures",
    type=OutputFolder(),
    help="Write a picture of each class to this folder. [default: with -o FILE, FILE-classes]",
)
@force_option("Replace FILE, the list beside it and pictures, if they are there.")
def init(
    source: Path,
    target: Path | None,
    target_option: Path | None,
    output: Path | None,
    pictures: Path | None,
) -> None:
    """Look at a folder of images, or a labelled SOURCE and a TARGET, and propose an experiment file.

    Which files are images and label maps, what ids and colours mean, splits, sizes: what can be seen is
    filled in, what is doubtful is said in a comment at its place. Nothing is written to the folders.
    """
    from alseg.data.init.document import as_yaml
    from alseg.data.init.proposing import exclusion_lists, propose
    from alseg.data.init.summary import summary
    from alseg.files import write_text

    if target is not None and target_option is not None:
        raise click.UsageError("Give the target once: as the second folder, or with --target.")
    target = target or target_option
    folders = [folder.expanduser() for folder in (source, target) if folder is not None]
    if output is not None and pictures is None:
        pictures = output.with_name(output.stem + _ENDING)
        require_free(pictures, "--pictures")
    for beside in exclusion_lists(output) if output is not None else ():
        require_free(beside, "--output")
    for written in filter(None, (output, pictures)):
        _refuse_inside(written, folders)
    proposal = propose(read_registry(), folders[0], folders[1] if target is not None else None, output)
    named = " ".join(shlex.quote(str(one)) for one in (source, target) if one is not None)
    text = as_yaml(proposal, f"alseg data init {named}")
    say(summary(proposal, output_width()), err=output is None)
    if output is None:
        put(text)
    else:
        write_text(output, text)
    if pictures is not None:
        _write_pictures(proposal, pictures)
    if output is None:
        return
    say_command(
        f"\nWrote {output}. Read its comments, then:", f"alseg run {shlex.quote(str(output))} --dry-run"
    )


def _refuse_inside(written: Path, folders: list[Path]) -> None:
    """Refuse to write into the folders that are looked at."""
    for folder in folders:
        if written.absolute().resolve().is_relative_to(folder.resolve()):
            raise AlsegError(f"{written} lies in {folder}, which is never written to. Name another place.")


def _write_pictures(proposal: Proposal, folder: Path) -> None:
    """Write the pictures of each labelled domain, in a folder of its own where there are two."""
    from alseg.data.init.pictures import write_pictures

    labelled = [(name, domain) for name, domain in proposal.domains if domain.survey.is_labelled]
    for name, domain in labelled:
        written = write_pictures(domain, folder if proposal.is_one_folder else folder / name)
        if written:
            put(f"Wrote {len(written)} pictures of classes to {written[0].parent}.", err=True)
