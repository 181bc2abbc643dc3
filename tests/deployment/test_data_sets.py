from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from alseg.cli import export, main
from alseg.deployment.coco import annotation_of, run_lengths
from alseg.files import read_json
from alseg.inspection.saved_run import SavedRun
from toys import Stripes, run_toy, toy_registry


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "read_registry", toy_registry)


@pytest.fixture
def run(results: Path) -> Path:
    return next(results.glob("runs/entropy__*"))


def alseg(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def valid_pixels(run: Path) -> int:
    return int(read_json(run / "rounds/02/metrics.json")["cost"]["valid_pixels"])


def decoded(segmentation: dict[str, list[int]]) -> np.ndarray:
    """Return the mask of uncompressed run lengths, by the words of COCO's site: column by column, 0 first."""
    values = np.concatenate(
        [np.full(length, number % 2, bool) for number, length in enumerate(segmentation["counts"])]
    )
    height, width = segmentation["size"]
    return values.reshape(width, height).T


def test_run_lengths_go_down_the_columns_and_begin_with_what_is_not_there() -> None:
    mask = np.array([[1, 0, 0], [1, 1, 0]], bool)
    # Columns: 1 1 | 0 1 | 0 0, so no pixel off, two on, one off, one on, two off.
    assert run_lengths(mask) == [0, 2, 1, 1, 2]
    assert run_lengths(~mask) == [2, 1, 1, 2]
    assert annotation_of(mask) == {
        "segmentation": {"size": [2, 3], "counts": [0, 2, 1, 1, 2]},
        "area": 3,
        "bbox": [0, 0, 2, 2],
        "iscrowd": 0,
    }
    assert annotation_of(np.pad(mask, ((1, 0), (4, 0))))["bbox"] == [4, 1, 2, 2]


def test_run_lengths_are_those_of_pycocotools() -> None:
    reference = pytest.importorskip("pycocotools.mask", reason="the reference of COCO is not installed")
    random = np.random.default_rng(0)
    for _ in range(20):
        mask = random.random((9, 14)) < random.random()
        mask[4, 5] = True
        found = annotation_of(mask)
        packed = reference.frPyObjects(found["segmentation"], 9, 14)
        assert np.array_equal(reference.decode(packed).astype(bool), mask)
        assert int(reference.area(packed)) == found["area"]
        assert reference.toBbox(packed).tolist() == found["bbox"]


def test_coco_has_what_was_bought_and_nothing_else(run: Path, tmp_path: Path) -> None:
    result = alseg("export", run, "--as", "coco", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "annotations.json").read_text(encoding="utf-8"))
    assert content["categories"][2] == {"id": 3, "name": "blue", "color": [0, 0, 255], "isthing": 0}
    assert result.stderr == f"Wrote {len(content['images'])} label maps as coco to {tmp_path}.\n"
    assert sum(each["area"] for each in content["annotations"]) == valid_pixels(run)
    labels, pool = SavedRun(run, toy_registry()).labels(2), Stripes("train", 6, (12, 24))
    for image in content["images"]:
        index = int(image["file_name"].removeprefix("train-").removesuffix(".png"))
        assert np.array_equal(pixels(tmp_path / "images" / image["file_name"]), pool.image(index))
        painted = np.full((12, 24), 255, np.uint8)
        for each in content["annotations"]:
            if each["image_id"] == image["id"]:
                painted[decoded(each["segmentation"])] = each["category_id"] - 1
        assert np.array_equal(painted, labels.revealed(index))


def test_masks_show_colours_and_the_images_lie_beside_them(run: Path, tmp_path: Path) -> None:
    assert alseg("export", run, "--as", "masks", "-o", tmp_path).exit_code == 0
    names = {path.name for path in (tmp_path / "masks").iterdir()}
    assert names == {path.name for path in (tmp_path / "images").iterdir()}
    assert sum(int((pixels(path) != 255).sum()) for path in tmp_path.glob("masks/*")) == valid_pixels(run)
    with Image.open(tmp_path / "masks" / next(iter(names))) as mask:
        indices, colors = np.array(mask), np.array(mask.convert("RGB"))
    assert colors[indices == 255].max() == 0
    assert (colors[indices == 1] == (0, 255, 0)).all()
    rows = list(csv.reader((tmp_path / "classes.csv").open(encoding="utf-8")))
    assert rows[1] == ["0", "red", "255", "0", "0"]


def test_an_earlier_round_has_fewer_labels(run: Path, tmp_path: Path) -> None:
    assert alseg("export", run, "--as", "masks", "--no-images", "--round", "1", "-o", tmp_path).exit_code == 0
    first = sum(int((pixels(path) != 255).sum()) for path in tmp_path.glob("masks/*"))
    assert 0 < first < valid_pixels(run)
    assert not (tmp_path / "images").exists()


def test_huggingface_has_two_pictures_a_row(run: Path, tmp_path: Path) -> None:
    assert alseg("export", run, "--as", "huggingface", "-o", tmp_path).exit_code == 0
    assert json.loads((tmp_path / "id2label.json").read_text()) == {"0": "red", "1": "green", "2": "blue"}
    rows = [json.loads(line) for line in (tmp_path / "train" / "metadata.jsonl").read_text().splitlines()]
    assert rows
    labelled = 0
    for row in rows:
        label = pixels(tmp_path / "train" / row["label_file_name"])
        assert pixels(tmp_path / "train" / row["image_file_name"]).shape == (*label.shape, 3)
        labelled += int((label != 255).sum())
    assert labelled == valid_pixels(run)


def test_datasets_of_huggingface_reads_the_folder(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets of Hugging Face is not installed")
    assert alseg("export", run, "--as", "huggingface", "-o", tmp_path / "out").exit_code == 0
    found = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert set(found.column_names) == {"image", "label"}
    labelled = sum(int((np.array(row["label"]) != 255).sum()) for row in found)
    assert labelled == valid_pixels(run)


def test_predictions_go_into_the_same_formats(run: Path, tmp_path: Path) -> None:
    arguments = ("--what", "predictions", "-o")
    assert alseg("export", run, "--as", "coco", *arguments, tmp_path / "coco").exit_code == 0
    content = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    # Every pixel of the six evaluation images has a class.
    assert sum(each["area"] for each in content["annotations"]) == 6 * 12 * 24
    assert [each["file_name"] for each in content["images"]] == [f"val-{index}.png" for index in range(6)]


def test_of_a_results_folder_one_run_has_to_be_named(results: Path, run: Path, tmp_path: Path) -> None:
    result = alseg("export", results, "--as", "coco", "-o", tmp_path / "out")
    assert result.exit_code == 2
    names = ", ".join(sorted(path.name for path in (results / "runs").iterdir()))
    assert sorted(result.stderr.split(" --run: ")[1].rstrip(".\n").split(", ")) == names.split(", ")
    assert result.stderr.startswith(f"Error: {results} holds 3 such runs. Name one with --run: ")
    assert (
        alseg("export", results, "--as", "coco", "--method", "Entropy", "-o", tmp_path / "out").exit_code == 0
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing option '--what' or '--as': say what is to be written."),
        (
            ("--as", "onnx", "--what", "masks"),
            "--as onnx writes the final network: leave out --what and --round.",
        ),
        (("--as", "coco", "--what", "picks"), "Picks are a table: leave out --as."),
        (("--as", "coco", "--check", "a.png"), "--check is of networks: add --as torchscript or --as onnx."),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: tuple[str, ...], message: str, run: Path
) -> None:
    result = alseg("export", run, *arguments)
    assert result.exit_code == 2
    assert f"Error: {message}\n" in result.stderr
