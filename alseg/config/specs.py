"""What one run is asked to do: frozen records made from an experiment file, and the identity of a run."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from alseg.config.budget import Budget
from alseg.contracts import OUTLINE_TOLERANCE, Size

FINGERPRINT_FORMAT = 2
"""Raised when what goes into a fingerprint changes, so that old results are not taken for new ones."""

SLUG_LENGTH = 40
"""Most characters of a label in a folder name."""

DEVICE = r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$"
"""Pattern of the names that ``settings.device`` takes."""

MOST_PROCESSES = 1_024
"""Processes, or threads of one; of far more than that a system gives none."""

TargetLabels = Literal["none", "acquired", "all"]
LabelsSince = Literal["start", "first-purchase"]
Reference = Literal["lower", "upper"]


@dataclass(frozen=True)
class Component:
    """Something a plugin offers, with its parameters.

    Attributes:
        name: The name it is offered under.
        params: A value for every parameter, defaults included, as ``build`` takes them; no arrays or objects.
    """

    name: str
    params: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return ``name`` and ``params`` with lists in place of tuples."""
        return {"name": self.name, "params": _plain(self.params)}


@dataclass(frozen=True)
class Scenario:
    """Where labels exist, where they are wanted and in which classes results are given.

    Attributes:
        source: The labelled data set.
        target: The data set in which labels are bought.
        label_space: Name of the label space of the results.
        root: Folder of the data sets, or None where none reads files.
        source_split: Split of the source that is trained on.
        target_split: Split of the target that is the pool.
        evaluation_split: Split of the target that is evaluated on.
    """

    source: Component
    target: Component
    label_space: str
    root: str | None
    source_split: str = "train"
    target_split: str = "train"
    evaluation_split: str = "val"

    @property
    def text(self) -> str:
        """Source and target in words, such as ``gtav -> cityscapes``."""
        return f"{self.source.name} -> {self.target.name}"


@dataclass(frozen=True)
class Method:
    """One line of the results table.

    Attributes:
        label: What people call it.
        order: Place in the experiment file, from 0.
        target_labels: ``acquired`` by asking, or ``none`` or ``all`` of them without asking.
        acquisition: What to ask; None unless labels are acquired.
        annotation: What a question is; None unless labels are acquired.
        budget: What may be spent; None unless labels are acquired.
        recipe: How to train.
        model: The method's own network; None for that of the experiment.
        labels_since: Where all labels are known: from the ``start``, or from the ``first-purchase`` of the
            other methods on.
        outline_tolerance: Where all labels are known, pixels by which outlines may miss the label maps; their
            corners are the price.
        reference: Which end of the gap it is that other methods close; None where the file does not say.
        partition: Cuts images into regions; None where the method has none.
        twin: 1, or a higher number where an earlier method of the experiment would have the same folder.
    """

    label: str
    order: int
    target_labels: TargetLabels
    acquisition: Component | None
    annotation: Component | None
    budget: Budget | None
    recipe: Component
    model: Component | None = None
    labels_since: LabelsSince = "start"
    outline_tolerance: float = OUTLINE_TOLERANCE
    reference: Reference | None = None
    partition: Component | None = None
    twin: int = 1

    @property
    def slug(self) -> str:
        """The label as part of a folder name."""
        return slug(self.label) if self.twin == 1 else f"{slug(self.label)}-{self.twin}"

    def identity(self) -> dict[str, Any]:
        """Return all of the method that can change a result, less the network, which a run names itself."""
        budget = self.budget and {
            "unit": self.budget.unit,
            "amount": str(self.budget.amount),
            "scope": self.budget.scope,
        }
        # Methods without a partition keep the identity that they had before there were any.
        partition = {"partition": self.partition.as_json()} if self.partition else {}
        return {
            **partition,
            "target_labels": self.target_labels,
            "labels_since": self.labels_since,
            "outline_tolerance": self.outline_tolerance if self.target_labels == "all" else None,
            "acquisition": self.acquisition and self.acquisition.as_json(),
            "annotation": self.annotation and self.annotation.as_json(),
            "budget": budget,
            "recipe": self.recipe.as_json(),
        }


@dataclass(frozen=True)
class Evaluation:
    """How images are evaluated.

    Attributes:
        flip: Whether predictions are averaged with those of the mirrored image.
        size: Input size in pixels, or None for the size at which the recipe trains on the target.
    """

    flip: bool = False
    size: Size | None = None


@dataclass(frozen=True)
class Settings:
    """How the work is done.

    None of it is part of a run's identity, except what changes how numbers are rounded: precision,
    channels_last and compile.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: Precision in Lightning Fabric's words.
        channels_last: Whether images and weights lie in memory channel by channel last, which most
            convolutions compute faster.
        compile: Whether the network is compiled by ``torch.compile``.
        workers: Loader processes; 0 loads in the main process.
        pool_batch: Target images per batch when predictions are made for an acquisition.
        evaluation_batch: Images per batch in evaluation.
        checkpoint_minutes: Minutes between checkpoints inside a round.
        processes: Processes that do runs side by side; they share torch's threads.
        threads: Threads of torch on the CPU in each process, or None for torch's choice.
        cache: Folder in which resized images and label maps are kept, or None.
        deterministic: Whether torch is told to use deterministic kernels only.
        call_timeout: Seconds that one call into a plugin may take, or None for any time.
        observers: What follows the runs.
        examples: Pool images of which small maps of predictions and scores are kept, for people to look at.
    """

    device: str = "auto"
    precision: str = "32-true"
    channels_last: bool = True
    compile: bool = False
    workers: int = 0
    pool_batch: int = 4
    evaluation_batch: int = 4
    checkpoint_minutes: float = 5
    processes: int = 1
    threads: int | None = None
    cache: str | None = None
    deterministic: bool = False
    call_timeout: float | None = None
    observers: tuple[Component, ...] = ()
    examples: int = 3


@dataclass(frozen=True)
class RunSpec:
    """One method with one seed: the unit that is trained, stored and resumed.

    Attributes:
        experiment: Name of the experiment.
        scenario: Data.
        model: The method's own network, or that of the experiment.
        method: Method.
        rounds: Iterations after which labels are bought, increasing.
        seed: The seed.
        evaluation: How images are evaluated.
        precision: Precision in Lightning Fabric's words.
        channels_last: As in `Settings`.
        compile: As in `Settings`.
    """

    experiment: str
    scenario: Scenario
    model: Component
    method: Method
    rounds: tuple[int, ...]
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
            "source": self.scenario.source.as_json(),
            "source_split": self.scenario.source_split,
            "target": self.scenario.target.as_json(),
            "target_split": self.scenario.target_split,
            "evaluation_split": self.scenario.evaluation_split,
            "label_space": self.scenario.label_space,
            "model": self.model.as_json(),
            "method": self.method.identity(),
            "rounds": list(self.rounds),
            "seed": self.seed,
            "evaluation": _plain(asdict(self.evaluation)),
            "precision": self.precision,
            "channels_last": self.channels_last,
            "compile": self.compile,
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def folder(self) -> str:
        """Folder name: a label for people and a hash for identity, such as ``ripu-ra__s0__3f9c1a7e``."""
        return f"{self.method.slug}__s{self.seed}__{self.fingerprint[:8]}"

    def as_json(self) -> dict[str, Any]:
        """Return the whole specification as mappings, lists, text, numbers, bools and None."""
        plain: dict[str, Any] = _plain(asdict(self))
        del plain["method"]["model"]  # it is the run's own, one level up
        if self.method.budget is not None:
            plain["method"]["budget"]["amount"] = str(self.method.budget.amount)
        return plain


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
