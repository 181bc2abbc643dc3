from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

import alseg_baselines
import alseg_driving
import alseg_streets
from alseg import hookimpl
from alseg.cli import main
from alseg.contracts import Dataset, LabelSpace, ModelSpec
from alseg.data.inference_samples import InferenceSamples
from alseg.evaluation.prediction_files import id_table
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry
from alseg.toolkit.labels import translation
from alseg.training import checkpoint
from alseg_driving.camvid import build_camvid
from alseg_driving.cityscapes import build_cityscapes
from alseg_driving.ids import CLASS_IDS
from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19, SYNTHIA_16
from toys import TinyNet, ToyPlugin, run_folder, run_toy, toy_document


class NearestColor(torch.nn.Module):
    """Says of every pixel which class colour is nearest; mirroring changes nothing."""

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.scorer = torch.nn.Conv2d(3, num_classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.scorer(images)


class CoarseColor(NearestColor):
    """Says it of one pixel in 64, and sees more in what lies to the left: mirroring changes something."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        shifted = (images + images.roll(5, dims=-1)) / 2
        return self.scorer(torch.nn.functional.avg_pool2d(shifted, 8))


def build_coarse_color(*, num_classes: int, weights: str = "imagenet") -> CoarseColor:
    return CoarseColor(num_classes)


def build_nearest_color(*, num_classes: int, weights: str = "imagenet") -> NearestColor:
    assert weights == "none", "weights that the checkpoint replaces must not be downloaded"
    return NearestColor(num_classes)


def weights_of(space: LabelSpace) -> dict[str, torch.Tensor]:
    """Return weights with which the colours of the classes are their colours in the label space."""
    return nearest(torch.tensor([info.color for info in space.classes]) / 255)


def nearest(colors: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return weights with which the largest logit is that of the nearest of some colours, ``(C, 3)``, 0-1."""
    # -|x - c|^2 = 2 c x - |c|^2 - |x|^2, and |x|^2 is the same for all classes.
    return {"scorer.weight": 2 * colors[:, :, None, None], "scorer.bias": -colors.square().sum(1)}


class ColorPlugin:
    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        return [
            ModelSpec(
                name="nearest-color", summary="Nearest colour.", source="a test", build=build_nearest_color
            ),
            ModelSpec(name="coarse-color", summary="At stride 8.", source="a test", build=build_coarse_color),
        ]


@pytest.fixture(autouse=True)
def _only_these_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Registry:
        registry = registry_of(ToyPlugin(), ColorPlugin(), alseg_baselines, alseg_driving, alseg_streets)
        assert registry.failures == ()
        return registry

    monkeypatch.setattr("alseg.registry.loading.load_registry", load)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the root of a made-up Cityscapes whose four validation images show every class."""
    alseg_driving.cityscapes.write_fake(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "nearest.pth"
    torch.save(weights_of(CITYSCAPES_19), path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["eval", *map(str, arguments), "--device", "cpu"])


def run_on_cityscapes(weights: Path, root: Path, *more: str | Path) -> Result:
    return run(weights, "--model", "nearest-color", "--dataset", "cityscapes", "--root", root, *more)


def numbers(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


# ----------------------------------------------------------------------------------------------------
# The official evaluation


def official_evaluation(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the evaluation script of cityscapesScripts, which only its 3D boxes need a dependency for."""
    if importlib.util.find_spec("pyquaternion") is None:
        stand_in = types.ModuleType("pyquaternion")
        stand_in.Quaternion = object  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pyquaternion", stand_in)
    script = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling",
        reason="the package cityscapesscripts is not installed",
    )
    for option, value in {"evalInstLevelScore": False, "JSONOutput": False, "quiet": True}.items():
        monkeypatch.setattr(script.args, option, value)
    return script


def mean_colors(dataset: Dataset) -> torch.Tensor:
    """Return the mean colour of each of the 19 classes, ``(19, 3)``, 0-1."""
    images = np.concatenate([dataset.image(index).reshape(-1, 3) for index in range(len(dataset))])
    labels = np.concatenate([dataset.label(index).ravel() for index in range(len(dataset))])
    means = [images[labels == index].mean(axis=0) / 255 for index in range(19)]
    return torch.tensor(np.stack(means), dtype=torch.float32)


