"""Partitions whose regions follow the network, in whole runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

import alseg_methods
import alseg_partitions
from alseg import hookimpl
from alseg.contracts import PartitionSpec, TargetView
from alseg.inspection.saved_run import SavedRun
from alseg.storage.asked_regions import AskedRegions
from alseg.storage.examples import read_examples
from alseg.storage.ledger import Purchase
from alseg.toolkit.regions import modal_classes
from alseg_partitions.grid import Grid
from alseg_partitions.superpixels import numbered
from stopping import StopAfter
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy, toy_document, toy_registry

LABEL = "mine"
IMAGES = 6
SIZE = (12, 24)


@dataclass(frozen=True)
class Following:
    """Squares of 2 pixels; those of one predicted class are one region in every other stripe of each half.

    Stripes are 4 pixels wide, halves above each other. In the second round it is one in each quarter, and the
    quarters are side by side.
    """

    def regions(self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator) -> Any:
        return Grid(2).regions(image, image_id, generator)

    def adapt(self, regions: NDArray[np.int32], view: TargetView) -> Any:
        assert view.regions is not None and np.array_equal(view.regions.numpy(), regions)
        assert (view.bought is not None) and (int(view.bought.sum()) > 0) <= (view.round > 1)
        classes = modal_classes(view.logits.argmax(0), view.regions, len(view.logits))
        height, width = regions.shape
        rows, columns = np.divmod(np.arange(height * width), width)
        split = 4 * columns // width if view.round > 1 else 2 * (2 * rows // height) + columns // 4 % 2
        return numbered(4 * classes.numpy()[regions] + split.reshape(height, width))


class Partitions:
    @hookimpl
    def register_partitions(self) -> list[PartitionSpec]:
        return [
            PartitionSpec(
                name="following",
                summary="Follows.",
                source="alseg's tests",
                build=Following,
                needs=("logits", "bought"),
            )
        ]


PLUGINS = (alseg_methods, alseg_partitions, Partitions())


def method(**changes: Any) -> dict[str, Any]:
    return {
        "label": LABEL,
        "acquisition": "entropy",
        "partition": "following",
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "budget": "30%",
        **changes,
    }


def run(folder: Path, reporter: Silent | None = None, **changes: Any) -> Path:
    outcome = run_toy(folder, toy_document(methods=[method(**changes)]), *PLUGINS, reporter=reporter)
    assert outcome.failed == []
    return run_folder(folder, LABEL)


METHODS = {
    "score over the pool": {},
    "score per image": {"budget": "4 regions/image"},
    "rank": {"acquisition": {"name": "class-balanced", "shares": "pixels"}, "budget": "20 clicks"},
    "prepare and score": {"acquisition": "pixbal"},
    "source seen": {"acquisition": "d2ada", "budget": "40%"},
    "no network needed": {"acquisition": "random"},
    "corrections": {"annotation": {"name": "superpixel", "answer": "correction"}},
    "sets of classes": {
        "annotation": {"name": "superpixel", "answer": "classes"},
        "budget": "4 regions/image",
    },
    "amsl": {"partition": {"name": "amsl", "segments": 70, "epsilon": 0.02}},
    "gao": {
        "acquisition": {"name": "gao", "sure": 0.97},
        "partition": {"name": "gao", "segments": 70, "sure": 0.97, "divergence": 0.0005},
    },
}


@pytest.mark.parametrize("key", METHODS)
def test_a_question_keeps_its_pixels_and_nothing_is_bought_twice(tmp_path: Path, key: str) -> None:
    folder = run(tmp_path, **METHODS[key])
    saved = SavedRun(folder, toy_registry(*PLUGINS))
    assert list(saved.purchases) == [1, 2]
    changed = False
    for image_id in saved.pool.image_ids:
        before = np.full(SIZE, -1)
        [index] = saved.find(saved.pool, [image_id])
        for number, purchase in saved.purchases.items():
            assert purchase.regions is not None
            assert (image_id in purchase.regions.places) == (image_id in purchase.spans)
            labels = saved.labels(number)
            positions = labels.history.positions(image_id)
            asked = labels.footprint(index, positions) if len(positions) else np.full(SIZE, -1)
            # What was asked before is asked still, by the same question.
            assert np.array_equal(asked[before >= 0], before[before >= 0])
            rows = purchase.of_image(image_id)
            new = np.bincount(asked[(before < 0) & (asked >= 0)], minlength=len(positions))
            assert np.array_equal(new[len(positions) - len(rows) :], rows["pixels"])
            before = asked
        maps = [
            found
            for purchase in saved.purchases.values()
            if (found := purchase.regions.of_image(image_id)) is not None  # type: ignore[union-attr]
        ]
        changed = changed or any(not np.array_equal(one, other) for one, other in pairwise(maps))
        bought = saved.bought_in(image_id, SIZE)
        assert np.array_equal(bought >= 0, before >= 0)
        assert np.array_equal(saved.labels(2).bought(index), before >= 0)
    assert changed
    assert metrics_of(folder, 2)["cost"]["pixels"] == sum(each.pixels for each in saved.purchases.values())


def test_an_answer_fills_all_of_a_region_that_is_in_several_places(tmp_path: Path) -> None:
    folder = run(tmp_path)
    saved = SavedRun(folder, toy_registry(*PLUGINS))
    in_pieces = 0
    for index in range(IMAGES):
        labels = saved.labels(1)
        positions = labels.history.positions(saved.pool.image_ids[index])
        if not len(positions):
            continue
        asked, revealed = labels.footprint(index, positions), labels.revealed(index)
        for question in range(len(positions)):
            mine = asked == question
            assert len(np.unique(revealed[mine])) == 1
            in_pieces += ndimage.label(mine)[1] > 1
    assert in_pieces


POINTS = [("acquire", 1, 4), ("train", 2, 1), ("evaluate", 2, 1), ("acquire", 2, 2), ("train", 3, 1)]


@pytest.mark.parametrize(("phase", "occurrence", "steps"), POINTS)
@pytest.mark.parametrize("key", ["score over the pool", "rank", "prepare and score"])
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, key: str, phase: str, occurrence: int, steps: int
) -> None:
    whole = round_bytes(run(tmp_path / "through", **METHODS[key]))
    document = toy_document(methods=[method(**METHODS[key])])
    stop = StopAfter(phase, occurrence, steps)
    assert run_toy(tmp_path / "stopped", document, *PLUGINS, reporter=stop).signal is not None
    assert round_bytes(run(tmp_path / "stopped", **METHODS[key])) == whole
    assert {"rounds/01/regions.bin", "rounds/02/regions.json"} <= whole.keys()


def test_maps_without_their_purchase_are_made_again(tmp_path: Path) -> None:
    folder = run(tmp_path)
    whole = round_bytes(folder)
    (folder / "weights.pt").unlink()
    second = folder / "rounds" / "02"
    # As a process leaves it that ends between the maps and the ledger.
    for path in second.iterdir():
        if path.name not in ("regions.bin", "regions.json"):
            path.unlink()
    (second / "regions.bin").write_bytes(b"of another try")
    assert round_bytes(run(tmp_path)) == whole


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _swap(path: Path) -> None:
    """Put whole maps of another purchase there."""
    other = path.parents[1] / ("02" if path.parent.name == "01" else "01")
    for name in ("regions.bin", "regions.json"):
        (path.parent / name).write_bytes((other / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "damage", "problem"),
    [
        ("regions.bin", _flip, "is damaged: its checksum differs from the one in regions.json."),
        ("regions.bin", Path.unlink, "is missing."),
        ("regions.json", _flip, "is damaged"),
        ("regions.json", Path.unlink, "is missing."),
        ("regions.bin", _swap, "is damaged: it does not fit ledger.json."),
    ],
)
def test_a_purchase_with_damaged_maps_is_made_again(
    tmp_path: Path, name: str, damage: Any, problem: str
) -> None:
    folder = run(tmp_path)
    whole = round_bytes(folder)
    damage(folder / "rounds" / "01" / name)
    reporter = Silent()
    assert round_bytes(run(tmp_path, reporter)) == whole
    [note] = [note for note in reporter.notes if "bought again" in note]
    assert name in note and problem in note
    assert note.endswith("The labels of round 1 are bought again, and the rounds after it.")


def test_other_methods_buy_the_same_beside_an_adaptive_one(tmp_path: Path) -> None:
    fixed = method(label="fixed", partition={"name": "grid", "side": 4})
    others = [fixed, method(label="second", acquisition="margin"), {**fixed, "label": "third"}]
    beside = toy_document(methods=[method(), *others])
    assert run_toy(tmp_path / "beside", beside, *PLUGINS).done == 4
    for label in (LABEL, "fixed", "second"):
        alone = [each for each in (method(), *others) if each["label"] == label]
        assert run_toy(tmp_path / label, toy_document(methods=alone), *PLUGINS).done == 1
        one, other = (
            round_bytes(run_folder(place, label)) for place in (tmp_path / label, tmp_path / "beside")
        )
        assert one == other


def test_worker_processes_change_nothing(tmp_path: Path) -> None:
    alone = round_bytes(run(tmp_path / "alone"))
    document = toy_document(methods=[method()], settings={"device": "cpu", "workers": 1})
    assert run_toy(tmp_path / "workers", document, *PLUGINS).done == 1
    assert round_bytes(run_folder(tmp_path / "workers", LABEL)) == alone


def test_regions_without_questions_about_them_are_not_kept(tmp_path: Path) -> None:
    folder = run(tmp_path, acquisition="pixbal", annotation="image", budget="2 images")
    assert not list(folder.glob("rounds/*/regions.*"))
    assert Purchase.read(folder / "rounds" / "01").regions is None


def test_examples_show_the_score_of_their_own_image(tmp_path: Path) -> None:
    """Of three of six images; each is kept with the score that decided about it."""
    document = toy_document(
        methods=[method(acquisition="gao", **METHODS["amsl"])], settings={"device": "cpu", "examples": 3}
    )
    few = tmp_path / "few"
    assert run_toy(few, document, *PLUGINS).done == 1
    all_of_them = tmp_path / "all"
    document["settings"] = {"device": "cpu", "examples": 6}
    assert run_toy(all_of_them, document, *PLUGINS).done == 1
    found, expected = (
        read_examples(run_folder(place, LABEL) / "rounds" / "01", 3) for place in (few, all_of_them)
    )
    assert len(found) == 3
    for image_id, example in found.items():
        assert example.score is not None and np.array_equal(example.score, expected[image_id].score)


def test_the_ledger_names_its_maps(tmp_path: Path) -> None:
    round_folder = run(tmp_path) / "rounds" / "02"
    index = json.loads((round_folder / "ledger.json").read_text())
    assert index["regions"] == AskedRegions.read(round_folder).sha256
