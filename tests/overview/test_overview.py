from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

import alseg.overview.picks
import alseg.overview.write
import alseg.registry.loading
from alseg.analysis.cost_axes import COST_AXES
from alseg.analysis.shown_rows import RowFilter
from alseg.cli import main, picture
from alseg.cli.options import COSTS
from alseg.errors import AlsegError
from alseg.overview.curves import Curve, Curves, Point, read_curves
from alseg.overview.drawing import ROUND_COLORS, WIDTH, round_color
from alseg.overview.marking import at_size
from alseg.overview.picks import read_picks
from alseg.overview.plotting import COLORS, REFERENCES, draw_curves
from alseg.overview.spread import spread
from alseg.overview.write import NAME, overview_or_note, write_overview
from alseg.storage.reader import load_results
from fakepacks import make, write_counted
from fakeruns import write_run
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


def draw(results: Sequence[Path], output: Path, **options: object) -> str:
    return write_overview(results, output, toy_registry(), **options)  # type: ignore[arg-type]


def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(alseg.registry.loading, "load_registry", toy_registry)
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text(yaml.safe_dump(toy_document()))
    return CliRunner().invoke(main, ["run", "toy.yaml"])


def test_every_method_and_every_round_is_drawn_in_its_colour(toy: Path, tmp_path: Path) -> None:
    assert draw([toy], tmp_path / "a.png") == ""
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
    note = draw([tmp_path / "old"], tmp_path / "a.png")
    assert note == "the run folders hold no picks of places in images."
    assert pixels_of(tmp_path / "a.png", COLORS[0]) > 100


