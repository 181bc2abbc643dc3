from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from matplotlib.colors import to_rgb
from PIL import Image

import alseg.overview.picks
import alseg.overview.write
import alseg.registry.loading
from alseg.cli import main, picture
from alseg.overview.curves import read_curves
from alseg.overview.drawing import ROUND_COLORS, round_color
from alseg.overview.marking import at_size
from alseg.overview.picks import read_picks
from alseg.overview.plotting import COLORS, REFERENCES
from alseg.overview.write import NAME, overview_or_note, write_overview
from alseg.storage.reader import load_results
from fakepacks import make, write_counted
from fakeruns import write_run, write_two_drives
from toys import run_toy, toy_document, toy_registry

REGION = {"name": "region", "radius": 1}
METHODS = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "20%"},
    {"label": "Images", "acquisition": "entropy", "annotation": "image", "budget": "2 images"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {"label": "Fully supervised", "target_labels": "all"},
]


@pytest.fixture(scope="module", autouse=True)
def no_overview() -> None:
    """Let ``alseg run`` draw here."""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder, toy_document(methods=METHODS))
    return next(folder.rglob("runs")).parent


def pixels_of(path: Path, color: str) -> int:
    """Return how many pixels of a picture have exactly this colour."""
    wanted = np.array([round(255 * channel) for channel in to_rgb(color)])
    return int((np.array(Image.open(path).convert("RGB")) == wanted).all(axis=2).sum())


def draw(results: Sequence[Path], output: Path, **options: object) -> tuple[str, ...]:
    return write_overview(results, output, toy_registry(), **options)  # type: ignore[arg-type]


def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(alseg.registry.loading, "load_registry", toy_registry)
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text(yaml.safe_dump(toy_document()))
    return CliRunner().invoke(main, ["run", "toy.yaml"])


def test_every_method_and_every_round_is_drawn_in_its_colour(toy: Path, tmp_path: Path) -> None:
    assert draw([toy], tmp_path / "a.png") == ()
    colors = [*COLORS[:3], *REFERENCES.values(), *ROUND_COLORS[:2]]
    # A curve is 4 pixels thick and 1,200 long; references are dashed, and others cover parts of them.
    assert {color: pixels_of(tmp_path / "a.png", color) > 100 for color in colors} == dict.fromkeys(
        colors, True
    )
    assert pixels_of(tmp_path / "a.png", COLORS[3]) == 0


def test_the_photograph_shows_picks_of_the_baseline_first_and_of_no_method_that_buys_whole_images(
    toy: Path,
) -> None:
    picks = read_picks(read_curves(load_results([toy])).rows, toy_registry())
    assert picks is not None
    assert [panel.label for panel in picks.panels] == ["Random", "Entropy"]
    assert (picks.image_id, picks.rounds) == ("train-3", 2)
    # 20% of 12 x 24 pixels are 57, half of them for round 1; a region has 9 pixels, at borders 6 or 4.
    first, second = ((picks.panels[0].bought_in == number).sum() for number in (1, 2))
    assert 20 <= first <= 28
    assert 49 <= first + second <= 57


def test_an_image_can_be_chosen(toy: Path, tmp_path: Path) -> None:
    rows = read_curves(load_results([toy])).rows
    picks = read_picks(rows, toy_registry(), image_id="train-1")
    assert picks is not None
    assert picks.image_id == "train-1"


def test_an_unknown_image_is_a_mistake_of_the_user(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "read_registry", toy_registry)
    result = CliRunner().invoke(
        main, ["picture", str(toy), "--image", "train-9", "-o", str(tmp_path / "a.png")]
    )
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: Unknown image 'train-9'. Did you mean 'train-5'? "
        "Available: train-0, train-1, train-2, train-3, train-4, train-5.\n"
    )
    assert not (tmp_path / "a.png").exists()


def test_the_command_says_what_it_wrote(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "read_registry", toy_registry)
    result = CliRunner().invoke(main, ["picture", str(toy), "-o", str(tmp_path / "a.png")])
    assert (result.exit_code, result.stderr) == (0, f"Wrote {tmp_path / 'a.png'}.\n")
    assert Image.open(tmp_path / "a.png").width == 1608


def test_results_without_picks_are_curves_alone(tmp_path: Path) -> None:
    write_run(
        tmp_path / "old", "Ask at random", iou=[(10.0, 20.0, 30.0), (20.0, 30.0, 40.0)], acquisition="random"
    )
    notes = draw([tmp_path / "old"], tmp_path / "a.png")
    assert notes == ("No photograph: the run folders hold no picks of places in images.",)
    assert pixels_of(tmp_path / "a.png", COLORS[0]) > 100


