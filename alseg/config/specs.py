"""What one run is asked to do: frozen records made from an experiment file, and the identity of a run."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from alseg.config.budget import Budget
from alseg.contracts import LabelSpace

if TYPE_CHECKING:
    from alseg.config.sections import Evaluation

FINGERPRINT_FORMAT = 2
"""Raised when what goes into a fingerprint changes, so that old results are not taken for new ones."""

SLUG_LENGTH = 40
"""Most characters of a label in a folder name."""

DEVICE = r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$"
"""Pattern of the names that ``settings.device`` takes."""

NO_SPLIT = "none"
"""``evaluation_split`` where nothing is evaluated."""

MOST_PROCESSES = 1_024
"""Processes, or threads of one; of far more than that a system gives none."""

TargetLabels = Literal["none", "acquired", "all"]
RoundStart = Literal["continue", "previous", "initial"]
"""Weights after a purchase: with the optimiser's state, with a fresh optimiser, or those of the beginning."""

RoundSchedule = Literal["run", "round"]
"""Whether the learning rate runs its course once in a run, or anew from each purchase to the next."""

PoolKind = Literal["fixed", "growing"]
"""Whether images added to the pool while a run is not done stop it, or join the pool of the next round."""

LabelsSince = Literal["start", "first-purchase"]
Reference = Literal["lower", "upper"]


@dataclass(frozen=True)
class Component:
    """Something a plugin provides, with its parameters.

    Attributes:
        name: The name under which the plugin registers it.
        params: A value for every parameter, defaults included, as ``build`` takes them; no arrays or objects.
            Parameters that were added later are left out at their default, see
            `alseg.contracts.AddedLater`.
    """

    name: str
    params: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return ``name`` and ``params`` with lists in place of tuples."""
        return {"name": self.name, "params": _plain(self.params)}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Where labels exist, where they are wanted and in which classes results are given.

    The keys of `alseg.config.sections.ScenarioSection`, with names looked up and defaults filled in.

    Attributes:
        label_space: Name of the label space of the results; the label space itself where the experiment file
            or the target's parameters say what it is.
        root: Folder of the data sets, or None where none reads files.
        evaluation_split: `NO_SPLIT` where nothing is evaluated.
        source_root: Folder of the source where it is another one; likewise ``target_root``.
        pool: Whether images may join the pool from round to round.
        title: What tables call it; None for the names of both data sets. No part of what a run is.
    """

    source: Component
    target: Component
    label_space: str | LabelSpace
    root: str | None
    source_split: str
    target_split: str
    evaluation_split: str
    source_root: str | None = None
    target_root: str | None = None
    pool: PoolKind = "fixed"
    title: str | None = None

    @property
    def grows(self) -> bool:
        """Whether images may join the pool from round to round."""
        return self.pool == "growing"

    def root_of(self, role: Literal["source", "target"]) -> str | None:
        """Return the folder of a domain's data set as the experiment file names it."""
        own = self.source_root if role == "source" else self.target_root
        return self.root if own is None else own

    def identity(self) -> dict[str, Any]:
        """Return all that can change a result: not where data lies, nor colours and names of label spaces."""
        return {
            "source": self.source.as_json(),
            "source_split": self.source_split,
            "target": self.target.as_json(),
            "target_split": self.target_split,
            "evaluation_split": self.evaluation_split,
            "label_space": space_identity(self.label_space),
            **self._pool(),
        }

    def as_json(self) -> dict[str, Any]:
        """Return everything as ``run.json`` has it; roots of single domains only where they are given."""
        space = self.label_space
        roots = {"source_root": self.source_root, "target_root": self.target_root}
        return {
            "source": self.source.as_json(),
            "target": self.target.as_json(),
            "label_space": space if isinstance(space, str) else space_as_json(space),
            "root": self.root,
            "source_split": self.source_split,
            "target_split": self.target_split,
            "evaluation_split": self.evaluation_split,
            **{key: root for key, root in roots.items() if root is not None},
            **self._pool(),
        }

    def _pool(self) -> dict[str, str]:
        """Return what differs from the usual: runs with a fixed pool keep their identity."""
        return {"pool": self.pool} if self.grows else {}

    @property
    def text(self) -> str:
        """Its title, else source and target in words, such as ``gtav -> cityscapes``."""
        return self.title or f"{self.source.name} -> {self.target.name}"


