"""``alseg merge``: one pack of several, as an archive or as a folder."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import click

from alseg.cli.outputs import OutputFile, force_option
from alseg.files import require_vacant, whole_folder
from alseg.text.display import put, say


class _Output(click.Path):
    """An archive, or a folder that is written whole."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the archive, or the folder.

        Raises:
            AlsegError: If it cannot be written, or is there and is not to be replaced.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.suffix == ".zip":
            return OutputFile().convert(value, param, ctx)
        require_vacant(path)
        return path


@click.command("merge")
@click.argument("packs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=_Output(),
    default=Path("merged.zip"),
    show_default=True,
    help="The new pack: an archive where the name ends in .zip, else a new folder.",
)
@force_option("Replace the archive if it is there; a folder never is.")
@click.option("--keep-both", is_flag=True, help="Keep different results of the same run, in separate parts.")
def command(packs: tuple[Path, ...], output: Path, keep_both: bool) -> None:
    """Make one pack of PACKS: archives, folders that hold an unpacked one, or parts such as ada.zip/camvid.

    The same run with the same results is kept once. With different results it stops the merge, unless
    --keep-both is given. With one pack and a folder as output, this unpacks.
    """
    # Imported here: --help needs none of it.
    import tempfile

    from alseg.exchange.archive import write_archive
    from alseg.exchange.merging import merge_parts
    from alseg.exchange.opening import opened, require_packs
    from alseg.text.printable import printable

    require_packs(packs)
    with opened(packs) as found:
        if output.suffix == ".zip":
            with tempfile.TemporaryDirectory(prefix="alseg-pack-") as temporary:
                merged = merge_parts(found.parts, Path(temporary), keep_both=keep_both)
                write_archive(Path(temporary), output)
        else:
            with whole_folder(output) as unpacked:
                merged = merge_parts(found.parts, unpacked, keep_both=keep_both)
    for folder, count in Counter(path.parent.parent for path in merged.repeated).items():
        verb = "is" if count == 1 else "are"
        place = printable(str(folder))
        say(f"note: {_runs(count)} of {place} {verb} there already, and {verb} kept once.", err=True)
    for path in merged.disagreeing:
        say(f"note: {printable(str(path))} has other results of a run that is there already.", err=True)
    put(f"Wrote {output}: {_runs(merged.runs)} in {_parts(len(merged.parts))}.", err=True)


def _parts(count: int) -> str:
    return f"{count} part{'' if count == 1 else 's'}"


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
