"""A plugin with one component for each fault that ``alseg check`` finds, and some that only look like one.

It imports torch at its top, which is a fault as well.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alseg import AlsegError, hookimpl
from alseg.contracts import (
    AcquisitionSpec,
    AnnotationModeSpec,
    AnnotatorSpec,
    ClassInfo,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PartitionSpec,
    PublishedResult,
    RecipeSpec,
    RoundReport,
    TargetView,
)
from alseg.toolkit.recipes import SupervisedRecipe

ALSEG_CONTRACT = "1.0"
"""What a plugin says of itself changes nothing in what is checked of it."""


class Good:
    """Scores by the margin."""

    def score(self, view: TargetView) -> torch.Tensor:
        first, second = view.probs.topk(2, dim=0).values
        return second - first


class DrawsGlobally:
    """Draws from torch's global generator."""

    def score(self, view: TargetView) -> torch.Tensor:
        return torch.rand(view.size)


class Remembers:
    """Adds the number of images that it has seen."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def score(self, view: TargetView) -> torch.Tensor:
        size = f"{view.unit} {tuple(view.size)} {view.round}"
        if size not in self.seen:
            self.seen.append(size)
        return torch.full(view.size, float(self.seen.index(size)))


class Overwrites:
    """Zeroes the logits."""

    def score(self, view: TargetView) -> torch.Tensor:
        return view.logits.zero_()[0]


class ReadsFiles(Good):
    """Reads the answers from a file."""

    def score(self, view: TargetView) -> torch.Tensor:
        for path in sorted(Path(__file__).parents[2].glob("README.md")):
            path.read_bytes()
        return super().score(view)


class SearchesObjects(Good):
    """Looks for label maps among all objects of the process."""

    def score(self, view: TargetView) -> torch.Tensor:
        gc.get_objects(generation=0)
        return super().score(view)


class Raises:
    """Fails."""

    def score(self, view: TargetView) -> torch.Tensor:
        raise KeyError(view.unit)


class Exits:
    """Ends the process."""

    def score(self, view: TargetView) -> torch.Tensor:
        sys.exit(3)


class SetsThreads(Good):
    """Changes the process."""

    def score(self, view: TargetView) -> torch.Tensor:
        torch.set_flush_denormal(True)
        return super().score(view)


class Prints(Good):
    """Prints what no program reads and no terminal should."""

    def score(self, view: TargetView) -> torch.Tensor:
        print('\x1b[2J{"event": "refused"}')
        return super().score(view)


def build_silent(power: int = 1) -> Good:
    return Good()


def build_missing_library() -> Good:
    """Build nothing.

    Raises:
        AlsegError: Always.
    """
    raise AlsegError('It needs a library: pip install "no-such-library".')


def build_required(radius: int) -> Good:
    """Build one.

    Args:
        radius: In pixels.
    """
    return Good()


class Gaps:
    """Regions whose ids have gaps."""

    def regions(self, image: Any, image_id: str, generator: torch.Generator) -> Any:
        return np.full(image.shape[:2], 3, np.int32)


class Unpicklable:
    """One region, from an object that cannot be pickled."""

    def __init__(self) -> None:
        self.make = lambda size: np.zeros(size, np.int32)

    def regions(self, image: Any, image_id: str, generator: torch.Generator) -> Any:
        return self.make(image.shape[:2])


class Batchwise(torch.nn.Module):
    """A network whose logits depend on the other images of a batch."""

    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.backbone = torch.nn.Conv2d(3, 4, 3, stride=4)
        self.head = torch.nn.Conv2d(4, num_classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.backbone(images))
        return logits - logits.mean(0, keepdim=True)

    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.backbone.parameters())

    def head_parameters(self) -> list[torch.nn.Parameter]:
        return list(self.head.parameters())


def build_batchwise(*, num_classes: int) -> Batchwise:
    """Build it."""
    return Batchwise(num_classes)


class CountsSteps(SupervisedRecipe):
    """Multiplies its losses by the number of its steps."""

    def losses(self, forward: Any, batch: Any, *more: Any) -> Any:
        object.__setattr__(self, "steps", getattr(self, "steps", 0) + 1)
        return {name: loss * self.steps for name, loss in super().losses(forward, batch, *more).items()}


class WideLabels:
    """Two images whose label maps have the wrong dtype."""

    def __len__(self) -> int:
        return 2

    def image_id(self, index: int) -> str:
        return f"image {index}"

    def size(self, index: int) -> tuple[int, int]:
        return (4, 6)

    def image(self, index: int) -> Any:
        return np.zeros((4, 6, 3), np.uint8)

    def label(self, index: int) -> Any:
        return np.zeros((4, 6), np.int64)


def build_wide_labels(*, root: Path | None, split: str) -> WideLabels:
    """Build a split."""
    return WideLabels()


def build_absent(*, root: Path, split: str) -> WideLabels:
    """Build a split that is nowhere."""
    raise AlsegError(f"No images at {root}. Download them.")


class Generous:
    """Asks about more than it may."""

    def propose(self, score: torch.Tensor, asked: Any, pixel_limit: int) -> Any:
        from alseg.contracts import Picks

        height, width = score.shape
        return Picks(
            positions=np.array([[height - 1, width - 1]], np.int32),
            scores=np.ones(1, np.float32),
            pixels=np.array([pixel_limit + 1], np.int64),
        )

    def footprint(self, positions: Any, size: Any) -> Any:
        return np.full(size, -1, np.int32)

    def clicks(self, answers: Any) -> Any:
        return np.ones(answers.count, np.int64)

    def most_pixels(self, size: Any) -> int:
        return size[0] * size[1]

    def most_clicks(self, pixels: int, classes: int) -> int | None:
        return 1


class Credulous:
    """Believes every file."""

    def export(self, sheet: Any, folder: Path) -> list[Path]:
        file = folder / "task.txt"
        file.write_text("Please answer.")
        return [file]

    def read(self, path: Path, sheet: Any) -> Iterator[Any]:
        raise ValueError(path.name)


class Vague:
    """Knows nothing about its units."""

    outlives = False

    def submit(self, unit: Any, after: Sequence[str]) -> str:
        return "1"

    def poll(self, ids: Sequence[str]) -> dict[str, Any]:
        return {}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        pass

    def close(self) -> None:
        pass


def build_vague(*, address: str | None) -> Vague:
    """Build it."""
    return Vague()


class Scribbles:
    """Writes into the run's folder."""

    def on_round_end(self, report: RoundReport) -> None:
        (Path(report.folder) / "mine.txt").write_text("mine")

    def close(self) -> None:
        pass


