"""The leaderboard: what stands in one table, whose runs are seeds of one method, whence scores come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alseg.exchange.opening import opened
from alseg.files import read_json, write_record
from alseg.report.leaderboard import leaderboard_content
from fakepacks import alseg, make, write_counted

REGION = {"name": "region", "params": {"radius": 1}}


def write_method(
    results: Path,
    label: str,
    seed: int = 0,
    *,
    quality: int = 0,
    acquisition: str | None = None,
    made_with: Mapping[str, str] | None = None,
    scenario: str = "render",
    recipe: str = "plain",
    annotation: Mapping[str, Any] = REGION,
    **given: Any,
) -> Path:
    """Write a run whose settings do not hang on where it lies, as those of alseg."""
    run = write_counted(
        results, label, seed, quality=quality, acquisition=acquisition, annotation=annotation, **given
    )
    method = {
        "label": label,
        "acquisition": acquisition and {"name": acquisition, "params": {}},
        "annotation": annotation,
        "recipe": {"name": recipe, "params": {}},
    }
    spec = {"experiment": "toy", "scenario": {"source": scenario}, "method": method, "seed": seed}
    content = read_json(run / "run.json")
    made = {"alseg": "0.1.0, code 0123", "evaluation data": "2 images, 4567", **(made_with or {})}
    # Identity is the specification: the same for everybody.
    content |= {"spec": spec, "made_with": made, "fingerprint": json.dumps(spec), "scorer": "2"}
    write_record(run / "run.json", content)
    return run


def board(*packs: Path) -> dict[str, Any]:
    with opened(packs) as found:
        return leaderboard_content(found.parts, {"mine": "Me et al., arXiv:2111.12940, eq. 2"})


def rows_of(content: dict[str, Any], group: int = 0) -> dict[str, dict[str, Any]]:
    return {row["label"]: row for row in content["groups"][group]["rows"]}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def test_differences_are_paired_with_random_choice_of_the_same_table(toy: Path, tmp_path: Path) -> None:
    for seed, (random, mine) in enumerate([(0, 2), (1, 2)]):
        write_method(toy, "Random", seed, quality=random, acquisition="random")
        write_method(toy, "Mine", seed, quality=mine, acquisition="mine")
    rows = rows_of(board(make(tmp_path / "toy.zip", toy, "--by", "Ada")))
    assert list(rows) == ["Mine", "Random"]  # best first
    # IoU is right / (20 - right): 8/12 with quality 2, 6/14 and 7/13 with 0 and 1.
    first, second = 100 * (8 / 12 - 6 / 14), 100 * (8 / 12 - 7 / 13)
    assert rows["Mine"]["score"][0] == pytest.approx(100 * 8 / 12)
    assert rows["Mine"]["difference"][0] == pytest.approx((first + second) / 2)
    assert (rows["Mine"]["baseline"], rows["Mine"]["pairs"]) == ("Random", 2)
    assert rows["Random"]["difference"] is None
    assert rows["Mine"]["links"] == ["https://arxiv.org/abs/2111.12940"]


@pytest.mark.parametrize(
    "other",
    [
        {"scenario": "other"},
        {"recipe": "ripu"},
        {"annotation": {"name": "region", "params": {"radius": 4}}},
        {"made_with": {"evaluation data": "3 images, 89ab"}},
        {"settings": None, "made_with": {"label space toy-3": "alseg 0.1.0, cdef"}},
    ],
)
def test_what_does_not_compare_stands_in_tables_of_its_own(
    toy: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    write_method(toy, "Random", acquisition="random")
    write_method(toy, "Mine", acquisition="mine", quality=1, **other)
    content = board(make(tmp_path / "toy.zip", toy))
    assert [[row["label"] for row in group["rows"]] for group in content["groups"]] in (
        [["Random"], ["Mine"]],
        [["Mine"], ["Random"]],
    )
    assert all(row["difference"] is None for group in content["groups"] for row in group["rows"])
    assert len({group["title"] for group in content["groups"]}) == 2


def test_another_budget_is_another_table(toy: Path, tmp_path: Path) -> None:
    write_method(toy, "Random", acquisition="random")
    write_method(toy, "Mine", acquisition="mine", budget="50%")
    titles = [group["title"] for group in board(make(tmp_path / "toy.zip", toy))["groups"]]
    assert titles == [
        "render -> camera: region (radius 1), 5%, recipe plain",
        "render -> camera: region (radius 1), 50%, recipe plain",
    ]


def of_two(tmp_path: Path, ada: list[int], bob: list[int], **given: Any) -> dict[str, Any]:
    """Return the leaderboard of one method by two people with seeds of theirs."""
    packs = []
    for who, seeds in (("Ada", ada), ("Bob", bob)):
        for seed in seeds:
            write_method(tmp_path / who / "toy", "Mine", seed, **(given if who == "Bob" else {}))
        packs.append(make(tmp_path / f"{who}.zip", tmp_path / who / "toy", "--by", who))
    return board(*packs)


def test_seeds_of_two_people_are_one_row_if_settings_and_code_are_equal(tmp_path: Path) -> None:
    content = of_two(tmp_path, [0, 1], [2])
    (row,) = rows_of(content).values()
    assert [(seed, place) for seed, _, place in row["seeds"]] == [(0, 0), (1, 0), (2, 1)]
    assert [content["parts"][place]["by"] for place in row["places"]] == ["Ada", "Bob"]


def test_the_same_results_again_count_once(tmp_path: Path) -> None:
    (row,) = rows_of(of_two(tmp_path, [0], [0, 1])).values()
    assert [(seed, place) for seed, _, place in row["seeds"]] == [(0, 0), (1, 1)]
    assert row["repeated"] == [[0, 1]]


def test_other_results_of_the_same_seed_have_a_row_of_their_own(tmp_path: Path) -> None:
    rows = rows_of(of_two(tmp_path, [0, 1], [1, 2], quality=1))
    assert {label: [seed for seed, _, _ in row["seeds"]] for label, row in rows.items()} == {
        "Mine": [1, 2],
        "Mine [2]": [0, 1],
    }


def test_other_code_has_a_row_of_its_own(tmp_path: Path) -> None:
    rows = rows_of(of_two(tmp_path, [0], [1], made_with={"alseg": "0.1.0, code 89ab"}))
    assert [row["code"] for row in rows.values()] == [["alseg 0.1.0, code 0123"], ["alseg 0.1.0, code 89ab"]]


def test_references_stand_below_and_are_compared_with_nothing(toy: Path, tmp_path: Path) -> None:
    write_method(toy, "Random", acquisition="random")
    write_method(toy, "Source only", target_labels="none", recipe="source")
    (group,) = board(make(tmp_path / "toy.zip", toy))["groups"]
    assert [(row["label"], row["kind"]) for row in group["references"]] == [("Source only", "none")]
    assert [row["label"] for row in group["rows"]] == ["Random"]


def test_upper_marks_stand_below_and_are_compared_with_nothing(toy: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        write_method(toy, "Random", seed, acquisition="random")
        write_method(toy, "Oracle", seed, acquisition="oracle", quality=2)
        write_method(toy, "Other", seed, acquisition="other", quality=seed + 1)
    for run in toy.glob("runs/oracle__*"):
        content = read_json(run / "run.json")
        write_record(run / "run.json", content | {"method": {**content["method"], "sees_labels": True}})
    (group,) = board(make(tmp_path / "toy.zip", toy))["groups"]
    assert sorted(row["label"] for row in group["rows"]) == ["Other", "Random"]
    (mark,) = group["references"]
    assert (mark["label"], mark["kind"], mark["difference"]) == ("Oracle (upper mark)", "upper mark", None)


def test_runs_that_cannot_be_counted_anew_are_left_out_and_named(toy: Path, tmp_path: Path) -> None:
    write_method(toy, "Random", acquisition="random")
    (write_method(toy, "Mine", acquisition="mine") / "rounds/00/confusion.npz").unlink()
    late = write_method(toy, "Late", acquisition="mine")
    write_record(late / "status.json", {"state": "interrupted", "round": 1, "error": None, "reason": None})
    content = board(make(tmp_path / "toy.zip", toy, "--incomplete", "--without-counts"))
    assert [row["label"] for row in content["groups"][0]["rows"]] == ["Random"]
    assert [line.partition("__")[0] + ":" + line.partition(":")[2] for line in content["left_out"]] == [
        "toy/late: interrupted, last round 1.",
        "toy/mine: it has no confusion counts, so that its metrics cannot be computed anew.",
    ]


def test_nothing_that_counts_is_no_leaderboard(toy: Path, tmp_path: Path) -> None:
    write_method(toy, "Source only", target_labels="none")
    pack = make(tmp_path / "toy.zip", toy)
    result = alseg("report", "--leaderboard", pack, "-o", tmp_path / "board.html")
    assert result.stderr == (
        "Error: No run can stand on a leaderboard: none buys labels without seeing them before, is "
        "done and has counts.\n"
    )


def test_options_about_curves_are_refused(toy: Path, tmp_path: Path) -> None:
    write_method(toy, "Random", acquisition="random")
    result = alseg("report", "--leaderboard", toy, "--images", "2", "-o", tmp_path / "board.html")
    assert result.exit_code == 2
    assert "Error: --images says nothing about a leaderboard. Leave it out.\n" in result.stderr
    result = alseg("report", "--leaderboard", toy, "--image-group", "x", "-o", tmp_path / "board.html")
    assert "Error: --image-group says nothing about a leaderboard. Leave it out.\n" in result.stderr


def test_texts_of_packs_cannot_leave_the_page(toy: Path, tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>"
    run = write_method(toy, "Random", acquisition="random")
    content = read_json(run / "run.json")
    write_record(run / "run.json", {**content, "method": {**content["method"], "label": hostile}})
    pack = make(tmp_path / "toy.zip", toy, "--by", hostile, "--contact", "<img src=x>")
    alseg("report", "--leaderboard", pack, "--title", hostile, "-o", tmp_path / "board.html")
    text = (tmp_path / "board.html").read_text()
    assert str(tmp_path) not in text
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "&lt;/script&gt;" in text
