from __future__ import annotations

import csv
import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from fakeruns import write_run, write_two_drives


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "quickstart"


def run_compare(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def write_two_methods(results: Path) -> None:
    for seed in (0, 1):
        write_run(results, "Random", seed, order=0, acquisition="random", iou=[[10, 10, 10], [20, 30, 40]])
        write_run(results, "Entropy", seed, order=1, acquisition="entropy", iou=[[10, 10, 10], [30, 40, 20]])


def test_a_result_folder_becomes_a_table(results: Path) -> None:
    write_two_methods(results)
    result = run_compare(results)
    assert result.exit_code == 0
    assert result.output.startswith("quickstart: render -> camera, toy-3, last round\n")
    assert "\x1b" not in result.output


def test_the_table_has_no_colour_where_none_is_wanted(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_two_methods(results)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[3" not in run_compare(results).output


def test_the_title_names_the_round(results: Path) -> None:
    write_two_methods(results)
    output = run_compare(results, "--round", "0").output
    assert output.startswith("quickstart: render -> camera, toy-3, round 0\n")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("markdown", "| Method "),
        ("latex", "% Needs \\usepackage{booktabs}."),
        ("csv", "label,experiment,"),
        ("json", "{\n"),
    ],
)
def test_other_formats(results: Path, name: str, start: str) -> None:
    write_two_methods(results)
    result = run_compare(results, "--format", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(start)


def test_the_notes_of_csv_go_to_standard_error(results: Path) -> None:
    write_two_methods(results)
    result = run_compare(results, "--format", "csv")
    assert len(list(csv.reader(io.StringIO(result.stdout)))) == 3
    assert result.stderr == (
        "note: ± is half the width of the 95% t interval over seeds.\n"
        "note: Differences to Random are paired by seed.\n"
        "note: No p for Entropy: the difference is the same with every seed, which shows no spread.\n"
        "note: Scorer version 1.\n"
    )


def test_options_reach_the_comparison(results: Path) -> None:
    write_two_methods(results)
    options = ("--format", "json", "--round", "1", "--metric", "iou:car", "--baseline", "Entropy")
    content = json.loads(run_compare(results, *options).stdout)
    assert (content["round"], content["metric"], content["baseline"]) == (1, "iou:car", "Entropy")
    assert [row["score"]["mean"] for row in content["rows"]] == [30.0, 40.0]


def test_classes_bought_are_shown_where_they_are_asked_for(results: Path) -> None:
    for seed, bought in ((0, (60, 40, 0)), (1, (80, 10, 10))):
        write_run(results, "Random", seed, acquisition="random", bought=bought)
    write_run(results, "No labels", order=1, target_labels="none")
    title = "Bought pixels of each class, in percent of those with a class"
    assert title not in run_compare(results).stdout
    table = run_compare(results, "--bought").stdout
    _, _, below = table.partition(title)
    # Means over seeds are 70, 25 and 5 pixels.
    assert ["Random", "70.0", "25.0", "5.0"] in [line.split() for line in below.splitlines()]
    assert ["No", "labels", "\N{EN DASH}"] in [line.split()[:3] for line in below.splitlines()]
    markdown = run_compare(results, "--bought", "--format", "markdown").stdout
    assert "Bought: train" in markdown
    random, none = csv.DictReader(io.StringIO(run_compare(results, "--bought", "--format", "csv").stdout))
    assert (random["bought:car"], none["bought:car"]) == ("25.0", "")
    assert "bought:car" not in run_compare(results, "--format", "csv").stdout
    rows = json.loads(run_compare(results, "--format", "json").stdout)["rows"]
    assert [row["bought"] for row in rows] == [{"road": 70.0, "car": 25.0, "train": 5.0}, None]


def test_a_table_of_one_drive_alone(results: Path) -> None:
    write_two_drives(results)
    lines = run_compare(results, "--image-group", "dusk-*").output.splitlines()
    title = "quickstart: render -> camera, toy-3, last round, 2 of 12 evaluation images (dusk-*)"
    assert lines[0] == title
    # 4 hits in a union of 12, and 6 in one of 10.
    assert [line.split()[:3] for line in lines[5:7]] == [["Random", "33.3", "±"], ["Entropy", "60.0", "±"]]
    assert "Only evaluation images of the groups dusk-*: 2 of 12 images, 2 of 3 groups." in " ".join(lines)
    both = run_compare(results, "--image-group", "dusk-1", "--image-group", "day", "--format", "json")
    # 84 hits in a union of 92, and 86 in one of 90.
    scores = [each["score"]["mean"] for each in json.loads(both.stdout)["rows"]]
    assert scores == pytest.approx([100 * 84 / 92, 100 * 86 / 90])


def test_every_format_says_that_it_is_of_some_images(results: Path) -> None:
    write_two_drives(results)
    text = "render -> camera: 2 of 12 evaluation images (dusk-*)"
    markdown, latex, csv_text = (
        run_compare(results, "--image-group", "dusk-*", "--format", name).stdout
        for name in ("markdown", "latex", "csv")
    )
    assert markdown.startswith("render -&gt; camera: 2 of 12 evaluation images (dusk-\\*)\n\n| Method ")
    assert f"% {text}\n\\begin{{tabular}}" in latex
    row, _ = csv.DictReader(io.StringIO(csv_text))
    of_images = ("image_groups", "evaluation_images", "all_evaluation_images")
    assert [row[key] for key in of_images] == ["dusk-*", "2", "12"]


def test_a_group_that_is_not_there_is_one_message_and_exit_code_2(results: Path) -> None:
    write_two_drives(results)
    result = run_compare(results, "--image-group", "night")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: No group of evaluation images matches 'night'. Groups: day, dusk-1, dusk-2.\n"
    )


def test_a_users_mistake_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    result = run_compare(tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {tmp_path} holds no results: neither a folder 'runs' nor a run.json. "
        "Name a result folder such as results/quickstart, made by 'alseg run'.\n"
    )


CITYSCAPES = [f"class {number}" for number in range(19)]


def write_200_runs(results: Path, methods: int) -> None:
    """Write runs with 6 rounds, 19 classes and confusion counts of 100 images."""
    generator = np.random.default_rng(0)
    counts = generator.integers(1, 90_000, (100, 19, 19)) * (generator.random((100, 19, 19)) < 0.1)
    file = results.parent / "confusion.npz"
    np.savez_compressed(file, image_ids=np.arange(100).astype(str), counts=counts.astype(np.int32))
    for number in range(200):
        seed, order = divmod(number, methods)
        kind = "random" if order == 0 else "entropy"
        iou = generator.uniform(0, 100, (6, 19)).tolist()
        folder = write_run(
            results, f"Method {order}", seed, order=order, acquisition=kind, classes=CITYSCAPES, iou=iou
        )
        for round_folder in (folder / "rounds").iterdir():
            (round_folder / "confusion.npz").hardlink_to(file)


@pytest.mark.parametrize("methods", [10, 200])
def test_comparing_200_runs_does_not_take_an_order_of_magnitude_more_than_it_should(
    results: Path, methods: int
) -> None:
    # With 200 methods there is one seed, so that differences have intervals over images.
    write_200_runs(results, methods)
    command = [sys.executable, "-m", "alseg", "compare", str(results), "--ranks"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    completed = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The aim is 3 seconds on a quiet machine. Others slow a process down even in its own time.
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 20
    assert ("[a, b]: there is one seed" in completed.stdout) == (methods == 200)


def test_rows_can_be_shown_alone_with_their_numbers_unchanged(results: Path) -> None:
    write_two_methods(results)
    for seed in (0, 1):
        write_run(results, "Margin", seed, order=2, acquisition="margin", iou=[[10, 10, 10], [20, 20, 50]])
        write_run(results, "Source only", seed, order=3, target_labels="none", iou=[[9, 9, 9 + seed]])
    whole = run_compare(results, "--format", "csv").stdout.splitlines()
    shown = run_compare(results, "--format", "csv", "--only", "method=Ent*")
    assert shown.stdout.splitlines() == [
        line for line in whole if line.startswith(("label,", "Entropy,", "Source only,"))
    ]
    assert shown.stderr.startswith("note: Rows shown: 2 of 4. All numbers, marks and notes are those of")
    alone = run_compare(results, "--format", "csv", "--only", "method=Ent*", "--no-references").stdout
    assert alone.splitlines() == [line for line in whole if line.startswith(("label,", "Entropy,"))]
