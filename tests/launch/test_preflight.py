from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import alseg_methods
import alseg_partitions
import alseg_recipes
from alseg import DatasetSpec, ModelSpec, RecipeSpec, hookimpl
from alseg.config.experiment import Component
from alseg.contracts import AnnotationModeSpec, PartitionSpec
from alseg.engine.assembly import Assembler
from alseg.launch.preflight import PlannedRun
from alseg.toolkit.recipes import SupervisedRecipe
from alseg_partitions.grid import Grid
from preflights import asking_file, checked, refused
from toys import Stripes, TinyNet, toy_document, toy_registry


def test_costs_are_known_beforehand(tmp_path: Path) -> None:
    asking, everything = (
        checked(tmp_path, document).runs[0]
        for document in (asking_file(), toy_document(methods=[{"label": "All", "target_labels": "all"}]))
    )
    # 20% of 12 x 24 pixels is 57, which pays for 6 windows of 9; six images.
    assert (asking.pixels, asking.pool_pixels) == (342, 1728)
    # A window shows one class at least, and all three and void at most.
    assert asking.clicks == (36, 4 * 36)
    # What outlines cost, label maps tell, which nobody reads before.
    assert (everything.pixels, everything.clicks) == (1728, None)


def test_methods_that_train_for_other_numbers_of_steps_are_named(tmp_path: Path) -> None:
    methods = [
        {"label": "One", "target_labels": "none"},
        {"label": "Two", "target_labels": "none"},
        {"label": "Longer", "target_labels": "none", "recipe": {"iterations": 9}},
    ]
    (note,) = checked(tmp_path, toy_document(methods=methods)).notes
    assert "'One' 8, 'Longer' 9" in note and "iterations" in note
    assert checked(tmp_path, toy_document(methods=methods[:2])).notes == ()


def test_what_clicks_and_regions_buy_is_known_about(tmp_path: Path) -> None:
    def planned(budget: str, annotation: str = "region", **more: object) -> PlannedRun:
        return checked(
            tmp_path, asking_file(budget=budget, annotation=annotation, **more), alseg_partitions
        ).runs[0]

    # 20 windows of 9 pixels at one click each, or fewer dearer ones: 20 clicks are spent all the same.
    windows = planned("20 clicks")
    assert (windows.pixels, windows.clicks, windows.exact) == (180, (20, 20), True)
    # 4 windows in each of six images.
    assert planned("4 clicks/image").pixels == 6 * 36
    # No more than the pool has: 8 x 4 windows of 9 pixels in an image, at four clicks and fewer.
    everything = planned("99999 clicks")
    assert (everything.pixels, everything.clicks) == (1728, (6 * 32, 6 * 32 * 4))
    # What an image costs only its label map tells, but not that more is spent.
    images = planned("20 clicks", "image")
    assert (images.pixels, images.clicks) == (1728, (6, 20))
    # Squares of 16 pixels, three classes and void.
    regions = planned("3 regions", "superpixel", partition={"name": "grid", "side": 4})
    assert (regions.pixels, regions.clicks, regions.exact) == (48, (3, 12), False)


def test_more_pixels_than_the_pool_has_arerefused(tmp_path: Path) -> None:
    assert refused(tmp_path, asking_file(annotation="pixel", budget="1729 px")) == (
        "Method 'Asking': a budget of 1729 px is larger than the pool, which has 1,728 pixels."
    )


def test_an_annotation_mode_of_an_earlier_version_isrefused(tmp_path: Path) -> None:
    class Old:
        questions_per_pick = 1
        propose = footprint = most_pixels = None

    class Plugin:
        @hookimpl
        def register_annotation_modes(self) -> list[AnnotationModeSpec]:
            return [AnnotationModeSpec(name="old", summary="Old.", source="Test.", build=Old)]

    assert refused(tmp_path, asking_file(annotation="old"), Plugin()) == (
        "Annotation mode 'old' of plugin Plugin (unpackaged 0) lacks clicks, most_clicks: it does not fit "
        "this version of alseg. Update the plugin; docs/plugins.md lists what a mode must have."
    )


def test_more_images_than_the_pool_has_arerefused(tmp_path: Path) -> None:
    assert refused(tmp_path, asking_file(annotation="image", budget="7 images")) == (
        "Method 'Asking': a budget of 7 images is larger than the pool, which has 6 images."
    )


def test_more_pixels_than_an_image_has_arerefused(tmp_path: Path) -> None:
    assert refused(tmp_path, asking_file(annotation="pixel", budget="289 px/image")) == (
        "Method 'Asking': a budget of 289 px/image is larger than the smallest image, which has 288 pixels."
    )


def test_a_budget_that_buys_nothing_isrefused(tmp_path: Path) -> None:
    assert refused(tmp_path, asking_file(annotation="image", budget="10%")) == (
        "Method 'Asking': a budget of 10% does not pay for a single question, which reveals 288 pixels. "
        "Raise the budget or choose another annotation mode."
    )


