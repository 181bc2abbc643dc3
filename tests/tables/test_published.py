from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from alseg import PublishedResult
from alseg.analysis.compare import compare
from alseg.analysis.comparison import Comparison
from alseg.analysis.options import CompareOptions
from alseg.cli import main
from alseg.storage.reader import load_results
from alseg.tables.columns import NOTHING
from alseg.tables.export import as_csv, as_json
from alseg.tables.markup import as_latex, as_markdown
from alseg.tables.terminal import print_comparison
from fakeruns import write_run

A_PAPER = PublishedResult(
    label="RIPU RA 2.2%, V2",
    paper="Xie et al., CVPR 2022",
    source="gtav",
    target="cityscapes",
    label_space="toy-3",
    miou=90.0,
    iou={"road": 99.0, "car": 91.0, "train": 80.0},
    subsets={"two": 95.0},
)
MEAN_ONLY = PublishedResult(
    label="LabOR 2.2%, V2",
    paper="Shin et al., ICCV 2021",
    source="gtav",
    target="cityscapes",
    label_space="toy-3",
    miou=80.0,
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "gta2city"


def scenario(source: str = "gtav", target: str = "cityscapes") -> dict[str, Any]:
    return {"scenario": {"source": {"name": source}, "target": {"name": target}}}


def write_two_methods(results: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Random 20, 30, 40 and Entropy 30, 40, 50 of road, car, train; the subset ``two`` is road and car."""
    for order, (label, shift) in enumerate({"Random": 0, "Entropy": 10}.items()):
        write_run(
            results,
            label,
            order=order,
            acquisition=label.lower(),
            iou=[[20 + shift, 30 + shift, 40 + shift]],
            subsets={"two": ["road", "car"]},
            settings=settings if settings is not None else scenario(),
        )


def compared(results: Path, **options: Any) -> Comparison:
    return compare(load_results([results]), CompareOptions(published=[A_PAPER, MEAN_ONLY], **options))


def on_terminal(comparison: Comparison) -> list[str]:
    file = io.StringIO()
    print_comparison(comparison, Console(file=file, width=200))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_published_rows_stand_below_ours(results: Path) -> None:
    write_two_methods(results)
    lines = [line.split() for line in on_terminal(compared(results))]
    nothing = [NOTHING] * 6
    assert lines[5:9] == [
        ["Random", "30.0", "25.0", NOTHING, "1", "0%", NOTHING, "0", "0"],
        ["Entropy", "40.0", "35.0", "+10.0", "1", "0%", NOTHING, "0", "0"],
        ["RIPU", "RA", "2.2%,", "V2", "(published", "[1])", "90.0", "95.0", *nothing],
        ["LabOR", "2.2%,", "V2", "(published", "[2])", "80.0", NOTHING, *nothing],
    ]
    assert lines[12:16] == [
        ["Random", "20.0", "30.0", "40.0"],
        ["Entropy", "30.0", "40.0", "50.0"],
        ["RIPU", "RA", "2.2%,", "V2", "(published", "[1])", "99.0", "91.0", "80.0"],
        ["LabOR", "2.2%,", "V2", "(published", "[2])", NOTHING, NOTHING, NOTHING],
    ]


def test_a_mean_over_a_subset_stands_beside_that_over_all(results: Path) -> None:
    write_two_methods(results)
    assert on_terminal(compared(results))[3].split()[:5] == ["Method", "mIoU", "(3)", "mIoU", "(two)"]


def test_the_notes_name_the_papers(results: Path) -> None:
    write_two_methods(results)
    assert compared(results).notes[0] == (
        "Published: printed in a paper, not run here. How labels are counted, image sizes and the choice of "
        "the checkpoint may differ from the other rows. [1] Xie et al., CVPR 2022. "
        "[2] Shin et al., ICCV 2021."
    )


def test_nothing_published_is_shown_unless_asked_for(results: Path) -> None:
    write_two_methods(results)
    comparison = compare(load_results([results]))
    assert comparison.published == ()
    assert not any("ublished" in note for note in comparison.notes)


@pytest.mark.parametrize(
    "settings", [scenario(source="synthia"), scenario(target="camvid"), {"scenario": {"source": "gtav"}}]
)
def test_other_data_sets_have_no_published_results(results: Path, settings: dict[str, Any]) -> None:
    write_two_methods(results, settings)
    comparison = compared(results)
    assert comparison.published == ()
    assert comparison.notes[0] == (
        "No published result has the data sets, label space and metric of these runs."
    )


def test_another_label_space_has_no_published_results(results: Path) -> None:
    write_run(results, "Random", label_space="toy-4", settings=scenario())
    assert compared(results).published == ()


def test_a_subset_shows_what_is_printed_of_it(results: Path) -> None:
    write_two_methods(results)
    comparison = compared(results, subset="two")
    assert [row.score.mean for row in comparison.rows if row.score] == [25.0, 35.0]
    assert [(row.result.label, row.score) for row in comparison.published] == [("RIPU RA 2.2%, V2", 95.0)]
    assert comparison.classes == ("road", "car")


def test_one_class_can_be_compared_with_what_is_printed(results: Path) -> None:
    write_two_methods(results)
    assert [row.score for row in compared(results, metric="iou:car").published] == [91.0]


def test_rows_of_several_scenarios_have_their_own_published_rows(results: Path) -> None:
    write_two_methods(results)
    streets = scenario(source="streets")
    write_run(results, "Random", order=2, settings=streets, scenario="streets -> city")
    assert [getattr(line, "label", "published") for line in compared(results).lines] == [
        *("Random", "Entropy", "published", "published", "Random"),
    ]


def test_markdown_and_latex_mark_published_rows(results: Path) -> None:
    write_two_methods(results)
    comparison = compared(results)
    assert r"| RIPU RA 2.2%, V2 (published \[1\]) " in as_markdown(comparison)
    assert r"RIPU RA 2.2\%, V2 (published [1])" in as_latex(comparison)


def test_json_keeps_published_rows_apart(results: Path) -> None:
    write_two_methods(results)
    content = json.loads(as_json(compared(results)))
    assert [row["label"] for row in content["rows"]] == ["Random", "Entropy"]
    assert content["rows"][0]["subsets"] == {"two": {"mean": 25.0, "half_width": None, "n": 1}}
    assert content["published"][0] == {
        "label": "RIPU RA 2.2%, V2",
        "scenario": "render -> camera",
        "paper": "Xie et al., CVPR 2022",
        "iou": {"road": 99.0, "car": 91.0, "train": 80.0},
        "miou": 90.0,
        "subsets": {"two": 95.0},
        "score": 90.0,
    }


def test_csv_says_in_a_column_what_is_published(results: Path) -> None:
    write_two_methods(results)
    rows = list(csv.DictReader(io.StringIO(as_csv(compared(results)))))
    assert [row["published"] for row in rows] == ["", "", "Xie et al., CVPR 2022", "Shin et al., ICCV 2021"]
    assert (rows[1]["miou:two"], rows[2]["miou:two"], rows[3]["miou:two"]) == ("35.0", "95.0", "")
    assert (rows[2]["label"], rows[2]["score"], rows[2]["pixels"]) == ("RIPU RA 2.2%, V2", "90.0", "")


def test_rows_are_compared_to_the_random_choice_with_their_own_annotation_and_budget(results: Path) -> None:
    for order, (label, acquisition, annotation, budget, iou) in enumerate(
        [
            ("Random", "random", "region", "2.2%", 50),
            ("Random points", "random", "pixel", "40 px/image", 40),
            ("RIPU (PA)", "ripu-pixel", "pixel", "40 px/image", 43),
            ("Image-based", "entropy", "image", "2.2%", 51),
        ]
    ):
        method = {
            "label": label,
            "order": order,
            "target_labels": "acquired",
            "acquisition": acquisition,
            "annotation": annotation,
            "budget": budget,
        }
        write_run(results, label, order=order, iou=[[iou] * 3], extra={"method": method})
    comparison = compare(load_results([results]))
    differences = {row.label: (row.baseline, row.difference) for row in comparison.rows}
    assert differences["Random points"] == (None, None)
    assert [(name, row and row.mean) for name, row in list(differences.values())[2:]] == [
        ("Random points", 3.0),
        (None, None),
    ]
    assert "Differences to Random points are paired by seed." in comparison.notes
    assert "vs Random points" in on_terminal(comparison)[3]


def test_the_command_line_adds_the_papers_table(results: Path) -> None:
    iou = [float(number) for number in range(30, 46)]
    classes = [
        *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign"),
        *("vegetation", "sky", "person", "rider", "car", "bus", "motorcycle", "bicycle"),
    ]
    write_run(
        results,
        "Random",
        iou=[iou],
        classes=classes,
        subsets={"13": [name for name in classes if name not in ("wall", "fence", "pole")]},
        label_space="synthia-16",
        settings=scenario(source="synthia"),
    )
    output = CliRunner().invoke(main, ["compare", str(results), "--published", "--format", "csv"]).stdout
    rows = list(csv.DictReader(io.StringIO(output)))
    # 30 to 45 have the mean 37.5; without 33, 34 and 35 the rest sums to 600 - 102 = 498, over 13.
    assert (rows[0]["score"], float(rows[0]["miou:13"])) == ("37.5", pytest.approx(498 / 13))
    assert [(row["label"], row["score"], row["miou:13"]) for row in rows[1:]] == [
        ("ILM-ASSL 2.2%, V2", "73.7", "78.6"),
        ("ILM-ASSL 2.2%, V2, source-free", "72.0", "78.1"),
        ("ILM-ASSL 1%, V3+", "73.2", "79.3"),
        ("ILM-ASSL 2.2%, V3+", "76.0", "80.9"),
        ("ILM-ASSL 5%, V3+", "76.6", "82.1"),
        ("RIPU PA 40 px, V2", "66.1", ""),
        ("RIPU RA 2.2%, V2", "70.1", "75.7"),
        ("RIPU RA 2.2%, V2, source-free", "68.7", ""),
        ("AADA 5%, V3+", "61.9", "66.2"),
        ("MADA 5%, V3+", "68.1", "73.3"),
        ("RIPU RA 5%, V3+", "71.4", "76.7"),
    ]