def test_a_damaged_purchase_costs_the_photograph_and_not_the_curves(toy: Path, tmp_path: Path) -> None:
    results = Path(shutil.copytree(toy, tmp_path / "toy"))
    damaged = next(results.glob("runs/random__*/rounds/01/ledger.npy"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    note = draw([results], tmp_path / "a.png")
    assert note == f"{damaged} is damaged: its checksum differs from the one in ledger.json."
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


def test_curves_hold_the_rounds_of_runs_that_are_not_done(tmp_path: Path) -> None:
    low, high = (10.0, 10.0, 10.0), (20.0, 20.0, 20.0)
    write_run(tmp_path / "part", "Random", iou=[low, high], seed=0)
    write_run(tmp_path / "part", "Random", iou=[high], seed=1, state="running")
    curves = read_curves(load_results([tmp_path / "part"]))
    # Round 0 has two seeds of 10 and 20: their 95% interval is 12.706 * 7.071 / sqrt(2) to each side.
    first, last = curves.curves[0].points
    assert (first.place, first.mean, round(first.half_width or 0, 2)) == (10, 15.0, 63.53)
    assert last == Point(20, 20.0, None)
    assert curves.caption == "render -> camera, toy-3, 2 seeds, 1 of 2 runs done; bands: 95% intervals"


def test_the_caption_says_how_many_seeds_each_method_has_not_how_many_there_are(tmp_path: Path) -> None:
    write_run(tmp_path / "part", "Random", seed=0)
    write_run(tmp_path / "part", "Other", seed=1)
    assert read_curves(load_results([tmp_path / "part"])).caption.startswith(
        "render -> camera, toy-3, a seed each"
    )
    write_run(tmp_path / "part", "Other", seed=2)
    write_run(tmp_path / "part", "Other", seed=3)
    assert read_curves(load_results([tmp_path / "part"])).caption.startswith(
        "render -> camera, toy-3, 1 to 3 seeds"
    )


def test_where_no_run_is_done_the_last_round_is_drawn(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Entropy", iou=[[10, 20, 30], [20, 30, 40]], state="interrupted")
    write_run(tmp_path / "toy", "Random", order=1, iou=[[10, 20, 30]], state="interrupted")
    found = read_curves(load_results([tmp_path / "toy"]))
    points = {curve.label: [point.mean for point in curve.points] for curve in found.curves}
    assert points == {"Entropy": [pytest.approx(20), pytest.approx(30)], "Random": [pytest.approx(20)]}


def test_without_a_round_there_is_nothing_to_draw(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Entropy", iou=(), state="interrupted")
    with pytest.raises(AlsegError, match="There are no results yet"):
        read_curves(load_results([tmp_path / "toy"]))


def test_the_title_says_what_may_be_spent_and_lines_where(toy: Path) -> None:
    curves = read_curves(load_results([toy]))
    assert (curves.title, curves.budget) == ("toy", "20% or 2 images")
    assert curves.purchases == (2, 4)
    assert curves.caption == "stripes -> stripes, stripes-3, seed 0"


def write_methods(results: Path, count: int) -> None:
    """Write two references and methods that buy one click per image and round more than the one before."""
    flat = [(50.0, 50.0, 50.0)] * 3
    write_run(results, "Source only", 0, target_labels="none", iou=[*flat[:2], (10.0, 20.0, 30.0)])
    write_run(results, "Source only", 1, target_labels="none", iou=[*flat[:2], (20.0, 30.0, 40.0)])
    write_run(results, "Fully supervised", target_labels="all", iou=flat, order=1)
    for number in range(count):
        for seed in (0, 1):
            write_run(
                results,
                f"Method {number}",
                seed,
                order=2 + number,
                iou=[(30.0 + number + seed,) * 3] * 3,
                pixels_per_round=10 * (number + 1 + seed),
            )


@pytest.mark.parametrize(
    ("key", "places"),
    [
        # Seeds buy 10 and 20 pixels a round at a click each, of 10,000 in 10 images; a tenth has no class.
        ("clicks", [0, 1.5, 3]),
        ("pixels", [0, 0.15, 0.3]),
        ("valid-pixels", [0, 0.135, 0.27]),
        ("images", [0, 10, 10]),
    ],
)
def test_curves_over_a_cost_begin_at_nothing_and_have_means_over_seeds(
    tmp_path: Path, key: str, places: list[float]
) -> None:
    write_methods(tmp_path / "toy", 1)
    curves = read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES[key])
    method = curves.curves[2]
    assert [point.place for point in method.points] == pytest.approx(places)
    assert curves.purchases == ()
    # 30 and 31: half the interval is 12.706 * 0.7071 / sqrt(2).
    assert [(point.mean, round(point.half_width or 0, 3)) for point in method.points] == [(30.5, 6.353)] * 3


def drawn(curves: Curves) -> Axes:
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_curves(axes, curves, right=WIDTH)
    return axes


def test_over_a_cost_references_are_lines_across_at_the_height_they_end_at(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 1)
    axes = drawn(read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES["clicks"]))
    across = [line for line in axes.lines if line.get_transform() == axes.get_yaxis_transform("grid")]
    # The last rounds of two seeds have means of 20 and 30.
    assert [line.get_ydata()[0] for line in across] == [25.0, 50.0]
    assert axes.get_xlim() == pytest.approx((-0.06, 3.09))
    assert axes.get_xlabel() == "Clicks per image of the pool"


@pytest.mark.parametrize(
    ("methods", "key", "intervals"),
    [
        (5, None, "bands"),
        (5, "clicks", "bands"),
        (6, None, "whiskers"),
        (6, "clicks", "numbers"),
        # Twelve curves with two references, then thirteen.
        (10, None, "whiskers"),
        (11, None, "numbers"),
    ],
)
def test_intervals_are_bands_for_few_methods_whiskers_for_more_and_numbers_for_many(
    tmp_path: Path, methods: int, key: str | None, intervals: str
) -> None:
    write_methods(tmp_path / "toy", methods)
    curves = read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES[key] if key else None)
    assert curves.intervals == intervals
    ends = {"bands": "; bands: ", "whiskers": "; whiskers: ", "numbers": "; \N{PLUS-MINUS SIGN}: "}
    assert curves.caption == f"render -> camera, toy-3, 1 to 2 seeds{ends[intervals]}95% intervals"
    axes = drawn(curves)
    # Fully supervised has one seed, and no band. A container is one curve with its whiskers.
    bands = len([each for each in [*axes.collections, *axes.patches] if each.get_alpha() is not None])
    whiskers = sum(len(container.lines[2]) for container in axes.containers)
    assert (bands, whiskers) == {
        "bands": (methods + 1, 0),
        "whiskers": (0, methods + 2),
        "numbers": (0, 0),
    }[intervals]


def test_thirty_methods_are_told_apart_by_colour_and_marker_together(tmp_path: Path) -> None:
    for number in range(30):
        write_run(tmp_path / "many", f"Method {number}", order=number)
    axes = drawn(read_curves(load_results([tmp_path / "many"])))
    looks = [(each.lines[0].get_color(), each.lines[0].get_marker()) for each in axes.containers]
    assert len(set(looks)) == 30
    # Neighbours differ in both, for whoever sees no colours.
    assert len({marker for _, marker in looks[:8]}) == 8


def test_some_methods_are_drawn_with_the_references(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 3)
    results = load_results([tmp_path / "toy"])
    curves = read_curves(results, chosen=RowFilter(("method=Method 1",)))
    assert [curve.label for curve in curves.curves] == ["Source only", "Fully supervised", "Method 1"]
    curves = read_curves(results, chosen=RowFilter(("method=method-[02]",), references=False))
    assert [curve.label for curve in curves.curves] == ["Method 0", "Method 2"]


def test_the_scenario_drawn_is_one_of_the_methods_named(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 3)
    write_run(tmp_path / "other", "Elsewhere", scenario="day -> night", iou=[(1.0, 2.0, 3.0)])
    results = load_results([tmp_path / "toy", tmp_path / "other"])
    curves = read_curves(results, chosen=RowFilter(("method=Elsewhere",)))
    assert [curve.label for curve in curves.curves] == ["Elsewhere"]


def test_references_alone_are_not_drawn_for_a_method_without_a_round(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 1)
    write_run(tmp_path / "toy", "Late", order=9, iou=(), state="interrupted")
    with pytest.raises(AlsegError) as caught:
        read_curves(load_results([tmp_path / "toy"]), chosen=RowFilter(("method=Late",)))
    assert str(caught.value) == (
        "No run of render -> camera (Late) has committed a round: there is no curve to draw yet."
    )


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


def test_nothing_that_a_pack_names_is_opened_for_a_photograph(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a data set of a pack was opened")

    monkeypatch.setattr(alseg.overview.picks, "SavedRun", refuse)
    draw([make(tmp_path / "toy.zip", toy)], tmp_path / "a.png")
    with pytest.raises(AssertionError, match="was opened"):
        draw([toy], tmp_path / "b.png")


def test_the_command_and_the_axes_of_costs_know_the_same_costs() -> None:
    assert list(COST_AXES) == list(COSTS)


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


def test_names_at_the_ends_of_curves_keep_apart_and_in_order() -> None:
    # The two at 0.5 move 0.05 to each side; the one at 0.9 stays.
    assert spread([0.5, 0.9, 0.5], 0.1) == pytest.approx([0.45, 0.9, 0.55])
    # What would leave the axes is moved back: 1.0 and 0.9.
    assert spread([1.0, 1.0], 0.1) == pytest.approx([0.9, 1.0])
    # Eleven names with a gap of 0.2 do not fit: the gap becomes a tenth.
    assert spread([0.0] * 11, 0.2) == pytest.approx([place / 10 for place in range(11)])
    assert spread([], 0.1) == []


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


def test_counts_of_classes_and_iterations_are_marked_at_whole_numbers() -> None:
    points = (Point(10, 0.0, None), Point(11, 0.0, None))
    curves = Curves("t", "s", "", (Curve("a", "acquired", points),), (), (), height="classes bought")
    axes = drawn(curves)
    for ticks in (axes.get_xticks(), axes.get_yticks()):
        assert len(ticks) and (ticks == np.round(ticks)).all()
