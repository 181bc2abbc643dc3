"""Which modules a source file imports, read from its syntax tree without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
CORE = REPOSITORY / "alseg"
PLUGINS = REPOSITORY / "plugins"


class Import(NamedTuple):
    """One imported module or name.

    Attributes:
        module: The module, such as ``alseg.toolkit``, also where it is written ``from alseg import toolkit``.
        name: What is imported from it, or None for the module itself.
        typing_only: Whether it stands under ``if TYPE_CHECKING``.
        line: Where.
    """

    module: str
    name: str | None
    typing_only: bool
    line: int


def sources(folder: Path) -> dict[str, Path]:
    """Return module names to files of all packages in ``folder``, or of the package that it is.

    Templates of plugins are data: they lie in folders that are no packages.
    """
    root = folder.parent if (folder / "__init__.py").exists() else folder
    files = [file.relative_to(root) for file in sorted(folder.rglob("*.py"))]
    return {_module_name(file): root / file for file in files if _is_in_packages(root, file)}


def imports(file: Path) -> list[Import]:
    """Return everything a file imports, inside functions too."""
    return list(_walk(ast.parse(file.read_text(encoding="utf-8"), str(file)), typing_only=False))


def _walk(node: ast.AST, *, typing_only: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, None, typing_only, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"relative import in line {node.lineno}"
        for alias in node.names:
            yield _imported_from(str(node.module), alias.name, typing_only, node.lineno)
    elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for child in node.body:
            yield from _walk(child, typing_only=True)
        for child in node.orelse:
            yield from _walk(child, typing_only=typing_only)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, typing_only=typing_only)


def _imported_from(module: str, name: str, typing_only: bool, line: int) -> Import:
    """Return ``from module import name`` with the module that is really meant."""
    path = Path(*module.split("."), name)
    for folder in (REPOSITORY, PLUGINS):
        if (folder / path).with_suffix(".py").exists() or (folder / path / "__init__.py").exists():
            return Import(f"{module}.{name}", None, typing_only, line)
    return Import(module, name, typing_only, line)


def _is_in_packages(root: Path, file: Path) -> bool:
    return all((root / folder / "__init__.py").exists() for folder in file.parents[:-1])


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
