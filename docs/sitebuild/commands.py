"""A page for each command: what it does, its arguments and options, as click has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import PurePosixPath

import click

from alseg.cli import COMMANDS, LazyGroup
from sitebuild.pages import Page, index_page

FOLDER = "reference/commands/"


def command_pages() -> list[Page]:
    """Return a list of the commands and the page of each."""
    group = LazyGroup(name="alseg")
    root = click.Context(group, info_name="alseg")
    rows: list[tuple[Page, str]] = []
    for name, summary in COMMANDS.items():
        command = group.get_command(root, name)
        assert command is not None, name
        text = "\n".join(_lines(command, click.Context(command, parent=root, info_name=name), level=1)) + "\n"
        rows.append((Page(PurePosixPath(FOLDER) / f"{name}.md", f"alseg {name}", text), summary))
    introduction = (
        "`alseg COMMAND --help` says the same in a terminal. Exit codes: 0 all is well, 1 something failed, "
        "2 a mistake in what was given, 3 a run waits for people. Sizes are height x width. What "
        "is there is not replaced unless you say so ([the rule](../../reliability.md#files-that-are-there))."
    )
    return [index_page(FOLDER, "Command line", introduction, rows), *(page for page, _ in rows)]


def _lines(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    """Yield the page of a command, and below it its own commands."""
    yield f"{'#' * level} `{context.command_path}`"
    yield ""
    yield from ("```", context.get_usage().removeprefix("Usage: "), "```", "")
    yield from _prose(command.help or "")
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    if options:
        yield from ("", "| option | what |", "|---|---|")
        yield from (_row(option, context) for option in options)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, name
            yield ""
            yield from _lines(child, click.Context(child, parent=context, info_name=name), level + 1)


def _prose(text: str) -> Iterator[str]:
    """Yield the help of a command as Markdown: paragraphs after a ``\\b`` are code."""
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ""
        if paragraph.startswith("\b"):
            yield from ("```", paragraph.removeprefix("\b").strip("\n"), "```")
        else:
            yield _escaped(" ".join(paragraph.split()))


def _row(option: click.Option, context: click.Context) -> str:
    """Return an option as a row of a table."""
    names, what = option.get_help_record(context) or (", ".join(option.opts), option.help or "")
    return f"| `{names}` | {_escaped(what)} |".replace("\n", " ")


def _escaped(text: str) -> str:
    """Return prose in which nothing is Markdown."""
    for sign in "\\*_[]|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "&lt;").replace(">", "&gt;")
