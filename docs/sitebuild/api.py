"""The public Python API: a page for each public package, and the rule that all of it is described."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import griffe

from sitebuild.pages import REPOSITORY, Page, index_page

FOLDER = "reference/api/"
PACKAGES = {
    "alseg": "What most plugins import",
    "alseg.contracts": "Everything that crosses a plugin boundary: specs, protocols and records",
    "alseg.testing": "The conformance kit for authors of plugins",
}
TOOLKIT = "alseg.toolkit"
_ENTRY = re.compile(r"^::: (\S+)$", re.MULTILINE)
_CLASS = re.compile(r"(?:[A-Z][a-z]+){2,}")
_SPECIAL = re.compile(r"__(call|contains|getitem|iter|len)__")
"""Methods with underscores that are part of a contract, as the filters of mkdocs.yml."""


class UndescribedError(Exception):
    """Public names lack a docstring, or the description of an argument."""


def api_pages() -> list[Page]:
    """Return a list of the public modules and the page of each.

    Raises:
        UndescribedError: Names every public name without docstring and every argument without description.
    """
    root = griffe.load(
        "alseg", search_paths=[str(REPOSITORY)], docstring_parser="google", resolve_aliases=True
    )
    problems: list[str] = []
    hooks = list(root["hookspecs"].functions)
    problems += [problem for name in hooks for problem in _undescribed("hook", root["hookspecs"][name])]
    paths = [f"alseg.hookspecs.{name}" for name in hooks]
    what = "Functions of these names, marked with `alseg.hookimpl`, are what a plugin offers"
    rows = [(_page("hooks", what, paths, root), "What a plugin may define")]
    for package, what in PACKAGES.items():
        module = root if package == "alseg" else root[package.removeprefix("alseg.")]
        names = _exports(module)
        problems += [problem for name in names for problem in _undescribed(package, module[name])]
        rows.append((_page(package, what, [f"{package}.{name}" for name in names], root), what))
    for name, module in sorted(root["toolkit"].members.items()):
        if not module.is_alias and module.is_module and not name.startswith("_"):
            public = [member for member in module.members.values() if _is_public(member)]
            problems += [
                problem for member in public for problem in _undescribed(f"{TOOLKIT}.{name}", member)
            ]
            what = _summary(module).rstrip(".")
            paths = [f"{TOOLKIT}.{name}.{member.name}" for member in public]
            rows.append((_page(f"{TOOLKIT}.{name}", what, paths, root, _details(module)), what))
    if problems:
        raise UndescribedError("public names that docstrings leave out:\n" + "\n".join(problems))
    introduction = (
        "Public are `alseg`, `alseg.contracts`, `alseg.toolkit` and `alseg.testing`. Everything else may "
        "change without notice."
    )
    return [index_page(FOLDER, "Python API", introduction, rows), *(page for page, _ in rows)]


def api_links(pages: Iterable[Page]) -> dict[str, str]:
    """Return where the site describes each public name, ``page#anchor`` from its root.

    Names are ``alseg.contracts`` and ``alseg.contracts.TargetView``; hooks, and classes of packages
    but the toolkit, also go by their own names.
    """
    links = {TOOLKIT: f"{FOLDER}index.md"}
    for page in pages:
        if page.title.startswith("alseg"):
            links[page.title] = str(page.path)
        for path in _ENTRY.findall(page.text):
            links[path] = f"{page.path}#{path}"
            name = path.rpartition(".")[2]
            if page.title == "hooks" or (page.title in PACKAGES and _CLASS.fullmatch(name)):
                links[name] = links[path]
    return links


def _exports(module: griffe.Object | griffe.Alias) -> list[str]:
    """Return the public names of a package: its ``__all__``, or what its stub re-exports."""
    if module.exports:
        return [str(getattr(name, "name", name)) for name in module.exports]
    return sorted(
        name
        for name, member in module.members.items()
        if member.is_alias and not name.startswith("_") and str(member.target_path).startswith("alseg.")
    )


def _is_public(member: griffe.Object | griffe.Alias) -> bool:
    """Whether a member of a module of the toolkit is for everybody."""
    if member.is_alias or member.name.startswith("_") or member.is_module:
        return False
    return not str(getattr(member, "value", "")).startswith("TypeVar(")


def _page(package: str, what: str, paths: list[str], root: griffe.Module, details: str = "") -> Page:
    """Return a page with an entry for each name; those of `alseg.contracts` stand there only.

    Args:
        package: The name of the page.
        what: It says this in a line.
        paths: The names.
        root: The package alseg.
        details: Markdown below the line.
    """
    shared = set(_exports(root["contracts"])) if package == "alseg" else set()
    lines = [f"# `{package}`", "", f"{what}.", "", *([details, ""] if details else [])]
    again = [path.rpartition(".")[2] for path in paths if path.rpartition(".")[2] in shared]
    if again:
        links = ", ".join(f"[`{name}`](alseg.contracts.md#alseg.contracts.{name})" for name in again)
        lines += [f"From `alseg.contracts`: {links}.", ""]
    for path in paths:
        name = path.rpartition(".")[2]
        if name in again:
            continue
        foreign = _of_another_distribution(root, path)
        lines += [f"## `{name}` {{#{path}}}", "", f"`{foreign}`."] if foreign else [f"::: {path}"]
        lines += [""]
    return Page(PurePosixPath(FOLDER) / f"{package}.md", package, "\n".join(lines))


def _of_another_distribution(root: griffe.Module, path: str) -> str | None:
    """Return where a public name comes from that is not alseg's own, or None."""
    member = root[path.removeprefix("alseg.")]
    is_foreign = member.is_alias and not str(member.target_path).startswith("alseg.")
    return str(member.target_path) if is_foreign else None


def _undescribed(module: str, member: griffe.Object | griffe.Alias) -> Iterator[str]:
    """Yield what the docstring of a public name leaves out."""
    if member.is_alias and not str(member.target_path).startswith("alseg."):
        return  # of another distribution
    target = member.final_target if member.is_alias else member
    name = f"{module}.{member.name}"
    if target.is_class:
        for part in target.members.values():
            if not part.is_alias and part.is_function and part.docstring is None and _is_shown(part.name):
                yield f"{name}.{part.name}: no docstring"
    if target.docstring is None:
        yield f"{name}: no docstring"
    elif target.is_function:
        described = {
            entry.name.lstrip("*")
            for section in target.docstring.parsed
            if section.kind is griffe.DocstringSectionKind.parameters
            for entry in section.value
        }
        for parameter in target.parameters:
            if parameter.name.lstrip("*") not in described:
                yield f"{name}: argument {parameter.name}"


def _is_shown(name: str) -> bool:
    """Whether the page of a class shows a method of this name."""
    return not name.startswith("_") or _SPECIAL.fullmatch(name) is not None


def _summary(module: griffe.Object | griffe.Alias) -> str:
    """Return the first paragraph of a module's docstring."""
    text = module.docstring.value if module.docstring else ""
    return " ".join(text.partition("\n\n")[0].split())


def _details(module: griffe.Object | griffe.Alias) -> str:
    """Return what a module's docstring says below its first paragraph, such as shapes of all."""
    return module.docstring.value.partition("\n\n")[2].strip() if module.docstring else ""
