"""What README.md and docs/ say is what happens."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from alseg.config.experiment import ExperimentError, read_experiment
from alseg.config.shipped import shipped_experiments
from alseg.registry.loading import load_registry
from documents import DOCS, README, REPOSITORY, blocks, prose
from install import TINY, run_alseg, skip_unless_alseg_is_installed, warnings_of

MODULE = "alseg_rare"


def commands() -> list[str]:
    """Return the lines of the README's shell blocks."""
    return "".join(blocks(README, "bash")).splitlines()


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the README's example: a module and four lines of TOML."""
    folder = tmp_path_factory.mktemp("readme") / MODULE
    folder.mkdir()
    (folder / f"{MODULE}.py").write_text(blocks(README, "python")[0], encoding="utf-8")
    (folder / "pyproject.toml").write_text(blocks(README, "toml")[0], encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def site(distribution: Path) -> Path:
    """Return an environment in which pip has installed the README's example."""
    skip_unless_alseg_is_installed()
    folder = distribution.parent / "site"
    command = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, *command, "--target", folder, distribution], check=True, timeout=300)
    return folder


def test_the_example_is_a_file_of_at_most_twenty_lines_and_four_lines_of_toml(distribution: Path) -> None:
    assert len((distribution / f"{MODULE}.py").read_text().splitlines()) <= 20
    assert len((distribution / "pyproject.toml").read_text().splitlines()) == 4


@pytest.mark.slow
def test_the_example_runs_beside_random_and_has_a_row_in_the_table(site: Path, tmp_path: Path) -> None:
    experiment = yaml.safe_load(TINY.read_text())
    (method,) = yaml.safe_load(blocks(README, "yaml")[0])
    experiment["methods"][1] = method
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(experiment, sort_keys=False))
    completed = run_alseg(
        "run", str(file), "--results", str(tmp_path / "results"), site=site, interpreter=sys.executable
    )
    assert completed.returncode == 0, completed.stderr
    assert warnings_of(completed) == []
    compared = run_alseg("compare", str(tmp_path / "results" / "tiny"), "--format", "json", site=site)
    assert compared.returncode == 0, compared.stderr
    rows = {row["label"]: row for row in json.loads(compared.stdout)["rows"]}
    assert set(rows) == {"Random", "Rare"}
    assert rows["Rare"]["acquisition"] == "rare"
    assert rows["Rare"]["cost"]["clicks"] > 0


def test_the_example_is_listed_with_its_parameter(site: Path) -> None:
    completed = run_alseg("plugins", "rare", "--json", site=site)
    (entry,) = json.loads(completed.stdout)["acquisitions"]
    assert (entry["distribution"], entry["version"]) == ("alseg-rare", "0.1")
    assert entry["parameters"] == [{"name": "power", "type": "float", "required": False, "default": 0.5}]


def test_the_tests_of_the_example_in_the_plugin_guide_pass(
    distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(distribution)
    namespace: dict[str, object] = {}
    exec(compile(blocks(DOCS / "plugins.md", "python")[-1], "plugins.md", "exec"), namespace)
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()  # type: ignore[operator]
    del sys.modules[MODULE]


def test_the_readme_has_one_test_command_and_the_checks_call_it() -> None:
    (command,) = [line for line in commands() if line.endswith("&& pytest")]
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"grep --max-count=1 '([^']+)' README\.md", script)
    lines = README.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(pattern, line)] == [command]
    assert 'bash -euo pipefail -c "$test_command"' in script


def names_run(document: Path) -> set[str]:
    """Return the experiments that a document runs or plans by name."""
    return {*re.findall(r"alseg (?:run|plan) ([a-z][\w-]*)(?![\w./-])", document.read_text("utf-8"))}


def test_the_experiment_that_the_readme_runs_is_there_and_valid() -> None:
    skip_unless_alseg_is_installed()
    assert names_run(README) == {"quickstart"}
    experiment = read_experiment(shipped_experiments()["quickstart"], registry=load_registry())
    assert experiment.name == "quickstart"


def test_every_experiment_that_the_documents_name_comes_with_alseg() -> None:
    named = {name for document in DOCS.rglob("*.md") for name in names_run(document)}
    assert "gta2city" in named
    assert named <= shipped_experiments().keys()


def test_every_file_that_the_documents_link_to_is_there() -> None:
    for document in (README, *DOCS.rglob("*.md")):
        text = re.sub(r"`[^`\n]+`", "", prose(document.read_text(encoding="utf-8")))
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_readme_leads_to_every_guide() -> None:
    linked = set(re.findall(r"\]\(docs/([^)#]+\.md)", README.read_text(encoding="utf-8")))
    assert {*(guide.name for guide in DOCS.glob("*.md")), "methods/README.md"} <= linked


def test_the_example_in_the_experiment_guide_is_valid_and_its_mistake_is_reported_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_unless_alseg_is_installed()
    monkeypatch.chdir(tmp_path)
    guide = DOCS / "experiments.md"
    file = Path("experiments/gta2city.yaml")
    file.parent.mkdir()
    example = blocks(guide, "yaml")[0]
    file.write_text(example)
    registry = load_registry()
    # 5 methods with 3 seeds each.
    assert len(read_experiment(file, registry=registry).runs()) == 15
    file.write_text(example.replace("\nrecipe:", "\nrecipie:"))
    with pytest.raises(ExperimentError) as caught:
        read_experiment(file, registry=registry)
    assert f"\n```\nError: {caught.value}\n```\n" in guide.read_text(encoding="utf-8")


def pins(file: str) -> dict[str, str]:
    """Return versions by name of a file of constraints."""
    lines = (REPOSITORY / file).read_text(encoding="utf-8").splitlines()
    required = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in required}


def requirements(*, without: Collection[str] = ()) -> list[Requirement]:
    """Return what pyproject.toml names, extras of which may be left out; alseg itself is never among it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [group for name, group in project["optional-dependencies"].items() if name not in without]
    found = [Requirement(line) for group in (project["dependencies"], *extras) for line in group]
    return [requirement for requirement in found if requirement.name != "alseg"]


def test_constraints_pin_every_dependency_within_its_bounds() -> None:
    pinned = pins("constraints.txt")
    for requirement in requirements():
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"constraints.txt does not pin {name}"
        assert requirement.specifier.contains(pinned[name]), f"{requirement} excludes {pinned[name]}"


def test_the_lowest_constraints_are_the_lower_bounds() -> None:
    bounds = requirements(without=("test", "docs"))
    assert pins("constraints-lowest.txt") == {
        canonicalize_name(bound.name): str(bound.specifier).removeprefix(">=") for bound in bounds
    }


def test_every_python_that_is_announced_is_one_that_may_be_used() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    versions = [line.removeprefix(prefix) for line in project["classifiers"] if line.startswith(prefix)]
    allowed = SpecifierSet(project["requires-python"])
    assert versions
    assert all(allowed.contains(version) for version in versions)
    assert f">={versions[0]}" == project["requires-python"]
