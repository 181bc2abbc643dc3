"""What a run is made with besides its specification: versions, code, files of weights and lists of images.

None of it is part of a run's identity, but a run that is not done must not go on with something else unless
the user says so.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alseg import version
from alseg.config.specs import RunSpec
from alseg.contracts import LabelSpace
from alseg.errors import AlsegError, DamageError
from alseg.files import content_hash, sha256_of
from alseg.registry.registry import Registry
from alseg.storage.pool_listing import PoolListing, last_pool
from alseg.storage.run_folder import RunFolder
from alseg.toolkit.metrics import SCORER_VERSION

if TYPE_CHECKING:
    from alseg.data.scenario import Domain, ScenarioData
    from alseg.engine.assembly import Assembler

_LIBRARIES = ("torch", "numpy", "pillow", "opencv-contrib-python-headless")
"""Libraries of which another version may compute other numbers, OpenCV's being prices."""

_HASH_LENGTH = 12
_SHOWN = 8

_OWN_VERSION = re.compile(r"^(?:alseg )?\d\S*, (?=(?:code )?[0-9a-f]{12}$)")
"""Version of alseg before a hash of its own code or classes."""

_PLUGIN = "plugin "

REMEDY = (
    "Go on with what there is now with --accept-drift, or start them anew with --fresh, which keeps "
    "the old folders."
)
"""What can be done about drift."""


def provenance_of(spec: RunSpec, registry: Registry, data: ScenarioData | None = None) -> dict[str, str]:
    """Return what a run is made with now: a name for people to a text that differs where the thing differs.

    Of plugins, those of components that the run uses. Their code is hashed as it lies on the disk, and so
    is that of alseg, the command line aside. Of images, ids and sizes; of a pool that grows none: the rounds
    keep what it was.

    Args:
        spec: The run.
        registry: What is installed now.
        data: The data of its scenario; without, nothing is said of images.
    """
    found = {"alseg": f"{version.installed_version()}, code {_code_of('alseg')}", "scorer": SCORER_VERSION}
    found |= {library: _version(library) for library in _LIBRARIES}
    for kind, name in _components(spec):
        entry = registry.get(kind, name)
        release = entry.plugin.release
        if isinstance(entry.spec, LabelSpace):
            found[f"label space {name}"] = f"{release}, {content_hash(_classes(entry.spec))[:_HASH_LENGTH]}"
        else:
            package = entry.spec.build.__module__.partition(".")[0]
            found[f"plugin {entry.plugin.name}"] = f"{release}, code {_code_of(package)}"
    for path in _files_of(spec):
        found[f"weights {path}"] = sha256_of(path)[:_HASH_LENGTH]
    if data is not None:
        domains = {"source": data.source, "target": data.target, "evaluation": data.evaluation}
        listed = {role: domain for role, domain in domains.items() if domain is not None}
        if spec.scenario.grows:
            del listed["target"]
        found |= {f"{role} data": domain.listing for role, domain in listed.items()}
        for role, component in (("source", spec.scenario.source), ("target", spec.scenario.target)):
            domain = domains[role]
            if domain is not None and callable(registry.get("datasets", component.name).spec.label_space):
                found[f"{role} classes"] = content_hash(_classes(domain.label_space))[:_HASH_LENGTH]
    return dict(sorted(found.items()))


def comparable(made_with: Mapping[str, Any]) -> dict[str, Any]:
    """Return provenance for comparisons: without alseg's version where a hash of its code is beside it.

    Each commit has another version, and many change no code. The version of other distributions counts:
    no hash covers code that is not Python.

    Args:
        made_with: From `provenance_of`, or of a ``run.json``.
    """
    return {
        name: _OWN_VERSION.sub("", value) if isinstance(value, str) else value
        for name, value in made_with.items()
    }


def refuse_foreign(specs: Sequence[RunSpec], runs: Path) -> None:
    """Refuse folders that hold another run than the one asked for: whatever is in them is of that one.

    Args:
        specs: The runs asked for.
        runs: The folder that holds their folders.

    Raises:
        FormatError: If there is a folder of a format that this version does not read.
        UnreadableError: If this process may not read the description of one now.
        AlsegError: If there is such a folder; names both runs. A damaged ``run.json`` says nothing here.
    """
    for spec in specs:
        path = runs / spec.folder / "run.json"
        try:
            found = RunFolder(path.parent).description().get("fingerprint")
        except DamageError:
            continue
        if found != spec.fingerprint:
            raise AlsegError(
                f"{path} is of another run: its fingerprint is {found}, that of the run asked for is "
                f"{spec.fingerprint}. Nothing was changed. Move {path.parent} somewhere else, or start the "
                "run anew with --fresh, which keeps the folder under another name."
            )


