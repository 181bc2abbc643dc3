"""``alseg check``: what it takes, what it prints, and how it exits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import alseg
from alseg.cli import main
from alseg.conformance import apart, costs
from alseg.conformance.apart import check_apart
from alseg.conformance.request import Request
from alseg.conformance.run import check_here
from alseg.conformance.subjects import parse_kind, subjects_of
from install import HERE, skip_unless_alseg_is_installed

HELPERS = Path(__file__).parents[1] / "helpers"
DEMO = str(HERE / "alseg_margin_demo" / "alseg_margin_demo.py")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check in this process, which is faster, on images so small that costs say nothing."""
    skip_unless_alseg_is_installed()
    monkeypatch.setattr(apart, "check_apart", check_here)
    monkeypatch.setattr(costs, "SIZE", (16, 32))
    monkeypatch.setattr(costs, "_TURNS", 1)
    yield


def check(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, ["check", *arguments])


def test_a_component_that_keeps_its_contract_passes() -> None:
    result = check("acquisition:ripu")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    plugin = f"plugin ripu (alseg {alseg.__version__})"
    assert lines[0] == plugin
    assert f"acquisition 'ripu', {plugin}" in lines
    assert "  pass  source        https://arxiv.org/abs/2111.12940" in lines
    assert "  pass  independence" in lines
    assert lines[-1] == "2 components: 14 checks passed, 0 failed, 0 not checked."


def test_a_file_that_is_not_installed_is_checked_and_its_fault_found() -> None:
    result = check(DEMO)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    start = lines.index("  FAIL  description")
    assert lines[start + 1] == "        'margin-demo': build has no docstring"
    assert lines[start + 3] == "        Give summary and source a line each, and build a docstring."
    assert lines[-1] == "2 components: 12 checks passed, 1 failed, 1 not checked."


def test_json_is_all_that_is_printed_and_has_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    result = check("label-space:camvid-11", "--json")
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    assert {key: found[key] for key in ("format", "target", "passed", "failed", "not_checked")} == {
        "format": 1,
        "target": "label-space:camvid-11",
        "passed": 4,
        "failed": 0,
        "not_checked": 0,
    }
    space = found["components"][1]
    assert (space["kind"], space["name"], space["plugin"]) == ("label space", "camvid-11", "driving")
    source = space["checks"][0]
    assert (source["check"], source["status"]) == ("source", "pass")
    assert set(source) == {
        "check",
        "status",
        "note",
        "problem",
        "cause",
        "remedy",
        "measured",
        "seconds",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["margni"],
            "Error: Unknown component, plugin, distribution or module 'margni'. Did you mean\n"
            "  'margin'? 'alseg plugins' lists what is installed.\n",
        ),
        (
            ["recipe:margin"],
            "Error: Unknown recipe 'margin'. 'alseg plugins' lists what is installed.\n",
        ),
        (
            ["nothing.py"],
            "Error: nothing.py is not there. Give a file NAME.py, a package's folder, or a\n"
            "  module's name.\n",
        ),
        (
            ["margin", "--kind", "thing"],
            "Error: 'thing' is no kind of component. Kinds: label-space, dataset, model,\n"
            "  recipe, acquisition, annotation-mode, annotator, partition, observer,\n"
            "  executor.\n",
        ),
        (
            ["margin", "-p", "radius=2"],
            "Error: Nothing that is checked has a parameter 'radius'. There are none.\n",
        ),
        (
            ["acquisition:ripu", "-p", "radius=-2"],
            "Error: 'ripu', parameter 'radius': must be at least 1, got -2\n",
        ),
        (["acquisition:ripu", "-p", "radius"], "Error: 'radius' is no parameter; write -p KEY=VALUE.\n"),
        (
            [],
            "Error: Name what to check: a component, plugin, distribution or module; or give\n  --all.\n",
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(arguments: list[str], message: str) -> None:
    result = check(*arguments)
    assert (result.exit_code, result.stderr) == (2, message)


def test_every_component_of_a_name_is_checked_unless_a_kind_is_given() -> None:
    def kinds(name: str, kind: str | None = None) -> list[str]:
        return [subject.component.kind for subject in subjects_of(name, kind and parse_kind(kind))]

    assert kinds("grid") == ["plugin", "partition"]
    assert kinds("ripu") == ["plugin", "recipe", "acquisition"]
    assert kinds("ripu", "recipe") == ["plugin", "recipe"]
    assert kinds("pixel", "Annotation_Modes") == ["plugin", "annotation mode"]


def test_a_plugin_a_distribution_and_a_module_stand_for_all_they_register() -> None:
    of_plugin = [str(subject.component) for subject in subjects_of("partitions", None)]
    assert len(of_plugin) == 7  # the plugin and six partitions
    assert [str(subject.component) for subject in subjects_of("alseg_partitions", None)] == of_plugin
    assert set(of_plugin) < {str(subject.component) for subject in subjects_of("alseg", None)}


@pytest.mark.slow
@pytest.mark.usefixtures("preloaded_python")
def test_a_plugin_that_ends_the_process_or_hangs_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HELPERS), prepend=":")
    found = {
        report.component.name: {one.check: one for one in report.findings}
        for report in check_apart(Request(target="ending_plugin", seconds=10))
    }
    assert list(found) == ["ending-plugin", "e-dies", "e-hangs", "e-lives"]
    dies, hangs, lives = found["e-dies"], found["e-hangs"], found["e-lives"]
    assert dies["labels"].problem.startswith("It ends the process (exit code 5)")
    assert dies["labels"].remedy == ("Look at what stands on standard error, and raise an exception instead.")
    assert dies["independence"].note == "'labels' has ended the process."
    assert hangs["contract"].problem == "It has not ended after 10 s."
    assert {lives[check].status for check in ("contract", "determinism", "labels", "cost")} == {"pass"}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("notes.txt", "./notes.txt does not end in .py. Give a file NAME.py, a package's folder, or a"),
        ("alseg-mine", "./alseg-mine is no package, but holds alseg-mine/alseg_mine. Give that."),
        ("empty", "./empty has no __init__.py. Give a file NAME.py, a package's folder, or a module's name."),
        ("random.py", "./random.py cannot be imported: 'random' is another module, "),
        ("missing.py", "./missing.py is not there. Give a file NAME.py, a package's folder, or a module's"),
    ],
)
def test_a_path_that_is_no_module_is_answered_with_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("notes.txt", "alseg-mine/alseg_mine/__init__.py", "empty/notes.txt", "random.py"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    result = check(f"./{target}")
    assert result.exit_code == 2
    assert " ".join(result.stderr.split()).startswith(f"Error: {told}")
