"""People as annotators, through the command line: the same labels give the same bytes as the oracle's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alseg_partitions
from alseg import hookimpl
from alseg.contracts import DatasetSpec
from people import answer_all, call, fill_masks
from toycommand import write_toy
from toys import Stripes, metrics_of, run_folder, toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)
GRID = {"partition": {"name": "grid", "side": 4}}
AMSL = {"partition": {"name": "amsl", "segments": 12}}


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


def method(label: str, annotation: Any, budget: str, **changes: Any) -> dict[str, Any]:
    return {"label": label, "acquisition": "entropy", "annotation": annotation, "budget": budget, **changes}


def results_of(folder: Path) -> dict[str, bytes]:
    """Return what a run bought and what came out."""
    names = ("ledger.npy", "ledger.json", "metrics.json", "confusion.npz", "regions.bin", "regions.json")
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("rounds/*/*"))
        if path.name in names
    }
    assert len(found) >= 10  # three rounds, two of them with purchases
    return found


CASES = {
    "pixels of a part": method("m", {"name": "region", "radius": 1}, "20%"),
    "pixels of a region": method("m", "superpixel", "30%", **GRID),
    "pixels of an adaptive region": method("m", "superpixel", "40%", **AMSL),
    "pixels of an image": method("m", "image", "2 images", acquisition="random"),
    "dominant of a part": method("m", {"name": "region", "radius": 1, "answer": "dominant"}, "20%"),
    "dominant of a region": method("m", {"name": "superpixel", "answer": "dominant"}, "30%", **GRID),
    "classes of a region": method("m", {"name": "superpixel", "answer": "classes"}, "30%", **GRID),
    "classes of an image": method(
        "m", {"name": "image", "answer": "classes"}, "2 images", acquisition="random"
    ),
    "correction of an adaptive region": method(
        "m", {"name": "superpixel", "answer": "correction"}, "40%", **AMSL
    ),
    "clicks of the pool": method("m", {"name": "superpixel", "answer": "classes"}, "20 clicks", **GRID),
    "clicks of each image": method("m", {"name": "region", "radius": 1}, "6 clicks/image"),
}


@pytest.mark.parametrize("case", CASES)
def test_people_who_know_the_label_maps_give_the_bytes_of_the_oracle(tmp_path: Path, case: str) -> None:
    file = write_toy(tmp_path, toy_document(methods=[CASES[case]]))
    call("run", file, "--results", tmp_path / "oracle")
    file = write_toy(tmp_path, toy_document(methods=[{**CASES[case], "annotator": "files"}]))
    answer_all(file, tmp_path / "results", tmp_path / "tasks", REGISTRY, rounds=2)
    [oracle] = (tmp_path / "oracle" / "toy" / "runs").glob("m__*")
    people = run_folder(tmp_path, "m")
    assert people.name != oracle.name
    assert results_of(people) == results_of(oracle)
    call("status", tmp_path / "results" / "toy")
    call("compare", tmp_path / "results" / "toy")
    call("show", people, "-o", tmp_path / "shown")
    masks = [tmp_path / name for name in ("masks", "masks-of-oracle")]
    for run, into in zip((people, oracle), masks, strict=True):
        call("export", run, "--what", "masks", "-o", into)
    assert {path.name: path.read_bytes() for path in masks[0].iterdir()} == {
        path.name: path.read_bytes() for path in masks[1].iterdir()
    }


def test_a_run_with_people_reads_no_label_map_of_the_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = Stripes.label

    def refusing(stripes: Stripes, index: int) -> Any:
        assert stripes.split != "pool", "a label map of the pool was read"
        return label(stripes, index)

    def build(*, root: Path | None, split: str) -> Stripes:
        return Stripes("pool" if split == "train" else split, 5, (12, 24))

    class Pool:
        @hookimpl
        def register_datasets(self) -> list[DatasetSpec]:
            texts = {"summary": "Stripes.", "source": "alseg's tests", "label_space": "stripes-3"}
            return [DatasetSpec(name="unlabelled", build=build, needs_root=False, **texts)]

    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: toy_registry(Pool()))
    monkeypatch.setattr("alseg.launch.preflight.check_data", lambda *_, **__: [])  # looks at label maps
    monkeypatch.setattr(Stripes, "label", refusing)
    document = toy_document(
        scenario={"source": "stripes", "target": "unlabelled"},
        methods=[{**CASES["pixels of a part"], "annotator": "files"}],
    )
    file, results = write_toy(tmp_path, document), tmp_path / "results"
    for number in (1, 2):
        call("run", file, "--results", results, code=3)
        call("ask", results / "toy", "-o", tmp_path / "tasks")
        [folder] = (tmp_path / "tasks").glob(f"*-round-{number}")
        call("answer", results / "toy", fill_masks(folder, lambda name: np.ones((12, 24), np.uint8)))
    call("run", file, "--results", results)
    bought = metrics_of(run_folder(tmp_path, "m"), 2)["bought"]
    assert bought["red"] == bought["blue"] == 0 < bought["green"]
