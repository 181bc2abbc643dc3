"""Everything that the site is built from, in one folder: documents, pages made from the code, navigation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath

from sitebuild.api import FOLDER as API
from sitebuild.api import api_links, api_pages
from sitebuild.commands import FOLDER as COMMANDS
from sitebuild.commands import command_pages
from sitebuild.components import component_sections
from sitebuild.experiments import FOLDER as EXPERIMENTS
from sitebuild.experiments import experiment_pages
from sitebuild.methods import FOLDER as METHODS
from sitebuild.methods import method_pages
from sitebuild.navigation import NavigationError, documents_in, filled_in, read_navigation
from sitebuild.pages import REPOSITORY, Page
from sitebuild.repository import Documents
from sitebuild.schemas import FOLDER as SCHEMAS
from sitebuild.schemas import schema_pages

_ASSETS = Path(__file__).parent / "assets"


def assemble(folder: Path) -> Path:
    """Write all pages and ``mkdocs.yml`` into an empty folder; return the path of the latter.

    Raises:
        NavigationError: If a document of docs/ is not in the navigation, or one of the navigation not there.
        BrokenLinkError: If a document links to a file that does not exist.
        UndescribedError: If a public name is not described.
    """
    settings, navigation = read_navigation(REPOSITORY / "mkdocs.yml")
    schemas, schema_files = schema_pages()
    sections: dict[str, list[Page]] = {
        API: api_pages(),
        COMMANDS: command_pages(),
        SCHEMAS: schemas,
        **{section.folder: section.make() for section in component_sections()},
    }
    documents = Documents(names=api_links(sections[API]))
    sections |= {EXPERIMENTS: experiment_pages(documents), METHODS: method_pages(documents)}
    places = _documents(documents, navigation)

    pages = folder / "pages"
    written = {page.path: page.text for of_section in sections.values() for page in of_section}
    for path, text in {**documents.texts, **written, **schema_files}.items():
        _file(pages, path).write_text(text, encoding="utf-8")
    for path, source in documents.copies.items():
        shutil.copyfile(source, _file(pages, path))
    shutil.copytree(_ASSETS, pages / "assets")

    config = folder / "mkdocs.yml"
    nav = json.dumps(filled_in(navigation, sections, places), indent=2, ensure_ascii=False)
    config.write_text(f"{settings}\nnav: {nav}\n", encoding="utf-8")
    return config


def _documents(documents: Documents, navigation: list[object]) -> dict[str, PurePosixPath]:
    """Add all documents; return their places.

    Raises:
        NavigationError: If a document of docs/ is not in the navigation, or one of the navigation not there.
    """
    named = {name for name in documents_in(navigation) if not name.endswith("/")}
    if lost := sorted(name for name in named if not (REPOSITORY / name).exists()):
        raise NavigationError(f"nav names {', '.join(lost)}, which do not exist")
    present = {file.relative_to(REPOSITORY).as_posix() for file in (REPOSITORY / "docs").rglob("*.md")}
    if unnamed := sorted(name for name in present - named if not name.startswith("docs/methods/")):
        raise NavigationError(f"{', '.join(unnamed)}: not in the nav of mkdocs.yml")
    return {name: documents.add(REPOSITORY / name) for name in sorted(named | present)}


def _file(pages: Path, path: PurePosixPath) -> Path:
    """Return a file whose folder exists."""
    file = pages / path
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