def test_a_spacing_that_leaves_budget_unspent_is_noted(tmp_path: Path) -> None:
    plan = checked(tmp_path, asking_file(annotation={"name": "pixel", "spacing": 11}, budget="20%"))
    # Rows 0 and columns 0, 12 of each image: 2 picks of 1 pixel, six images; 57 pixels each are allowed.
    assert plan.notes == (
        "Method 'Asking' can spend at most 12 of 342 pixels: its picks keep a distance. "
        "Reduce the spacing to spend more.",
    )


class _BlindPlugin:
    """A model without features."""

    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        return [ModelSpec(name="blind", summary="Test.", source="Test.", build=_build_blind)]


def _build_blind(*, num_classes: int) -> TinyNet:
    return TinyNet(num_classes)


def test_an_unmet_need_is_a_skip_with_a_reason(tmp_path: Path) -> None:
    document = asking_file(acquisition="core-set", annotation="image", budget="2 images") | {"model": "blind"}
    (planned,) = checked(tmp_path, document, _BlindPlugin(), alseg_methods).runs
    assert planned.skipped == "acquisition 'core-set' needs features, which model 'blind' does not provide"


class _TersePlugin:
    """A model that names what it provides beside logits, but not these, which every network gives."""

    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        return [
            ModelSpec(
                name="terse", summary="Test.", source="Test.", build=_build_blind, provides=("features",)
            )
        ]


@pytest.mark.parametrize("acquisition", ["margin", "badge"])
def test_every_network_meets_the_need_of_logits_or_of_their_softmax(tmp_path: Path, acquisition: str) -> None:
    asked = {"acquisition": acquisition, "annotation": "image", "budget": "2 images"}
    document = asking_file(**asked) | {"model": "terse"}
    (planned,) = checked(tmp_path, document, _TersePlugin(), alseg_methods).runs
    assert planned.skipped is None


class _Told(SupervisedRecipe):
    """Needs what it is told to."""

    needs: tuple[str, ...] = ("features",)

    def __init__(self, iterations: int = 8, class_names: tuple[str, ...] = ()) -> None:
        super().__init__(iterations=iterations, source_size=None, target_size=None)
        self.class_names = class_names


class _Wrong(_Told):
    needs = ("logits",)


class _ToldPlugin:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [
            RecipeSpec(name=build.__name__[1:].lower(), summary="Test.", source="Test.", build=build)
            for build in (_Told, _Wrong)
        ]


def test_an_unmet_need_of_a_recipe_skips_methods_that_buy_nothing_too(tmp_path: Path) -> None:
    for model, reason in (
        ("blind", "recipe 'told' as it is set up needs features, which model 'blind' does not provide"),
        ("tiny", None),
    ):
        plan = checked(tmp_path, toy_document(model=model, recipe="told"), _BlindPlugin(), _ToldPlugin())
        assert [planned.skipped for planned in plan.runs] == [reason] * 3


def test_a_recipe_can_only_need_features(tmp_path: Path) -> None:
    message = refused(tmp_path, toy_document(recipe="wrong"), _ToldPlugin())
    assert message.endswith(
        ": needs must be a tuple of features and backbone_features, not ('logits',). Mend the plugin."
    )


def test_a_recipe_that_wants_to_know_the_classes_is_told_their_names() -> None:
    made = Assembler(toy_registry(_ToldPlugin())).recipe(Component("told", {"iterations": 5}), "stripes-3")
    assert isinstance(made, _Told)
    assert (made.class_names, made.plan.iterations) == (("red", "green", "blue"), 5)


class _Adaptive:
    """A partition whose regions follow the network."""

    def regions(self, image: object, image_id: str, generator: object) -> None: ...

    def adapt(self, regions: object, view: object) -> None: ...


class _AdaptivePlugin:
    @hookimpl
    def register_partitions(self) -> list[PartitionSpec]:
        spec = {"summary": "Test.", "source": "Test.", "needs": ("features",)}
        return [
            PartitionSpec(name="adaptive", build=lambda: _Adaptive(), **spec),  # type: ignore[arg-type]
            PartitionSpec(name="fixed", build=lambda: Grid(4), **spec),  # type: ignore[arg-type]
        ]


def test_an_unmet_need_of_an_adaptive_partition_is_a_skip_too(tmp_path: Path) -> None:
    for name, reason in (
        ("adaptive", "partition 'adaptive' needs features, which model 'blind' does not provide"),
        ("fixed", None),
    ):
        document = asking_file(partition=name, annotation="superpixel") | {"model": "blind"}
        (planned,) = checked(tmp_path, document, _BlindPlugin(), _AdaptivePlugin()).runs
        assert planned.skipped == reason


