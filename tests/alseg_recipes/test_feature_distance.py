"""DAFormer's distance to the features that the backbone began with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

import alseg_recipes
from alseg import AlsegError, ModelSpec, RecipeSpec, hookimpl
from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg.launch.preflight import check
from alseg.testing import check_recipe
from alseg.testing.small_network import SmallNetwork, losses_of, modules_of
from alseg_recipes._feature_distance import FirstBackbone, cells_of, feature_distance
from alseg_recipes.daformer import SPEC, DAFormer
from stopping import StopAfter
from toys import TinyNet, prepared_toy, round_bytes, run_folder, run_toy, toy_document

SMALL: dict[str, Any] = {"source_size": None, "target_size": None, "crop": None, "warmup": 0}
NAMES = ("road", "car", "sky", "bicycle")


def batch_of(
    *, bought: int = 0, target_size: tuple[int, int] = (16, 24), source: bool = True, target: bool = True
) -> TrainingBatch:
    """Return two images of each domain; of the source three stripes, of the target some rows labelled."""
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (2, *target_size), generator=random)
    labels[:, bought:] = IGNORE_INDEX
    return TrainingBatch(
        iteration=0,
        source_images=torch.randn((2, 3, 16, 24), generator=random) if source else None,
        source_labels=torch.arange(24).expand(2, 16, 24) // 8 if source else None,
        target_images=torch.randn((2, 3, *target_size), generator=random) if target else None,
        target_labels=labels if target else None,
        source_labelled=source or None,
        target_labelled=bought > 0 if target else None,
    )


def test_cells_are_those_that_a_thing_fills_as_in_the_released_code() -> None:
    labels = torch.zeros((1, 8, 12), dtype=torch.int64)
    labels[0, :4, :4] = 1  # all of the first cell
    labels[0, :3, 4:8] = 1  # three quarters of the second
    labels[0, :4, 8:10] = 1  # half of the third
    labels[0, 4:, :4] = IGNORE_INDEX  # void is a class of its own
    labels[0, 4:, 8:] = 3
    assert cells_of(labels, (2, 3), [1, 3], 0.75, 4).tolist() == [[[True, True, False], [False, False, True]]]
    assert cells_of(labels, (2, 3), [1], 0.76, 4).tolist() == [[[True, False, False], [False, False, False]]]


def test_cells_of_a_grid_that_does_not_divide_the_label_map_overlap() -> None:
    labels = torch.zeros((1, 5, 5), dtype=torch.int64)
    labels[0, :3, :3] = 1
    # Cells of 3 x 3 pixels that share the middle row and column.
    assert cells_of(labels, (2, 2), [1], 1.0, 2).tolist() == [[[True, False], [False, False]]]


def test_the_distance_is_euclidean_and_the_mean_over_cells() -> None:
    features = torch.zeros((1, 2, 1, 3), requires_grad=True)
    first = torch.tensor([[[[3.0, 1.0, 6.0]], [[4.0, 1.0, 8.0]]]])
    distance = feature_distance(features, first, torch.tensor([[[True, False, True]]]))
    # Triangles of 3, 4, 5 and 6, 8, 10.
    assert distance.item() == 7.5
    distance.backward()
    assert features.grad is not None
    expected = torch.tensor([[[[-0.3, 0.0, -0.3]], [[-0.4, 0.0, -0.4]]]])
    torch.testing.assert_close(features.grad, expected)


def test_without_a_cell_and_at_the_first_features_there_is_no_gradient() -> None:
    for first, cells in ((1.0, False), (0.0, True)):
        features = torch.zeros((1, 2, 1, 1), requires_grad=True)
        distance = feature_distance(features, torch.full((1, 2, 1, 1), first), torch.full((1, 1, 1), cells))
        distance.backward()
        assert (
            distance.item() == 0 and features.grad is not None and features.grad.tolist() == [[[[0]], [[0]]]]
        )


def test_the_first_backbone_stays_as_it_is_in_evaluation_and_has_no_state() -> None:
    network = SmallNetwork().train()
    first = FirstBackbone(network).train()
    images = torch.randn(1, 3, 8, 8)
    before = first(images)
    assert torch.equal(before, network.backbone_features(images)) and not before.requires_grad
    with torch.no_grad():
        network.backbone.weight.add_(1)
    assert torch.equal(first(images), before)
    assert not any(module.training for module in first.modules())
    assert first.state_dict() == {}
    first.load_state_dict({})
    assert torch.equal(first(images), before)


def recipe_of(**changes: Any) -> DAFormer:
    return DAFormer(**SMALL, feature_distance=0.005, class_names=NAMES, **changes)


def test_a_step_has_the_weighted_distance_of_source_images_and_its_other_losses_stay() -> None:
    batch = batch_of(bought=2)
    network, recipe = SmallNetwork(), recipe_of(feature_share=0.5)
    modules = modules_of("", recipe, network)
    with torch.no_grad():
        network.backbone.bias.add_(0.5)
    losses = losses_of(recipe, network, modules, batch)
    assert batch.source_images is not None and batch.source_labels is not None
    moved, first = network.backbone_features(batch.source_images), modules["pretrained"](batch.source_images)
    # Cells of 2 x 2 pixels with at least two pixels of class 1, the car; of 24 columns it has 8 to 15.
    cells = functional.avg_pool2d((batch.source_labels == 1).float(), 2) >= 0.5
    assert cells.sum() == 2 * 8 * 4
    expected = 0.005 * (moved - first).square().sum(1).sqrt()[cells].mean()
    torch.testing.assert_close(losses["features"], expected, rtol=1e-6, atol=0)
    plain = DAFormer(**SMALL)
    others = losses_of(plain, network, modules_of("", plain, SmallNetwork()), batch)
    assert {**others, "features": losses["features"]} == losses
    assert list(losses) == ["source", "target", "features", "mixed"]


def test_of_unequal_sizes_and_without_labels_only_source_images_are_measured() -> None:
    for batch in (batch_of(bought=2, target_size=(8, 12)), batch_of(), batch_of(target=False)):
        network, recipe = SmallNetwork(), recipe_of()
        modules = modules_of("", recipe, network)
        assert losses_of(recipe, network, modules, batch)["features"].item() == 0
    assert "features" not in losses_of(recipe, network, modules, batch_of(bought=2, source=False))


def test_the_recipe_keeps_the_contract_with_the_distance() -> None:
    check_recipe(SPEC, feature_distance=0.005, feature_classes=("class 1", "class 2"))


def test_classes_are_the_things_that_the_label_space_has_unless_they_are_named() -> None:
    assert recipe_of()._feature_classes() == [1, 3]
    assert recipe_of(feature_classes=("sky",))._feature_classes() == [2]
    with pytest.raises(AlsegError) as raised:
        recipe_of(feature_classes=("cars",))
    assert str(raised.value) == (
        "Recipe 'daformer': feature_classes has 'cars', but the label space has road, car, sky, bicycle."
    )
    with pytest.raises(AlsegError) as raised:
        DAFormer(**SMALL, feature_distance=0.005, class_names=("red", "green"))
    assert str(raised.value) == (
        "Recipe 'daformer': feature_distance is measured on things, but the label space has red, green. Name "
        "those that are things in feature_classes, or set feature_distance to 0."
    )


class Backed(TinyNet):
    """A network with backbone features."""

    def __init__(self, num_classes: int, pretrained: bool) -> None:
        super().__init__(num_classes)
        self.pretrained = pretrained

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.body(images)
        return maps


class BackedPlugin:
    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        provides = ("logits", "probs", "features", "backbone_features")
        texts = {"summary": "Test.", "source": "Test.", "provides": provides}
        return [
            ModelSpec(name="backed", build=_pretrained, **texts),  # type: ignore[arg-type]
            ModelSpec(name="random", build=_random, **texts),  # type: ignore[arg-type]
        ]


def _pretrained(*, num_classes: int) -> Backed:
    return Backed(num_classes, pretrained=True)


def _random(*, num_classes: int) -> Backed:
    return Backed(num_classes, pretrained=False)


def document(model: str = "backed", **recipe: object) -> dict[str, object]:
    given = {
        "name": "daformer",
        "iterations": 8,
        "learning_rate": 0.05,
        "warmup": 2,
        "source_size": None,
        "target_size": None,
        "crop": [8, 16],
        "feature_distance": 0.5,
        "feature_classes": ["red", "blue"],
        **recipe,
    }
    methods: Any = toy_document()["methods"]
    return toy_document(methods=methods[:2], recipe=given, model=model)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            "tiny",
            "recipe 'daformer' as it is set up needs backbone_features, which model 'tiny' does not provide",
        ),
        (
            "random",
            "recipe 'daformer' as it is set up needs features of pretrained weights, but the backbone of "
            "model 'random' begins with random ones; give the model weights",
        ),
        ("backed", None),
    ],
)
def test_without_pretrained_features_all_methods_are_skipped_with_a_reason(
    tmp_path: Path, model: str, reason: str | None
) -> None:
    prepared = prepared_toy(tmp_path, document(model), alseg_recipes, BackedPlugin())
    plan = check(prepared.experiment.runs(), prepared.assembler)
    assert [planned.skipped for planned in plan.runs] == [reason, reason]
    off = prepared_toy(tmp_path, document(model, feature_distance=0), alseg_recipes, BackedPlugin())
    assert [planned.skipped for planned in off.plan.runs] == [None, None]


@pytest.mark.parametrize("start", ["continue", "initial"])
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path: Path, start: str) -> None:
    through, stopped = (
        tmp_path / "through",
        tmp_path / "stopped",
    )
    given = document() | {"round_start": start, "settings": {"device": "cpu", "checkpoint_minutes": 1e-9}}
    plugins = (alseg_recipes, BackedPlugin())
    assert run_toy(through, given, *plugins).done == 2
    stop = StopAfter("train", 3, 1)
    assert run_toy(stopped, given, *plugins, reporter=stop).signal is not None
    assert run_toy(stopped, given, *plugins).done == 2
    first, second = (round_bytes(run_folder(folder, "entropy")) for folder in (through, stopped))
    assert first == second and first


class Spying(DAFormer):
    """Notes how far features have moved."""

    moved: list[float] = []  # noqa: RUF012

    def losses(self, *given: Any) -> Any:
        losses = super().losses(*given)
        self.moved.append(losses["features"].item())
        return losses


class SpyingPlugin:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [RecipeSpec(name="spying", summary="Test.", source="Test.", build=Spying)]


def test_in_a_run_the_distance_grows_from_0_and_checkpoints_hold_no_second_backbone(tmp_path: Path) -> None:
    Spying.moved.clear()
    given = document(name="spying")
    given["methods"] = given["methods"][:1]  # type: ignore[index]
    assert run_toy(tmp_path, given, SpyingPlugin(), BackedPlugin()).done == 1
    assert Spying.moved[0] == 0 and Spying.moved[-1] > 0
    (path,) = run_folder(tmp_path, "source-only").glob("weights.pt")
    modules = torch.load(path, weights_only=True).get("modules", {})
    assert not modules.get("pretrained")