@pytest.mark.parametrize("flip", ["--flip", "--no-flip"])
def test_iou_is_that_of_the_official_cityscapes_evaluation(
    flip: str, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = official_evaluation(monkeypatch)
    root, ids = tmp_path / "data", tmp_path / "ids"
    # Twelve images of val show all 19 classes.
    made = CliRunner().invoke(main, ["data", "fake", "cityscapes", str(root), "--count", "12"])
    assert made.exit_code == 0, made.output
    torch.save(nearest(mean_colors(build_cityscapes(root=root, split="val"))), weights)
    ours = numbers(
        run_on_cityscapes(weights, root, "--json", "--save-ids", ids, flip, "--size", "48x96", "--batch", "4")
    )
    labels = sorted(map(str, (root / "cityscapes/gtFine/val").rglob("*_gtFine_labelIds.png")))
    monkeypatch.setattr(script.args, "predictionPath", str(ids))
    monkeypatch.setattr(script.args, "predictionWalk", None)
    predictions = [script.getPrediction(script.args, label) for label in labels]
    theirs = script.evaluateImgLists(predictions, labels, script.args)
    assert len(labels) == 12
    assert ours["absent"] == []
    for name in CITYSCAPES_19.names:
        assert ours["iou"][name] == pytest.approx(100 * theirs["classScores"][name], abs=1e-6)
    assert ours["miou"] == pytest.approx(100 * theirs["averageScoreClasses"], abs=1e-6)
    # A comparison of zeros would say little.
    assert sum(iou > 1 for iou in ours["iou"].values()) > 10


def test_predictions_are_those_of_the_released_evaluation_pixel_for_pixel(
    root: Path, weights: Path, tmp_path: Path
) -> None:
    options = ("--flip", "--size", "48x96", "--batch", "3", "--save-ids", tmp_path / "ids")
    result = run(weights, "--model", "coarse-color", "--dataset", "cityscapes", "--root", root, *options)
    assert result.exit_code == 0, result.output
    model, dataset = CoarseColor(19), build_cityscapes(root=root, split="val")
    model.load_state_dict(weights_of(CITYSCAPES_19))
    table = id_table(CITYSCAPES_19, dataset, CITYSCAPES_19)
    samples = InferenceSamples(dataset, (48, 96))
    for index in range(len(dataset)):
        image = samples[index][1][None] / 255
        with torch.no_grad():
            both = model(torch.cat([image, image.flip(-1)]))
        # Released: from stride 8 straight to the labels' size, softmax, the mirrored one back, mean.
        resized = torch.nn.functional.interpolate(
            both, size=dataset.size(index), mode="bilinear", align_corners=True
        )
        own, mirrored = resized.softmax(1)
        expected = ((own + mirrored.flip(-1)) / 2).argmax(0).numpy()
        saved = np.asarray(Image.open(tmp_path / "ids" / f"{dataset.image_id(index)}_labelIds.png"))
        assert np.array_equal(saved, table[expected])
        assert len(np.unique(expected)) > 3


# ----------------------------------------------------------------------------------------------------
# Kinds of checkpoints


def test_a_checkpoint_of_alseg_a_state_dict_and_its_parts_give_the_same(
    root: Path, weights: Path, tmp_path: Path
) -> None:
    model = NearestColor(19)
    model.load_state_dict(weights_of(CITYSCAPES_19))
    ours, parts = tmp_path / "checkpoint.pt", tmp_path / "parts.pth"
    checkpoint.save(ours, iteration=1234, model=model, optimizer=torch.optim.SGD(model.parameters(), 0.1))
    torch.save(
        {
            "iteration": 7,
            "scorer": {f"module.{key}": value for key, value in model.scorer.state_dict().items()},
            "optimizer_scorer": {"state": {}, "param_groups": []},
        },
        parts,
    )
    of_state = numbers(run_on_cityscapes(weights, root, "--json"))
    of_ours = numbers(run_on_cityscapes(ours, root, "--json"))
    of_parts = numbers(run_on_cityscapes(parts, root, "--json"))
    assert of_state["confusion"] == of_ours["confusion"] == of_parts["confusion"]
    assert [found["iteration"] for found in (of_state, of_ours, of_parts)] == [None, 1234, 7]


def test_a_checkpoint_of_other_classes_is_refused_with_what_differs(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "sixteen.pth"
    torch.save(weights_of(SYNTHIA_16), path)
    result = run_on_cityscapes(path, root)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Error: The weights in {path} do not fit nearest-color. 2 of another shape: "
        "scorer.weight (file 16x3x1x1, model 19x3x1x1), scorer.bias (file 16, model 19). "
    )


def test_a_checkpoint_of_a_later_version_is_refused(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "later.pt"
    torch.save({"format": 2, "iteration": 1, "model": weights_of(CITYSCAPES_19)}, path)
    result = run_on_cityscapes(path, root)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {path} has format 2; this version reads 1.\n",
    )


def test_a_run_folder_says_itself_what_it_is_and_gives_the_runs_own_result(tmp_path: Path) -> None:
    run_toy(tmp_path)
    folder = run_folder(tmp_path, "source-only")
    for shared in (tmp_path / "results/toy/shared").glob("*/checkpoint.pt"):
        shutil.copy(shared, folder / "weights.pt")
    recorded = json.loads((folder / "rounds/00/metrics.json").read_text())
    found = numbers(run(folder, "--json"))
    assert found["iteration"] == recorded["iteration"]
    assert (found["miou"], found["iou"]) == (recorded["miou"], recorded["iou"])
    assert (found["model"]["name"], found["dataset"]["name"], found["split"]) == ("tiny", "stripes", "val")


def test_what_is_given_goes_before_what_the_run_says(tmp_path: Path) -> None:
    run_toy(tmp_path)
    folder = run_folder(tmp_path, "source-only")
    for shared in (tmp_path / "results/toy/shared").glob("*/checkpoint.pt"):
        shutil.copy(shared, folder / "weights.pt")
    given = ("dataset.count=2", "--split", "train", "--size", "24x48", "--flip", "--json")
    found = numbers(run(folder / "weights.pt", *given))
    assert (found["images"], found["split"], found["size"], found["flip"]) == (2, "train", [24, 48], True)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {tmp_path} is no run folder: it has no run.json. Name a run folder or a checkpoint.\n",
    )


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    result = run(tmp_path / "none.pt")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: No checkpoint at {tmp_path / 'none.pt'}. Name a run folder or a checkpoint.\n",
    )


