from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from alseg.cli import export, main, report, show
from alseg.errors import AlsegError
from alseg.files import read_json
from alseg.imagewise import read_image_counts
from alseg.metrics import confusion_counts
from alseg.pictures import NEW, OLD, draw_picks, heat
from alseg.report.content import counted_runs
from alseg.report.pictures import gather_extras
from alseg.results import load_results
from alseg.revisit import Revisit, evenly
from toys import run_toy, toy_catalog


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (show, export, report):
        monkeypatch.setattr(module, "read_catalog", toy_catalog)


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


def test_heat_is_black_for_nothing_and_lightest_for_the_most() -> None:
    colors = heat(np.array([[0.0, 1.0, 2.0, 5.0]], np.float32), 2.0)[0].astype(int).sum(axis=1)
    assert colors[0] == 0
    assert colors[1] < colors[2] == colors[3]


def test_images_are_chosen_evenly() -> None:
    assert evenly(10, 3) == [0, 3, 6]
    assert evenly(2, 3) == [0, 1]


def test_show_draws_an_image_of_the_pool(results: Path, tmp_path: Path) -> None:
    result = alseg("show", run_of(results, "entropy"), "--image", "train-1", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train-1_bought-round-2.png",
        "train-1_photo.png",
        "train-1_picks-round-2.png",
        "train-1_prediction.png",
        "train-1_truth.png",
        "train-1_uncertainty.png",
    ]
    truth, bought = pixels(tmp_path / "train-1_truth.png"), pixels(tmp_path / "train-1_bought-round-2.png")
    is_bought = bought.any(axis=2)
    assert 0 < is_bought.mean() <= 0.2  # the budget
    assert np.array_equal(bought[is_bought], truth[is_bought])


def test_an_earlier_round_can_be_shown(results: Path, tmp_path: Path) -> None:
    alseg("show", run_of(results, "entropy"), "--image", "train-1", "--round", "1", "-o", tmp_path)
    alseg("show", run_of(results, "entropy"), "--image", "train-1", "-o", tmp_path)
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
    with pytest.raises(AlsegError, match=r"is no run folder: it has no run\.json"):
        Revisit(results, toy_catalog())


def test_exported_picks_are_the_ledger(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    assert alseg("export", run, "--what", "picks", "-o", tmp_path).exit_code == 0
    rows = list(csv.DictReader((tmp_path / "picks.csv").open(encoding="utf-8")))
    cost = read_json(run / "rounds/02/metrics.json")["cost"]
    assert len(rows) == cost["questions"]
    assert sum(int(row["pixels"]) for row in rows) == cost["pixels"]
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
    split = Revisit(run, toy_catalog()).evaluation
    for index, image_id in enumerate(ids):
        predicted = pixels(tmp_path / f"{image_id}.png")
        assert np.array_equal(confusion_counts(predicted, split.truth(index), 3), counts[index])


def test_predictions_have_no_round(results: Path, tmp_path: Path) -> None:
    result = alseg("export", run_of(results, "entropy"), "--what", "predictions", "--round", "1")
    assert result.exit_code == 2
    assert "Predictions are those of the final network: leave out --round." in result.stderr


def test_the_report_gets_pictures_and_frequencies(results: Path) -> None:
    found = load_results([results])
    extras = gather_extras(counted_runs(found), toy_catalog(), 2)
    ((pictures,), (frequencies,)) = extras.pictures.values(), extras.frequencies.values()
    assert len(pictures) == 2
    captions = {
        group["title"]: [each["caption"] for each in group["images"]] for group in pictures[0]["groups"]
    }
    assert captions == {
        "Image": ["photograph", "ground truth"],
        "Source only": ["final prediction", "its uncertainty"],
        "Entropy": ["picks of round 1", "picks of round 2", "final prediction", "its uncertainty"],
        "Fully supervised": ["final prediction", "its uncertainty"],
    }
    assert pictures[0]["groups"][0]["images"][0]["source"].startswith("data:image/jpeg;base64,")
    assert [each["label"] for each in frequencies] == ["pool", "Entropy"]
    # Six stripes of three colours in 24 columns, 4 each, of which the last column is void; the colours move
    # on by one column from image to image, so that the lost column is not always of the same colour.
    assert sum(frequencies[0]["percent"]) == pytest.approx(100, abs=1e-3)


def test_the_report_command_draws_pictures(results: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    result = alseg("report", results, "-o", output, "--images", "1")
    assert result.exit_code == 0, result.output
    text = output.read_text(encoding="utf-8")
    assert f"alseg report {results} -o {output} --images 1" in text
    assert "picks of round 2" in text
