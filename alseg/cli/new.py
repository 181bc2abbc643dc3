"""``alseg new``: write a plugin from a template."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import FOLDER
from alseg.errors import AlsegError
from alseg.text.display import put, say


@click.command("new")
@click.argument("kind")
@click.argument("name")
@click.option(
    "--into", type=FOLDER, default=Path(), show_default="this folder", help="Folder that gets alseg-NAME."
)
@click.option("--pool", is_flag=True, help="An acquisition that looks at the whole pool: regions and images.")
@click.option("--stateful", is_flag=True, help="A recipe with modules of its own, such as a teacher.")
@click.option("--people", is_flag=True, help="An annotator of people, with the files of their tool.")
def command(kind: str, name: str, into: Path, pool: bool, stateful: bool, people: bool) -> None:
    """Write a plugin that works, with tests and a tiny experiment, as a distribution alseg-NAME.

    KIND is acquisition, recipe, mode, partition, model, dataset, annotator, executor or observer. NAME is
    what experiment files call it, such as rare-class. Nothing is overwritten.
    """
    from alseg.scaffold.kinds import find_template
    from alseg.scaffold.names import new_names
    from alseg.scaffold.writing import write_distribution

    variants = [option for option, is_given in _given(pool, stateful, people) if is_given]
    if len(variants) > 1:
        raise AlsegError(f"--{variants[0]} and --{variants[1]} do not go together. Leave one out.")
    template = find_template(kind, variants[0] if variants else None)
    names = new_names(name, template, read_registry())
    folder = write_distribution(template, names, into.expanduser())
    say(f"Wrote {folder}: {template.title} '{names.registered}'. Its README.md says what to fill in. Next:")
    put(f"  cd {shlex.quote(str(folder))} && pip install -e '.[test]'")
    put("  pytest")
    put(f"  {template.run}")


def _given(pool: bool, stateful: bool, people: bool) -> list[tuple[str, bool]]:
    return [("pool", pool), ("stateful", stateful), ("people", people)]
