"""What contributors are told, and the files that tools of the repository's host read."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from documents import README, REPOSITORY

FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
GUIDES = sorted({*REPOSITORY.glob("*.md"), *(REPOSITORY / ".github").glob("*.md")})
FIELDS = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
VERSION = re.compile(r"^## (\S+) \(", re.MULTILINE)


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def load(name: str) -> Any:
    return yaml.safe_load(text_of(name))


@pytest.fixture(scope="module")
def problems() -> Callable[[str], list[str]]:
    """Return the check of the changelog."""
    spec = importlib.util.spec_from_file_location("changelog", REPOSITORY / ".ci" / "changelog.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "changelog", module)  # dataclasses look there
        spec.loader.exec_module(module)
    checked: Callable[[str], list[str]] = module.problems
    return checked


# -- checks


def sessions() -> tuple[list[str], set[str]]:
    """Return the sessions that ``nox`` does by itself, and all of them; nox need not be installed."""
    module = ast.parse(text_of("noxfile.py"))
    functions = {
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef) and "nox.session" in map(ast.unparse, node.decorator_list)
    }
    (default,) = [
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "nox.options.sessions"
    ]
    return default, functions


def test_ci_does_the_checks_that_a_contributor_does() -> None:
    default, functions = sessions()
    assert set(default) <= functions
    script = text_of(".ci/run")
    tests, checks = script.index('-c "$test_command"'), script.index("\nnox || status=1\n")
    assert tests < script.index("\n. .venv/bin/activate\n") < checks  # in README's environment
    listed = re.findall(r"^\| `nox -s (\w+)` \|", text_of("CONTRIBUTING.md"), re.MULTILINE)
    assert listed == default


def test_every_session_that_documents_and_hooks_name_is_there() -> None:
    named = re.findall(r"nox -s (\w+)", text_of("CONTRIBUTING.md") + text_of(".pre-commit-config.yaml"))
    assert set(named) <= sessions()[1]
    assert {"changelog", "imports", "types"} <= set(named)


def test_hooks_need_no_other_host_than_the_package_index() -> None:
    config = load(".pre-commit-config.yaml")
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system", "python"}
    for hook in hooks:
        pinned = all("==" in requirement for requirement in hook.get("additional_dependencies", []))
        assert pinned and ("additional_dependencies" in hook) == (hook["language"] == "python"), hook["id"]


@pytest.mark.parametrize(("name", "script"), [("checks", ".ci/run"), ("nightly", ".ci/services")])
def test_a_workflow_calls_the_script_that_anybody_can_call(name: str, script: str) -> None:
    workflow = load(f".github/workflows/{name}.yml")
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[-1].endswith(script)
    assert workflow["permissions"] == {"contents": "read"}
    assert (REPOSITORY / script).stat().st_mode & 0o111


def test_programs_of_the_checks_are_those_that_the_tests_install() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    names = {re.split(r"[<>=\[]", each)[0] for each in project["optional-dependencies"]["test"]}
    assert {"import-linter", "mypy", "nox", "pre-commit", "pytest", "ruff", "typos"} <= names


def test_folders_of_tests_that_pass_are_not_kept(request: pytest.FixtureRequest) -> None:
    # Three runs of all tests are several gigabytes each.
    assert request.config.getini("tmp_path_retention_policy") == "failed"
    assert int(request.config.getini("tmp_path_retention_count")) == 1


# -- the changelog

GOOD = """\
# Changelog

## 0.3.0 (not released yet)

### Added

- One thing, told
  in two lines.

## 0.2.0 (2026-12-31)

### Fixed

- Another thing (of old.)

## 0.1.0 (2026-11-30)

### Topic of the first version

- The first.
"""


def test_the_changelog_keeps_its_form(problems: Callable[[str], list[str]]) -> None:
    assert problems(text_of("CHANGELOG.md")) == []
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("# Changelog", "# Changes", ["line 1: the first line is '# Changelog'"]),
        (
            "0.2.0 (2026-12-31)",
            "0.2.0 (not released yet)",
            ["line 10: only the first version may be 'not released yet'"],
        ),
        ("0.2.0 (", "0.3.0 (", ["line 10: versions are listed from the newest to the oldest"]),
        (
            "## 0.2.0 (2026-12-31)",
            "## 0.2",
            ["line 10: '## 0.2' is neither like '## 0.2.0 (not released yet)' nor '## 0.2.0 (2026-12-31)'"],
        ),
        (
            "### Fixed",
            "### Mended",
            ["line 12: '### Mended' is none of Added, Changed, Deprecated, Removed, Fixed, Security"],
        ),
        ("in two lines.", "in two lines", ["line 7: an entry ends with a full stop"]),
        ("- The first.", "- One thing, told in two lines.", ["line 20: the entry of line 7 again"]),
        ("- The first.", "- The first. ", ["line 20: spaces at the end"]),
        (
            "- The first.",
            "- The first.\n\n### Topic of the first version",
            [
                "line 18: the version has '### Topic of the first version' twice",
                "line 22: the version has '### Topic of the first version' twice",
            ],
        ),
    ],
)
def test_a_changelog_out_of_form_is_told_with_its_line(
    problems: Callable[[str], list[str]], old: str, new: str, expected: list[str]
) -> None:
    assert GOOD.count(old) == 1
    assert problems(GOOD.replace(old, new)) == expected


def test_an_empty_changelog_has_no_version(problems: Callable[[str], list[str]]) -> None:
    assert problems("# Changelog\n") == ["line 1: there is no version, such as '## 0.2.0 (not released yet)'"]


# -- citation, forms, guides


def test_the_version_to_cite_is_that_of_the_changelog() -> None:
    citation = load("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "type"} <= set(citation)
    newest = VERSION.findall(text_of("CHANGELOG.md"))[0]
    bibtex = re.findall(r"version\s*= \{([^}]+)\}", README.read_text(encoding="utf-8"))
    assert [citation["version"], *bibtex] == [newest] * 2
    assert f"title   = {{{citation['title']}}}" in README.read_text(encoding="utf-8")


def test_there_is_a_form_for_faults_methods_and_data_sets() -> None:
    assert [file.stem for file in FORMS] == ["bug", "config", "dataset", "method"]


@pytest.mark.parametrize("form", [file.stem for file in FORMS if file.stem != "config"])
def test_a_form_asks_each_thing_once_and_something_in_any_case(form: str) -> None:
    content = load(f".github/ISSUE_TEMPLATE/{form}.yml")
    assert all(content[key] for key in ("name", "description", "title", "labels"))
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in content["body"]} <= FIELDS
    assert len({field["id"] for field in fields}) == len({field["attributes"]["label"] for field in fields})
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as the repository's host makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_link_of_a_guide_leads_to_a_file_and_a_heading(guide: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", guide.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        document = guide.parent / name if name else guide
        assert document.exists(), target
        assert not anchor or anchor in anchors(document), target


def test_contributors_are_told_every_marker_of_a_test() -> None:
    own = tomllib.loads(text_of("pyproject.toml"))["tool"]["pytest"]["ini_options"]["markers"]
    rows = [row for row in text_of("CONTRIBUTING.md").splitlines() if row.startswith("| `")]
    told = {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert {marker.partition(":")[0] for marker in own} <= told


def test_commands_and_scripts_that_guides_name_are_there() -> None:
    guides = "".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    paths = set(re.findall(r"`((?:alseg|plugins|tests|experiments|docs|\.ci)/[\w./-]+)`", guides))
    assert len(paths) > 15
    assert [path for path in sorted(paths) if "NAME" not in path and not (REPOSITORY / path).exists()] == []
