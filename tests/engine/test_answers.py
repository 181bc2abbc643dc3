"""Every kind of answer about superpixels, through the command line."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

import alseg_partitions
from alseg import hookimpl
from alseg.cli import main
from alseg.contracts import DataPlan, RecipeSpec, TrainingBatch
from alseg.inspection.saved_run import SavedRun
from alseg.storage.ledger import Purchase
from alseg.toolkit.recipes import SupervisedRecipe
from toycommand import write_toy
from toys import (
    STRIPES,
    Stripes,
    build_recipe,
    metrics_of,
    prepared_toy,
    round_bytes,
    run_folder,
    run_toy,
    toy_document,
    toy_registry,
)

KINDS = ("pixels", "dominant", "classes", "correction")
SIDE = 4  # stripes are 4 pixels wide, shifted by one a image, so squares of 4 hold one class or two


class Watching(SupervisedRecipe):
    """Supervised training that asks for regions, and keeps the batches that it has seen."""

    batches: list[TrainingBatch] = []  # noqa: RUF012 - read by the tests

    def __post_init__(self) -> None:
        super().__post_init__()
        self.plan = replace(self.plan, target=replace(self.plan.target, regions=True))

    def losses(self, forward: Any, batch: TrainingBatch) -> Any:
        self.batches.append(batch)
        return super().losses(forward, batch)


def build_watching(iterations: int = 8, flip: bool = False) -> Watching:
    return Watching(**asdict(build_recipe(iterations=iterations, flip=flip)))


class Recipes:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [RecipeSpec(name="watching", summary="Watches.", source="alseg's tests", build=build_watching)]


def method(answer: str, **changes: Any) -> dict[str, Any]:
    return {
        "label": answer,
        "acquisition": "entropy",
        "partition": {"name": "grid", "side": SIDE},
        "annotation": {"name": "superpixel", "answer": answer},
        "budget": "30%",
        **changes,
    }


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = toy_registry(alseg_partitions, Recipes())
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: registry)


def command(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def truth(image: int) -> NDArray[np.uint8]:
    return Stripes("train", 6, (12, 24)).label(image)


def counted(whole: NDArray[np.uint8], y: int, x: int) -> NDArray[np.uint8]:
    """Return the pixels of a square that count for a set: those that lie 2 from its border, if there are any.

    At the border of the image there are: the square at (0, 0) has rows and columns 0 and 1.
    """

    def inner(first: int, side: int) -> list[int]:
        span = range(first, first + SIDE)
        return [
            place
            for place in span
            if (first == 0 or place - 2 >= first) and (first + SIDE == side or place + 2 < first + SIDE)
        ]

    rows, columns = inner(y, 12), inner(x, 24)
    if rows and columns:
        return whole[np.ix_(rows, columns)]
    return whole[y : y + SIDE, x : x + SIDE]


def test_every_kind_of_answer_runs_is_shown_compared_and_reported(tmp_path: Path) -> None:
    file = write_toy(tmp_path, toy_document(methods=[method(kind) for kind in KINDS]))
    results = tmp_path / "results"
    command("run", file, "--results", results)
    costs: dict[str, dict[str, int]] = {}
    for kind in KINDS:
        folder = run_folder(tmp_path, kind)
        costs[kind] = metrics_of(folder, 2)["cost"]
        run = SavedRun(folder, toy_registry(alseg_partitions))
        labels = run.labels(2)
        purchases = run.purchases.values()
        assert sum(purchase.pixels for purchase in purchases) == costs[kind]["pixels"]
        assert ("proposed" in (next(iter(purchases)).rows.dtype.names or ())) == (kind == "correction")
        clicks = 0
        for image, image_id in enumerate(run.pool.image_ids):
            revealed, whole = labels.revealed(image), truth(image)
            asked = run.bought_in(image_id, (12, 24)) >= 0
            assert (revealed[~asked] == 255).all()
            for y, x in labels.history.positions(image_id).tolist():
                square = np.s_[y : y + SIDE, x : x + SIDE]
                counts = np.bincount(whole[square].ravel(), minlength=256)
                said = np.flatnonzero(counts)
                named = np.unique(counted(whole, y, x))
                clicks += {"pixels": len(said), "classes": len(named)}.get(kind, 1)
                if kind == "pixels":
                    assert (revealed[square] == whole[square]).all()
                elif kind == "classes":
                    assert (revealed[square] == (named[0] if len(named) == 1 else 255)).all()
                else:
                    assert (revealed[square] == counts.argmax()).all()
        assert clicks == costs[kind]["clicks"]
        known = sum(np.count_nonzero(labels.revealed(image) != 255) for image in range(6))
        assert known == costs[kind]["valid_pixels"] == costs[kind]["trained_pixels"]
        command("export", folder, "--what", "picks", "--output", tmp_path / "exported" / kind)
        head, first, *_ = (tmp_path / "exported" / kind / "picks.csv").read_text().splitlines()
        assert head.endswith("clicks,proposed" if kind == "correction" else "clicks")
        assert head.count(",") == first.count(",")
        command("show", folder, "--output", tmp_path / "shown" / kind)
    # The first round asks the same of all of them; most squares hold two classes.
    assert costs["classes"]["valid_pixels"] < costs["pixels"]["valid_pixels"] <= costs["pixels"]["pixels"]
    assert costs["dominant"]["clicks"] * SIDE**2 == costs["dominant"]["pixels"]
    _check_pictures(tmp_path)
    shown = command("compare", results / "toy").output
    assert "superpixel (answer classes) of grid (side 4), 30% over the pool" in shown
    command("report", results / "toy", "--output", tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 0


def _check_pictures(folder: Path) -> None:
    """Check that a set of several classes is painted as no class, and its pixels as bought."""
    run = SavedRun(run_folder(folder, "classes"), toy_registry(alseg_partitions))
    colors = {info.color for info in STRIPES.classes}
    undecided = 0
    for picture in sorted((folder / "shown" / "classes").rglob("*bought-round-2*")):
        image_id = next(name for name in run.pool.image_ids if name in str(picture))
        [image] = run.find(run.pool, [image_id])
        painted = np.asarray(Image.open(picture).convert("RGB"))
        revealed = run.labels(2).revealed(image)
        with_class = np.array([[tuple(pixel) in colors for pixel in row] for row in painted.tolist()])
        assert np.array_equal(with_class, revealed != 255)
        undecided += np.count_nonzero((run.bought_in(image_id, (12, 24)) >= 0) & ~with_class)
    assert undecided > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("annotator", [None, {"confusion": "30%", "boundary": 1}])
def test_a_run_that_was_interrupted_gets_the_same_answers(tmp_path: Path, kind: str, annotator: Any) -> None:
    document = toy_document(methods=[method(kind, annotator=annotator)])
    run_toy(tmp_path, document, alseg_partitions)
    folder = run_folder(tmp_path, kind)
    whole = round_bytes(folder)
    for path in [folder / "weights.pt", *(folder / "rounds" / "02").iterdir()]:
        path.unlink()
    (folder / "rounds" / "01" / "metrics.json").unlink()
    assert run_toy(tmp_path, document, alseg_partitions).done == 1
    again = round_bytes(folder)
    assert again.keys() == whole.keys()
    assert [name for name, content in whole.items() if again[name] != content] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_run_knows_what_its_annotator_said_wrongly(tmp_path: Path, kind: str) -> None:
    annotator = {"confusion": "50%", "boundary": 1}
    run_toy(tmp_path, toy_document(methods=[method(kind, annotator=annotator)]), alseg_partitions)
    folder = run_folder(tmp_path, kind)
    run = SavedRun(folder, toy_registry(alseg_partitions))
    revealed = [run.labels(2).revealed(image) for image in range(6)]
    counts = sum(np.bincount(each.ravel(), minlength=256)[:3] for each in revealed)
    names = [info.name for info in STRIPES.classes]
    bought = metrics_of(folder, 2)["bought"]
    assert [bought.get(name, 0) for name in names] == np.asarray(counts).tolist()
    known = [each != 255 for each in revealed]
    assert any(
        (each[is_known] != truth(image)[is_known]).any()
        for image, (each, is_known) in enumerate(zip(revealed, known, strict=True))
    )


def test_batches_say_which_question_revealed_a_pixel_and_what_its_answer_leaves_possible(
    tmp_path: Path,
) -> None:
    recipe = {"name": "watching", "iterations": 8, "flip": True}
    file = write_toy(tmp_path, toy_document(methods=[method("classes")], recipe=recipe))
    Watching.batches.clear()
    command("run", file, "--results", tmp_path / "results")
    before, after = Watching.batches[:2], Watching.batches[-4:]
    for batch in before:
        assert batch.target_regions is not None and (batch.target_regions == -1).all()
        assert batch.target_classes is not None and batch.target_classes.shape == (2, 0, 4)
    several = 0
    for batch in after:
        regions, classes, labels = batch.target_regions, batch.target_classes, batch.target_labels
        assert regions is not None and classes is not None and labels is not None
        assert regions.dtype == torch.int64 and regions.shape == labels.shape == (2, 12, 24)
        assert classes.dtype == torch.bool and classes.shape[2] == 4
        assert classes.shape[1] == int(regions.max()) + 1
        for image in range(2):
            for question in regions[image].unique().tolist():
                found = labels[image][regions[image] == question].unique().tolist()
                if question < 0:
                    assert found == [255]
                    continue
                possible = classes[image, question].nonzero().flatten().tolist()
                several += len(possible) > 1
                assert found == ([255] if len(possible) > 1 or possible == [3] else possible)
            asked = int(regions[image].max()) + 1
            assert not classes[image, asked:].any()
    assert several > 0


def test_regions_change_nothing_but_the_batch(tmp_path: Path) -> None:
    metrics = []
    for name, recipe in (("plain", "toy"), ("regions", "watching")):
        folder = tmp_path / name
        document = toy_document(
            methods=[method("pixels")], recipe={"name": recipe, "iterations": 8, "flip": True}
        )
        run_toy(folder, document, alseg_partitions, Recipes())
        metrics.append(metrics_of(run_folder(folder, "pixels"), 2))
    assert metrics[0] == metrics[1]


def test_a_correction_by_an_acquisition_that_needs_no_network_is_proposed_too(tmp_path: Path) -> None:
    asking = method("correction", acquisition="random")
    assert run_toy(tmp_path, toy_document(methods=[asking]), alseg_partitions).done == 1
    folder = run_folder(tmp_path, "correction")
    rows = Purchase.read(folder / "rounds" / "02").rows
    assert len(rows) and set(np.unique(rows["proposed"]).tolist()) <= {0, 1, 2}
    prepared = prepared_toy(tmp_path / "again", toy_document(methods=[asking]), alseg_partitions)
    assert prepared.plan.runs[0].clicks == (32, 32)  # a click each: 518 of 6 x 288 pixels in squares of 16


def test_plans_ask_for_no_regions_unless_they_say_so() -> None:
    assert not DataPlan(batch_size=1, size=None).regions