def test_a_damaged_purchase_costs_the_photograph_and_not_the_curves(toy: Path, tmp_path: Path) -> None:
    results = Path(shutil.copytree(toy, tmp_path / "toy"))
    damaged = next(results.glob("runs/random__*/rounds/01/ledger.npy"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    (note,) = draw([results], tmp_path / "a.png")
    assert note == f"No photograph: {damaged} is damaged: its checksum differs from the one in ledger.json."
    assert pixels_of(tmp_path / "a.png", COLORS[0]) > 100


@pytest.mark.parametrize("count", [1, 30])
def test_one_method_and_thirty_have_their_names_within_the_picture(tmp_path: Path, count: int) -> None:
    for number in range(count):
        write_run(tmp_path / "many", f"Method {number}", iou=[(50.0, 50.0, 50.0)], order=number)
    draw([tmp_path / "many"], tmp_path / "a.png")
    picture = Image.open(tmp_path / "a.png")
    # Inches of 120 dots: 4.6 for curves, 1 for the heading, 0.3 for the note; 30 names need 30 / 5.2 + 1.2.
    assert picture.height == {1: 708, 30: int(120 * (1.0 + 30 / 5.2 + 1.2 + 0.3))}[count]
    border = np.array(picture.convert("L"))[:, -4:]
    assert (border == 255).all()


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    write_run(tmp_path / "names", "$\\frac{1$ <b> 漢字 " + "x" * 150)
    draw([tmp_path / "names"], tmp_path / "a.png")
    assert pixels_of(tmp_path / "a.png", COLORS[0]) > 20


def test_the_title_says_what_may_be_spent_and_lines_where(toy: Path) -> None:
    curves = read_curves(load_results([toy]))
    assert (curves.title, curves.budget) == ("toy", "20% or 2 images")
    assert curves.purchases == (2, 4)
    assert curves.caption == "stripes -> stripes, stripes-3, seed 0"


def test_the_command_draws_some_methods_of_a_pack_over_clicks(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_counted(tmp_path / "toy", "Random", seed, acquisition="random", quality=seed)
        write_counted(tmp_path / "toy", "Mine", seed, order=1, quality=2 + seed)
    pack = make(tmp_path / "toy.zip", tmp_path / "toy")
    picture = tmp_path / "a.png"
    result = CliRunner().invoke(
        main, ["picture", str(pack), "--only", "method=M*", "--x", "clicks", "-o", str(picture)]
    )
    assert (result.exit_code, result.stderr) == (
        0,
        "note: No photograph: packs hold no photographs, and data sets that they name are not read.\n"
        f"Wrote {picture}.\n",
    )
    assert pixels_of(picture, COLORS[0]) > 100
    assert pixels_of(picture, COLORS[1]) == 0


def test_the_command_draws_the_images_of_one_drive_and_names_runs_of_which_they_are_not_known(
    tmp_path: Path,
) -> None:
    results, picture = tmp_path / "toy", tmp_path / "a.png"
    write_two_drives(results)
    write_run(results, "Mine", order=2, classes=("road", "car"), iou=[[90, 90], [95, 95]])
    given = ["picture", str(results), "-o", str(picture), "--image-group"]
    result = CliRunner().invoke(main, [*given, "dusk-*"])
    assert result.exit_code == 0
    left_out, *others = result.stderr.splitlines()
    assert left_out.startswith("note: Left out, no counts of each evaluation image: 1 run of toy")
    assert others == [
        "note: No photograph: the run folders hold no picks of places in images.",
        f"Wrote {picture}.",
    ]
    assert pixels_of(picture, COLORS[1]) > 100
    assert pixels_of(picture, COLORS[2]) == 0
    result = CliRunner().invoke(main, [*given, "night", "--force"])
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: No group of evaluation images matches 'night'. Groups: day, dusk-1, dusk-2.\n",
    )


def test_nothing_that_a_pack_names_is_opened_for_a_photograph(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a data set of a pack was opened")

    monkeypatch.setattr(alseg.overview.picks, "SavedRun", refuse)
    draw([make(tmp_path / "toy.zip", toy)], tmp_path / "a.png")
    with pytest.raises(AssertionError, match="was opened"):
        draw([toy], tmp_path / "b.png")


def test_a_run_ends_with_the_name_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_file(tmp_path, monkeypatch)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[-2:] == [
        "Results in results/toy. Compare them: alseg compare results/toy",
        "Look at them: results/toy/overview.png",
    ]
    assert pixels_of(Path("results/toy/overview.png"), COLORS[0]) > 100


def test_a_picture_that_cannot_be_drawn_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("no fonts\nat all")

    monkeypatch.setattr(alseg.overview.write, "write_overview", fail)
    result = run_file(tmp_path, monkeypatch)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-2:] == [
        "Results in results/toy. Compare them: alseg compare results/toy",
        "note: No picture of the results: RuntimeError: no fonts at all",
    ]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(toy: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    notes: list[str] = []
    results = Path(shutil.copytree(toy, tmp_path, dirs_exist_ok=True))
    assert overview_or_note(results, toy_registry(), notes.append) is None
    assert len(notes) == 1
    assert notes[0].startswith(f"No picture of the results: Cannot write {tmp_path / NAME}: ")
    assert not list(tmp_path.glob("*.tmp"))


def test_a_single_pixel_becomes_a_dot_and_a_region_stays_as_it_is() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[2, 2] = True
    mask[10:14, 10:14] = True
    shown = at_size(mask, (20, 20))
    assert shown[1:4, 1:4].all()
    assert shown.sum() == 9 + 16


def test_no_pick_is_lost_where_a_photograph_shrinks() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[57, 91] = True
    # To a tenth: row 5 and column 9, and one to each side within the picture.
    assert np.argwhere(at_size(mask, (10, 10))).tolist() == [[y, x] for y in (4, 5, 6) for x in (8, 9)]


def test_many_rounds_share_colours_from_first_to_last() -> None:
    assert [round_color(number, 3) for number in (1, 2, 3)] == list(ROUND_COLORS[:3])
    # Of twelve rounds two have each of the six colours.
    assert [ROUND_COLORS.index(round_color(number, 12)) for number in range(1, 13)] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]  # fmt: skip