def refuse_drift(specs: Sequence[RunSpec], runs: Path, assembler: Assembler) -> None:
    """Refuse to go on with runs that were begun with something else, or nobody knows with what.

    Runs that are done know no drift, but what they are must be known. One that waits for people goes on, and
    its log says with what.

    Args:
        specs: The runs asked for.
        runs: The folder that holds their folders.
        assembler: Knows what is installed now, and the data.

    Raises:
        AlsegError: If there is such a run; names what differs.
    """
    problems = []
    for spec in specs:
        folder = RunFolder(runs / spec.folder)
        differences = provenance_changes(folder, spec, assembler)
        if differences and folder.state == "waiting":
            # People take weeks; their answers are worth more than the same version throughout.
            folder.append_log(f"goes on with other things than it was begun with: {'; '.join(differences)}")
        elif differences:
            problems.append(f"  {spec.folder}: {'; '.join(differences)}")
    if not problems:
        return
    if len(problems) > _SHOWN:
        problems[_SHOWN:] = [f"  and {len(problems) - _SHOWN} more"]
    lines = ["Not all is as it was when these runs were begun:", *problems, REMEDY]
    raise AlsegError("\n".join(lines))


def other_code_of_done(specs: Sequence[RunSpec], runs: Path, registry: Registry) -> dict[str, list[str]]:
    """Return plugins of which runs that are done used other code, each with the folders of these runs.

    Args:
        specs: The runs asked for.
        runs: The folder that holds their folders.
        registry: What is installed now.
    """
    found: dict[str, list[str]] = {}
    for spec in specs:
        folder = RunFolder(runs / spec.folder)
        if not folder.is_done:
            continue
        try:
            before = folder.description().get("made_with")
        except AlsegError:  # told where the run is looked after
            continue
        was = comparable(before) if isinstance(before, Mapping) else {}
        for name, is_now in comparable(provenance_of(spec, registry)).items():
            if name.startswith(_PLUGIN) and was.get(name, is_now) != is_now:
                found.setdefault(name, []).append(spec.folder)
    return found


def provenance_changes(
    folder: RunFolder, spec: RunSpec, assembler: Assembler, *, even_done: bool = False
) -> list[str]:
    """Return what is not as a run's ``run.json`` has it, one item each; nothing for a run that has not begun.

    Args:
        folder: The run's folder.
        spec: The run.
        assembler: Knows what is installed now, and the data.
        even_done: Whether a run that is done is compared too.
    """
    if not folder.has_begun:
        return []
    try:
        before = folder.description().get("made_with")
    except AlsegError as error:
        return [f"{error} What it was begun with is not known"]
    if not isinstance(before, Mapping) or (folder.is_done and not even_done):
        return []  # without a mapping, it was begun before this was written down
    now = provenance_of(spec, assembler.registry, assembler.scenario(spec.scenario))
    was, is_now = comparable(before), comparable(now)
    return [
        f"{name} was {before.get(name, 'not there')} and is {now.get(name, 'not there')}"
        for name in sorted({*before, *now})
        if was.get(name) != is_now.get(name)
    ] + _resized_images(folder, spec, assembler)


def _resized_images(folder: RunFolder, spec: RunSpec, assembler: Assembler) -> list[str]:
    """Return what differs in images that a growing pool had in its last round; new ones are no difference."""
    if not spec.scenario.grows:
        return []
    try:
        before = last_pool(folder.path)
    except DamageError:  # which is seen to before anything is read from it
        return []
    found = [] if before is None else before.resized_in(_listing(assembler.scenario(spec.scenario).target))
    return found if len(found) <= _SHOWN else [*found[:_SHOWN], f"and {len(found) - _SHOWN} more images"]


def _listing(domain: Domain) -> PoolListing:
    dataset = domain.dataset
    return PoolListing({dataset.image_id(index): size for index, size in enumerate(domain.sizes)})


def _components(spec: RunSpec) -> Iterator[tuple[str, str]]:
    """Yield kind and name of everything a run uses from plugins."""
    if isinstance(spec.scenario.label_space, str):
        yield "label_spaces", spec.scenario.label_space
    yield "datasets", spec.scenario.source.name
    yield "datasets", spec.scenario.target.name
    yield "models", spec.model.name
    yield "recipes", spec.method.recipe.name
    if spec.method.acquisition is not None:
        yield "acquisitions", spec.method.acquisition.name
    if spec.method.annotation is not None:
        yield "annotation_modes", spec.method.annotation.name
    if spec.method.partition is not None:
        yield "partitions", spec.method.partition.name


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
    """Return a hash of a package's Python files; for alseg, of those that are not the command line.

    Stubs are among them: ``lazy_loader`` reads from a stub which module a name comes from.
    """
    origin = getattr(sys.modules.get(package) or importlib.import_module(package), "__file__", None)
    if origin is None:
        return "unknown"
    file = Path(origin)
    is_package = file.name == "__init__.py"
    folder = file.parent
    files = sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]) if is_package else [file]
    relative = {path.relative_to(folder).as_posix(): path for path in files}
    hashes = {name: sha256_of(path) for name, path in relative.items() if not name.startswith("cli/")}
    return content_hash(hashes)[:_HASH_LENGTH]