@dataclass(frozen=True, kw_only=True)
class Method:
    """One line of the results table.

    The keys of `alseg.config.sections.MethodSection`, with names looked up and defaults filled in.

    Attributes:
        order: Place in the experiment file, from 0.
        target_labels: ``acquired`` by asking, or ``none`` or ``all`` of them without asking.
        acquisition: None unless labels are acquired; ``annotation`` and ``budget`` likewise.
        recipe: The experiment's, with the method's own keys over it.
        model: The method's own network; None for that of the experiment.
        labels_since: Where all labels are known: from the ``start``, or from the ``first-purchase`` of the
            other methods on.
        outline_tolerance: Where all labels are known, pixels by which outlines may miss the label maps; their
            corners are the price.
        reference: Which end of the gap it is that other methods close; None where the file does not say.
        partition: Cuts images into regions; None where the method has none.
        annotator: Who answers; None for the oracle without errors. Parameters of people hold the keys that
            alseg reads itself, see `alseg.config.annotator.People`.
        folder_number: 1, or a higher number where an earlier method of the experiment has the same short name
            and would compute the same, so that their folders would have one name.
        seeds: The method's own; None for those of the experiment. No part of what a run is.
    """

    label: str
    order: int
    target_labels: TargetLabels
    acquisition: Component | None
    annotation: Component | None
    budget: Budget | None
    recipe: Component
    model: Component | None
    labels_since: LabelsSince
    outline_tolerance: float
    reference: Reference | None
    partition: Component | None
    annotator: Component | None = None
    folder_number: int
    seeds: tuple[int, ...] | None = None

    @property
    def slug(self) -> str:
        """The label as part of a folder name."""
        return slug(self.label) if self.folder_number == 1 else f"{slug(self.label)}-{self.folder_number}"

    def identity(self) -> dict[str, Any]:
        """Return all of the method that can change a result, less the network, which a run names itself."""
        budget = self.budget and {
            "unit": self.budget.unit,
            "amount": str(self.budget.amount),
            "scope": self.budget.scope,
        }
        # Methods without a partition keep the identity that they had before there were any.
        partition = {"partition": self.partition.as_json()} if self.partition else {}
        annotator = {"annotator": self.annotator.as_json()} if self.annotator else {}
        return {
            **partition,
            **annotator,
            "target_labels": self.target_labels,
            "labels_since": self.labels_since,
            "outline_tolerance": self.outline_tolerance if self.target_labels == "all" else None,
            "acquisition": self.acquisition and self.acquisition.as_json(),
            "annotation": self.annotation and self.annotation.as_json(),
            "budget": budget,
            "recipe": self.recipe.as_json(),
        }


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One method with one seed: the unit that is trained, stored and resumed.

    Attributes:
        experiment: Name of the experiment.
        scenario: Data.
        model: The method's own network, or that of the experiment.
        method: Method.
        rounds: Iterations after which labels are bought, increasing.
        round_start: With which weights training goes on after a purchase.
        round_schedule: Over what the learning rate runs its course.
        seed: The seed.
        evaluation: How images are evaluated.
        precision: Precision in Lightning Fabric's words.
        channels_last: As in `alseg.config.sections.Settings`.
        compile: As in `alseg.config.sections.Settings`.
    """

    experiment: str
    scenario: Scenario
    model: Component
    method: Method
    rounds: tuple[int, ...]
    round_start: RoundStart
    round_schedule: RoundSchedule
    seed: int
    evaluation: Evaluation
    precision: str
    channels_last: bool
    compile: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256, 64 hexadecimal digits, of everything that can change a result.

        The list is explicit: where data lies, on which device and how fast the work is done, and what
        people call the experiment and the method are not on it.
        """
        identity = {
            "format": FINGERPRINT_FORMAT,
            **self.scenario.identity(),
            "model": self.model.as_json(),
            "method": self.method.identity(),
            "rounds": list(self.rounds),
            **self._round_protocol(),
            "seed": self.seed,
            "evaluation": _plain(self.evaluation.identity()),
            "precision": self.precision,
            "channels_last": self.channels_last,
            "compile": self.compile,
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def _round_protocol(self) -> dict[str, str]:
        """Return what differs from the usual: runs of that keep the identity that they had before."""
        found = {"round_start": self.round_start, "round_schedule": self.round_schedule}
        usual = {"round_start": "continue", "round_schedule": "run"}
        return {key: value for key, value in found.items() if value != usual[key]}

    @property
    def folder(self) -> str:
        """Folder name: a label for people and a hash for identity, such as ``ripu-ra__s0__3f9c1a7e``."""
        return f"{self.method.slug}__s{self.seed}__{self.fingerprint[:8]}"

    def as_json(self) -> dict[str, Any]:
        """Return the whole specification as mappings, lists, text, numbers, bools and None."""
        parts = {"evaluation": self.evaluation.identity(), "scenario": self.scenario.as_json()}
        plain: dict[str, Any] = _plain(asdict(self) | parts)
        for key in ("round_start", "round_schedule"):
            if key not in self._round_protocol():
                del plain[key]
        del plain["method"]["model"]  # it is the run's own, one level up
        plain["method"]["twin"] = plain["method"].pop("folder_number")  # its name in run.json, format 3
        if self.method.partition is None:
            del plain["method"]["partition"]
        if self.method.annotator is None:
            del plain["method"]["annotator"]
        if self.method.budget is not None:
            plain["method"]["budget"]["amount"] = str(self.method.budget.amount)
        return plain


def space_as_json(space: LabelSpace) -> dict[str, Any]:
    """Return a label space that no plugin registers, as ``run.json`` has it."""
    classes = [
        {"name": info.name, "color": list(info.color), "includes": list(info.includes)}
        for info in space.classes
    ]
    subsets = {name: list(names) for name, names in space.subsets.items()}
    return {"name": space.name, "classes": classes, "subsets": subsets}


def space_identity(space: str | LabelSpace) -> Any:
    """Return what of a label space can change a result: its name, or all but name and colours."""
    if isinstance(space, str):
        return space
    return {
        "classes": [[info.name, list(info.includes)] for info in space.classes],
        "subsets": {name: list(names) for name, names in space.subsets.items()},
    }


def slug(label: str) -> str:
    """Return a label in lower-case ASCII letters, digits and hyphens, at most `SLUG_LENGTH` characters.

    A label without any such letter becomes ``method``.
    """
    ascii_label = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^a-z0-9]+", "-", ascii_label.lower()).strip("-")
    return words[:SLUG_LENGTH].rstrip("-") or "method"


def _plain(value: Any) -> Any:
    """Return a value with lists in place of tuples and dicts in place of other mappings, at every level."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
