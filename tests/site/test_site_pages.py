"""Pages of the site that are made from the code."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from alseg.cli import COMMANDS
from alseg.registry.loading import load_registry
from alseg.registry.registry import KINDS
from install import skip_unless_alseg_is_installed
from sitebuild.commands import command_pages
from sitebuild.components import component_sections
from sitebuild.schemas import schema_pages


def test_every_command_has_a_page_with_its_options() -> None:
    pages = {page.path.stem: page.text for page in command_pages()}
    assert set(pages) == {"index", *COMMANDS}
    assert "| `--dry-run` | Check everything, print runs and label costs, train nothing. |" in pages["run"]
    assert "## `alseg data check`" in pages["data"]
    assert "INTEGER RANGE" in pages["compare"]
    assert "\\<" not in pages["compare"]


def test_every_component_has_a_page_that_the_list_of_its_kind_links_to() -> None:
    skip_unless_alseg_is_installed()
    registry = load_registry()
    sections = {section.folder: section.make() for section in component_sections()}
    for kind in set(KINDS) - {"acquisitions"}:
        index, *pages = sections[f"plugins/{kind.replace('_', '-')}/"]
        names = [n for n, entry in registry.entries(kind).items() if entry.plugin.distribution == "alseg"]
        assert sorted(page.title for page in pages) == sorted(names)
        assert all(f"[{name}]({name}.md)" in index.text for name in names)


def test_a_page_of_a_component_leads_to_the_guide_that_has_a_section_on_it() -> None:
    skip_unless_alseg_is_installed()
    (recipes,) = [section for section in component_sections() if section.folder == "plugins/recipes/"]
    (page,) = [page for page in recipes.make() if page.title == "sieve"]
    assert "../../recipes.md#sieve" in page.text


def test_schemas_are_json_that_names_the_keys_of_a_file() -> None:
    pages, files = schema_pages()
    schema = json.loads(files[PurePosixPath("reference/schemas/run.schema.json")])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"method", "seed"} <= set(schema["properties"])
    (root,) = [page for page in pages if page.title == "experiment-top-level"]
    assert "| `rounds` |" in root.text
    assert len(files) == len(pages) - 1


def test_every_public_name_is_described_with_its_arguments() -> None:
    pytest.importorskip("griffe", reason="the extra docs is not installed")
    from sitebuild.api import api_links, api_pages

    made = api_pages()
    pages = {page.title: page.text for page in made}
    assert "::: alseg.contracts.TargetView" in pages["alseg.contracts"]
    assert "::: alseg.testing.check_acquisition" in pages["alseg.testing"]
    assert "::: alseg.toolkit.uncertainty.entropy" in pages["alseg.toolkit.uncertainty"]
    assert "(alseg.contracts.md#alseg.contracts.RecipeSpec)" in pages["alseg"]
    assert "higher\nis asked first. Entropies are in nats." in pages["alseg.toolkit.passes"]
    links = api_links(made)
    of_view = "reference/api/alseg.contracts.md#alseg.contracts.TargetView"
    assert links["TargetView"] == links["alseg.contracts.TargetView"] == of_view
    assert links["register_models"] == "reference/api/hooks.md#alseg.hookspecs.register_models"
    assert links["alseg.toolkit.passes"] == "reference/api/alseg.toolkit.passes.md"


def test_a_public_method_without_docstring_is_named(tmp_path: Path) -> None:
    griffe = pytest.importorskip("griffe", reason="the extra docs is not installed")
    from sitebuild.api import _undescribed

    (tmp_path / "made.py").write_text(
        'class Shown:\n    """It."""\n    def __call__(self): ...\n    def _hidden(self): ...\n'
        '    def named(self):\n        """Do."""\n    def bare(self): ...\n    def __repr__(self): ...\n',
        encoding="utf-8",
    )
    module = griffe.load("made", search_paths=[str(tmp_path)], docstring_parser="google")
    assert list(_undescribed("made", module["Shown"])) == [
        "made.Shown.__call__: no docstring",
        "made.Shown.bare: no docstring",
    ]
