"""Runs without evaluation labels: what they write, and that held-out answers are never trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from alseg import hookimpl
from alseg.annotation.held_out import HeldOut
from alseg.cli import main
from alseg.contracts import IGNORE_INDEX, DatasetSpec, RoundReport
from alseg.data.loading import normalise
from alseg.errors import AlsegError, DataError
from alseg.inference.predict import resize_logits
from alseg.inspection.saved_run import SavedRun
from alseg.storage.count_files import CountFiles
from alseg.storage.reader import read_run
from alseg.storage.round_files import read_image_counts
from stopping import StopAfter
from toycommand import write_toy
from toys import (
    Silent,
    Stripes,
    TinyNet,
    metrics_of,
    prepared_toy,
    round_bytes,
    run_folder,
    run_toy,
    toy_document,
    toy_registry,
)

HELD_OUT = 0.4
ENTROPY = toy_document()["methods"][1]  # type: ignore[index]


class Unlabelled(Stripes):
    """Stripes of which the split ``val`` has no label maps."""

    @property
    def labelled(self) -> bool:
        return self.split != "val"

    def label(self, index: int) -> NDArray[np.uint8]:
        if not self.labelled:
            raise DataError("val has no label maps.", "Ask somebody.")
        return super().label(index)


class Spoiled(Stripes):
    """Stripes whose held-out images have labels of other classes."""

    def label(self, index: int) -> NDArray[np.uint8]:
        self.swapped = HeldOut(HELD_OUT).holds(self.image_id(index))
        return super().label(index)


class DataSets:
    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        return [
            DatasetSpec(
                name=kind.__name__.lower(),
                summary="Stripes.",
                source="alseg's tests",
                build=builder_of(kind),
                label_space="stripes-3",
                needs_root=False,
            )
            for kind in (Unlabelled, Spoiled)
        ]


def builder_of(kind: type[Stripes]) -> Any:
    def build(*, root: Path | None, split: str, count: int = 6) -> Stripes:
        return kind(split, count, (12, 24))

    return build


def blind(
    methods: list[Any] | None = None, *, held_out: float | None = None, **target: Any
) -> dict[str, Any]:
    """Return an experiment without evaluation labels."""
    return toy_document(
        scenario={
            "source": "stripes",
            "target": {"name": "stripes", "count": 12, **target},
            "evaluation_split": "none",
        },
        methods=[ENTROPY] if methods is None else methods,
        **({} if held_out is None else {"evaluation": {"held_out": held_out}}),
    )


def held_out_images(count: int = 12) -> list[int]:
    return [index for index in range(count) if HeldOut(HELD_OUT).holds(f"train-{index}")]


def predicted(weights: dict[str, torch.Tensor], image: int) -> NDArray[np.int64]:
    """Return what a network says of an image of the pool."""
    network = TinyNet(3)
    network.load_state_dict(weights)
    pixels = torch.from_numpy(Stripes("train", 12, (12, 24)).image(image)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        logits = resize_logits(network.eval()(normalise(pixels, network.mean, network.std)), (12, 24))
    classes: NDArray[np.int64] = logits[0].argmax(0).numpy()
    return classes


def counts_of(
    run: SavedRun, weights: dict[str, torch.Tensor], images: list[int], until: int, since: int = 0
) -> NDArray[np.int64]:
    """Count predictions of what is revealed of images from one round to another, ``(3, 3)``."""
    counts = np.zeros((3, 3), np.int64)
    for image in images:
        label = run.labels(until).revealed(image)
        if since:
            known = run.labels(since).bought(image) if since in run.purchases else np.zeros_like(label, bool)
            label = np.where(known, IGNORE_INDEX, label)
        guess = predicted(weights, image)
        np.add.at(counts, (label[label != IGNORE_INDEX], guess[label != IGNORE_INDEX]), 1)
    return counts


def test_a_run_without_evaluation_labels_has_no_iou_and_no_evaluation_counts(tmp_path: Path) -> None:
    reporter = Silent()
    assert run_toy(tmp_path, blind(), reporter=reporter).done == 1
    folder = run_folder(tmp_path, "entropy")
    assert json.loads((folder / "run.json").read_text())["evaluated"] is False
    assert not list(folder.rglob("confusion.npz")) and not list((tmp_path / "results").rglob("confusion.npz"))
    for number in range(3):
        metrics = metrics_of(folder, number)
        assert {"miou", "accuracy", "iou", "subsets", "estimate"}.isdisjoint(metrics)
        assert ("prequential" in metrics) == (number > 0)
    assert sum(metrics_of(folder, 2)["bought"].values()) == metrics_of(folder, 2)["cost"]["valid_pixels"]
    assert not any(report.evaluated for report in reporter.reports)
    assert np.isnan(reporter.reports[-1].miou)
    assert reporter.reports[0].class_names == ("red", "green", "blue")


def test_new_answers_are_predicted_by_the_network_that_was_not_trained_on_them(tmp_path: Path) -> None:
    run_toy(tmp_path, blind())
    folder = run_folder(tmp_path, "entropy")
    (shared,) = (tmp_path / "results" / "toy" / "shared").glob("*/checkpoint.pt")
    before = torch.load(shared, weights_only=True)[
        "model"
    ]  # that of round 0, which asked the first questions
    wanted = counts_of(SavedRun(folder, toy_registry()), before, list(range(12)), until=1)
    _, counted = read_image_counts(folder / "rounds" / "01" / "new-answers.npz")
    np.testing.assert_array_equal(counted.sum(axis=0), wanted)
    kept = metrics_of(folder, 1)["prequential"]
    assert kept["accuracy_of_answers"] == pytest.approx(100 * wanted.trace() / wanted.sum())
    assert kept["pixels"] == wanted.sum() == metrics_of(folder, 1)["cost"]["valid_pixels"]
    # Of the second round, only what it has bought itself.
    both = metrics_of(folder, 2)
    assert both["prequential"]["pixels"] + kept["pixels"] == both["cost"]["valid_pixels"]


def test_the_estimate_is_of_the_held_out_answers_by_the_network_of_the_round(tmp_path: Path) -> None:
    reporter = Silent()
    run_toy(tmp_path, blind(held_out=HELD_OUT), reporter=reporter)
    folder, images = run_folder(tmp_path, "entropy"), held_out_images()
    assert 0 < len(images) < 12
    final = torch.load(folder / "weights.pt", weights_only=True)["model"]
    run = SavedRun(folder, toy_registry())
    wanted = counts_of(run, final, images, until=2)
    ids, counted = read_image_counts(folder / "rounds" / "02" / "held-out.npz")
    np.testing.assert_array_equal(counted.sum(axis=0), wanted)
    assert set(ids) <= {f"train-{index}" for index in images}
    estimate = metrics_of(folder, 2)["estimate"]
    answers = sum(len(each.positions(name)) for each in run.purchases.values() for name in ids)
    assert (estimate["answers"], estimate["images"]) == (answers, len(ids))
    assert estimate["pixels"] == wanted.sum()
    assert estimate["accuracy_of_answers"] == pytest.approx(100 * wanted.trace() / wanted.sum())
    assert "estimate" not in metrics_of(folder, 0)  # nothing is bought yet
    told = reporter.reports[-1].of_answers
    assert told["estimate_from_held_out_answers/answers"] == answers
    assert told["estimate_from_held_out_answers/miou_of_answers"] == estimate["miou_of_answers"]


def test_held_out_answers_cost_clicks_and_change_no_weight(tmp_path: Path) -> None:
    random = {**ENTROPY, "label": "Random", "acquisition": "random"}
    first, second = blind([random], held_out=HELD_OUT), blind([random], held_out=HELD_OUT)
    for document, name in ((first, "unlabelled"), (second, "spoiled")):
        document["scenario"]["target"] = {"name": name, "count": 12}
        run_toy(tmp_path / name, document, DataSets())
    honest, spoiled = (run_folder(tmp_path / name, "random") for name in ("unlabelled", "spoiled"))
    weights = [torch.load(folder / "weights.pt", weights_only=True)["model"] for folder in (honest, spoiled)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    # The other labels were read, and paid for: what they say of the same network differs.
    assert metrics_of(honest, 2)["estimate"] != metrics_of(spoiled, 2)["estimate"]
    costs = [metrics_of(folder, 2)["cost"] for folder in (honest, spoiled)]
    assert costs[0]["pixels"] == costs[1]["pixels"]
    assert costs[0]["trained_pixels"] == costs[1]["trained_pixels"] < costs[0]["valid_pixels"]
    assert costs[0]["images"] == 12


def test_held_out_images_are_the_same_for_every_seed_and_pool() -> None:
    first = HeldOut(0.5).among(Stripes("train", 6, (12, 24)), range(6))
    assert first == [
        index for index in HeldOut(0.5).among(Stripes("train", 40, (12, 24)), range(40)) if index < 6
    ]
    # 1,000 names of a share of 30%: 300 with a standard deviation of 14.5.
    assert len(HeldOut(0.3).among(Stripes("train", 1000, (12, 24)), range(1000))) == pytest.approx(
        300, abs=60
    )


def test_full_supervision_is_not_trained_on_held_out_images_either(tmp_path: Path) -> None:
    document = blind([{"label": "All", "target_labels": "all"}], held_out=HELD_OUT)
    run_toy(tmp_path, document)
    estimate, cost = (metrics_of(run_folder(tmp_path, "all"), 0)[key] for key in ("estimate", "cost"))
    # A column of each image is void: 12 x 23 pixels have a class.
    images = len(held_out_images())
    assert (estimate["answers"], estimate["images"], estimate["pixels"]) == (images, images, images * 12 * 23)
    assert (cost["valid_pixels"], cost["trained_pixels"]) == (12 * 12 * 23, (12 - images) * 12 * 23)


def test_a_split_without_label_maps_is_not_evaluated_on(tmp_path: Path) -> None:
    document = blind()
    document["scenario"] = {"source": "stripes", "target": "unlabelled"}
    assert run_toy(tmp_path, document, DataSets()).done == 1
    run = read_run(run_folder(tmp_path, "entropy"))
    assert not run.evaluated
    assert run.rounds[-1].iou == {"red": None, "green": None, "blue": None}


@pytest.mark.parametrize(
    ("phase", "occurrence", "steps"),
    [("evaluate", 1, 3), ("train", 2, 1), ("evaluate", 2, 1), ("acquire", 2, 6), ("evaluate", 3, 2)],
)
def test_a_stopped_run_without_evaluation_goes_on_to_the_same_bytes(
    tmp_path: Path, phase: str, occurrence: int, steps: int
) -> None:
    document = blind(held_out=HELD_OUT)
    run_toy(tmp_path / "through", document)
    reporter = StopAfter(phase, occurrence, steps)
    assert run_toy(tmp_path / "stopped", document, reporter=reporter).signal is not None
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second
    assert {"rounds/01/new-answers.npz", "rounds/02/held-out.npz"} <= first.keys()


@pytest.mark.parametrize("name", ["new-answers.npz", "held-out.npz", "metrics.json"])
@pytest.mark.parametrize("damage", ["removed", "spoiled"])
def test_a_damaged_count_of_answers_is_made_again(tmp_path: Path, name: str, damage: str) -> None:
    document = blind(held_out=HELD_OUT)
    run_toy(tmp_path, document)
    folder = run_folder(tmp_path, "entropy")
    before = round_bytes(folder)
    path = folder / "rounds" / "01" / name
    path.unlink() if damage == "removed" else path.write_bytes(b"PK no archive")
    reporter = Silent()
    assert run_toy(tmp_path, document, reporter=reporter).done == 1
    assert round_bytes(folder) == before
    assert any(str(path) in note for note in reporter.notes)


def test_a_share_is_held_out_only_without_evaluation_labels(tmp_path: Path) -> None:
    document = blind(held_out=0.2)
    del document["scenario"]["evaluation_split"]
    with pytest.raises(AlsegError) as caught:
        prepared_toy(tmp_path, document)
    assert str(caught.value) == (
        "evaluation.held_out gives an estimate where there are no evaluation labels, but split 'val' of "
        "'stripes' has some. Set scenario.evaluation_split to none, or leave out evaluation.held_out."
    )


def test_a_share_that_holds_out_no_image_of_the_pool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlsegError) as caught:
        prepared_toy(tmp_path, blind(held_out=1e-9))
    assert str(caught.value) == (
        "evaluation.held_out: a share of 1e-09 holds out none of the pool's 12 images, which are drawn by "
        "their names. Set another share, or leave it out."
    )


@pytest.mark.parametrize("share", ["0%", "100%", 0, 1])
def test_a_share_is_above_nothing_and_below_everything(tmp_path: Path, share: object) -> None:
    document = blind()
    document["evaluation"] = {"held_out": share}
    with pytest.raises(AlsegError, match="must be above 0% and below 100%"):
        prepared_toy(tmp_path, document)


def test_a_percentage_and_a_number_are_the_same_run(tmp_path: Path) -> None:
    documents = [blind() for _ in range(3)]
    documents[0]["evaluation"], documents[1]["evaluation"] = {"held_out": "40%"}, {"held_out": 0.4}
    found = [prepared_toy(tmp_path, each).experiment.runs()[0].fingerprint for each in documents]
    assert found[0] == found[1] != found[2]


def test_runs_with_evaluation_have_no_new_key(tmp_path: Path) -> None:
    document = toy_document(methods=[ENTROPY])
    run_toy(tmp_path, document)
    folder = run_folder(tmp_path, "entropy")
    content = json.loads((folder / "run.json").read_text())
    assert "evaluated" not in content
    assert "held_out" not in content["spec"]["evaluation"]
    assert {"prequential", "estimate"}.isdisjoint(metrics_of(folder, 2))
    assert not list(folder.rglob("new-answers.npz"))


def test_what_is_counted_follows_from_what_a_run_knows() -> None:
    def names(number: int, target_labels: str, since: str = "start", *, evaluated: bool = False) -> Any:
        files = CountFiles.of(
            evaluated=evaluated, target_labels=target_labels, labels_since=since, held_out=0.2
        )
        return files.names(number)

    assert names(0, "acquired") == ()
    assert names(1, "acquired") == ("new-answers.npz", "held-out.npz")
    assert names(0, "all") == ("held-out.npz",)
    assert names(0, "all", "first-purchase") == ()
    assert names(1, "all", "first-purchase") == ("held-out.npz",)
    assert names(1, "none") == ()
    assert names(1, "acquired", evaluated=True) == ("confusion.npz",)


class Watcher:
    """Remembers reports."""

    def __init__(self) -> None:
        self.reports: list[RoundReport] = []

    @hookimpl
    def on_round_end(self, report: RoundReport) -> None:
        self.reports.append(report)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_run_says_at_each_round_what_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher()
    registry = toy_registry(watcher)
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: registry)
    result = command("run", write_toy(tmp_path, blind(held_out=HELD_OUT)), "--results", tmp_path / "results")
    assert result.exit_code == 0, result.output
    assert "nan" not in result.output and "mIoU" not in result.output
    lines = [line.strip() for line in result.output.splitlines() if line.strip().startswith("round ")]
    last = metrics_of(run_folder(tmp_path, "entropy"), 2)
    estimate, new = last["estimate"], last["prequential"]
    assert lines[0] == "round 0/2  iteration 2  no evaluation labels  no labels"
    assert lines[2].startswith(
        f"round 2/2  iteration 8  estimate from {estimate['answers']} held-out answers "
        f"{estimate['miou_of_answers']:.2f}  accuracy on new answers {new['accuracy_of_answers']:.2f}  "
    )
    assert watcher.reports[-1].of_answers["prequential/answers"] == new["answers"]
