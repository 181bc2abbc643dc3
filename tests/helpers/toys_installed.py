"""The toys as an installed plugin, for commands in processes of their own that count the steps they take."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import torch

from alseg import AcquisitionSpec, DatasetSpec, LabelSpace, ModelSpec, RecipeSpec, hookimpl
from alseg.contracts import SegmentationModel, TargetView
from alseg.toolkit.recipes import SupervisedRecipe
from growing import GrowingPlugin
from toys import ToyPlugin, build_recipe

FOLDER, HOLD = "ALSEG_TOYS_FOLDER", "ALSEG_TOYS_HOLD"
"""Environment: where steps are counted, and the iteration at which processes wait for a file ``go`` there.

With a file ``go-if-asked`` they wait until they are asked to stop.
"""


class CountedRecipe(SupervisedRecipe):
    """Writes a line for each step."""

    def after_step(
        self, model: SegmentationModel, modules: Mapping[str, torch.nn.Module], iteration: int
    ) -> None:
        folder = Path(os.environ[FOLDER])
        with (folder / "steps").open("a") as file:  # one short write, which is never torn
            file.write(f"{iteration}\n")
        if os.environ.get(HOLD) == str(iteration) and not (folder / "go").exists():
            held = folder / f"held-{os.getpid()}"
            held.touch()
            while not (folder / "go").exists() and not (
                (folder / "go-if-asked").exists() and _asked_to_stop()
            ):
                time.sleep(0.01)
            held.unlink()


def _asked_to_stop() -> bool:
    """Whether there was a signal to which the process listens."""
    stop = getattr(signal.getsignal(signal.SIGTERM), "_stop", None)
    return stop is not None and stop.signal is not None


class Raising:
    """An acquisition that cannot score."""

    def score(self, view: TargetView) -> torch.Tensor:
        raise RuntimeError("no score today")


def build_counted(iterations: int = 8) -> CountedRecipe:
    """Return the toys' recipe, counted."""
    toy = build_recipe(iterations)
    return CountedRecipe(**{field.name: getattr(toy, field.name) for field in fields(toy) if field.init})


def build_raising() -> Raising:
    """Return the acquisition."""
    return Raising()


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    return ToyPlugin().register_label_spaces()


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    return [*ToyPlugin().register_datasets(), *GrowingPlugin().register_datasets()]


@hookimpl
def register_models() -> list[ModelSpec]:
    return ToyPlugin().register_models()


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    texts = {"summary": "Cross-entropy.", "source": "alseg's tests"}
    return [*ToyPlugin().register_recipes(), RecipeSpec(name="counted", build=build_counted, **texts)]


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    texts = {"summary": "Raises.", "source": "alseg's tests"}
    return [AcquisitionSpec(name="raising", build=build_raising, kind="score", needs=("probs",), **texts)]
