"""Every fault that ``alseg check`` looks for, in a plugin that has them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from alseg.conformance import costs
from alseg.conformance.findings import Finding, Report
from alseg.conformance.plan import plan_of
from alseg.conformance.request import Request
from alseg.conformance.run import check_here
from alseg.conformance.step import run_step
from alseg.conformance.subjects import subjects_of
from alseg.conformance.text import report_lines
from install import HERE

pytestmark = pytest.mark.slow  # all faults are looked for once, which takes ten seconds

HELPERS = Path(__file__).parents[1] / "helpers"

FAULTS = {
    "plugin faulty-plugin": {"import-cost": "Importing it, or a hook, imports torch"},
    "dataset f-wide-labels": {"contract": "image 0: label map must be uint8, got int64"},
    "model f-batchwise": {
        "independence": "'f-batchwise': in evaluation an image alone has other logits than in a batch"
    },
    "recipe f-counts-steps": {
        "determinism": "'f-counts-steps', everything labelled, inputs of one size: the same step gives other "
        "losses; keep no state between steps, and draw with torch's global generator"
    },
    "acquisition f-changes-process": {
        "process": "It changed the flushing of small numbers to zero. Other results would have moved."
    },
    "acquisition f-draws-globally": {
        "determinism": "'f-draws-globally', doubtful predictions: the same view gives another score; all "
        "randomness must come from view.generator",
        "independence": "'f-draws-globally', all pixels bought: another object",
    },
    "acquisition f-exits": {
        "contract": "It calls sys.exit(3), which would end the process.",
        "cost": "It calls sys.exit(3), which would end the process.",
    },
    "acquisition f-lambda": {
        "description": "'f-lambda': build has no docstring",
        "pickling": "'f-lambda': it cannot be pickled; build must be a function or class of a module",
    },
    "acquisition f-needs": {
        "needs": "'f-needs', doubtful predictions: it reads the logits, but 'needs' names only image. "
        "Name 'logits' or 'probs' there: either gives both."
    },
    "acquisition f-overwrites": {
        "inputs": "'f-overwrites', doubtful predictions: it changes the view's logits"
    },
    "acquisition f-raises": {
        "contract": "'f-raises', doubtful predictions: failed; does it read what 'needs' does not name?",
        "cost": "It raises KeyError: 'part'.",
    },
    "acquisition f-reads-files": {"labels": "It opens "},
    "acquisition f-remembers": {
        "independence": "'f-remembers', all pixels bought: another object, which saw the images in another "
        "order, gives another score; it may depend on the view alone"
    },
    "acquisition f-required": {"parameters": "No lower and upper bound: radius."},
    "acquisition f-searches-objects": {
        "labels": "It searches all objects of the process (gc) while it decides, though all that it may know "
        "is given to it."
    },
    "acquisition f-silent": {
        "description": "'f-silent': build has no docstring",
        "parameters": "No lower and upper bound: power. Not described in the docstring: power.",
    },
    "annotation mode f-generous": {
        "contract": "'f-generous', 48 x 80 pixels, at most 1 a round: picks reveal 2 pixels"
    },
    "annotator f-credulous": {
        "contract": "'f-credulous', pixels: reading b'' as .csv raises ValueError('hostile-0.csv'), not "
        "AnswerFileError"
    },
    "partition f-gaps": {
        "contract": "'f-gaps', 1 x 1 pixels, noise: ids must go from 0 on without a gap, got 1 ids from 3 "
    },
    "partition f-unpicklable": {"copies": "'f-unpicklable': the partition cannot be pickled: "},
    "observer f-scribbles": {"contract": "'f-scribbles': it writes into the run's folder (mine.txt)"},
    "executor f-vague": {"contract": "'f-vague': poll says None of an id, no Standing"},
    "published results faulty-plugin": {"contract": "'Somebody': 'f-two' has no class 'river'."},
}
"""Component to the checks that fail, each with what its problem begins with."""


@pytest.fixture(scope="module")
def small_costs() -> Iterator[None]:
    """Measure costs on images so small that they say nothing."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(costs, "SIZE", (16, 32))
        patched.setattr(costs, "_TURNS", 1)
        yield