def _texts(name: str) -> dict[str, str]:
    return {"name": name, "summary": f"The fault {name}.", "source": "arXiv:2111.12940"}


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer acquisitions."""
    made = {
        "f-good": Good,
        "f-draws-globally": DrawsGlobally,
        "f-remembers": Remembers,
        "f-overwrites": Overwrites,
        "f-reads-files": ReadsFiles,
        "f-searches-objects": SearchesObjects,
        "f-raises": Raises,
        "f-exits": Exits,
        "f-changes-process": SetsThreads,
        "f-prints": Prints,
        "f-silent": build_silent,
        "f-missing-library": build_missing_library,
        "f-required": build_required,
        "f-lambda": lambda: Good(),
    }
    specs = [AcquisitionSpec(**_texts(name), build=build, units=("part",)) for name, build in made.items()]
    return [*specs, AcquisitionSpec(**_texts("f-needs"), build=Good, needs=("image",), units=("part",))]


@hookimpl
def register_partitions() -> list[PartitionSpec]:
    """Offer partitions."""
    return [
        PartitionSpec(**_texts("f-gaps"), build=Gaps),
        PartitionSpec(**_texts("f-unpicklable"), build=Unpicklable),
    ]


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer a network."""
    return [ModelSpec(**_texts("f-batchwise"), build=build_batchwise)]


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer a recipe."""
    return [RecipeSpec(**_texts("f-counts-steps"), build=CountsSteps)]


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    """Offer a label space."""
    classes = (ClassInfo("road", (1, 2, 3)), ClassInfo("sky", (4, 5, 6)))
    return [LabelSpace(**_texts("f-two"), classes=classes)]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer data sets."""
    return [
        DatasetSpec(
            **_texts("f-wide-labels"), build=build_wide_labels, label_space="f-two", needs_root=False
        ),
        DatasetSpec(**_texts("f-absent"), build=build_absent, label_space="f-two"),
    ]


@hookimpl
def register_annotation_modes() -> list[AnnotationModeSpec]:
    """Offer a mode."""
    return [AnnotationModeSpec(**_texts("f-generous"), build=Generous)]


@hookimpl
def register_annotators() -> list[AnnotatorSpec]:
    """Offer an annotator."""
    return [AnnotatorSpec(**_texts("f-credulous"), build=Credulous)]


@hookimpl
def register_executors() -> list[ExecutorSpec]:
    """Offer an executor."""
    return [ExecutorSpec(**_texts("f-vague"), build=build_vague)]


@hookimpl
def register_observers() -> list[ObserverSpec]:
    """Offer an observer."""
    return [ObserverSpec(**_texts("f-scribbles"), build=Scribbles)]


@hookimpl
def register_published_results() -> list[PublishedResult]:
    """Offer a result of a class that there is not."""
    return [
        PublishedResult(
            label="Somebody",
            paper="Somebody, 2020",
            source="gtav",
            target="cityscapes",
            label_space="f-two",
            miou=50.0,
            iou={"river": 50.0},
        )
    ]


@hookimpl
def on_round_end(report: RoundReport) -> None:
    """Hear of rounds."""
