"""What imports what, what loads without torch, and that everything public is documented."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pluggy
import pytest

from alseg import contracts, hookspecs
from alseg.cli import COMMANDS
from alseg.registry.registry import ROUND_END
from documents import DOCS, README, code_words, section
from imports import CORE, PLUGINS, Import, imports, sources

OWN_PLUGINS = sorted(folder.name for folder in PLUGINS.iterdir() if (folder / "__init__.py").exists())

WITHOUT_TORCH = (
    "analysis",
    "cli",
    "config",
    "contracts",
    "deprecation",
    "errors",
    "exchange",
    "files",
    "hookspecs",
    "overview",
    "registry",
    "report",
    "scaffold",
    "seeding",
    "storage",
    "system",
    "tables",
    "text",
    "version",
)
"""Packages and modules of alseg none of which imports torch at its start."""

RUNS = ("alseg.cli.worker",)
"""Programs of their own, which train."""

PUBLIC = ("alseg", "alseg.contracts", "alseg.toolkit", "alseg.testing")
"""What plugins may import, with the modules of these packages whose names are not private."""

HEAVY = ("torch", "torchvision", "lightning_fabric", "pandas", "pydantic", "ruamel.yaml", "scipy", "numpy")
"""What ``alseg --help`` has no time for."""

READ_LABELS = {
    "alseg.acquisition.acquire": "labels of the source, for acquisitions that observe it",
    "alseg.data.cache": "passes on what it is asked for by those here",
    "alseg.data.growing": "likewise, of a pool that grows",
    "alseg.evaluation.checkpoint": "the split to evaluate on",
    "alseg.data.class_counts": "class frequencies of the source",
    "alseg.data.loading": "labels of the source, and what the oracle reveals",
    "alseg.data.evidence": "checks a data set on its own, and some label maps of every split before a run",
    "alseg.evaluation.confusion": "the evaluation split",
    "alseg.data.fake": "writes made-up data",
    "alseg.annotation.annotator": "answers questions about the target",
    "alseg.annotation.revealed": "the one holder of target labels",
    "alseg.inspection.saved_run": "draws the truth for people, after the run",
    "alseg.testing.datasets": "checks a data set on its own",
}
"""The modules of the core that may read label maps, and which."""


def is_public(module: str) -> bool:
    """Whether a plugin may import a module."""
    return module == "alseg" or any(
        module == package or (module.startswith(f"{package}.") and "._" not in module)
        for package in PUBLIC[1:]
    )


def everything_imported(folder: Path) -> Iterator[tuple[str, Import]]:
    """Yield each module of the packages in a folder with each of its imports."""
    for module, file in sources(folder).items():
        for imported in imports(file):
            yield module, imported


def modules_after(code: str) -> set[str]:
    """Return which modules a fresh interpreter has loaded after some code."""
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    completed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(completed.stderr.split())


def all_documents() -> str:
    """Return README.md and everything in docs/."""
    return "\n".join(file.read_text(encoding="utf-8") for file in (README, *sorted(DOCS.glob("*.md"))))


def test_the_documents_list_what_plugins_may_import() -> None:
    words = code_words(section(DOCS / "plugins.md", "## What may be imported"))
    listed = {word for word in words if word == "alseg" or word.startswith("alseg.")}
    toolkit = {module for module in sources(CORE) if re.fullmatch(r"alseg\.toolkit\.[a-z]\w*", module)}
    assert len(toolkit) > 30
    assert listed == {*PUBLIC, *toolkit}


@pytest.mark.parametrize("plugin", OWN_PLUGINS)
def test_a_plugin_imports_only_the_public_part_of_alseg(plugin: str) -> None:
    private = [
        f"{module}:{imported.line} imports {imported.module}"
        for module, imported in everything_imported(PLUGINS / plugin)
        if imported.module.split(".")[0] == "alseg" and not is_public(imported.module)
    ]
    assert not private


@pytest.mark.parametrize("plugin", OWN_PLUGINS)
def test_a_plugin_imports_from_alseg_itself_only_what_it_exports(plugin: str) -> None:
    exported = set(import_module("alseg").__all__)
    unexported = [
        f"{module}:{imported.line} imports {imported.name}"
        for module, imported in everything_imported(PLUGINS / plugin)
        if imported.module == "alseg" and imported.name not in {None, *exported}
    ]
    assert not unexported


@pytest.mark.parametrize("plugin", OWN_PLUGINS)
def test_a_plugin_imports_of_another_plugin_only_what_its_package_exports(plugin: str) -> None:
    for module, imported in everything_imported(PLUGINS / plugin):
        other = imported.module.split(".")[0]
        if other in OWN_PLUGINS and other != plugin:
            where = f"{module}:{imported.line} imports {imported.module}"
            assert imported.module == other, where
            assert imported.name in {None, *import_module(other).__all__}, f"{where}.{imported.name}"


def test_the_floor_plan_has_every_package_and_every_file_it_names() -> None:
    plan = DOCS / "architecture.md"
    rows = [row for row in section(plan, "## Floor plan").splitlines() if row.startswith("| `")]
    named = {word for row in rows for word in code_words(row.split("|")[1])}
    flat = {file.stem for file in CORE.glob("*.py")} - {"__init__", "__main__"}
    packages = {file.parent.name for file in CORE.glob("*/__init__.py")}
    assert named == flat | packages
    files = re.findall(r"`([a-z_]+/[a-z_]+\.py)`", plan.read_text(encoding="utf-8"))
    assert len(files) > 30
    assert [file for file in files if not (CORE / file).exists()] == []


def test_label_maps_are_read_only_where_they_may_be() -> None:
    readers = {
        module for module, file in sources(CORE).items() if ".label(" in file.read_text(encoding="utf-8")
    }
    assert readers <= set(READ_LABELS)


def test_the_labels_of_the_pool_are_shown_by_one_way_only() -> None:
    readers = {
        module
        for module, file in sources(CORE).items()
        if re.search(r"\b(?:job|labels|view)\.true_labels?\b", file.read_text(encoding="utf-8"))
    }
    # Planned where a method's spec declares it, put into its view, and nothing else.
    assert readers == {"alseg.engine.purchase", "alseg.acquisition.views"}


def test_text_is_laid_out_in_one_place() -> None:
    users = {
        module
        for module, imported in everything_imported(CORE)
        if imported.module == "tabulate" or imported.module == "rich.table" or imported.module == "textwrap"
    }
    # Markdown and LaTeX have no width, and a reason is cut between words.
    assert users == {"alseg.tables.markup", "alseg.perf.history_page", "alseg.cli.status"}


@pytest.mark.parametrize("package", WITHOUT_TORCH)
def test_a_package_that_only_reads_or_lists_needs_no_torch(package: str) -> None:
    inside = [
        name for name in sources(CORE) if f"{name}.".startswith(f"alseg.{package}.") and name not in RUNS
    ]
    loaded = modules_after("".join(f"import {module}\n" for module in inside))
    assert inside
    assert set(inside) <= loaded
    assert "torch" not in loaded


@pytest.mark.parametrize("package", [*PUBLIC, *OWN_PLUGINS])
def test_importing_what_is_public_or_a_plugin_needs_no_torch(package: str) -> None:
    assert "torch" not in modules_after(f"import {package}")


def test_the_toolkit_loads_a_module_when_it_is_used() -> None:
    before = "from alseg import toolkit"
    assert "alseg.toolkit.uncertainty" not in modules_after(before)
    assert {"alseg.toolkit.uncertainty", "torch"} <= modules_after(f"{before}\ntoolkit.uncertainty.entropy")


def test_every_module_of_the_toolkit_is_loaded_by_its_name() -> None:
    files = {file.stem for file in (CORE / "toolkit").glob("[!_]*.py")}
    assert set(import_module("alseg.toolkit").__all__) == files


def test_loading_all_plugins_needs_no_torch() -> None:
    assert "torch" not in modules_after("from alseg.registry.loading import load_registry\nload_registry()")


def test_help_loads_nothing_heavy() -> None:
    code = "from alseg.cli import main\nmain(['--help'], prog_name='alseg', standalone_mode=False)"
    assert modules_after(code).isdisjoint(HEAVY)


def test_every_hook_is_documented() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("register_") or name == ROUND_END]
    documented = {word.partition("(")[0] for word in code_words(section(DOCS / "plugins.md", "## Hooks"))}
    manager = pluggy.PluginManager("alseg")
    manager.add_hookspecs(hookspecs)
    assert sorted(hooks) == sorted(vars(manager.hook).keys() - {"_call_history"})
    assert set(hooks) <= documented


@pytest.mark.parametrize(
    "record",
    [
        *(spec for spec in contracts.Spec.__subclasses__()),
        contracts.LabelSpace,
        contracts.ClassInfo,
        contracts.PublishedResult,
        contracts.RoundReport,
        contracts.TargetView,
        contracts.SourceView,
        contracts.Passes,
        contracts.Moments,
        contracts.PartsView,
        contracts.PixelRanking,
        contracts.PoolView,
        contracts.Picks,
        contracts.Question,
        contracts.QuestionSheet,
        contracts.LabelledImage,
        contracts.LabelledImages,
    ],
)
def test_every_field_of_what_plugins_give_and_get_is_documented(record: type) -> None:
    text = (DOCS / "plugins.md").read_text(encoding="utf-8")
    words = set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
    assert record.__name__ in words
    assert {field.name for field in dataclasses.fields(record)} <= words


@pytest.mark.parametrize(
    "protocol",
    [
        contracts.Dataset,
        contracts.SegmentationModel,
        contracts.Recipe,
        contracts.ScoreAcquisition,
        contracts.SelectAcquisition,
        contracts.ObservingAcquisition,
        contracts.RankingAcquisition,
        contracts.PreparingAcquisition,
        contracts.Observations,
        contracts.Partition,
        contracts.AnnotationMode,
        contracts.RegionAnnotationMode,
        contracts.Observer,
        contracts.ImageQuestions,
        contracts.PeopleAnnotator,
        contracts.LabelExporter,
    ],
)
def test_every_member_of_what_plugins_implement_is_documented(protocol: type) -> None:
    members = {name for name in vars(protocol) if not name.startswith("_")} | set(protocol.__annotations__)
    documented = {
        word.partition("(")[0] for word in code_words((DOCS / "plugins.md").read_text(encoding="utf-8"))
    }
    assert members <= documented


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str) -> None:
    text = all_documents()
    assert f"alseg {command}" in text
    for owner in _with_subcommands(import_module(f"alseg.cli.{command}").command):
        for parameter in owner.params:
            for option in parameter.opts:
                assert not option.startswith("--") or option in text, f"{option} of alseg {command}"


def _with_subcommands(command: object) -> Iterator[object]:
    """Yield a command and those below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _with_subcommands(below)
