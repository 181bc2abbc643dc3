"""The experiment file that is proposed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alseg.contracts import Size
from alseg.data.init.classes import ClassTable
from alseg.data.init.label_parameters import label_lines, label_parameters
from alseg.data.init.splits import SplitPlan
from alseg.data.init.survey import LARGEST_SIDE, Survey
from alseg.data.init.wording import images_of
from alseg.data.init.yaml_lines import comment, entry, flow, scalar
from alseg.text.printable import printable
from alseg.toolkit.labels import canonical_name, palette

_LONGER_SIDE = 512
_LONGEST_TITLE = 300
"""Characters that an experiment file takes."""
_STEP = 32


@dataclass
class Domain:
    """One folder with its parameters.

    Attributes:
        survey: What it holds.
        plan: Its splits.
        classes: What its labels mean; of a folder without labels those of the source.
        exclude: A file with the ids of images to leave out.
    """

    survey: Survey
    plan: SplitPlan
    classes: ClassTable
    exclude: Path | None = None

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the data set ``folder``."""
        found = dict(self.plan.params)
        if self.survey.is_labelled:
            found |= label_parameters(self.classes)
        if self.exclude is not None:
            found["exclude"] = str(self.exclude)
        if self.survey.tile is not None:
            found["tile"] = self.survey.tile
        return found


@dataclass
class Proposal:
    """An experiment.

    Attributes:
        source: The labelled domain.
        target: The domain in which labels are bought; the same object where one folder is both.
        notes: What to tell of the classes.
    """

    source: Domain
    target: Domain
    notes: list[str] = field(default_factory=list)

    @property
    def is_one_folder(self) -> bool:
        """Source and target are splits of one folder."""
        return self.source is self.target

    @property
    def domains(self) -> list[tuple[str, Domain]]:
        """The domains with what they are called."""
        if self.is_one_folder:
            return [("folder", self.source)]
        return [("source", self.source), ("target", self.target)]

    @property
    def asks_people(self) -> bool:
        """The pool has no labels."""
        return not self.target.plan.is_pool_labelled


def as_yaml(proposal: Proposal, command: str) -> str:
    """Return the experiment file, with comments where something is doubtful.

    Args:
        proposal: The experiment.
        command: How it was made.
    """
    lines = [*comment(f"Proposed by: {command}", 0)]
    for name, domain in proposal.domains:
        for note in domain.survey.notes:
            lines += comment(f"{name}: {note}", 0)
    lines += ["", f"name: {scalar(_name(proposal))}", "scenario:", f"  title: {scalar(_title(proposal))}"]
    if proposal.is_one_folder:
        lines += ["  source: &own", *_domain_lines(proposal.source), "  target: *own"]
    else:
        lines += ["  source:", *_domain_lines(proposal.source), "  target:", *_domain_lines(proposal.target)]
    lines += _split_lines(proposal)
    lines += _space_lines(proposal)
    lines += _training_lines(proposal)
    lines += _method_lines(proposal)
    return "\n".join(lines) + "\n"


def network_size(size: Size) -> Size:
    """Return height and width that to train on, multiples of 32, the longer side at most 512."""
    scale = min(1.0, _LONGER_SIDE / max(size))
    height, width = (max(_STEP, _STEP * math.floor(side * scale / _STEP + 0.5)) for side in size)
    return height, width


def _domain_lines(domain: Domain) -> list[str]:
    found, plan = domain.survey, domain.plan
    sizes = found.headers.sizes.most_common(3)
    told = ", ".join(f"{height} x {width} ({count:,})" for (height, width), count in sizes)
    more = f" and {len(found.headers.sizes) - 3} more sizes" if len(found.headers.sizes) > 3 else ""
    formats = ", ".join(f"{name} ({count:,})" for name, count in found.headers.formats.most_common(3))
    lines = ["    name: folder", f"    root: {scalar(str(found.root))}"]
    lines += comment(f"{images_of(found.images)}, height x width: {told}{more}; {formats}", 4)
    for key, value in plan.params.items():
        comments = list(plan.comments.get(key, ()))
        if key == "labels":
            comments += [f"or: {kind.path_with('{stem}')}" for kind in found.pairing.alternatives]
        lines += entry(key, value, 4, comments)
        if key == "labels" and found.values is not None:
            lines += label_lines(domain.classes, found.values, 4)
    if "labels" not in plan.params and found.values is not None:
        lines += label_lines(domain.classes, found.values, 4)
    if domain.exclude is not None:
        lines += entry("exclude", str(domain.exclude), 4, ["Images that cannot be used; see above."])
    elif found.excluded:
        lines += comment(
            f"{images_of(len(found.excluded))} cannot be used; with -o FILE, 'exclude' gets a list of them.",
            4,
        )
    if found.tile is not None:
        text = f"Images larger than {LARGEST_SIDE} pixels a side are cut, or they would be shrunk much."
        lines += entry("tile", found.tile, 4, [text])
    return lines


