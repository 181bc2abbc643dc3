"""What a run is made with besides its specification: versions, code and files of weights.

None of it is part of a run's identity, but a run that is not done must not go on with something else unless
the user says so.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from alseg.contracts import LabelSpace
from alseg.errors import AlsegError
from alseg.files import content_hash, read_json, sha256_of
from alseg.metrics import SCORER_VERSION
from alseg.plugins import Catalog
from alseg.runspec import RunSpec
from alseg.store import RunFolder

_LIBRARIES = ("torch", "numpy", "pillow")
"""Libraries of which another version may compute other numbers."""

_HASH_LENGTH = 12
_SHOWN = 8


def made_with(spec: RunSpec, catalog: Catalog) -> dict[str, str]:
    """Return what a run is made with now: a name for people to a text that differs where the thing differs.

    Of plugins, those that offer something the run uses. Their code is hashed as it lies on the disk, and so
    is that of alseg, the command line aside.
    """
    found = {"alseg": f"{_version('alseg')}, code {_code_of('alseg')}", "scorer": SCORER_VERSION}
    found |= {library: _version(library) for library in _LIBRARIES}
    for kind, name in _components(spec):
        offer = catalog.get(kind, name)
        versions = f"{offer.distribution} {offer.version}"
        if isinstance(offer.spec, LabelSpace):
            found[f"label space {name}"] = f"{versions}, {content_hash(_classes(offer.spec))[:_HASH_LENGTH]}"
        else:
            package = offer.spec.build.__module__.partition(".")[0]
            found[f"plugin {offer.plugin}"] = f"{versions}, code {_code_of(package)}"
    for path in _files_of(spec):
        found[f"weights {path}"] = sha256_of(path)[:_HASH_LENGTH]
    return dict(sorted(found.items()))


def refuse_drift(specs: Sequence[RunSpec], runs: Path, catalog: Catalog) -> None:
    """Refuse to go on with runs that were begun with something else.

    Args:
        specs: The runs asked for.
        runs: The folder that holds their folders.
        catalog: What is installed now.

    Raises:
        AlsegError: If there is such a run; names what differs.
    """
    problems = []
    for spec in specs:
        folder = RunFolder(runs / spec.folder)
        if folder.has_begun and not folder.is_done:
            differences = _drift(folder.path / "run.json", spec, catalog)
            if differences:
                problems.append(f"  {spec.folder}: {'; '.join(differences)}")
    if not problems:
        return
    if len(problems) > _SHOWN:
        problems[_SHOWN:] = [f"  and {len(problems) - _SHOWN} more"]
    raise AlsegError(
        "Not all is as it was when these runs were begun:\n"
        + "\n".join(problems)
        + "\nGo on with what there is now with --accept-drift, or start them anew with --fresh, which keeps "
        "the old folders."
    )


def _drift(path: Path, spec: RunSpec, catalog: Catalog) -> list[str]:
    """Return what is not as ``run.json`` has it, one item each."""
    try:
        content = read_json(path)
    except AlsegError as error:
        return [f"{error} What it was begun with is not known"]
    fingerprint = content.get("fingerprint")
    if fingerprint != spec.fingerprint:
        return [f"{path} is of another run, with fingerprint {fingerprint}"]
    before = content.get("made_with")
    if not isinstance(before, Mapping):
        return []  # begun before this was written down
    now = made_with(spec, catalog)
    return [
        f"{name} was {before.get(name, 'not there')} and is {now.get(name, 'not there')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _components(spec: RunSpec) -> Iterator[tuple[str, str]]:
    """Yield kind and name of everything a run uses from plugins."""
    yield "label_spaces", spec.scenario.label_space
    yield "datasets", spec.scenario.source.name
    yield "datasets", spec.scenario.target.name
    yield "models", spec.model.name
    yield "recipes", spec.method.recipe.name
    if spec.method.acquisition is not None:
        yield "acquisitions", spec.method.acquisition.name
    if spec.method.annotation is not None:
        yield "annotation_modes", spec.method.annotation.name


def _files_of(spec: RunSpec) -> Iterator[Path]:
    """Yield the files that parameters of the model name."""
    for value in spec.model.params.values():
        if isinstance(value, str) and ("/" in value or "." in value):
            path = Path(value).expanduser()
            if path.is_file():
                yield path


def _classes(space: LabelSpace) -> list[Any]:
    return [list(space.names), {name: list(classes) for name, classes in space.subsets.items()}]


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "of no installed package"


@lru_cache
def _code_of(package: str) -> str:
    """Return a hash of a package's Python files; for alseg, of those that are not the command line."""
    origin = getattr(sys.modules.get(package) or importlib.import_module(package), "__file__", None)
    if origin is None:
        return "unknown"
    file = Path(origin)
    is_package = file.name == "__init__.py"
    files = sorted(file.parent.rglob("*.py")) if is_package else [file]
    relative = {path.relative_to(file.parent).as_posix(): path for path in files}
    hashes = {name: sha256_of(path) for name, path in relative.items() if not name.startswith("cli/")}
    return content_hash(hashes)[:_HASH_LENGTH]
