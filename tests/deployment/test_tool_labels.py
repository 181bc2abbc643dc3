"""What was bought, or is predicted, as tasks of annotation tools."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from alseg.cli import export, main
from alseg.deployment.labelled import bought_labels
from alseg.inspection.saved_run import SavedRun
from alseg_annotators._place import Place
from alseg_annotators.cvat_rle import decode_runs
from alseg_annotators.label_studio_rle import decode_mask
from toys import STRIPES, run_toy, toy_registry

SIZE = (12, 24)


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


def bought(run: Path) -> dict[str, NDArray[np.uint8]]:
    saved = SavedRun(run, toy_registry(), None)
    return {image.name: image.label for image in bought_labels(saved, saved.last_round(None)).images}


def test_label_studio_gets_what_was_bought_as_annotations(run: Path, tmp_path: Path) -> None:
    result = alseg("export", run, "--as", "label-studio", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    expected = bought(run)
    assert f"Wrote {len(expected)} label maps as label-studio to " in " ".join(result.stderr.split())
    config = ElementTree.parse(tmp_path / "out" / "labels.xml")
    assert [each.get("value") for each in config.iter("Label")] == [*STRIPES.names, "void"]
    tasks = json.loads((tmp_path / "out" / "tasks-001.json").read_text())
    found = {}
    for task in tasks:
        label = np.full(SIZE, 255, np.uint8)
        assert "predictions" not in task
        for each in task["annotations"][0]["result"]:
            if each["from_name"] == "class":
                mask = decode_mask(each["value"]["rle"], SIZE, Place(Path("x")))
                label[mask] = STRIPES.names.index(each["value"]["labels"][0])
        found[task["data"]["alseg_image"]] = label
        picture = task["data"]["image"].removeprefix("data:image/jpeg;base64,")
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            assert image.size == SIZE[::-1]
    assert found.keys() == expected.keys()
    for name, label in expected.items():
        np.testing.assert_array_equal(found[name], label)


def test_cvat_gets_what_was_bought_as_masks_by_hand(run: Path, tmp_path: Path) -> None:
    result = alseg("export", run, "--as", "cvat", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    expected = bought(run)
    images = list(ElementTree.parse(tmp_path / "out" / "annotations.xml").iter("image"))
    assert [each.get("name") for each in images] == [f"{name}.jpg" for name in expected]
    for element, label in zip(images, expected.values(), strict=True):
        found = np.full(SIZE, 255, np.uint8)
        for mask in element.iter("mask"):
            left, top, width, height = (int(mask.attrib[key]) for key in ("left", "top", "width", "height"))
            inside = decode_runs(mask.attrib["rle"], height, width, Place(Path("x")))
            box = found[top : top + height, left : left + width]
            box[inside] = STRIPES.names.index(mask.attrib["label"])
            assert mask.attrib["source"] == "manual"
        np.testing.assert_array_equal(found, label)
    assert {path.name for path in (tmp_path / "out" / "images").iterdir()} == {
        f"{name}.jpg" for name in expected
    }


def test_predictions_are_marked_as_a_networks(run: Path, tmp_path: Path) -> None:
    what = ("--what", "predictions", "-o")
    assert alseg("export", run, "--as", "label-studio", *what, tmp_path / "studio").exit_code == 0
    tasks = json.loads((tmp_path / "studio" / "tasks-001.json").read_text())
    assert len(tasks) == 6
    assert all("annotations" not in task and task["predictions"][0]["result"] for task in tasks)
    assert alseg("export", run, "--as", "cvat", *what, tmp_path / "cvat").exit_code == 0
    masks = list(ElementTree.parse(tmp_path / "cvat" / "annotations.xml").iter("mask"))
    assert {mask.get("source") for mask in masks} == {"auto"}
    # Every pixel of the six evaluation images has a class.
    lengths = [list(map(int, mask.attrib["rle"].split(", ")))[1::2] for mask in masks]
    assert sum(map(sum, lengths)) == 6 * 12 * 24


def test_what_cannot_be_is_refused_and_nothing_is_written(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    for arguments, message in [
        (("--as", "label-studoi"), "Unknown format 'label-studoi'. Did you mean 'label-studio'?"),
        (("--as", "files"), "Unknown format 'files'."),
        (("--as", "cvat", "--no-images"), "--as cvat writes tasks, which need their images"),
        (("--as", "cvat", "--what", "picks"), "Picks are a table: leave out --as."),
        (("--as", "cvat"), f"{tmp_path / 'mine'} is there already, and is never replaced."),
    ]:
        result = alseg("export", run, *arguments, "-o", tmp_path / "mine", "--force")
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.split())
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "file"]
