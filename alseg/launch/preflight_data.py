"""The data of a scenario before a run: every header and some label maps, as ``alseg data check`` does."""

from __future__ import annotations

from alseg.config.experiment import Scenario
from alseg.contracts import IGNORE_INDEX
from alseg.data.cache import uncached
from alseg.data.evidence import Fault, SplitEvidence, examine_headers, examine_label
from alseg.data.rules import sample, split_problems, split_warnings
from alseg.data.scenario import Domain, ScenarioData
from alseg.errors import DataError
from alseg.guard.calls import guarded


def check_data(data: ScenarioData, scenario: Scenario) -> list[str]:
    """Refuse data that cannot be used.

    All headers are read; of the label maps, those that `alseg.data.rules.sample` picks are decoded.

    Args:
        data: The splits.
        scenario: Names them.

    Returns:
        What is doubtful and may be right all the same, one line each.

    Raises:
        DataError: If a split or a file cannot be used: what ``alseg data check`` would say.
    """
    doubts: list[str] = []
    domains = {
        (scenario.source.name, scenario.source_split, "source"): data.source,
        (scenario.target.name, scenario.target_split, "target"): data.target,
        (scenario.target.name, scenario.evaluation_split, "evaluation"): data.evaluation,
    }
    seen: list[Domain] = []
    for (name, split, role), domain in domains.items():
        if domain is None or any(domain is known for known in seen):
            continue
        seen.append(domain)
        with guarded(uncached(domain.dataset), "checks before training"):
            doubts += _check_domain(domain, name, split, role)
    return doubts


def _check_domain(domain: Domain, name: str, split: str, role: str) -> list[str]:
    dataset = uncached(domain.dataset)
    try:
        _ = domain.sizes  # reads the header of every file
    except DataError:
        all_findings = (examine_headers(dataset, index) for index in range(len(dataset)))
        _refuse([fault for findings in all_findings for fault in findings.faults], name, split)
    evidence, faults = SplitEvidence(), list[Fault]()
    for index in sample(len(dataset)):
        findings = examine_label(dataset, index, domain.label_space, closely=True)
        faults += findings.faults
        if findings.label is not None:
            evidence.add(findings.label)
    _refuse(faults, name, split)
    if problems := split_problems(evidence, domain.label_space, dataset):
        raise DataError(f"{name} {split}: {problems[0]}")
    if not evidence.showing[domain.translation != IGNORE_INDEX].any():
        raise DataError(
            f"No label map of the {role} images shows a class of the scenario's label space (their own is "
            f"{domain.label_space.name}).",
            "Choose another scenario.label_space.",
        )
    return [f"{name} {split}: {warning}" for warning in split_warnings(evidence, domain.label_space)]


def _refuse(faults: list[Fault], name: str, split: str) -> None:
    """Raise the first fault, and say how many more images are at fault."""
    if not faults:
        return
    others = len({fault.image_id for fault in faults} - {faults[0].image_id})
    more = f"{others:,} more image{'s' if others > 1 else ''} of {name} {split} cannot be used either; "
    raise DataError(
        f"{name} {split}: {faults[0].problem}",
        faults[0].remedy,
        f"{faults[0].alternative} {f'{more}alseg data check {name} lists all.' if others else ''}".strip(),
    )
