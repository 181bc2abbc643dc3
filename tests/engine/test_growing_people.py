"""A pool that grows while a run waits for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import alseg_partitions
from alseg.asking.waiting_run import find_waiting
from alseg.storage.ledger import Purchase
from alseg.storage.pool_listing import PoolListing
from growing import GrowingPlugin, growing_document, write_names
from people import answer_round, call
from toycommand import write_toy
from toys import run_folder, toy_registry

REGISTRY = toy_registry(alseg_partitions, GrowingPlugin())
REGIONS = {
    "label": "m",
    "acquisition": "entropy",
    "annotation": {"name": "superpixel", "answer": "classes"},
    "annotator": "files",
}
METHODS: dict[str, dict[str, Any]] = {
    "regions in percent": {**REGIONS, "partition": {"name": "grid", "side": 4}, "budget": "30%"},
    "regions that follow the network": {
        **REGIONS,
        "partition": {"name": "amsl", "segments": 12},
        "budget": "4 clicks/image",
    },
    "clicks of the pool": {**REGIONS, "partition": {"name": "grid", "side": 4}, "budget": "60 clicks"},
}


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


def asked_once(folder: Path, method: dict[str, Any]) -> tuple[Path, Path]:
    """Run until people are asked about 4 images; returns the experiment file and the results."""
    write_names(folder, 2, 3, 4, 5)
    file = write_toy(folder, growing_document(folder, methods=[method]))
    call("run", file, "--results", folder / "results", code=3)
    return file, folder / "results" / "toy"


def images_in(folder: Path, number: int) -> list[str]:
    round_folder = run_folder(folder, "m") / "rounds" / f"{number:02d}"
    return list(PoolListing.read(round_folder).images)


@pytest.mark.parametrize("name", METHODS)
def test_images_added_while_people_answer_join_the_next_round(tmp_path: Path, name: str) -> None:
    method = METHODS[name]
    file, results = asked_once(tmp_path, method)
    asked = find_waiting(results, REGISTRY)[0].sheet
    write_names(tmp_path, 1, 2, 3, 4, 5, 6)
    [waiting] = find_waiting(results, REGISTRY)
    # Ranks and limits are those of the round's own pool: ties go to the earlier image.
    assert [[each.number for each in image.questions] for image in waiting.sheet.images] == [
        [each.number for each in image.questions] for image in asked.images
    ]
    assert len(waiting.labels.history.image_ids) == 4
    answer_round(results, tmp_path / "tasks", REGISTRY)
    call("run", file, "--results", results.parent, code=3)
    assert images_in(tmp_path, 1) == ["train-02", "train-03", "train-04", "train-05"]
    assert images_in(tmp_path, 2) == [*images_in(tmp_path, 1), "train-01", "train-06"]
    answer_round(results, tmp_path / "tasks", REGISTRY)
    call("run", file, "--results", results.parent)
    run = run_folder(tmp_path, "m")
    assert {"train-01", "train-06"} & set(Purchase.read(run / "rounds" / "02").spans)
    for command in (
        ("status",),
        ("compare",),
        ("show",),
        ("export", "--what", "masks", "-o", tmp_path / "out"),
    ):
        place = run if command[0] in ("show", "export") else results
        more = ("-o", tmp_path / "shown") if command[0] == "show" else ()
        call(command[0], place, *command[1:], *more)


def test_people_and_the_oracle_give_the_same_bytes_where_the_pool_grows(tmp_path: Path) -> None:
    method = METHODS["regions in percent"]
    file, results = asked_once(tmp_path / "people", method)
    answer_round(results, tmp_path / "tasks", REGISTRY)
    write_names(tmp_path / "people", 1, 2, 3, 4, 5, 6)
    # The answers are there: the run buys them, and lists the pool of round 2 once round 1 is trained.
    call("run", file, "--results", results.parent, code=3)
    answer_round(results, tmp_path / "tasks", REGISTRY)
    call("run", file, "--results", results.parent)
    oracle = {key: value for key, value in method.items() if key != "annotator"}
    write_names(tmp_path / "oracle", 2, 3, 4, 5)
    write_names(tmp_path / "oracle", 1, 6, file="more.txt")
    after = "../results/toy/runs/*/rounds/01/metrics.json"
    changes: dict[str, Any] = {
        "methods": [oracle],
        "settings": {"device": "cpu", "cache": str(tmp_path / "cache"), "workers": 1},
    }
    file = write_toy(tmp_path / "oracle", growing_document(tmp_path / "oracle", after, **changes))
    call("run", file, "--results", tmp_path / "oracle" / "results")
    first, second = (run_folder(tmp_path / name, "m") for name in ("people", "oracle"))
    found = round_bytes_of(first)
    assert found == round_bytes_of(second)
    assert sum(name.endswith("pool.json") for name in found) == 3


def round_bytes_of(run: Path) -> dict[str, bytes]:
    """Return results less what only people leave."""
    files = {path for path in run.glob("rounds/*/*") if path.is_file() and path.name != "timing.json"}
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def test_images_gone_while_people_answer_are_left_out_unless_they_were_asked_about(tmp_path: Path) -> None:
    images = {**REGIONS, "acquisition": "random", "annotation": {"name": "image", "answer": "classes"}}
    file, results = asked_once(tmp_path, {**images, "budget": "2 images"})
    [asked] = find_waiting(results, REGISTRY)[0].questions.picks  # one image in round 1
    others = sorted({2, 3, 4, 5} - {int(asked[-2:])})
    answer_round(results, tmp_path / "tasks", REGISTRY)
    write_names(tmp_path, *others)
    output = call("run", file, "--results", results.parent, code=1).output
    assert f"Image {asked} of split 'train' of 'listed' was asked about and is gone" in " ".join(
        output.split()
    )
    write_names(tmp_path, int(asked[-2:]), *others[1:], 9)
    call("run", file, "--results", results.parent, code=3)
    assert images_in(tmp_path, 1) == sorted([asked, *(f"train-{number:02d}" for number in others[1:])])
    assert images_in(tmp_path, 2) == [*images_in(tmp_path, 1), "train-09"]
