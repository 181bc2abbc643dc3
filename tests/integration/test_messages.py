"""What messages say, over all of the code."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from alseg.cli import COMMANDS, main

PACKAGES = sorted(
    path for root in ("alseg", "plugins") for path in (Path(__file__).parents[2] / root).rglob("*.py")
)
MODULES = [path for path in PACKAGES if "templates" not in path.parts]

OTHERS = {"--upgrade", "--force-reinstall", "--id-type", "--logdir"}
"""Options of other programs that messages name: pip, the tools of IDD, TensorBoard."""
PROGRAMS = {"alseg_slurm", "rank_processes.py", "environment.py"}
"""Modules whose texts are command lines of other programs."""
SHARED = ("contracts", "errors.py", "files", "guard", "system", "text", "toolkit")
"""Packages that every command may use, so that they cannot know its options."""


def texts_of(module: Path) -> Iterator[str]:
    """Yield the texts of a module but docstrings, those in f-strings piece by piece."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def options_named_in(module: Path) -> set[str]:
    return {found for text in texts_of(module) for found in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}


def options_of(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options_of(inner)


def test_every_option_that_a_message_names_is_one_that_a_command_has() -> None:
    known = {
        option
        for name in COMMANDS
        for option in options_of(importlib.import_module(f"alseg.cli.{name}").command)
    }
    known |= {"--help", *(option for parameter in main.params for option in parameter.opts)}
    named = {
        option: module
        for module in MODULES
        if not PROGRAMS & set(module.parts) and "perf" not in module.parts
        for option in options_named_in(module)
    }
    assert {option: named[option] for option in named.keys() - known - OTHERS} == {}
    assert named.keys() >= OTHERS


@pytest.mark.parametrize("package", SHARED)
def test_what_every_command_uses_names_no_option(package: str) -> None:
    root = Path(__file__).parents[2] / "alseg"
    modules = [
        module for module in MODULES if module.relative_to(root.parent).parts[:2] == ("alseg", package)
    ]
    assert modules
    allowed = {"rank_processes.py"}
    assert {
        m.name: options_named_in(m) for m in modules if m.name not in allowed and options_named_in(m)
    } == {}


def test_sizes_are_printed_height_first() -> None:
    width_first = re.compile(r"width\}\)? ?x ?\{|\[1\]\)?\} ?x ?|\.width\} ?x ?")
    found = {
        f"{module.name}:{number}"
        for module in MODULES
        for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), start=1)
        if width_first.search(line)
    }
    assert found == set()
    assert width_first.search('f"{size[1]} x {size[0]}"')
