"""Results on some of the evaluation images: the numbers, and what is left out or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alseg.analysis.chosen_images import on_chosen_images
from alseg.analysis.compare import compare
from alseg.analysis.comparison import Comparison
from alseg.analysis.options import CompareOptions
from alseg.errors import AlsegError
from alseg.storage.reader import load_results
from alseg.storage.rescore import rescore, write
from alseg.tables.export import as_json
from comparing import compared, labels, mean, row
from fakeruns import write_run

ROAD_AND_CAR: dict[str, Any] = {"classes": ("road", "car"), "iou": [[50.0, 50.0]]}

NORTH = [[6, 2], [2, 6]]
"""Of 16 pixels 12 are right; each class has 6 hits in a union of 10: IoU 60."""

SOUTH = [[9, 1], [0, 0]]
"""Of 10 pixels 9 are right; road has 9 hits in a union of 10, and there is no car: IoU 90."""

GROUPS = ("north-1", "south-1", "north-2", "north-1")
"""Groups of four images."""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def write_four_images(results: Path, label: str = "Random", seed: int = 0, **changes: Any) -> Path:
    options = {
        "acquisition": "random",
        "counts": np.array([NORTH, SOUTH, NORTH, NORTH]),
        "groups": GROUPS,
        **ROAD_AND_CAR,
        **changes,
    }
    return write_run(results, label, seed, **options)


def chosen(*folders: Path, patterns: Sequence[str], **options: Any) -> Comparison:
    return compare(on_chosen_images(load_results(folders), patterns), CompareOptions(**options))


def refusal(*folders: Path, patterns: Sequence[str], **options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        chosen(*folders, patterns=patterns, **options)
    return str(caught.value)


def write_without_evaluation(results: Path) -> None:
    folder = write_four_images(results, counts=None, extra={"evaluated": False})
    path = folder / "rounds/00/metrics.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({key: content[key] for key in ("round", "iteration", "cost", "pool")}))


def test_metrics_are_those_of_the_images_of_the_group(results: Path) -> None:
    write_four_images(results, subsets={"small": ["car"]})
    found = row(chosen(results, patterns=["north-*"]), "Random")
    assert found.iou == {"road": 60.0, "car": 60.0}
    assert (mean(found), found.subsets["small"].mean) == (60.0, 60.0)
    accuracy = chosen(results, patterns=["north-*"], metric="accuracy")
    # 36 of 48 pixels.
    assert mean(row(accuracy, "Random")) == 75.0


def test_several_patterns_add_up_and_a_name_is_itself_with_brackets(results: Path) -> None:
    write_four_images(results, groups=("[a]", "b", "c", "[a]"))
    together = chosen(results, patterns=["[a]", "b"])
    # 6 + 9 + 6 hits of road in a union of 10 + 10 + 10; 12 hits of car in 10 + 1 + 10.
    assert row(together, "Random").iou == {"road": pytest.approx(70), "car": pytest.approx(100 * 12 / 21)}
    assert together.images_text("render -> camera") == "3 of 4 evaluation images ([a], b)"


def test_a_pattern_for_all_images_changes_no_number(results: Path) -> None:
    for folder in (write_four_images(results), write_four_images(results, "Entropy", order=1)):
        write(rescore(folder))
    for before, after in zip(compared(results).rows, chosen(results, patterns=["*"]).rows, strict=True):
        assert (after.score, after.iou, after.costs) == (before.score, before.iou, before.costs)


def test_a_class_that_these_images_do_not_hold_is_left_out_of_the_mean(results: Path) -> None:
    write_four_images(results)
    comparison = chosen(results, patterns=["south-1"])
    found = row(comparison, "Random")
    assert (mean(found), found.iou) == (90.0, {"road": 90.0, "car": None})
    assert "Not in the ground truth of these images, so left out of the mean: car." in comparison.notes
    message = "IoU car is undefined: the ground truth of these images holds no such class."
    assert refusal(results, patterns=["south-1"], metric="iou:car") == message


def test_the_first_note_says_how_many_images_of_how_many_groups(results: Path) -> None:
    write_four_images(results)
    assert chosen(results, patterns=["north-*"]).notes[0] == (
        "Only evaluation images of the groups north-*: 3 of 4 images, 2 of 3 groups. Metrics, differences, "
        "intervals and curves are of these images, costs of the whole pool."
    )


def test_images_without_groups_are_chosen_by_their_names(results: Path) -> None:
    write_four_images(results, groups=None)
    comparison = chosen(results, patterns=["image-[02]"])
    assert mean(row(comparison, "Random")) == 60.0
    assert comparison.notes[0].startswith(
        "Only evaluation images of the groups image-[02]: 2 of 4 images, each a group of its own. "
    )


def write_study(results: Path, scenario: str, images: slice, of: dict[tuple[str, int], np.ndarray]) -> None:
    """Write two methods and both references, each with two seeds, counted on some of 20 images.

    Args:
        results: The results folder.
        scenario: Its name.
        images: Which of the images.
        of: Counts of all images, by label and seed.
    """
    groups = [f"{'west' if number < 10 else 'east'}-{number}" for number in range(20)][images]
    kinds = {
        "Source only": {"target_labels": "none", "reference": "lower"},
        "Random": {"acquisition": "random"},
        "Entropy": {"acquisition": "entropy"},
        "All": {"target_labels": "all", "reference": "upper"},
    }
    for order, (label, kind) in enumerate(kinds.items()):
        for seed in (0, 1):
            folder = write_run(
                results,
                label,
                seed,
                order=order,
                classes=("road", "car"),
                iou=[[50.0, 50.0]] * 3,
                counts=of[label, seed][:, images],
                groups=groups,
                scorer="2",
                scenario=scenario,
                settings={"target": scenario},
                **kind,
            )
            if images != slice(None):
                write(rescore(folder))
    text = "name: toy\nmethods:\n"
    text += "".join(
        f"  - {{label: {label}, acquisition: {kind['acquisition']}, annotation: pixel, budget: 5%}}\n"
        for label, kind in kinds.items()
        if "acquisition" in kind
    )
    (results / "experiment.yaml").write_text(
        f"{text}comparisons:\n  - {{baseline: Random, methods: [Entropy], margin: 30}}\n"
    )


def counts_of_study(seed: int) -> dict[tuple[str, int], np.ndarray]:
    """Return counts ``(3 rounds, 20 images, 2, 2)`` of each label and seed; some methods are better."""
    generator = np.random.default_rng(seed)
    right = {
        "Source only": (50, 50, 50),
        "Random": (50, 60, 65),
        "Entropy": (50, 65, 75),
        "All": (50, 80, 90),
    }
    counts = {}
    for label, percent in right.items():
        for number in (0, 1):
            hits = generator.binomial(100, np.array(percent)[:, None, None] / 100, (3, 20, 2))
            table = np.zeros((3, 20, 2, 2), np.int32)
            table[..., 0, 0], table[..., 1, 1] = hits[..., 0], hits[..., 1]
            table[..., 0, 1], table[..., 1, 0] = 100 - hits[..., 0], 100 - hits[..., 1]
            counts[label, number] = table
    return counts


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (
            {"images": True, "x": "pixels", "reach": 70.0, "penalties": True},
            ("contrasts", "penalties", "crossed", "aubc", "reach", "gap_closed", "corrected"),
        ),
        ({"metric": "aubc", "x": "clicks"}, ("score", "difference")),
        ({"metric": "iou:car", "images": True, "round_number": 1}, ("score", "crossed")),
        ({"baseline": "Entropy", "metric": "accuracy"}, ("score", "difference")),
        ({"mixed": True, "ranks": True}, ("mixed", "ranks")),
    ],
    ids=["usual", "aubc", "class", "baseline", "mixed"],
)
def test_everything_is_as_if_these_images_alone_had_been_evaluated(
    tmp_path: Path, options: dict[str, Any], shown: Sequence[str]
) -> None:
    found = {}
    for kind, images in (("whole", slice(None)), ("part", slice(10, None))):
        folders = [tmp_path / kind / "one", tmp_path / kind / "two"]
        for number, folder in enumerate(folders):
            write_study(folder, folder.name, images, counts_of_study(number))
        patterns = ["east-*"] if kind == "whole" else []
        found[kind] = json.loads(as_json(chosen(*folders, patterns=patterns, **options)))
        for each in found[kind]["rows"]:
            del each["runs"], each["chosen_images"]
        del found[kind]["image_groups"]
    assert found["whole"].pop("notes")[1:] == found["part"].pop("notes")
    assert found["whole"] == found["part"]
    for key in shown:
        assert found["part"].get(key) or any(each.get(key) for each in found["part"]["rows"])
    if "mixed" in shown:  # groups of these images are in the model
        assert found["part"]["mixed"][0]["spreads"]["image group"] >= 0


def test_one_seed_has_an_interval_over_these_images_alone(results: Path) -> None:
    counts = counts_of_study(0)
    groups = [f"{'west' if number < 12 else 'east'}-{number}" for number in range(20)]
    for order, label in enumerate(("Random", "Entropy")):
        write_four_images(
            results, label, order=order, acquisition=label.lower(), counts=counts[label, 0][2], groups=groups
        )
    assert row(compared(results), "Entropy").image_interval.groups == 20
    east = row(chosen(results, patterns=["east-*"]), "Entropy")
    assert (east.image_interval.images, east.image_interval.groups) == (8, 8)
    # 7 groups are fewer than an interval takes.
    fewer = chosen(results, patterns=["east-1[3-9]"])
    assert row(fewer, "Entropy").image_interval is None
    assert any(note.startswith("No interval over images for Entropy: ") for note in fewer.notes)


def test_p_is_said_to_be_of_this_table_alone(tmp_path: Path) -> None:
    write_study(tmp_path / "one", "one", slice(None), counts_of_study(0))
    note = chosen(tmp_path / "one", patterns=["west-*"]).notes[0]
    assert note.endswith(" p is corrected for the comparisons of this table, not for looks at other groups.")


def test_a_pattern_that_matches_nothing_names_the_groups(results: Path) -> None:
    write_four_images(results)
    message = "No group of evaluation images matches 'nord*'. Groups: north-1, south-1, north-2."
    assert refusal(results, patterns=["south*", "nord*"]) == message


def test_of_many_groups_some_are_named_in_each_scenario(tmp_path: Path) -> None:
    write_four_images(tmp_path / "few", scenario="few", settings={"target": "few"})
    counts = np.array([NORTH] * 12)
    write_four_images(
        tmp_path / "many", scenario="many", settings={"target": "many"}, counts=counts, groups=None
    )
    images = ", ".join(f"image-{number}" for number in range(10))
    assert refusal(tmp_path / "few", tmp_path / "many", patterns=["x"]) == (
        "No group of evaluation images matches 'x'. Groups: north-1, south-1, north-2 in few; "
        f"{images} and 2 more in many."
    )


def test_a_scenario_without_these_groups_is_left_out_and_named(tmp_path: Path) -> None:
    for name in ("here", "there"):
        for seed in (0, 1):
            write_four_images(
                tmp_path / name,
                seed=seed,
                scenario=name,
                settings={"target": name},
                groups=GROUPS if name == "here" else ("a", "b", "b", "b"),
            )
    comparison = chosen(tmp_path / "here", tmp_path / "there", patterns=["north*"])
    assert comparison.scenarios == ("here",)
    assert comparison.notes[1] == (
        "Left out, no evaluation image is of these groups: 2 runs of there (there). Groups: a, b."
    )


def test_runs_without_counts_are_left_out_and_named(results: Path) -> None:
    write_four_images(results)
    paths = [
        write_four_images(results, "Entropy", seed, order=1, counts=None) / "rounds/00/confusion.npz"
        for seed in (0, 1)
    ]
    comparison = chosen(results, patterns=["north*"])
    assert labels(comparison) == ["Random"]
    assert comparison.notes[1] == (
        f"Left out, no counts of each evaluation image: 2 runs of toy (render -> camera). {paths[0]} is "
        "missing. So it is with 1 more run. 'alseg run' writes confusion.npz in every round: fetch these "
        "files from where the runs were made, or leave out --image-group."
    )


def test_where_no_run_has_counts_there_is_no_table(results: Path) -> None:
    path = write_four_images(results, counts=None) / "rounds/00/confusion.npz"
    assert refusal(results, patterns=["north*"]) == (
        "No run has results on some of the evaluation images. Left out, no counts of each evaluation image: "
        f"1 run of toy (render -> camera). {path} is missing. 'alseg run' writes confusion.npz in every "
        "round: fetch these files from where the runs were made, or leave out --image-group."
    )


def test_runs_without_evaluation_labels_are_left_out_and_named(tmp_path: Path) -> None:
    write_without_evaluation(tmp_path / "blind")
    note = "Left out, no evaluation labels and so no evaluation images: 1 run of blind (render -> camera)."
    nothing = f"No run has results on some of the evaluation images. {note}"
    assert refusal(tmp_path / "blind", patterns=["north*"]) == nothing
    write_four_images(tmp_path / "toy")
    assert chosen(tmp_path / "blind", tmp_path / "toy", patterns=["north*"]).notes[1] == note


def test_runs_of_a_scenario_on_different_images_are_refused(results: Path) -> None:
    first = write_four_images(results)
    # From before groups were stored: the pattern names images, of which there are others.
    second = write_four_images(results, "Entropy", order=1, groups=("north-1", "north-2", "x", "north-3"))
    assert refusal(results, patterns=["north-1", "north-2"]) == (
        f"Runs of one scenario were evaluated on different images of these groups: {first} on 3, {second} on "
        "2. Name groups with --image-group that have the same images in all runs, or compare these runs "
        "apart."
    )


def test_a_run_whose_rounds_have_different_images_is_left_out(results: Path) -> None:
    write_four_images(results)
    folder = write_four_images(results, "Entropy", order=1, iou=[[50.0, 50.0]] * 2)
    path = folder / "rounds/01/confusion.npz"
    with np.load(path) as content:
        ids, counts = content["image_ids"], content["counts"]
    np.savez_compressed(path, image_ids=ids[:3], counts=counts[:3], groups=np.array(GROUPS[:3]))
    note = chosen(results, patterns=["north*"]).notes[1]
    assert f"The rounds of {folder} were evaluated on different images." in note


def test_a_run_without_a_round_keeps_its_row(results: Path) -> None:
    write_four_images(results)
    write_four_images(results, "Margin", order=1, iou=[], state="failed", error="CUDA out of memory")
    comparison = chosen(results, patterns=["north*"])
    assert row(comparison, "Margin").score is None
    assert any(note.startswith("Margin: 0 of 1 seeds counted.") for note in comparison.notes)


def test_published_numbers_are_refused_beside_those_on_some_images(results: Path) -> None:
    write_four_images(results)
    assert refusal(results, patterns=["north*"], published=()) == (
        "Published numbers are over all evaluation images, not over those of some groups. Leave out "
        "--published or --image-group."
    )


def test_json_names_the_groups_of_each_row(results: Path) -> None:
    write_four_images(results)
    content = json.loads(as_json(chosen(results, patterns=["north*"])))
    assert content["image_groups"] == ["north*"]
    assert content["rows"][0]["chosen_images"] == {
        "patterns": ["north*"],
        "groups": ["north-1", "north-2"],
        "images": 3,
        "all_groups": 3,
        "all_images": 4,
    }
    content = json.loads(as_json(compared(results)))
    assert (content["image_groups"], content["rows"][0]["chosen_images"]) == (None, None)