def test_model_and_data_set_are_asked_for(weights: Path) -> None:
    assert run(weights).stderr == (
        f"Error: {weights} does not say of which network it is: name it with --model NAME.\n"
    )
    assert run(weights, "--model", "nearest-color").stderr == (
        "Error: No data set to evaluate on: name it with --dataset NAME.\n"
    )


def test_an_unknown_parameter_is_answered_with_the_nearest(root: Path, weights: Path) -> None:
    result = run_on_cityscapes(weights, root, "weigths=none")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: 'nearest-color': unknown parameter 'weigths' of 'nearest-color', did you mean 'weights'?\n",
    )


# ----------------------------------------------------------------------------------------------------
# What is counted and shown


def test_labels_are_counted_at_their_own_size(root: Path, weights: Path) -> None:
    found = numbers(run_on_cityscapes(weights, root, "--json", "--size", "32x64"))
    # 64 x 128 pixels, of which the lowest 4 rows are void, in 4 images.
    assert sum(map(sum, found["confusion"])) == 4 * 60 * 128


def test_mirrored_averaging_changes_predictions_that_depend_on_the_side(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = tmp_path / "random.pt"
    torch.save(TinyNet(num_classes=3).state_dict(), weights)
    common = (weights, "--model", "tiny", "--dataset", "stripes", "--json")
    plain, flipped = numbers(run(*common, "--no-flip")), numbers(run(*common, "--flip"))
    assert (plain["flip"], flipped["flip"]) == (False, True)
    assert plain["confusion"] != flipped["confusion"]


def test_windows_are_those_of_the_run_unless_others_are_given(tmp_path: Path) -> None:
    scenario = {"source": "stripes", "target": {"name": "stripes", "height": 24, "width": 40}}
    windows = {"window": [16, 16], "overlap": 0.5}
    run_toy(tmp_path, toy_document(scenario=scenario, evaluation=windows))
    folder = run_folder(tmp_path, "entropy")
    recorded = json.loads((folder / "rounds/02/metrics.json").read_text())
    found, whole = numbers(run(folder, "--json")), numbers(run(folder, "--json", "--window", "none"))
    assert (found["window"], found["overlap"], found["miou"]) == ([16, 16], 0.5, recorded["miou"])
    assert (whole["window"], whole["overlap"]) == (None, None)
    assert whole["confusion"] != found["confusion"]
    text = run(folder, "--window", "16x32").stdout
    assert "input native size (height x width), windows of 16 x 32, without mirrored averaging" in text


def test_windows_that_cannot_be_are_refused(weights: Path, root: Path) -> None:
    assert run_on_cityscapes(weights, root, "--overlap", "0.5").stderr == (
        "Error: --overlap needs windows. Give their size with --window HxW.\n"
    )
    assert (
        "both sides must be at least 16 pixels" in run_on_cityscapes(weights, root, "--window", "8x64").stderr
    )


def test_the_table_shows_every_class_and_means_over_subsets(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "sixteen.pth"
    torch.save(weights_of(SYNTHIA_16), path)
    result = run_on_cityscapes(path, root, "--label-space", "synthia-16")
    assert result.exit_code == 0, result.output
    heading, data = result.stdout.splitlines()[:2]
    assert heading == f"{path}: nearest-color"
    assert data == (
        "cityscapes val: 4 images, synthia-16, input native size (height x width), without mirrored averaging"
    )
    rows = [re.split(r"\s{2,}", line.strip())[0] for line in result.stdout.splitlines()[5:]]
    assert rows == [*SYNTHIA_16.names, "mean of 16", "mean of 13", "pixel accuracy"]


def test_a_class_without_labels_is_left_out_of_the_mean_and_named(root: Path, weights: Path) -> None:
    # Raw id 7 is road: only road is left in the labels.
    for path in (root / "cityscapes/gtFine/val").rglob("*_labelIds.png"):
        Image.new("L", (128, 64), 7).save(path)
    found = numbers(run_on_cityscapes(weights, root, "--json"))
    assert found["absent"] == list(CITYSCAPES_19.names[1:])
    assert found["miou"] == found["iou"]["road"]
    assert found["iou"]["sky"] is None
    shown = run_on_cityscapes(weights, root).stdout
    assert "\nLeft out of the mean, for no label shows them: sidewalk, building, " in shown


# ----------------------------------------------------------------------------------------------------
# Files


def test_predictions_are_written_in_colours_and_in_label_ids(
    root: Path, weights: Path, tmp_path: Path
) -> None:
    colors, ids = tmp_path / "colors", tmp_path / "ids"
    numbers(run_on_cityscapes(weights, root, "--json", "--save-colors", colors, "--save-ids", ids))
    name = "frankfurt_000004_000019"
    assert sorted(path.name for path in ids.iterdir())[0] == f"{name}_labelIds.png"
    with Image.open(ids / f"{name}_labelIds.png") as file:
        assert (file.mode, file.size) == ("L", (128, 64))
        written = np.asarray(file)
    assert set(np.unique(written).tolist()) <= set(CLASS_IDS)
    with Image.open(colors / f"{name}_color.png") as file:
        painted = np.asarray(file)
    palette = {raw: info.color for raw, info in zip(CLASS_IDS, CITYSCAPES_19.classes, strict=True)}
    assert all(tuple(painted[y, 5]) == palette[int(written[y, 5])] for y in range(64))


def test_colours_and_ids_need_folders_of_their_own(root: Path, weights: Path, tmp_path: Path) -> None:
    place = tmp_path / "out"
    result = run_on_cityscapes(weights, root, "--save-colors", place, "--save-ids", place / "ids")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: Colours ({place}) and label ids ({place / 'ids'}) need folders of their own, none in the "
        "other: the official evaluation scripts take every file that starts with an image's name.\n",
    )


def test_label_ids_of_sixteen_classes_are_those_of_cityscapes(root: Path) -> None:
    dataset = build_cityscapes(root=root, split="val")
    table = id_table(SYNTHIA_16, dataset, CITYSCAPES_19)
    # Without terrain (22), truck (27) and train (31).
    assert table[:16].tolist() == [7, 8, 11, 12, 13, 17, 19, 20, 21, 23, 24, 25, 26, 28, 32, 33]


def test_classes_without_an_id_are_refused(root: Path, weights: Path, tmp_path: Path) -> None:
    result = run_on_cityscapes(weights, root, "--label-space", "camvid-11", "--save-ids", tmp_path / "ids")
    # Cityscapes has no single class for these.
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Label ids cannot be written: 'cityscapes-19' has no class for tree, sign symbol, bicyclist "
        "of 'camvid-11'.\n",
    )


def test_raw_ids_lead_back_to_the_classes(tmp_path: Path) -> None:
    alseg_driving.camvid.write_fake(tmp_path, count=1)
    dataset = build_camvid(root=tmp_path, split="val")
    table = id_table(CAMVID_11, dataset, CAMVID_11)
    assert table[:11].tolist() == list(range(11))
    assert table[255] == 11
    assert (translation(CAMVID_11, CAMVID_11)[:11] == np.arange(11)).all()


def test_a_device_that_torch_does_not_have_is_refused(weights: Path) -> None:
    arguments = ("eval", weights, "--model", "nearest-color", "--dataset", "cityscapes", "--device", "tpu")
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 2
    assert "'tpu' is none of auto, cpu, cuda, cuda:N and mps." in result.stderr