@pytest.fixture(scope="module")
def reports(small_costs: None) -> dict[str, Report]:
    """Return what is found in the plugin with all faults, by component."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(HELPERS)
        found = list(check_here(Request(target="faulty_plugin")))
    return {f"{report.component.kind} {report.component.name}": report for report in found}


def findings_of(report: Report) -> Mapping[str, Finding]:
    return {finding.check: finding for finding in report.findings}


@pytest.mark.parametrize("component", FAULTS)
def test_a_fault_fails_its_own_check_and_no_other(reports: Mapping[str, Report], component: str) -> None:
    failed = {one.check: one.problem for one in reports[component].findings if one.status == "fail"}
    assert set(failed) == set(FAULTS[component])
    for check, problem in failed.items():
        assert problem.startswith(FAULTS[component][check])


def test_what_has_no_fault_passes(reports: Mapping[str, Report]) -> None:
    failed = {component for component, report in reports.items() if report.failed}
    assert failed == set(FAULTS)
    assert {one.status for one in reports["acquisition f-good"].findings} == {"pass"}


def test_a_failure_names_problem_place_and_remedy(reports: Mapping[str, Report]) -> None:
    lines = list(report_lines(reports["acquisition f-exits"], 80))
    start = lines.index("  FAIL  contract")
    assert lines[start + 1] == "        It calls sys.exit(3), which would end the process."
    assert lines[start + 2].strip().startswith("at ")
    assert lines[start + 2].endswith(", in score")
    assert "faulty_plugin.py:" in lines[start + 2]
    assert lines[start + 3 : start + 5] == [
        "        Raise an exception instead.",
        "  -     determinism, independence, inputs, needs: not checked. 'contract' has",
    ]


def test_lines_fit_eighty_columns_but_for_paths(reports: Mapping[str, Report]) -> None:
    lines = [line for report in reports.values() for line in report_lines(report, 80)]
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []


@pytest.mark.parametrize(
    ("component", "check", "note"),
    [
        ("dataset f-absent", "contract", "It reads files and makes up none; give its folder: --root DIR."),
        (
            "acquisition f-missing-library",
            "contract",
            'It cannot be built here: It needs a library: pip install "no-such-library".',
        ),
        ("acquisition f-required", "contract", "It needs a value of radius: -p radius=VALUE."),
        ("executor f-vague", "units", "Real units take minutes: --full."),
        (
            "plugin faulty-plugin",
            "on_round_end",
            "It may send something to others; test it with alseg.testing.round_report in a test of your own.",
        ),
    ],
)
def test_what_cannot_be_checked_here_says_why(
    reports: Mapping[str, Report], component: str, check: str, note: str
) -> None:
    finding = findings_of(reports[component])[check]
    assert (finding.status, finding.note) == ("not checked", note)


def test_costs_are_told_beside_those_of_random(reports: Mapping[str, Report]) -> None:
    cost = findings_of(reports["acquisition f-good"])["cost"]
    assert cost.measured["seconds_per_image"] > 0
    assert cost.measured["seconds_per_image_of_random"] > 0
    assert " an image of 16 x 32" in cost.note
    assert "; random: " in cost.note


def test_a_data_set_that_is_not_in_the_folder_given_is_not_checked(
    reports: Mapping[str, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(HELPERS)
    absent = next(one for one in subjects_of("faulty_plugin", None) if one.component.name == "f-absent")
    steps = plan_of(absent, Request(target=None, root=tmp_path))
    contract = next(step for step in steps if step.checks[0] == "contract")
    findings = run_step(contract, "f-absent", 60)
    note = f"It cannot be built here: No images at {tmp_path}. Download them."
    assert [(one.status, one.note) for one in findings] == [("not checked", note)] * 3


def test_a_plugin_that_cannot_be_imported_fails_its_import() -> None:
    file = HERE / "alseg_no_import" / "alseg_no_import.py"
    (report,) = check_here(Request(target=str(file)))
    (finding,) = report.findings
    assert (finding.check, finding.status) == ("import", "fail")
    assert finding.problem == "It fails at import: ModuleNotFoundError: No module named 'no_such_module'"


def test_a_module_that_exits_fails_its_import() -> None:
    (report,) = check_here(Request(target=str(HERE / "alseg_exiting" / "alseg_exiting.py")))
    assert [finding.problem for finding in report.findings] == ["It fails at import: SystemExit: 1"]
