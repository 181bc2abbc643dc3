"""A small registry of components that need neither torch nor files, for tests of experiment files."""

from __future__ import annotations

from typing import Literal

from alseg import (
    AcquisitionSpec,
    AnnotationModeSpec,
    ClassInfo,
    DatasetSpec,
    LabelSpace,
    ModelSpec,
    RecipeSpec,
    hookimpl,
)
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry


def _texts(name: str) -> dict[str, str]:
    return {"name": name, "summary": f"The {name}.", "source": "made up"}


def build_scenes(*, root: object, split: str, size: tuple[int, int] = (16, 32)) -> object:
    return (root, split, size)


def build_photos(*, root: object, split: str) -> object:
    return (root, split)


def build_model(*, num_classes: int, width: int = 4, weights: str = "none") -> object:
    return (num_classes, width, weights)


def build_plain(
    iterations: int = 1000,
    learning_rate: float = 0.01,
    size: tuple[int, int] | None = None,
    schedule: Literal["poly", "constant"] = "poly",
) -> object:
    return (iterations, learning_rate, size, schedule)


def build_other(iterations: int = 50, momentum: float = 0.9) -> object:
    return (iterations, momentum)


def build_radius(radius: int = 1) -> object:
    return radius


def build_required(radius: int) -> object:
    return radius


def build_nothing() -> object:
    return None


class Fakes:
    """Offers something of every kind."""

    @hookimpl
    def register_label_spaces(self) -> list[LabelSpace]:
        classes = (ClassInfo("road", (128, 64, 128)), ClassInfo("sky", (70, 130, 180)))
        return [
            LabelSpace(**_texts("two-classes"), classes=classes),
            LabelSpace(**_texts("same-two"), classes=classes),
        ]

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        return [
            DatasetSpec(**_texts("scenes"), build=build_scenes, label_space="two-classes", needs_root=False),
            DatasetSpec(**_texts("photos"), build=build_photos, label_space="same-two"),
        ]

    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        return [ModelSpec(**_texts("tiny"), build=build_model)]

    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [
            RecipeSpec(**_texts("plain"), build=build_plain),
            RecipeSpec(**_texts("other"), build=build_other),
        ]

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        return [
            AcquisitionSpec(**_texts("random"), build=build_nothing),
            AcquisitionSpec(**_texts("ripu"), build=build_radius),
            AcquisitionSpec(**_texts("windowed"), build=build_required),
            AcquisitionSpec(**_texts("core-set"), build=build_nothing, kind="select", needs=("features",)),
        ]

    @hookimpl
    def register_annotation_modes(self) -> list[AnnotationModeSpec]:
        return [
            AnnotationModeSpec(**_texts("region"), build=build_radius),
            AnnotationModeSpec(**_texts("image"), build=build_nothing, unit="image"),
        ]


def fake_registry() -> Registry:
    """Return the registry, after checking that nothing in it is broken."""
    registry = registry_of(Fakes())
    assert registry.failures == ()
    return registry
