"""How a round begins, and what acquisitions see of the round before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import alseg_methods
from alseg import hookimpl
from alseg.contracts import AcquisitionSpec, TargetView
from alseg.engine.derivation import derived_after
from alseg.engine.round_protocol import schedule_of
from alseg.storage.layout import NETWORK_NAME
from stateful import TeacherRecipe
from toys import Silent, build_recipe, prepared_toy, run_folder, run_toy, toy_document


class Changed:
    """Asks where the prediction has changed most since the round before."""

    seen: list[tuple[int, torch.Tensor, torch.Tensor | None]] = []  # noqa: RUF012 - read by the tests

    def score(self, view: TargetView) -> torch.Tensor:
        previous = view.previous
        self.seen.append((view.round, view.logits.clone(), None if previous is None else previous.clone()))
        return view.probs.amax(0) if previous is None else (view.logits - previous).abs().amax(0)


class Changes:
    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        return [
            AcquisitionSpec(
                name="changed",
                summary="Where the prediction has changed.",
                source="alseg's tests",
                build=Changed,
                needs=("logits", "previous"),
            )
        ]


def document(**changes: Any) -> dict[str, object]:
    method = {"label": "M", "acquisition": "changed", "annotation": "region", "budget": "20%"}
    return toy_document(methods=[method], **changes)


def test_an_acquisition_sees_what_the_network_of_the_round_before_says(tmp_path: Path) -> None:
    Changed.seen.clear()
    assert run_toy(tmp_path, document(settings={"device": "cpu", "examples": 0}), Changes()).done == 1
    first = [logits for round_number, logits, _ in Changed.seen if round_number == 1]
    assert [previous for round_number, _, previous in Changed.seen if round_number == 1] == [None] * 6
    second = [(logits, previous) for round_number, logits, previous in Changed.seen if round_number == 2]
    assert len(first) == len(second) == 6
    for then, (now, previous) in zip(first, second, strict=True):
        assert previous is not None
        torch.testing.assert_close(previous, then)
        assert not torch.allclose(now, previous)


def test_a_run_whose_earlier_network_was_removed_says_so(tmp_path: Path) -> None:
    run_toy(tmp_path, document(), Changes())
    folder = run_folder(tmp_path, "m")
    assert (folder / "rounds" / "02" / NETWORK_NAME).exists()
    for path in (folder / "rounds" / "02").iterdir():
        path.unlink()
    (folder / "weights.pt").unlink()
    (folder / "rounds" / "01" / NETWORK_NAME).unlink()
    [(_, problem)] = run_toy(tmp_path, document(), Changes()).failed
    assert problem.endswith(
        "is missing: the acquisition compares with that network. Begin the run anew with --fresh."
    )


@pytest.mark.parametrize("schedule", ["run", "round"])
def test_the_learning_rate_runs_its_course_in_the_run_or_in_each_round(tmp_path: Path, schedule: str) -> None:
    spec = prepared_toy(tmp_path, document(round_schedule=schedule), Changes()).plan.runs[0].spec
    recipe = build_recipe()  # 8 iterations; rounds end after 2, 4 and 8
    factor = schedule_of(spec, recipe, (2, 4, 8), {})
    of_run = [recipe.learning_rate_factor(step) for step in range(8)]
    if schedule == "run":
        assert [factor(step) for step in range(8)] == of_run
    else:
        # Halves and quarters of the course, from the start each time.
        expected = [of_run[place] for place in (0, 4, 0, 4, 0, 2, 4, 6)]
        assert [factor(step) for step in range(8)] == expected


def test_the_rate_of_a_derivation_holds_from_it_to_the_end_of_the_round(tmp_path: Path) -> None:
    spec = prepared_toy(tmp_path, document(), Changes()).plan.runs[0].spec
    twice = TeacherRecipe(derive_at=0.5, derive_rate=2)
    course = [twice.learning_rate_factor(step) for step in range(8)]
    derived = derived_after(twice, (2, 4, 8))
    assert derived == {1: 3, 2: 6}
    factor = schedule_of(spec, twice, (2, 4, 8), derived)
    assert [factor(step) / course[step] for step in range(8)] == [1, 1, 1, 2, 1, 1, 2, 2]
    # A run that buys nothing derives nothing.
    without = schedule_of(spec, twice, (2, 4, 8), {})
    assert [without(step) for step in range(8)] == course


def weights_after(folder: Path, **changes: Any) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    asked = {"label": "M", "acquisition": "random", "annotation": "region", "budget": "20%"}
    run_toy(folder, toy_document(methods=[asked], **changes))
    content = torch.load(run_folder(folder, "m") / "weights.pt", weights_only=True)
    found.update(content["model"])
    return found


def test_initial_weights_forget_what_was_learnt_before_the_purchase(tmp_path: Path) -> None:
    # Training stops where labels are bought for the last time but for one step, at a rate that is nearly 0.
    short = {"rounds": [2, 7], "recipe": {"name": "toy", "iterations": 8, "learning_rate": 1e-9}}
    long = {"rounds": [2, 7], "recipe": {"name": "toy", "iterations": 8}}
    untrained = weights_after(tmp_path / "untrained", **short)
    for start in ("continue", "previous", "initial"):
        trained = weights_after(tmp_path / start, round_start=start, **long)
        distance = max(float((trained[name] - untrained[name]).abs().max()) for name in trained)
        one_step = 0.05 * 0.2  # far more than one step of the last learning rate moves a weight
        assert (distance < one_step) == (start == "initial"), (start, distance)


def test_the_progress_of_an_acquisition_counts_every_image_that_it_sees(tmp_path: Path) -> None:
    class Counting(Silent):
        total, done = 0, 0
        acquiring: list[tuple[int, int]] = []  # noqa: RUF012

        def phase(self, name: str, total: int, done: int = 0) -> None:
            if self.total:
                self.acquiring.append((self.done, self.total))
            self.total, self.done = (total, 0) if name == "acquire" else (0, 0)

        def advance(self, detail: str = "") -> None:
            self.done += 1

    methods = [
        {"label": "Scores", "acquisition": "entropy", "annotation": "pixel", "budget": "4 px/image"},
        {"label": "Prepares", "acquisition": "pixbal", "annotation": "pixel", "budget": "4 px/image"},
        {"label": "Looks at the source", "acquisition": "mada", "annotation": "image", "budget": "2 images"},
    ]
    reporter = Counting()
    outcome = run_toy(tmp_path, toy_document(methods=methods), alseg_methods, reporter=reporter)
    assert outcome.done == 3
    # Six images; twice; with six of the source. Where another method has decided for one, it sees none.
    assert all(done in (0, total) for done, total in reporter.acquiring)
    assert {(6, 6), (12, 12)} <= set(reporter.acquiring)
