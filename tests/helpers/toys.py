"""A toy plugin for tests of the core: stripes, a two-layer network, a recipe that takes milliseconds."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

import alseg_annotators
import alseg_baselines
from alseg import hookimpl
from alseg.config.experiment import read_experiment
from alseg.contracts import ClassInfo, DatasetSpec, LabelSpace, ModelSpec, RecipeSpec, RoundReport, Size
from alseg.engine.assembly import Assembler
from alseg.launch.options import LaunchOptions
from alseg.launch.outcome import Outcome
from alseg.launch.preflight import check
from alseg.launch.preparation import PreparedExperiment
from alseg.launch.runner import run_experiment
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry
from alseg.seeding import derive
from alseg.toolkit.recipes import SupervisedRecipe
from alseg.training.device import make_fabric

STRIPES = LabelSpace(
    name="stripes-3",
    summary="Red, green and blue stripes.",
    source="alseg's tests",
    classes=(ClassInfo("red", (255, 0, 0)), ClassInfo("green", (0, 255, 0)), ClassInfo("blue", (0, 0, 255))),
)


class Stripes:
    """Vertical stripes of three colours under noise; a void column at the right."""

    def __init__(self, split: str, count: int, size: Size, swapped: bool = False) -> None:
        self.split, self.count, self._size, self.swapped = split, count, size, swapped

    def __len__(self) -> int:
        return self.count

    def image_id(self, index: int) -> str:
        return f"{self.split}-{index}"

    def size(self, index: int) -> Size:
        return self._size

    def image(self, index: int) -> NDArray[np.uint8]:
        random = np.random.default_rng(derive("stripes", self.split, index))
        colours = np.array([info.color for info in STRIPES.classes])[self._classes(index)]
        noise = random.integers(-60, 60, (*self._size, 3))
        return np.clip(colours + noise, 0, 255).astype(np.uint8)

    def label(self, index: int) -> NDArray[np.uint8]:
        classes = self._classes(index).astype(np.uint8)
        if self.swapped:
            classes = (2 - classes).astype(np.uint8)
        classes[:, -1] = 255
        return classes

    def _classes(self, index: int) -> NDArray[np.int64]:
        height, width = self._size
        columns = (np.arange(width) + index) * 6 // width % 3
        return np.tile(columns, (height, 1))


class TinyNet(torch.nn.Module):
    """Two convolutions; half the input's resolution."""

    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.body = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.head = torch.nn.Conv2d(8, num_classes, 1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.body(images).relu()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))

    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.body.parameters())

    def head_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.head.parameters())


def build_stripes(
    *, root: Path | None, split: str, count: int = 6, height: int = 12, width: int = 24, swapped: bool = False
) -> Stripes:
    return Stripes(split, count, (height, width), swapped)


def build_tiny(*, num_classes: int) -> TinyNet:
    return TinyNet(num_classes)


def build_recipe(
    iterations: int = 8,
    learning_rate: float = 0.05,
    flip: bool = False,
    target_batch: int = 2,
    target_sampling: Literal["uniform", "labelled"] = "uniform",
) -> SupervisedRecipe:
    return SupervisedRecipe(
        iterations=iterations,
        decay_iterations=None,
        learning_rate=learning_rate,
        head_factor=1.0,
        momentum=0.9,
        weight_decay=0.0,
        power=0.9,
        source_batch=2,
        target_batch=target_batch,
        target_sampling=target_sampling,
        source_size=None,
        target_size=None,
        flip=flip,
        scale=(1.0, 1.0),
        color=0.0,
        sampling="shuffle",
        label_resize="point",
    )


class ToyPlugin:
    """Everything an experiment needs, small."""

    @hookimpl
    def register_label_spaces(self) -> list[LabelSpace]:
        return [STRIPES]

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        return [
            DatasetSpec(
                name="stripes",
                summary="Stripes.",
                source="alseg's tests",
                build=build_stripes,
                label_space="stripes-3",
                needs_root=False,
            )
        ]

    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        return [
            ModelSpec(
                name="tiny",
                summary="Two convolutions.",
                source="alseg's tests",
                build=build_tiny,
                provides=("logits", "probs", "features"),
            )
        ]

    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [RecipeSpec(name="toy", summary="Cross-entropy.", source="alseg's tests", build=build_recipe)]


def toy_document(**changes: object) -> dict[str, object]:
    """Return an experiment on stripes as the YAML file would give it."""
    return {
        "name": "toy",
        "scenario": {"source": "stripes", "target": {"name": "stripes", "count": 6}},
        "model": "tiny",
        "recipe": {"name": "toy", "iterations": 8},
        "rounds": [2, 4],
        "methods": [
            {"label": "Source only", "target_labels": "none"},
            {
                "label": "Entropy",
                "acquisition": "entropy",
                "annotation": {"name": "region", "radius": 1},
                "budget": "20%",
            },
            {"label": "Fully supervised", "target_labels": "all"},
        ],
        "seeds": [0],
        "settings": {"device": "cpu"},
        **changes,
    }


class Silent:
    """A reporter that remembers notes and round reports."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.states: list[str] = []
        self.reports: list[RoundReport] = []
        self.phases: list[str] = []

    def run_started(self, place: int, total: int, label: str, seed: int) -> None: ...

    def phase(self, name: str, total: int, done: int = 0) -> None:
        self.phases.append(name)

    def advance(self, detail: str = "") -> None: ...

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        self.reports.append(report)

    def run_ended(self, state: str, seconds: float) -> None:
        self.states.append(state)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None: ...


def toy_registry(*more: object) -> Registry:
    """Return a registry of the toy plugin, the baselines and others.

    Where all others are modules, or have no attributes, they are checked once per process.
    """
    constant = all(isinstance(plugin, ModuleType) or not vars(plugin) for plugin in more)
    return _checked_once(*more) if constant else _checked(*more)


def _checked(*more: object) -> Registry:
    registry = registry_of(ToyPlugin(), alseg_annotators, alseg_baselines, *more)
    assert not registry.failures, registry.failures
    return registry


_checked_once = cache(_checked)


def run_toy(
    folder: Path,
    document: dict[str, object] | None = None,
    *more: object,
    reporter: Silent | None = None,
    **options: bool,
) -> Outcome:
    """Run an experiment in this process, with results under ``folder / "results"``."""
    prepared = prepared_toy(folder, document, *more)
    launch = LaunchOptions(results=folder / "results", **options)
    return run_experiment(prepared, reporter or Silent(), launch)


def prepared_toy(
    folder: Path, document: dict[str, object] | None = None, *more: object
) -> PreparedExperiment:
    """Write and check an experiment."""
    registry = toy_registry(*more)
    file = folder / "toy.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document or toy_document(), sort_keys=False))
    experiment = read_experiment(file, registry=registry)
    assembler = Assembler(registry)
    return PreparedExperiment(
        experiment=experiment,
        plan=check(experiment.runs(), assembler),
        assembler=assembler,
        fabric=make_fabric(experiment.settings),
    )


def run_folder(folder: Path, method: str, seed: int = 0) -> Path:
    """Return the folder of one run of `run_toy`."""
    (found,) = (folder / "results" / "toy" / "runs").glob(f"{method}__s{seed}__*")
    return found


def round_bytes(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return the content of every result file; times are not results."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("rounds/*/*"))
        if path.name != "timing.json" and path.name not in but
    }


def metrics_of(folder: Path, round_number: int) -> dict[str, Any]:
    """Return the metrics of a round of a run."""
    content: dict[str, Any] = json.loads(
        (folder / "rounds" / f"{round_number:02d}" / "metrics.json").read_text()
    )
    return content