def _split_lines(proposal: Proposal) -> list[str]:
    source, target = proposal.source.plan, proposal.target.plan
    lines = []
    if source.source_split != "train":
        lines += entry("source_split", source.source_split, 2)
    if target.evaluation_split is None:
        lines += entry("evaluation_split", "none", 2, ["The target has no label maps: no IoU is computed."])
    elif target.evaluation_split != "val":
        lines += entry("evaluation_split", target.evaluation_split, 2)
    return lines


def _space_lines(proposal: Proposal) -> list[str]:
    lines = [line for note in proposal.notes for line in comment(note, 2)]
    lines += ["  label_space:", "    classes:"]
    source, target = proposal.source.classes, proposal.target.classes
    known = {canonical_name(name) for name in target.names}
    shared = known & {canonical_name(name) for name in source.names}
    own_names = _names(target)
    own_names += [name for name in _names(source) if canonical_name(name) not in known and not shared]
    colors = source.colors | target.colors
    taken = {color for name, color in colors.items() if name in own_names}
    spare = [color for color in palette(min(254, len(own_names) + len(taken))) if color not in taken]
    used: set[object] = set()
    for name in own_names:
        color = colors.get(name)
        if color is None or color in used:
            color = spare.pop(0)
        used.add(color)
        lines.append(f"      - {{name: {scalar(name)}, color: {flow(color)}}}")
    left = [name for name in source.names if canonical_name(name) not in known]
    if shared and left:
        lines += comment(
            f"Only the source has {', '.join(left)}: void, unless a class says 'includes: [{left[0]}]'.",
            6,
        )
    return lines


def _names(table: ClassTable) -> list[str]:
    return [*table.names, *(["background"] if "background" in label_parameters(table) else [])]


def _training_lines(proposal: Proposal) -> list[str]:
    sizes = []
    for domain in (proposal.source, proposal.target):
        tile = domain.survey.tile
        sizes.append(network_size((tile, tile) if tile else domain.survey.size))
    return [
        "",
        *comment("A small network without a download; 'weights: lite0' begins with ImageNet.", 0),
        "model: {name: smp, architecture: FPN, encoder: tf_efficientnet_lite0, weights: none}",
        "recipe:",
        "  name: plain",
        "  iterations: 2000",
        "  optimizer: adamw",
        "  learning_rate: 0.001",
        "  source_batch: 4",
        "  target_batch: 4",
        *comment("Height and width, multiples of 32 in about the shape of most images.", 2),
        f"  source_size: {flow(sizes[0])}",
        f"  target_size: {flow(sizes[1])}",
        "  flip: true",
        "  target_sampling: labelled",
        "rounds: [800, 1200, 1600]",
    ]


def _method_lines(proposal: Proposal) -> list[str]:
    lines = ["methods:", "  - {label: No labels, target_labels: none, reference: lower}"]
    if proposal.asks_people:
        parts = (
            "partition: {name: slic, segments: 200}, annotation: {name: superpixel, answer: dominant}, "
            "budget: 60 regions, annotator: files"
        )
        lines[1:1] = comment("People answer: the runs wait for them, see 'alseg ask' and 'alseg answer'.", 2)
    else:
        parts = "annotation: {name: region, radius: 2}, budget: 2%"
        lines[1:1] = comment("The label maps answer for people. 2% of the pool's pixels in all.", 2)
    for label, acquisition in (("Random", "random"), ("Entropy", "entropy")):
        lines.append(f"  - {{label: {label}, acquisition: {acquisition}, {parts}}}")
    lines += ["seeds: [0]"]
    return lines


def _title(proposal: Proposal) -> str:
    names = [domain.survey.root.name for _, domain in proposal.domains]
    # A name may hold whatever the file system takes; a title is one line.
    return printable(" -> ".join(names))[:_LONGEST_TITLE].strip() or "own"


def _name(proposal: Proposal) -> str:
    names = [domain.survey.root.name for _, domain in proposal.domains]
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", "2".join(names)).strip("-._") or "own"
    return text[:100]
