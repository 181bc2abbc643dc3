from __future__ import annotations

import csv
import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from alseg.cli import export, main, predict
from alseg.deployment import network
from alseg.inspection.saved_run import SavedRun
from alseg.storage.round_files import read_image_counts
from alseg.toolkit.metrics import confusion_counts
from photos import write_photos
from toys import Stripes, run_toy, toy_document, toy_registry


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(scope="module")
def flipping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that is evaluated at a size of its own, mirrored, in windows."""
    folder = tmp_path_factory.mktemp("flipping")
    evaluation = {"size": [18, 30], "flip": True, "window": [16, 16], "overlap": 0.25}
    run_toy(folder, toy_document(evaluation=evaluation))
    return next(folder.rglob("runs/entropy*"))


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (predict, export):
        monkeypatch.setattr(module, "read_registry", toy_registry)


def run_of(results: Path, start: str) -> Path:
    return next(results.glob(f"runs/{start}__*"))


def alseg(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def evaluation_photos(folder: Path) -> list[Path]:
    return write_photos(folder, Stripes("val", 6, (12, 24)))


@pytest.mark.parametrize("fixture", ["results", "flipping"])
def test_masks_are_byte_for_byte_what_evaluation_predicts(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found: Path = request.getfixturevalue(fixture)
    run = run_of(found, "entropy") if fixture == "results" else found
    evaluation_photos(tmp_path / "photos")
    result = alseg("predict", run, tmp_path / "photos", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    ids, counts = read_image_counts(run / "rounds/02/confusion.npz")
    split = SavedRun(run, toy_registry()).evaluation
    for index, image_id in enumerate(ids):
        predicted = pixels(tmp_path / "out" / "masks" / f"{image_id}.png")
        assert np.array_equal(confusion_counts(predicted, split.truth(index), 3), counts[index])
    assert alseg("export", run, "--what", "predictions", "-o", tmp_path / "evaluated").exit_code == 0
    for image_id in ids:
        mask = pixels(tmp_path / "out" / "masks" / f"{image_id}.png")
        assert mask.tobytes() == pixels(tmp_path / "evaluated" / f"{image_id}.png").tobytes()


@pytest.mark.parametrize("fixture", ["results", "flipping"])
@pytest.mark.parametrize("options", [(), ("--size", "native", "--window", "16x16", "--overlap", "0.3")])
def test_a_large_image_is_predicted_in_strips_as_a_small_one_is(
    fixture: str,
    options: tuple[str, ...],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: Path = request.getfixturevalue(fixture)
    run = run_of(found, "entropy") if fixture == "results" else found
    write_photos(tmp_path / "photos", Stripes("val", 2, (61, 83)))
    if not options and fixture == "results":
        options = ("--size", "40x50")  # else a large one would go through the network in windows
    arguments = ("predict", run, tmp_path / "photos", "--confidence", *options)
    assert alseg(*arguments, "-o", tmp_path / "whole").exit_code == 0
    monkeypatch.setattr(network, "LARGE", 100)
    monkeypatch.setattr("alseg.inference.strips._STRIP_VALUES", 3 * 83 * 7)  # seven rows at a time
    assert alseg(*arguments, "-o", tmp_path / "strips").exit_code == 0
    for name in ("val-0.png", "val-1.png"):
        whole, strips = (pixels(tmp_path / way / "confidence" / name) for way in ("whole", "strips"))
        assert np.abs(whole.astype(int) - strips.astype(int)).max() <= 1  # rounding of 1 in 65,535
        whole, strips = (pixels(tmp_path / way / "masks" / name) for way in ("whole", "strips"))
        assert whole.shape == (61, 83)
        assert (whole != strips).mean() < 0.001


def test_a_large_image_of_native_size_goes_through_the_network_in_windows(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "LARGE", 100)
    monkeypatch.setattr(network, "WINDOW_OF_LARGE", (16, 16))
    write_photos(tmp_path / "photos", Stripes("val", 1, (61, 83)))
    run = run_of(results, "entropy")
    assert alseg("predict", run, tmp_path / "photos", "-o", tmp_path / "alone").exit_code == 0
    arguments = ("--window", "16x16", "-o", tmp_path / "asked")
    assert alseg("predict", run, tmp_path / "photos", *arguments).exit_code == 0
    one, other = (pixels(tmp_path / way / "masks" / "val-0.png") for way in ("alone", "asked"))
    assert np.array_equal(one, other)


def test_masks_show_colours_and_classes_are_named(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    assert alseg("predict", run_of(results, "entropy"), photo, "-o", tmp_path / "out").exit_code == 0
    with Image.open(tmp_path / "out" / "masks" / "val-0.png") as mask:
        assert mask.mode == "P"
        indices, colors = np.array(mask), np.array(mask.convert("RGB"))
    assert set(np.unique(indices)) <= {0, 1, 2}
    assert np.array_equal(colors, np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)], np.uint8)[indices])
    rows = list(csv.reader((tmp_path / "out" / "classes.csv").open(encoding="utf-8")))
    assert rows == [
        ["index", "name", "red", "green", "blue"],
        ["0", "red", "255", "0", "0"],
        ["1", "green", "0", "255", "0"],
        ["2", "blue", "0", "0", "255"],
    ]
    legend = json.loads((tmp_path / "out" / "classes.json").read_text(encoding="utf-8"))
    assert legend["network"] == run_of(results, "entropy").name
    assert list(legend["outputs"]) == ["masks"]


def test_overlays_and_confidence_lie_beside_the_masks(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    run = run_of(results, "entropy")
    options = ("--overlays", "--confidence", "-o", tmp_path / "out")
    assert alseg("predict", run, photo, *options).exit_code == 0
    # Not by Pillow, whose versions before 11 read 16 bits as 32.
    confidence = imagecodecs.imread(tmp_path / "out" / "confidence" / "val-0.png")
    assert (confidence.dtype, confidence.shape) == (np.uint16, (12, 24))
    # The likeliest of three classes has more than a third of 65,535.
    assert 65535 / 3 - 1 <= confidence.min() <= confidence.max() <= 65535
    overlay = pixels(tmp_path / "out" / "overlays" / "val-0.jpg")
    assert overlay.shape == (12, 24, 3)


def test_folders_are_searched_at_any_depth_and_their_shape_is_kept(results: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_photos(photos / "monday", Stripes("a", 1, (12, 24)), "jpg")
    write_photos(photos / "tuesday" / "late", Stripes("a", 1, (12, 24)), "webp")
    (photos / "notes.txt").write_text("none")
    write_photos(photos / ".thumbnails", Stripes("a", 1, (12, 24)))
    out = photos / "out"  # in the folder itself: outputs are no inputs
    run = run_of(results, "entropy")
    for force in ((), ("--force",)):
        result = alseg("predict", run, photos, "-o", out, *force)
        assert result.exit_code == 0, result.output
        assert result.stderr.endswith(f"Wrote predictions of 2 of 2 images to {out}.\n")
    masks = sorted(str(path.relative_to(out / "masks")) for path in out.rglob("*.png"))
    assert masks == ["monday/a-0.png", "tuesday/late/a-0.png"]


def test_images_that_differ_in_the_ending_keep_it(results: Path, tmp_path: Path) -> None:
    for ending in ("png", "jpg"):
        write_photos(tmp_path / "photos", Stripes("a", 1, (12, 24)), ending)
    assert (
        alseg("predict", run_of(results, "entropy"), tmp_path / "photos", "-o", tmp_path / "out").exit_code
        == 0
    )
    assert sorted(path.name for path in (tmp_path / "out" / "masks").iterdir()) == [
        "a-0.jpg.png",
        "a-0.png.png",
    ]


def test_alpha_grey_and_palette_images_are_read(results: Path, tmp_path: Path) -> None:
    photo = Image.fromarray(Stripes("a", 1, (12, 24)).image(0))
    for mode, name in (("RGBA", "alpha.png"), ("L", "grey.png"), ("P", "palette.gif"), ("CMYK", "print.tif")):
        photo.convert(mode).save(tmp_path / name)
    result = alseg("predict", run_of(results, "entropy"), *sorted(tmp_path.iterdir()), "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 4


def test_the_orientation_of_exif_is_read_as_everywhere_in_alseg(results: Path, tmp_path: Path) -> None:
    from alseg.toolkit.imaging import read_image

    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter
    Image.fromarray(Stripes("a", 1, (12, 24)).image(0)).save(tmp_path / "turned.jpg", exif=exif)
    out = tmp_path / "out"
    assert alseg("predict", run_of(results, "entropy"), tmp_path / "turned.jpg", "-o", out).exit_code == 0
    assert pixels(out / "masks" / "turned.png").shape == read_image(tmp_path / "turned.jpg").shape[:2]


def test_a_damaged_image_is_told_and_the_others_go_on(results: Path, tmp_path: Path) -> None:
    photos = evaluation_photos(tmp_path / "photos")
    photos[1].write_bytes(photos[1].read_bytes()[:100])
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(photos[2])
    result = alseg("predict", run_of(results, "entropy"), tmp_path / "photos", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"warning: {photos[1]} is damaged: its end is missing. Copy or unpack it again.\n" in result.stderr
    with Image.open(photos[2]) as image:
        mode = image.mode  # "I;16"; before Pillow 11 "I"
    sentence = f"{photos[2]} has pixels of mode {mode}, which do not fit RGB. Convert it to 8-bit RGB."
    assert f"warning: {sentence}\n" in result.stderr
    assert result.stderr.endswith(f"Wrote predictions of 4 of 6 images to {tmp_path / 'out'}.\n")
    masks = sorted(path.name for path in (tmp_path / "out" / "masks").iterdir())
    assert masks == ["val-0.png", "val-3.png", "val-4.png", "val-5.png"]


def test_files_of_others_are_never_replaced(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    mask = tmp_path / "out" / "masks" / "val-0.png"
    mask.parent.mkdir(parents=True)
    mask.write_bytes(photo.read_bytes())
    result = alseg("predict", run_of(results, "entropy"), photo, "-o", tmp_path / "out", "--force")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {mask} exists, and is not a file that 'alseg predict' has written. "
        "Name another folder with -o.\n"
    )
    assert mask.read_bytes() == photo.read_bytes()


def test_own_files_are_replaced_only_if_asked(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    arguments = ("predict", run_of(results, "entropy"), photo, "--overlays", "-o", tmp_path / "out")
    assert alseg(*arguments).exit_code == 0
    result = alseg(*arguments)
    assert result.exit_code == 2
    mask = tmp_path / "out" / "masks" / "val-0.png"
    assert result.stderr == (
        f"Error: {mask} exists. Name another folder with -o, or replace it with --force.\n"
    )
    assert alseg(*arguments, "--force").exit_code == 0


def test_a_legend_of_another_network_stays(results: Path, tmp_path: Path) -> None:
    first, second, *_ = evaluation_photos(tmp_path / "photos")
    assert alseg("predict", run_of(results, "entropy"), first, "-o", tmp_path / "out").exit_code == 0
    assert alseg("predict", run_of(results, "entropy"), second, "-o", tmp_path / "out").exit_code == 0
    third = evaluation_photos(tmp_path / "photos")[2]
    result = alseg("predict", run_of(results, "source-only"), third, "-o", tmp_path / "out")
    assert result.exit_code == 2
    legend = tmp_path / "out" / "classes.json"
    assert result.stderr == (
        f"Error: {legend} exists, and says something else than these predictions would. "
        "Name another folder with -o.\n"
    )


def test_of_a_results_folder_the_best_run_is_taken_and_said(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    result = alseg("predict", results, photo, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    final = {
        run.name: json.loads((run / "rounds/02/metrics.json").read_text())["miou"]
        for run in (results / "runs").iterdir()
    }
    best = max(final, key=lambda name: final[name])
    assert result.stderr.startswith(
        f"note: Network of {best}, the highest mean IoU of 3 runs: {final[best]:.1f}%. "
        "Another one: --run NAME.\n"
    )
    legend = json.loads((tmp_path / "out" / "classes.json").read_text(encoding="utf-8"))
    assert legend["network"] == best


def test_a_run_is_chosen_by_its_name_or_its_method(results: Path, tmp_path: Path) -> None:
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    run = run_of(results, "source-only")
    for way in (("--run", run.name), ("--method", "Source only")):
        out = tmp_path / way[0].strip("-")
        assert alseg("predict", results, photo, *way, "-o", out).exit_code == 0
        assert json.loads((out / "classes.json").read_text(encoding="utf-8"))["network"] == run.name
    result = alseg("predict", results, photo, "--method", "Sourceonly", "-o", tmp_path / "out")
    assert result.stderr == (
        "Error: Unknown method 'Sourceonly'. Did you mean 'Source only'? "
        "Available: Entropy, Fully supervised, Source only.\n"
    )


def test_mistakes_are_told_before_anything_is_written(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "entropy")
    missing = tmp_path / "missing.png"
    result = alseg("predict", run, missing, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: There is no file or folder {missing}. Correct the path.\n",
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    result = alseg("predict", run, empty, "-o", tmp_path / "out")
    assert result.stderr == (
        f"Error: No image in {empty}: no file there has the ending of an image format.\n"
    )
    [photo, *_] = evaluation_photos(tmp_path / "photos")
    result = alseg("predict", photo, photo, "-o", tmp_path / "out")
    assert result.stderr.startswith(f"Error: {photo} is no exported network: torch cannot read it")
    assert not (tmp_path / "out").exists()
