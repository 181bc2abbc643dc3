"""A pool that grows: each round has the images that are there when it is decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alseg.errors import AlsegError
from alseg.storage.ledger import Purchase
from alseg.storage.pool_listing import PoolListing
from growing import METHOD, WHEN_ROUND_1_IS_DONE, GrowingPlugin, growing_document, write_names
from people import call
from stopping import StopAfter
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy

PLUGIN = GrowingPlugin()


def grown(folder: Path, **changes: Any) -> Path:
    """Run an experiment whose pool of 6 images has 9 from round 2 on; returns the folder of its first run."""
    write_names(folder, 2, 3, 4, 5, 6, 7)
    write_names(folder, 1, 8, 9, file="more.txt")
    reporter = Silent()
    document = growing_document(folder, WHEN_ROUND_1_IS_DONE, **changes)
    outcome = run_toy(folder, document, PLUGIN, reporter=reporter)
    assert not outcome.failed and not any("pool.json" in note for note in reporter.notes)
    assert any("round 2: the pool has 9 images, 3 new" in note for note in reporter.notes)
    return sorted((folder / "results" / "toy" / "runs").glob("*__s0__*"))[0]


def pools(run: Path) -> list[list[str]]:
    return [list(PoolListing.read(run / "rounds" / f"{number:02d}").images) for number in range(3)]


def test_images_join_the_pool_of_the_next_round_after_those_that_were_there(tmp_path: Path) -> None:
    run = grown(tmp_path)
    first = [f"train-{number:02d}" for number in (2, 3, 4, 5, 6, 7)]
    assert pools(run) == [first, first, [*first, "train-01", "train-08", "train-09"]]
    # 6 and 9 images of 12 x 24 pixels; 10% of the pool of round 1, and 20% of that of round 2, in squares of
    # 9 pixels: 28 and 57 of each image pay for 3 and 6.
    assert [metrics_of(run, number)["pool"]["images"] for number in range(3)] == [6, 6, 9]
    assert [metrics_of(run, number)["pool"]["pixels"] for number in range(3)] == [1728, 1728, 2592]
    assert [metrics_of(run, number)["allowance_pixels"] for number in range(3)] == [0, 6 * 28, 9 * 57]
    bought = Purchase.read(run / "rounds" / "02").spans
    # A new image may have as much as one of the first: its own share up to the round.
    assert bought["train-09"][1] - bought["train-09"][0] >= 6
    assert metrics_of(run, 2)["cost"]["images"] == 9


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recipe": {"name": "toy", "iterations": 8, "target_sampling": "labelled"}},
        {"methods": [{**METHOD, "annotation": "image", "acquisition": "random", "budget": "40 images"}]},
        {"methods": [{"label": "All", "target_labels": "all"}]},
        {"methods": [{"label": "None", "target_labels": "none"}]},
    ],
)
def test_a_second_start_changes_nothing_of_a_run_whose_pool_has_grown(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    run = grown(tmp_path, **changes)
    before = {**round_bytes(run), "weights": (run / "weights.pt").read_bytes()}
    (run / "weights.pt").unlink()  # so that the network is trained again, through all rounds
    write_names(tmp_path, 2, 3, 4, 5, 6, 7, 10, 11)
    outcome = run_toy(tmp_path, growing_document(tmp_path, WHEN_ROUND_1_IS_DONE, **changes), PLUGIN)
    assert not outcome.failed
    assert {**round_bytes(run), "weights": (run / "weights.pt").read_bytes()} == before
    assert pools(run)[2] == [f"train-{number:02d}" for number in (2, 3, 4, 5, 6, 7, 1, 8, 9)]


def test_a_pool_that_does_not_grow_gives_the_numbers_of_a_fixed_one(tmp_path: Path) -> None:
    write_names(tmp_path, 1, 2, 3, 4)
    document = growing_document(tmp_path)
    run_toy(tmp_path, document, PLUGIN)
    growing = run_folder(tmp_path, "entropy")
    fixed = {key: value for key, value in document["scenario"].items() if key != "pool"}  # type: ignore[attr-defined]
    run_toy(tmp_path / "fixed", {**document, "scenario": fixed}, PLUGIN)
    alike = round_bytes(run_folder(tmp_path / "fixed", "entropy"), but=("metrics.json",))
    assert round_bytes(growing, but=("metrics.json", "pool.json")) == alike
    for number in range(3):
        expected = metrics_of(run_folder(tmp_path / "fixed", "entropy"), number)
        found = metrics_of(growing, number)
        assert found["pool"].pop("listing").startswith("4 images, ")
        del expected["seal"], found["seal"]
        assert found == expected
    assert not list(run_folder(tmp_path / "fixed", "entropy").rglob("pool.json"))


def failed(folder: Path, document: dict[str, Any]) -> str:
    reporter = Silent()
    assert run_toy(folder, document, PLUGIN, reporter=reporter).failed
    [status] = folder.glob("results/toy/runs/*/status.json")
    return str(json.loads(status.read_text())["error"])


def test_images_added_in_the_middle_of_a_round_change_nothing_until_the_next_purchase(tmp_path: Path) -> None:
    through = grown(tmp_path / "through")
    stopped = tmp_path / "stopped"
    write_names(stopped, 2, 3, 4, 5, 6, 7)
    reporter = StopAfter("train", 2, 1)
    assert run_toy(stopped, growing_document(stopped), PLUGIN, reporter=reporter).signal is not None
    write_names(stopped, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert run_toy(stopped, growing_document(stopped), PLUGIN).done == 1
    run = run_folder(stopped, "entropy")
    assert pools(run) == pools(through)
    # Only the parameter that makes images join is another one.
    assert round_bytes(run) == round_bytes(through)
    assert (run / "weights.pt").read_bytes() == (through / "weights.pt").read_bytes()


def stopped_in_round_1(folder: Path) -> tuple[dict[str, Any], Path]:
    """Stop a run in the training of round 1, with 6 images of which it has asked about all but one."""
    write_names(folder, 2, 3, 4, 5, 6, 7)
    image = {"acquisition": "random", "annotation": "image", "budget": "4 images"}
    document = growing_document(folder, methods=[{"label": "m", **image}])
    assert run_toy(folder, document, PLUGIN, reporter=StopAfter("train", 2, 1)).signal is not None
    return document, run_folder(folder, "m")


def test_an_image_that_was_asked_about_and_is_gone_stops_the_run(tmp_path: Path) -> None:
    document, run = stopped_in_round_1(tmp_path)
    asked = sorted(Purchase.read(run / "rounds" / "01").spans)
    write_names(tmp_path, *({2, 3, 4, 5, 6, 7} - {int(name[-2:]) for name in asked[:1]}))
    assert failed(tmp_path, document) == (
        f"AlsegError: Image {asked[0]} of split 'train' of 'listed' was asked about and is gone: its labels "
        "are bought and trained with. Put the image back, or begin the run anew with --fresh."
    )
    write_names(tmp_path, 2, 3, 4, 5, 6, 7)
    assert run_toy(tmp_path, document, PLUGIN).done == 1


def test_an_image_never_asked_about_that_is_gone_is_left_out_from_the_next_round_on(tmp_path: Path) -> None:
    document, run = stopped_in_round_1(tmp_path)
    asked = Purchase.read(run / "rounds" / "01").spans
    [gone, *_] = sorted({2, 3, 4, 5, 6, 7} - {int(name[-2:]) for name in asked})
    write_names(tmp_path, *({2, 3, 4, 5, 6, 7, 8} - {gone}))
    name = f"train-{gone:02d}"
    assert failed(tmp_path, document) == (
        f"DataError: Image {name} is gone from the target's split, but the pool of this round has it. Put it "
        "back until the next purchase, which leaves images out that are gone; or begin the run anew with "
        "--fresh."
    )
    labelled = {**document, "recipe": {"name": "toy", "iterations": 8, "target_batch": 0}}
    write_names(tmp_path / "other", 2, 3, 4, 5, 6, 7)
    labelled["scenario"] = growing_document(tmp_path / "other")["scenario"]
    assert run_toy(tmp_path / "other", labelled, PLUGIN, reporter=StopAfter("train", 2, 1)).signal is not None
    write_names(tmp_path / "other", *({2, 3, 4, 5, 6, 7, 8} - {gone}))
    assert run_toy(tmp_path / "other", labelled, PLUGIN).done == 1  # no step of round 1 draws it
    found = pools(run_folder(tmp_path / "other", "m"))
    assert name in found[1]
    assert found[2] == [each for each in found[1] if each != name] + ["train-08"]


def test_a_known_image_of_another_size_is_drift_but_a_new_one_is_none(tmp_path: Path) -> None:
    document, _ = stopped_in_round_1(tmp_path)
    write_names(tmp_path, 2, 3, 4, 5, 6, 7, file="resized.txt")
    with pytest.raises(
        AlsegError,
        match=r": Image train-02 was 12 x 24 and is 12 x 26 \(height x width\); Image train-03 was",
    ):
        run_toy(tmp_path, document, PLUGIN)
    (tmp_path / "data" / "resized.txt").unlink()
    write_names(tmp_path, 2, 3, 4, 5, 6, 7, 8)
    assert run_toy(tmp_path, document, PLUGIN).done == 1


@pytest.mark.parametrize(("number", "text"), [(0, "Training starts over"), (2, "Round 2 is decided again")])
@pytest.mark.parametrize("lost", [False, True])
def test_a_damaged_or_missing_list_of_a_pool_is_made_again_with_what_follows(
    tmp_path: Path, number: int, text: str, lost: bool
) -> None:
    run = grown(tmp_path)
    path = run / "rounds" / f"{number:02d}" / "pool.json"
    path.unlink() if lost else path.write_text(path.read_text().replace("train-03", "train-30"))
    reporter = Silent()
    outcome = run_toy(tmp_path, growing_document(tmp_path, WHEN_ROUND_1_IS_DONE), PLUGIN, reporter=reporter)
    assert outcome.done == 1
    assert any(text in note and str(path) in note for note in reporter.notes), reporter.notes
    # Three images join once round 1 is there, which it is not any more where training starts over.
    assert len(pools(run)[0]) == 6
    assert len(pools(run)[2]) == 9


def test_a_damaged_purchase_is_made_again_from_the_pool_of_its_round(tmp_path: Path) -> None:
    run = grown(tmp_path)
    before = round_bytes(run)
    (run / "rounds" / "01" / "ledger.json").unlink()
    assert run_toy(tmp_path, growing_document(tmp_path, WHEN_ROUND_1_IS_DONE), PLUGIN).done == 1
    assert round_bytes(run) == before


TOGETHER = [METHOD, {**METHOD, "label": "Margin", "acquisition": "margin"}]


def test_runs_with_the_same_pool_share_training_and_the_first_pass(tmp_path: Path) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    reporter = Silent()
    run_toy(tmp_path, growing_document(tmp_path, methods=TOGETHER), PLUGIN, reporter=reporter)
    assert reporter.phases.count("train") == 3 + 2
    margin = round_bytes(run_folder(tmp_path, "margin"))
    run_toy(tmp_path / "alone", growing_document(tmp_path, methods=TOGETHER[1:]), PLUGIN)
    assert round_bytes(run_folder(tmp_path / "alone", "margin")) == margin


def test_a_known_image_that_changes_its_size_while_the_run_is_at_work_stops_it(tmp_path: Path) -> None:
    write_names(tmp_path, 2, 3, 4)
    reporter = GrowsWhen(tmp_path, "evaluate", 2, file="resized.txt")
    assert run_toy(tmp_path, growing_document(tmp_path), PLUGIN, reporter=reporter).failed
    assert reporter.notes[-1].startswith(
        "  AlsegError: Image train-02 was 12 x 24 and is 12 x 26 (height x width): it is another "
        "image under the same name."
    )


class GrowsWhen(Silent):
    """Lists images 1 to 6 when a phase begins for the n-th time."""

    def __init__(self, folder: Path, phase: str, occurrence: int, file: str = "names.txt") -> None:
        super().__init__()
        self.folder, self.where, self.file = folder, (phase, occurrence), file

    def phase(self, name: str, total: int, done: int = 0) -> None:
        super().phase(name, total, done)
        if (name, self.phases.count(name)) == self.where:
            write_names(self.folder, 1, 2, 3, 4, 5, 6, file=self.file)


@pytest.mark.parametrize(
    ("phase", "occurrence", "sizes"),
    [("evaluate", 1, [4, 6, 6]), ("acquire", 1, [4, 4, 6])],
)
def test_a_run_whose_pool_differs_trains_and_asks_for_itself(
    tmp_path: Path, phase: str, occurrence: int, sizes: list[int]
) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    document = growing_document(tmp_path, methods=TOGETHER)
    run_toy(tmp_path, document, PLUGIN, reporter=GrowsWhen(tmp_path, phase, occurrence))
    first, second = run_folder(tmp_path, "entropy"), run_folder(tmp_path, "margin")
    assert [len(pool) for pool in pools(first)] == sizes
    assert [len(pool) for pool in pools(second)] == [6, 6, 6]  # it was begun when the images were there
    run_toy(tmp_path / "alone", growing_document(tmp_path, methods=TOGETHER[1:]), PLUGIN)
    assert round_bytes(run_folder(tmp_path / "alone", "margin")) == round_bytes(second)
    output = call("compare", tmp_path / "results" / "toy").output
    text = " ".join(output.split())
    assert "Pools differ: images were added between the starts of runs, or between their rounds." in text
    assert "Round 0: 4 images, " in text


def test_a_run_stopped_before_it_asks_does_not_take_the_picks_of_a_smaller_pool(tmp_path: Path) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    document = growing_document(tmp_path, methods=TOGETHER)
    # Both are begun with 4 images; the first asks for both, the second asks when there are 6.
    for method in TOGETHER[::-1]:
        one = growing_document(tmp_path, methods=[method])
        assert run_toy(tmp_path, one, PLUGIN, reporter=StopAfter("evaluate", 1, 1)).signal is not None
    reporter = StopAfter("train", 2, 1)
    assert run_toy(tmp_path, document, PLUGIN, reporter=reporter).signal is not None
    assert list(tmp_path.glob("results/toy/shared*/*/picks/margin*"))
    write_names(tmp_path, 1, 2, 3, 4, 5, 6)
    assert not run_toy(tmp_path, document, PLUGIN).failed
    assert [len(pool) for pool in pools(run_folder(tmp_path, "margin"))] == [4, 6, 6]
    assert len(Purchase.read(run_folder(tmp_path, "margin") / "rounds" / "01").spans) == 6