class _FaultyStripes(Stripes):
    """Stripes with one label map that holds a class beyond the label space."""

    def label(self, index: int) -> np.ndarray:  # type: ignore[type-arg]
        label = super().label(index)
        if index == 2:
            label[0, 0] = 9
        return label


class _FaultyPlugin:
    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        def build(*, root: Path | None, split: str, count: int = 4) -> Stripes:
            return _FaultyStripes(split, count, (12, 24))

        spec = {"summary": "Test.", "source": "Test.", "label_space": "stripes-3"}
        return [
            DatasetSpec(name="faulty", build=build, needs_root=False, **spec),
            DatasetSpec(name="on-disk", build=build, **spec),
        ]


def test_a_label_outside_the_label_space_is_found_before_training(tmp_path: Path) -> None:
    document = toy_document(scenario={"source": "faulty", "target": "stripes"})
    assert refused(tmp_path, document, _FaultyPlugin()) == (
        "faulty train: The label map of train-2 holds classes that label space stripes-3 does not have: 9. "
        "Use indices 0-2, and 255 for void."
    )


def test_a_budget_below_a_region_of_mean_size_is_noted(tmp_path: Path) -> None:
    # Six squares of 8 x 8 pixels in 12 x 24 pixels, cut at the bottom: 48 pixels on average.
    asks = {"partition": {"name": "grid", "side": 8}, "annotation": "superpixel"}
    plans = [
        checked(tmp_path, asking_file(**asks, budget=budget), alseg_partitions)
        for budget in ("47 px", "48 px")
    ]
    assert plans[0].notes == (
        "Method 'Asking' may buy nothing: its budget of 47 px is less than a region of mean size. Raise it, "
        "or cut smaller regions.",
    )
    assert plans[1].notes == ()


def test_a_recipe_that_learns_nothing_from_sets_of_classes_is_noted(tmp_path: Path) -> None:
    def notes(recipe: str, answer: str) -> tuple[str, ...]:
        document = asking_file(annotation={"name": "region", "answer": answer})
        document["recipe"] = {"name": recipe, "iterations": 8, "source_size": None, "target_size": None}
        return checked(tmp_path, document, alseg_recipes).notes

    assert notes("plain", "classes") == (
        "The recipe of 'Asking' learns nothing from answers that are sets of several classes. Choose a "
        "recipe that learns from sets, or another answer.",
    )
    assert notes("mulactseg", "classes") == notes("plain", "dominant") == ()


def test_an_empty_split_isrefused(tmp_path: Path) -> None:
    document = toy_document(scenario={"source": {"name": "faulty", "count": 0}, "target": "stripes"})
    assert refused(tmp_path, document, _FaultyPlugin()) == "Split 'train' of data set 'faulty' is empty."


def test_an_unknown_split_isrefused(tmp_path: Path) -> None:
    scenario = {"source": "stripes", "target": "stripes", "evaluation_split": "test"}
    message = refused(tmp_path, toy_document(scenario=scenario))
    assert message.endswith(": data set 'stripes' has no split 'test'; splits: train, val")


def test_files_need_a_root(tmp_path: Path) -> None:
    document = toy_document(scenario={"source": "on-disk", "target": "stripes"})
    message = refused(tmp_path, document, _FaultyPlugin())
    assert message.endswith(": data set 'on-disk' reads files: say in which folder it is with 'root'")


class _ScribbledStripes(Stripes):
    """Stripes of which one row in twelve is labelled."""

    def label(self, index: int) -> np.ndarray:  # type: ignore[type-arg]
        label = super().label(index)
        label[1:] = 255
        return label


class _AvowedlyScribbledStripes(_ScribbledStripes):
    most_void = 1.0


class _ScribblePlugin:
    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        def build(*, root: Path | None, split: str) -> Stripes:
            return _ScribbledStripes(split, 4, (12, 24))

        def build_avowed(*, root: Path | None, split: str) -> Stripes:
            return _AvowedlyScribbledStripes(split, 4, (12, 24))

        spec = {"summary": "Test.", "source": "Test.", "label_space": "stripes-3", "needs_root": False}
        return [
            DatasetSpec(name="scribbled", build=build, **spec),
            DatasetSpec(name="avowed", build=build_avowed, **spec),
        ]


def test_a_split_that_is_mostly_void_is_refused_unless_the_data_set_says_that_it_is_usual(
    tmp_path: Path,
) -> None:
    document = toy_document(scenario={"source": "scribbled", "target": "stripes"})
    # 23 of 288 pixels are labelled: 92% are void.
    assert refused(tmp_path, document, _ScribblePlugin()) == (
        "scribbled train: 92% of all pixels are void, more than 50%: the ids do not mean what the data set "
        "takes them for. Use the label maps as they come in the archive."
    )
    document = toy_document(scenario={"source": "avowed", "target": "stripes"})
    assert checked(tmp_path, document, _ScribblePlugin()).notes == ()
