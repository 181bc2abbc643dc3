from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from alseg.cli import export, main, show
from alseg.data.subset import evenly
from alseg.errors import AlsegError
from alseg.files import read_json
from alseg.inspection.legend import draw_legend
from alseg.inspection.pictures import NEW, OLD, draw_picks, encode_marks, heat, marks
from alseg.inspection.saved_run import SavedRun
from alseg.storage.ledger import Purchase
from alseg.storage.round_files import read_image_counts
from alseg.toolkit.metrics import confusion_counts
from toys import STRIPES, run_toy, toy_registry


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (show, export):
        monkeypatch.setattr(module, "read_registry", toy_registry)


def run_of(results: Path, start: str) -> Path:
    return next(results.glob(f"runs/{start}__*"))


def alseg(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_picks_of_the_round_and_of_earlier_ones_differ_in_colour() -> None:
    bought_in = np.full((4, 6), -1, np.int16)
    bought_in[0, 0], bought_in[1, 1], bought_in[2, 2] = 1, 2, 3
    picture = draw_picks(np.full((4, 6, 3), 100, np.uint8), bought_in, 2)
    # A grey of 100 becomes 0.6 * 100 + 20 = 80, of which a quarter stays below a pick.
    assert picture[3, 5].tolist() == [80, 80, 80]
    assert picture[0, 0].tolist() == [round(20 + 0.75 * channel) for channel in OLD]
    assert picture[1, 1].tolist() == [round(20 + 0.75 * channel) for channel in NEW]
    assert picture[2, 2].tolist() == [80, 80, 80]  # not yet bought


def test_single_pixels_of_large_pictures_become_dots() -> None:
    bought_in = np.full((600, 20), -1, np.int16)
    bought_in[300, 10] = 1
    drawn = draw_picks(np.zeros((600, 20, 3), np.uint8), bought_in, 1)
    # 600 rows: a radius of 2, so 5 x 5 pixels.
    assert int((drawn != 20).any(axis=2).sum()) == 25


def test_marks_shrink_to_dots_that_can_be_seen() -> None:
    bought_in = np.full((800, 800), -1, np.int16)
    bought_in[400, 400], bought_in[1, 1], bought_in[2, 799] = 2, 1, 3
    small = marks(bought_in, 2, (400, 400))
    # 400 rows: a radius of 2, and one more for lone pixels: 7 x 7 around (200, 200), 4 x 4 in the corner.
    assert np.argwhere(small == 2).tolist() == [[y, x] for y in range(197, 204) for x in range(197, 204)]
    assert np.argwhere(small == 1).tolist() == [[y, x] for y in range(4) for x in range(4)]
    assert int((small == 0).sum()) == 160_000 - 49 - 16  # round 3 is not yet


def test_lone_pixels_of_small_pictures_become_dots_and_regions_stay_as_they_are() -> None:
    bought_in = np.full((20, 20), -1, np.int16)
    bought_in[3, 3] = 1
    bought_in[10:13, 10:13] = 1
    small = marks(bought_in, 1, (20, 20))
    assert np.argwhere(small[:6, :6]).tolist() == [[y, x] for y in range(2, 5) for x in range(2, 5)]
    assert int((small > 0).sum()) == 9 + 9


def test_encoded_marks_let_the_photograph_be_seen() -> None:
    with Image.open(io.BytesIO(encode_marks(np.array([[0, 1, 2]], np.uint8)))) as picture:
        assert np.array(picture.convert("RGBA"))[0].tolist() == [[0, 0, 0, 0], [*OLD, 255], [*NEW, 255]]


def test_maps_get_lighter_all_the_way_to_the_highest() -> None:
    colors = heat(np.arange(0, 256, 5, dtype=np.uint8)[None])[0] / 255
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    assert (np.diff(linear @ [0.2126, 0.7152, 0.0722]) > 0).all()
    assert heat(np.array([[0, 255]], np.uint8))[0].tolist() == [[0x44, 0x01, 0x54], [0xFD, 0xE7, 0x25]]


def test_a_legend_has_a_square_in_each_class_colour_and_a_scale() -> None:
    legend = draw_legend(STRIPES, [("score", "0", "1")])
    # Lines of 24 pixels from 8 on: three classes, no label, two kinds of picks, a title and its scale.
    assert legend.shape[0] == 8 * 24 + 16
    assert [legend[8 + 24 * line + 11, 20].tolist() for line in range(6)] == [
        *([255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]),
        *(list(NEW), list(OLD)),
    ]
    assert legend[8 + 7 * 24 + 7, 10].tolist() == [0x44, 0x01, 0x54]


def test_images_are_chosen_evenly() -> None:
    assert evenly(10, 3) == [0, 3, 6]
    assert evenly(2, 3) == [0, 1]


def test_show_draws_an_image_of_the_pool(results: Path, tmp_path: Path) -> None:
    result = alseg("show", run_of(results, "entropy"), "--image", "train-2", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    # Of six images 0, 2 and 4 are examples: what the last picks were made on, and what the network ends with.
    of_round = ("bought", "impurity", "picks", "prediction", "score", "uncertainty")
    assert {path.name for path in tmp_path.iterdir()} == {
        "legend.png",
        *(f"train-2_{name}-round-2.png" for name in of_round),
        *(f"train-2_{name}.png" for name in ("impurity", "photo", "prediction", "truth", "uncertainty")),
    }
    truth, bought = pixels(tmp_path / "train-2_truth.png"), pixels(tmp_path / "train-2_bought-round-2.png")
    is_bought = bought.any(axis=2)
    assert 0 < is_bought.mean() <= 0.2  # the budget
    assert np.array_equal(bought[is_bought], truth[is_bought])


def test_show_draws_the_images_that_maps_were_kept_of(results: Path, tmp_path: Path) -> None:
    assert alseg("show", run_of(results, "entropy"), "-o", tmp_path).exit_code == 0
    photos = sorted(path.name for path in tmp_path.glob("*_photo.png"))
    assert photos == ["train-0_photo.png", "train-2_photo.png", "train-4_photo.png"]


def test_show_says_of_which_image_no_maps_were_kept(results: Path, tmp_path: Path) -> None:
    result = alseg("show", run_of(results, "entropy"), "--image", "train-1", "--round", "1", "-o", tmp_path)
    assert result.stderr.startswith("note: no maps of train-1 were kept in round 1.\n")
    assert not (tmp_path / "train-1_prediction-round-1.png").exists()


def test_the_final_example_is_what_the_final_network_says(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    alseg("show", run, "--image", "train-2", "-o", tmp_path / "network")
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "weights.pt").unlink()
    alseg("show", tmp_path / "run", "--image", "train-2", "-o", tmp_path / "kept")
    for name in ("prediction", "impurity", "uncertainty"):
        drawn, kept = (pixels(tmp_path / way / f"train-2_{name}.png") for way in ("network", "kept"))
        assert np.abs(drawn.astype(int) - kept).max() <= 4  # a step of 256, by rounding


def test_an_earlier_round_can_be_shown(results: Path, tmp_path: Path) -> None:
    alseg("show", run_of(results, "entropy"), "--image", "train-1", "--round", "1", "-o", tmp_path)
    alseg("show", run_of(results, "entropy"), "--image", "train-1", "-o", tmp_path, "--force")
    first, second = (pixels(tmp_path / f"train-1_bought-round-{n}.png").any(axis=2) for n in (1, 2))
    assert first.sum() < second.sum()
    assert not (first & ~second).any()


def test_a_run_that_buys_nothing_has_no_picks_to_show(results: Path, tmp_path: Path) -> None:
    alseg("show", run_of(results, "source-only"), "--image", "train-0", "-o", tmp_path)
    assert not list(tmp_path.glob("*picks*"))
    assert (tmp_path / "train-0_prediction.png").exists()


def test_mistakes_are_named(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    result = alseg("show", run, "--image", "train-9", "-o", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Unknown image 'train-9'. Did you mean 'train-")
    result = alseg("export", run, "--what", "picks", "--round", "7", "-o", tmp_path)
    assert result.stderr == f"Error: Round 7 of {run} has bought nothing. Rounds that have: 1, 2.\n"
    with pytest.raises(AlsegError, match=r"is no run folder: it has no run\.json") as told:
        SavedRun(results, toy_registry())
    named = Path(str(told.value).rpartition("Name one such as ")[2].removesuffix("."))
    assert SavedRun(named, toy_registry()).folder.parent == results / "runs"


def test_exported_picks_are_the_ledger(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    assert alseg("export", run, "--what", "picks", "-o", tmp_path).exit_code == 0
    rows = list(csv.DictReader((tmp_path / "picks.csv").open(encoding="utf-8")))
    cost = read_json(run / "rounds/02/metrics.json")["cost"]
    assert len(rows) == sum(len(Purchase.read(run / f"rounds/{number:02d}").rows) for number in (1, 2))
    assert sum(int(row["pixels"]) for row in rows) == cost["pixels"]
    assert sum(int(row["clicks"]) for row in rows) == cost["clicks"]
    assert all(None not in row for row in rows)  # every value has a column
    assert {row["round"] for row in rows} == {"1", "2"}


def test_exported_masks_hold_what_was_bought(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    assert alseg("export", run, "--what", "masks", "-o", tmp_path).exit_code == 0
    labelled = sum(int((pixels(path) != 255).sum()) for path in tmp_path.glob("*.png"))
    assert labelled == read_json(run / "rounds/02/metrics.json")["cost"]["valid_pixels"]
    assert (tmp_path / "classes.txt").read_text(encoding="utf-8") == "red\ngreen\nblue\n"


def test_exported_predictions_are_those_that_were_evaluated(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    assert alseg("export", run, "--what", "predictions", "-o", tmp_path).exit_code == 0
    ids, counts = read_image_counts(run / "rounds/02/confusion.npz")
    split = SavedRun(run, toy_registry()).evaluation
    for index, image_id in enumerate(ids):
        predicted = pixels(tmp_path / f"{image_id}.png")
        assert np.array_equal(confusion_counts(predicted, split.truth(index), 3), counts[index])


def test_predictions_have_no_round(results: Path, tmp_path: Path) -> None:
    result = alseg("export", run_of(results, "entropy"), "--what", "predictions", "--round", "1")
    assert result.exit_code == 2
    assert "Predictions are those of the final network: leave out --round." in result.stderr
