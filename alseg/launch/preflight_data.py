"""The data of a scenario before a run: every header and some label maps, as ``alseg data check`` does."""

from __future__ import annotations

from alseg.annotation.held_out import HeldOut
from alseg.config.experiment import RunSpec, Scenario
from alseg.contracts import IGNORE_INDEX, LabelSpace
from alseg.data.cache import uncached
from alseg.data.evidence import Fault, SplitEvidence, examine_headers, examine_label
from alseg.data.rules import sample, split_problems, split_warnings
from alseg.data.scenario import Domain, ScenarioData
from alseg.errors import AlsegError, DataError
from alseg.guard.calls import guarded
from alseg.launch.passed_checks import PassedChecks
from alseg.registry.datasets import is_labelled

_NAMED = 4
"""Classes of a label space that a message names."""


def check_data(data: ScenarioData, scenario: Scenario, passed: PassedChecks | None = None) -> list[str]:
    """Refuse data that cannot be used.

    All headers are read; of the label maps, those that `alseg.data.rules.sample` picks are decoded.

    Args:
        data: The splits.
        scenario: Names them.
        passed: Splits that were checked before; those that are checked now are added.

    Returns:
        What is doubtful and may be right all the same, one line each.

    Raises:
        DataError: If a split or a file cannot be used: what ``alseg data check`` would say.
    """
    passed = PassedChecks() if passed is None else passed
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
        before = next((found for known, found in passed.domains if known is domain), None)
        if before is None:
            with guarded(uncached(domain.dataset), "checks before training"):
                before = _check_domain(domain, data.label_space, name, split, role)
            passed.domains.append((domain, before))
        doubts += before
    return doubts


def check_held_out(spec: RunSpec, data: ScenarioData) -> None:
    """Check that answers are held out only where nothing else is evaluated on, and that some can be.

    Raises:
        AlsegError: If there are evaluation labels, or the share holds out none or all of the pool's images.
    """
    share, scenario = spec.evaluation.held_out_share, spec.scenario
    if share is None:
        return
    if data.evaluation is not None:
        raise AlsegError(
            "evaluation.held_out gives an estimate where there are no evaluation labels, but split "
            f"'{scenario.evaluation_split}' of '{scenario.target.name}' has some. Set "
            "scenario.evaluation_split to none, or leave out evaluation.held_out."
        )
    images = len(data.target.dataset)
    count = len(HeldOut(share).among(data.target.dataset, range(images)))
    if count in (0, images):
        raise AlsegError(
            f"evaluation.held_out: a share of {share:g} holds out {'none' if count == 0 else 'all'} of the "
            f"pool's {images} images, which are drawn by their names. Set another share, or leave it out."
        )


def _check_domain(domain: Domain, space: LabelSpace, name: str, split: str, role: str) -> list[str]:
    dataset = uncached(domain.dataset)
    try:
        _ = domain.sizes  # reads the header of every file
    except DataError:
        all_findings = (examine_headers(dataset, index) for index in range(len(dataset)))
        _refuse([fault for findings in all_findings for fault in findings.faults], name, split)
    if not is_labelled(dataset):
        if role == "source":
            raise DataError(
                f"{name} {split} has no labels, but networks learn from the labels of the source.",
                "Say where its label maps are, or make it the target.",
            )
        return []
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
            f"No label map of the {role} images shows a class of the scenario's label space. Their own "
            f"classes are {_some(domain.label_space)}; the scenario's are {_some(space)}.",
            "Give scenario.label_space classes of the same names, or leave it out.",
        )
    return [f"{name} {split}: {warning}" for warning in split_warnings(evidence, domain.label_space)]


def _some(space: LabelSpace) -> str:
    """Return the names of the first classes."""
    names = [each.name for each in space.classes]
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


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
