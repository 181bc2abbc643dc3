from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from alseg import PublishedResult
from alseg.analysis.compare import compare
from alseg.analysis.comparison import Comparison
from alseg.analysis.options import CompareOptions
from alseg.analysis.row import PublishedRow
from alseg.storage.reader import load_results
from alseg.tables.columns import NOTHING, p_value
from alseg.tables.export import as_csv, as_json
from alseg.tables.markup import as_latex, as_markdown
from alseg.tables.terminal import print_comparison
from fakeruns import write_run

CITYSCAPES = [
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"),
    *("terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
]


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (None, NOTHING),
        (0.0004, "<0.001"),
        (0.00123, "0.0012"),
        (0.0445, "0.044"),
        # Two digits of these say 0.05, which is on neither side of what decides.
        (0.0496, "0.0496"),
        (0.05037, "0.0504"),
        (0.0500002, "0.0500002"),
        (0.05, "0.05"),
        (0.054, "0.054"),
        (0.25, "0.25"),
    ],
)
def test_a_p_value_tells_on_which_side_of_the_level_it_is(p: float | None, text: str) -> None:
    assert p_value(p) == text


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def write_three_methods(results: Path) -> Comparison:
    """Source only 30; Random 50 and 52; RIPU (RA) 60 and 64, better at everything; two seeds."""
    start, classes = [20, 40], ("road", "car")
    for seed in (0, 1):
        iou = [start, start]
        write_run(results, "Source only", seed, order=0, target_labels="none", classes=classes, iou=iou)
        iou = [start, [40 + 2 * seed, 60 + 2 * seed]]
        write_run(results, "Random", seed, order=1, acquisition="random", classes=classes, iou=iou)
        iou = [start, [50 + 4 * seed, 70 + 4 * seed]]
        write_run(results, "RIPU (RA)", seed, order=2, acquisition="ripu", classes=classes, iou=iou)
    return compare(load_results([results]))


