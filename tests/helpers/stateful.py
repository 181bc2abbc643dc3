"""A recipe with everything that a recipe may have, small: a teacher, a discriminator, a memory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

import torch
from torch.nn import functional as F

from alseg import hookimpl
from alseg.contracts import (
    IGNORE_INDEX,
    AcquisitionSpec,
    Derivation,
    DerivationView,
    Forward,
    RecipeSpec,
    SegmentationModel,
    TargetView,
    TrainingBatch,
)
from alseg.toolkit.recipes import SupervisedRecipe
from toys import toy_document

Modules = Mapping[str, torch.nn.Module]


class Memory(torch.nn.Module):
    """The mean logits of the target so far; changed in every step, trained in none."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(classes))

    def add(self, logits: torch.Tensor) -> torch.Tensor:
        """Move the mean towards that of logits, float ``(B, C, H, W)``; return it, float ``(C,)``."""
        mean = cast(torch.Tensor, self.mean)
        mean.lerp_(logits.detach().mean((0, 2, 3)), 0.5)
        return mean.clone()


@dataclass(kw_only=True)
class TeacherRecipe(SupervisedRecipe):
    """Cross-entropy, closeness to a teacher and to a memory, and a discriminator of the two domains."""

    title: ClassVar[str] = "teacher"
    seen: ClassVar[list[tuple[int, int, int]]] = []
    """Iteration, round and rounds of the batches of this process."""

    iterations: int = 8
    learning_rate: float = 0.05
    source_size: tuple[int, int] | None = None
    target_size: tuple[int, int] | None = None

    derive_at: float | None = None
    derive_restart: Literal["continue", "initial"] = "continue"
    derive_rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.derivation = None
        if self.derive_at is not None:
            self.derivation = Derivation(
                at=self.derive_at,
                restart=self.derive_restart,
                needs=("probs", "output:domain"),
                rate=self.derive_rate,
            )

    def modules(self, model: SegmentationModel) -> Modules:
        """Return a teacher, a discriminator and a memory."""
        teacher = copy.deepcopy(cast(torch.nn.Module, model)).requires_grad_(False)
        return {"teacher": teacher, "discriminator": torch.nn.Conv2d(3, 1, 1), "memory": Memory(3)}

    def make_optimizers(
        self, model: SegmentationModel, modules: Modules
    ) -> Mapping[str, torch.optim.Optimizer]:
        """Return the network's and the discriminator's optimiser."""
        return {
            "network": self.make_optimizer(model),
            "discriminator": torch.optim.Adam(modules["discriminator"].parameters(), 0.01),
        }

    def losses(  # type: ignore[override]
        self, forward: Forward, batch: TrainingBatch, modules: Modules
    ) -> Mapping[str, torch.Tensor]:
        """Return four losses."""
        self.seen.append((batch.iteration, batch.round, batch.rounds))
        losses = dict(super().losses(forward, batch))
        assert batch.source_images is not None and batch.target_images is not None
        student = forward(batch.target_images)
        with torch.no_grad():
            taught = forward(batch.target_images, modules["teacher"])
            source = forward(batch.source_images)
        losses["consistency"] = F.mse_loss(student, taught)
        losses["memory"] = F.mse_loss(student.mean((0, 2, 3)), cast(Any, modules["memory"]).add(student))
        told = [modules["discriminator"](logits.detach().softmax(1)) for logits in (source, student)]
        losses["discriminator"] = sum(
            (F.binary_cross_entropy_with_logits(each, torch.full_like(each, domain)))
            for domain, each in enumerate(told)
        )  # type: ignore[assignment]
        # Through the discriminator without its weights: this loss trains the network alone.
        fixed = {name: value.detach() for name, value in modules["discriminator"].named_parameters()}
        weight, bias = (next(v for n, v in fixed.items() if n.endswith(end)) for end in ("weight", "bias"))
        fooled = F.conv2d(student.softmax(1).to(weight.dtype), weight, bias)
        losses["adversarial"] = F.binary_cross_entropy_with_logits(fooled, torch.zeros_like(fooled))
        return losses

    def after_step(self, model: SegmentationModel, modules: Modules, iteration: int) -> None:
        """Move the teacher half the way to the network."""
        network = cast(torch.nn.Module, model)
        for of_teacher, own in zip(modules["teacher"].parameters(), network.parameters(), strict=True):
            of_teacher.lerp_(own, 0.5)

    def outputs(
        self, model: SegmentationModel, modules: Modules, images: torch.Tensor, logits: torch.Tensor
    ) -> Mapping[str, torch.Tensor]:
        """Return what the discriminator says of each place, ``domain``."""
        assert not modules["teacher"].training
        return {"domain": modules["discriminator"](logits.softmax(1))}

    def derive(self, view: DerivationView, modules: Modules) -> torch.Tensor | None:
        """Return likely classes beside what was bought; nothing for every fourth image or so."""
        assert view.revealed is not None and not modules["memory"].training
        if torch.rand((), generator=view.generator) < 0.25:
            return None
        confidence, classes = (view.probs + view.outputs["domain"].std() / 100).max(0)
        likely = confidence > torch.rand(view.size, generator=view.generator)
        guessed = torch.where(likely, classes.to(torch.uint8), IGNORE_INDEX).to(torch.uint8)
        return torch.where(view.asked >= 0, view.revealed, guessed)


class FarFromSource:
    """Asks where the discriminator sees the target."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return what it says, resized."""
        (domain,) = F.interpolate(view.outputs["domain"][None], view.size, mode="bilinear")[0]
        return domain


class StatefulPlugin:
    """Registers the recipe, and an acquisition that needs an output of it."""

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        """Offer ``far-from-source``."""
        return [
            AcquisitionSpec(
                name="far-from-source",
                summary="Where the discriminator sees the target.",
                source="alseg's tests",
                build=FarFromSource,
                needs=("output:domain",),
            )
        ]

    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        """Offer ``toy-teacher``."""
        return [
            RecipeSpec(
                name="toy-teacher",
                summary="A teacher, a discriminator and a memory.",
                source="alseg's tests",
                build=TeacherRecipe,
                provides=("output:domain",),
            )
        ]


def stateful_document(recipe: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return an experiment with one method that buys twice and is trained by the recipe."""
    return toy_document(
        **{
            "recipe": {"name": "toy-teacher", "iterations": 8, **(recipe or {})},
            "methods": [toy_document()["methods"][1]],  # type: ignore[index]
            **changes,
        }
    )