def on_terminal(comparison: Comparison, width: int) -> list[str]:
    file = io.StringIO()
    print_comparison(comparison, Console(file=file, width=width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_markdown_shows_costs_classes_mean_and_difference(results: Path) -> None:
    table = as_markdown(write_three_methods(results)).split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    # t(0.975, 1) = 12.706; the standard error of 50 and 52 is 1, of 60 and 64 is 2, of 10 and 12 is 1.
    # p of t = 11 with one degree of freedom: 2 * atan(1 / t) / pi = 0.0577.
    assert rows[0] == [
        *("Method", "n", "Pixels", "Valid", "Clicks/image", "Images", "road", "car", "mIoU", "vs Random", "p")
    ]
    assert rows[2:] == [
        ["Source only", "2", "0%", NOTHING, "0", "0", "20.0", "40.0", "30.0 ± 0.0", NOTHING, NOTHING],
        ["Random", "2", "1.00%", "90.0%", "10", "10", "41.0", "61.0", "51.0 ± 12.7", NOTHING, NOTHING],
        [
            *("RIPU (RA)", "2", "1.00%", "90.0%", "10", "10"),
            *("**52.0**", "**72.0**", "**62.0 ± 25.4**", "+11.0 ± 12.7", "0.058"),
        ],
    ]


def test_markdown_lists_the_notes(results: Path) -> None:
    notes = as_markdown(write_three_methods(results)).split("\n\n")[1]
    assert notes == (
        "- IoU in percent. n: seeds averaged. Pixels: share of the pool (10,000 pixels in 10 images) that "
        "was bought. Valid: share of the bought pixels that have a class. Clicks/image: clicks that the "
        "answers cost, per image of the pool. Images: images with bought pixels. Bold: may be the best of "
        "the methods that buy alike; the others are behind it (95%).\n"
        "- ± is half the width of the 95% t interval over seeds.\n"
        "- Differences to Random are paired by seed.\n"
        "- p: paired t-test.\n"
        "- Seeds: with 2 pairs, no test without assumptions gives p below 0.5; it takes 6 for p &lt; 0.05. "
        "Smaller ones rest on differences being normally distributed.\n"
        "- Found with 80% probability: true differences of 16.3 points, as estimated from 2 pairs; the truth "
        "is 0.45 to 32 times that.\n"
        "- Scorer version 1.\n"
    )


def test_latex_is_a_booktabs_table_with_the_best_in_bold(results: Path) -> None:
    lines = [" ".join(line.split()) for line in as_latex(write_three_methods(results)).splitlines()]
    assert lines[-10:-6] == [
        "% Scorer version 1.",
        r"\begin{tabular}{lrrrrrrrrrr}",
        r"\toprule",
        r"Method & n & Pixels & Valid & Clicks/image & Images & road & car & mIoU & vs Random & p \\",
    ]
    assert lines[-6] == r"\midrule"
    assert lines[-3:] == [
        r"RIPU (RA) & 2 & 1.00\% & 90.0\% & 10 & 10 & \textbf{52.0} & \textbf{72.0} & "
        r"\textbf{62.0 $\pm$ 25.4} & +11.0 $\pm$ 12.7 & 0.058 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_latex_sets_a_minus_as_a_minus(results: Path) -> None:
    for order, (label, score) in enumerate({"Random": 50, "Entropy": 29}.items()):
        write_run(results, label, order=order, acquisition=label.lower(), iou=[[score] * 3])
    assert r" $-$21.0 \\" in as_latex(compare(load_results([results])))


HOSTILE_METHOD = "a_b%& <script> | #1 ${x}^~\\ *_`[x](y)"
HOSTILE_CLASS = "<b>|&_%\n$"


def write_hostile(results: Path) -> Comparison:
    for order, label in enumerate((HOSTILE_METHOD, "Random")):
        write_run(results, label, order=order, classes=(HOSTILE_CLASS, "car"), iou=[[50, 60]])
    return compare(load_results([results]))


def test_names_cannot_break_markdown(results: Path) -> None:
    lines = as_markdown(write_hostile(results)).splitlines()
    header, _, first, _ = lines[:4]
    # Bars that divide cells are not escaped; there are 9 columns, so 10 of them.
    assert [line.replace("\\|", "").count("|") for line in lines[:4]] == [10, 10, 10, 10]
    assert "&lt;b&gt;\\|&amp;\\_% $" in header
    assert "a\\_b%&amp; &lt;script&gt; \\| #1 ${x}^\\~\\\\ \\*\\_\\`\\[x\\](y)" in first


def test_names_cannot_break_latex(results: Path) -> None:
    text = as_latex(write_hostile(results))
    header = next(line for line in text.splitlines() if line.startswith("Method"))
    assert r"\textless{}b\textgreater{}\textbar{}\&\_\% \$" in header
    assert (
        r"a\_b\%\& \textless{}script\textgreater{} \textbar{} \#1 "
        r"\$\{x\}\textasciicircum{}\textasciitilde{}\textbackslash{} *\_`[x](y)"
    ) in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert [line.replace(r"\&", "").count("&") for line in rows] == [8, 8, 8]


def test_names_come_through_csv_and_json_unchanged(results: Path) -> None:
    comparison = write_hostile(results)
    header, first, _ = csv.reader(io.StringIO(as_csv(comparison)))
    assert first[0] == HOSTILE_METHOD
    assert first[header.index(f"iou:{HOSTILE_CLASS}")] == "50.0"
    content = json.loads(as_json(comparison))
    assert content["rows"][0]["label"] == HOSTILE_METHOD
    assert content["rows"][0]["iou"][HOSTILE_CLASS] == 50.0


def test_csv_has_one_line_per_method_in_full_precision(results: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(write_three_methods(results)))))
    ripu = rows[2]
    assert ripu["label"] == "RIPU (RA)"
    assert (ripu["n"], ripu["seeds"], ripu["rounds"]) == ("2", "0 1", "1")
    assert (ripu["pixels"], ripu["pixels_percent"], ripu["iou:car"]) == ("100.0", "1.0", "72.0")
    assert (ripu["metric"], ripu["score"]) == ("miou", "62.0")
    assert float(ripu["score_half_width"]) == pytest.approx(25.4124, abs=1e-4)
    assert (ripu["baseline"], ripu["difference"], ripu["difference_n"]) == ("Random", "11.0", "2")
    # t = 11 / 1 with one degree of freedom: p = 2 * atan(1 / 11) / pi.
    assert float(ripu["difference_p"]) == pytest.approx(2 * math.atan(1 / 11) / math.pi)
    assert (rows[1]["baseline"], rows[1]["difference"]) == ("", "")


def test_json_holds_what_the_documentation_says(results: Path) -> None:
    content = json.loads(as_json(write_three_methods(results)))
    documented = (Path(__file__).parents[2] / "docs/compare.md").read_text(encoding="utf-8")
    row = content["rows"][2]
    keys = {*content, *row, *row["cost"], *row["score"], *row["difference"], *row["runs"][0]}
    assert [key for key in sorted(keys) if f"`{key}`" not in documented] == []
    assert content["notes"][-1] == "Scorer version 1."
    assert row["best_classes"] == ["road", "car"]
    assert row["score"] == {"mean": 62.0, "half_width": pytest.approx(25.4124, abs=1e-4), "n": 2}


def test_csv_columns_are_documented(results: Path) -> None:
    header = next(csv.reader(io.StringIO(as_csv(write_three_methods(results)))))
    documented = (Path(__file__).parents[2] / "docs/compare.md").read_text(encoding="utf-8")
    assert [name for name in header if not name.startswith("iou:") and f"`{name}`" not in documented] == []


def test_the_terminal_shows_methods_with_costs_then_classes(results: Path) -> None:
    lines = on_terminal(write_three_methods(results), 90)
    assert lines[:14] == [
        "toy: render -> camera, toy-3, last round",
        "",
        "                                                                  Clicks/",
        "Method               mIoU     vs Random      p  n  Pixels  Valid    image  Images",
        "─────────────────────────────────────────────────────────────────────────────────",
        f"Source only    30.0 ± 0.0             {NOTHING}      {NOTHING}  2      0%      {NOTHING}  "
        "      0       0",
        f"Random        51.0 ± 12.7             {NOTHING}      {NOTHING}  2   1.00%  90.0%       10      10",
        "RIPU (RA)    *62.0 ± 25.4  +11.0 ± 12.7  0.058  2   1.00%  90.0%       10      10",
        "",
        "Method       road   car",
        "───────────────────────",
        "Source only  20.0  40.0",
        "Random       41.0  61.0",
        "RIPU (RA)   *52.0 *72.0",
    ]


@pytest.mark.parametrize("width", [60, 80, 140, 200])
def test_19_classes_fit_the_width_of_the_terminal(results: Path, width: int) -> None:
    for order, label in enumerate(("Random", "Least confidence", "RIPU (RA)")):
        for seed in (0, 1):  # nearly the same differences with both, so that the others are ruled out
            iou = [[99.6 + order / 5 - seed * order / 1000 for _ in CITYSCAPES]]
            write_run(results, label, seed, order=order, classes=CITYSCAPES, iou=iou)
    lines = on_terminal(compare(load_results([results])), width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert words.count("*100.0") == 20  # 19 classes and the mean
    # The values are as wide as short names, so that short names would save no table.
    assert words.count("sidewalk") == 1


LONG_LABELS = (
    "RIPU with an impurity of very wide windows",
    "x" * 40,
    "主动学习方法",
    "Random",
)


@pytest.mark.parametrize("count", [1, 2, 19, 60])
def test_long_names_and_many_classes_fit_every_width(results: Path, count: int) -> None:
    # Every second name is one long word, and the first six letters of all are the same.
    classes = [f"category {n}" if n % 2 else f"category_of_things_on_the_road_{n}" for n in range(count)]
    subsets = {"a subset of long name": classes[:1]}
    for order, label in enumerate(LONG_LABELS):
        for seed in (0, 1):
            iou = [[50.0] * count, [50.0 + (order + 2 * order * seed + index) % 50 for index in range(count)]]
            kind = "random" if label == "x" * 40 else "entropy"
            write_run(
                results, label, seed, order=order, acquisition=kind, classes=classes, iou=iou, subsets=subsets
            )
    paper = PublishedResult(
        label="A method of others, source-free",
        paper="Somebody et al., CVPR 2022",
        source="",
        target="",
        label_space="toy-3",
        miou=90.0,
    )
    comparison = compare(
        load_results([results]),
        CompareOptions(metric=f"iou:{classes[0]}", x="valid-pixels", ranks=True, penalties=True),
    )
    row = PublishedRow(scenario=comparison.scenarios[0], result=paper, score=None, reference=1)
    comparison = replace(comparison, published=(row,))
    for width in (40, 50, 60, 80, 100, 140, 200):
        lines = on_terminal(comparison, width)
        too_wide = [line for line in lines if cell_len(line) > width]
        # Only the name of a class, which says what #1 stands for, and of the baseline may be too wide.
        assert [line for line in too_wide if len(max(line.split(), key=len)) + 2 <= width] == []
        text = "\n".join(lines)
        tables = text.count("─\n")
        for label in (*LONG_LABELS[1:], "impurity", "source-free"):
            assert text.count(label) >= tables - 3, (label, width)


def test_short_class_names_that_would_be_alike_stay_long(results: Path) -> None:
    classes = ["motorcycle", "motorway", "traffic light", *(f"filler {n}" for n in range(12))]
    write_run(results, "Random", classes=classes, iou=[[50.0] * 15])
    header = " ".join(on_terminal(compare(load_results([results])), 80))
    assert "motorcycle" in header
    assert "motorway" in header
    assert " light" in header


def test_wide_characters_keep_columns_aligned(results: Path) -> None:
    write_run(results, "主动学习", order=0)
    write_run(results, "Random", order=1)
    lines = on_terminal(compare(load_results([results])), 80)
    # Four wide characters take eight columns, "Random" six and two spaces.
    assert lines[5].startswith("主动学习  60.0")
    assert lines[6].startswith("Random    60.0")


def test_best_values_are_bold_on_a_terminal_only(results: Path) -> None:
    comparison = write_three_methods(results)
    terminal = io.StringIO()
    print_comparison(comparison, Console(file=terminal, width=80, force_terminal=True))
    assert "\x1b[1m*72.0\x1b[0m" in terminal.getvalue()
    assert "\x1b" not in "".join(on_terminal(comparison, 80))


def test_tiny_shares_keep_two_digits(results: Path) -> None:
    write_run(results, "Random", iou=[[1, 2, 3], [1, 2, 3]], pixels_per_round=1)
    # 1 of 10,000 pixels, 1 click over 10 images.
    assert "| 0.01% |" in " ".join(as_markdown(compare(load_results([results]))).split())
    assert " 0.1 |" in as_markdown(compare(load_results([results])))
