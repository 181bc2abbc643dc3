"""Label maps that a recipe derives once a round."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from alseg import hookimpl
from alseg.contracts import Derivation, DerivationView, RecipeSpec, TrainingBatch
from alseg.engine.derivation import derived_after
from alseg.storage.derived import DerivedMaps
from alseg.toolkit.recipes import SupervisedRecipe
from stateful import StatefulPlugin, TeacherRecipe, stateful_document
from stopping import StopAfter
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy

AFTER_HALF = {"derive_at": 0.5}
ANEW = {"derive_at": 0.5, "derive_restart": "initial"}
FIRST = {"derive_at": 0.0}
EVERY_STEP = {"device": "cpu", "checkpoint_minutes": 1e-9}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    path = run_folder(folder, "entropy") / "weights.pt"
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["model"]
    return found


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, second[name]) for name, value in first.items())


def test_labels_are_derived_after_a_share_of_each_rounds_steps() -> None:
    recipe = TeacherRecipe(derive_at=0.5)
    # Rounds of 2, 3 and 6 steps: half of 3 is taken as 1.
    assert derived_after(recipe, (2, 5, 11)) == {1: 3, 2: 8}
    assert derived_after(TeacherRecipe(derive_at=0.0), (2, 5, 11)) == {1: 2, 2: 5}
    assert derived_after(TeacherRecipe(), (2, 5, 11)) == {}
    assert derived_after(SupervisedRecipe(), (2, 5, 11)) == {}


class Noting(SupervisedRecipe):
    """Derives class 0 for one image in each round, and notes what it is given."""

    derivation = Derivation(at=0.5, needs=("image",))
    views: ClassVar[list[DerivationView]] = []
    labels: ClassVar[dict[int, torch.Tensor]] = {}

    def losses(self, forward: Any, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        assert batch.target_labels is not None
        self.labels[batch.iteration] = batch.target_labels
        return super().losses(forward, batch)

    def derive(self, view: DerivationView, modules: Any) -> torch.Tensor | None:
        assert dict(modules) == {}
        self.views.append(view)
        return torch.zeros(view.size, dtype=torch.uint8) if view.round == 1 else None


class NotingPlugin:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [RecipeSpec(name="noting", summary="Notes.", source="alseg's tests", build=Noting)]


def test_training_sees_derived_labels_until_labels_are_bought_again(tmp_path: Path) -> None:
    Noting.views.clear()
    recipe = {"name": "noting", "target_batch": 6, "source_size": None, "target_size": None, "iterations": 8}
    assert run_toy(tmp_path, stateful_document(recipe), NotingPlugin()).done == 1
    # Labels are bought after 2 and 4 steps; round 1 derives before step 3, round 2 before step 6.
    known = {step: int((labels != 255).sum()) for step, labels in Noting.labels.items()}
    pixels = 6 * 12 * 24
    bought = [
        metrics_of(run_folder(tmp_path, "entropy"), number)["cost"]["valid_pixels"] for number in (1, 2)
    ]
    assert [known[step] for step in range(8)] == [0, 0, bought[0], pixels, *[bought[1]] * 4]
    assert bool((Noting.labels[3] == 0).all())
    assert [view.round for view in Noting.views] == [1] * 6 + [2] * 6
    assert {view.rounds for view in Noting.views} == {2}


def test_a_view_holds_what_was_asked_and_what_it_revealed(tmp_path: Path) -> None:
    Noting.views.clear()
    recipe = {"name": "noting", "source_size": None, "target_size": None, "iterations": 8}
    assert run_toy(tmp_path, stateful_document(recipe), NotingPlugin()).done == 1
    rows = np.load(run_folder(tmp_path, "entropy") / "rounds" / "01" / "ledger.npy")
    first = Noting.views[:6]
    assert sum(int(view.asked.max()) + 1 for view in first) == len(rows)
    for view in first:
        assert view.revealed is not None and view.bought is not None and view.image is not None
        assert view.asked.dtype == torch.int32 and view.revealed.dtype == torch.uint8
        assert torch.equal(view.bought, view.asked >= 0)
        assert bool((view.revealed[~view.bought] == 255).all())
        assert view.image.shape == (3, 12, 24)
        assert view.sets is None and view.previous is None
    # Questions of both rounds are numbered together.
    second = next(view for view in Noting.views[6:] if view.image_id == first[0].image_id)
    assert bool((second.asked[first[0].asked >= 0] == first[0].asked[first[0].asked >= 0]).all())
    assert int(second.asked.max()) > int(first[0].asked.max())


def test_runs_that_buy_nothing_derive_nothing(tmp_path: Path) -> None:
    methods = [{"label": label, "target_labels": label} for label in ("none", "all")]
    reporter = Silent()
    document = stateful_document(AFTER_HALF, methods=methods)
    assert run_toy(tmp_path, document, StatefulPlugin(), reporter=reporter).done == 2
    assert "derive" not in reporter.phases


@pytest.fixture(scope="module", params=[AFTER_HALF, ANEW, FIRST], ids=["half", "anew", "first"])
def through(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return parameters and the folder of a run that was not interrupted."""
    folder = tmp_path_factory.mktemp("through")
    assert run_toy(folder, stateful_document(request.param), StatefulPlugin()).done == 1
    return request.param, folder


def test_a_run_interrupted_within_a_round_goes_on_to_the_same_bytes(tmp_path: Path, through: Any) -> None:
    recipe, folder = through
    document = stateful_document(recipe, settings=EVERY_STEP)
    # Training is split where labels are derived within a round; the last part ends after step 8. Stopped in
    # its second step, it has a checkpoint of the first one, which has been trained on derived labels.
    last = 3 if recipe == FIRST else 5
    for phase, occurrence, steps in [("derive", 1, 3), ("derive", 2, 6), ("train", last, 2)]:
        stopped = tmp_path / f"{phase} {occurrence} {steps}"
        reporter = StopAfter(phase, occurrence, steps)
        assert run_toy(stopped, document, StatefulPlugin(), reporter=reporter).signal is not None
        assert run_toy(stopped, document, StatefulPlugin()).done == 1
        assert round_bytes(run_folder(stopped, "entropy")) == round_bytes(run_folder(folder, "entropy"))
        assert same(weights(stopped), weights(folder))


def test_derived_labels_matter_and_are_removed_with_the_round(tmp_path: Path, through: Any) -> None:
    _, folder = through
    assert run_toy(tmp_path, stateful_document(), StatefulPlugin()).done == 1
    assert not same(weights(tmp_path), weights(folder))
    assert list(run_folder(folder, "entropy").glob("rounds/*/derived*")) == []
    assert "derived label maps of" in (run_folder(folder, "entropy") / "log.txt").read_text()


def test_a_derivation_can_begin_with_initial_weights(tmp_path: Path) -> None:
    for name, recipe in (("continue", AFTER_HALF), ("initial", ANEW)):
        assert run_toy(tmp_path / name, stateful_document(recipe), StatefulPlugin()).done == 1
    assert not same(weights(tmp_path / "continue"), weights(tmp_path / "initial"))
    log = (run_folder(tmp_path / "initial", "entropy") / "log.txt").read_text()
    assert log.count("training starts from initial weights") == 2


@pytest.mark.parametrize("harm", ["changed", "missing maps", "missing index"])
def test_derived_labels_that_are_damaged_send_training_back(tmp_path: Path, harm: str) -> None:
    document = stateful_document(AFTER_HALF, settings=EVERY_STEP)
    assert run_toy(tmp_path / "through", document, StatefulPlugin()).done == 1
    # The last round derives after 6 of 8 steps; the last checkpoint is that of the 7th.
    run_toy(tmp_path / "stopped", document, StatefulPlugin(), reporter=StopAfter("train", 5, 2))
    folder = run_folder(tmp_path / "stopped", "entropy")
    maps = folder / "rounds" / "02" / "derived.bin"
    if harm == "changed":
        maps.write_bytes(maps.read_bytes()[:-1] + b"?")
    else:
        (maps if harm == "missing maps" else maps.with_suffix(".json")).unlink()
    reporter = Silent()
    assert run_toy(tmp_path / "stopped", document, StatefulPlugin(), reporter=reporter).done == 1
    problems = {
        "changed": f"{maps} is damaged: its checksum differs from the one in derived.json. ",
        "missing maps": f"{maps} is missing. ",
        "missing index": "",
    }
    again = "Labels of round 2 are derived again where training needs them."
    expected = [f"  {problems[harm]}{again}"] if problems[harm] else []
    assert reporter.notes[: len(expected) + 1] == [
        *expected,
        f"  {folder / 'checkpoint.pt'} is of iteration 7, but the labels derived at iteration 6 of round 2 "
        "are missing. Training starts over; bought labels are kept.",
    ]
    assert round_bytes(folder) == round_bytes(run_folder(tmp_path / "through", "entropy"))
    assert same(weights(tmp_path / "stopped"), weights(tmp_path / "through"))


class Wrong(SupervisedRecipe):
    derivation = Derivation()
    answer: ClassVar[Any] = None

    def derive(self, view: DerivationView, modules: Any) -> Any:
        return self.answer


class WrongPlugin:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [RecipeSpec(name="wrong", summary="Errs.", source="alseg's tests", build=Wrong)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            torch.zeros(12, 24),
            "derive must return None or a uint8 tensor (12, 24), but returned float32 (12, 24).",
        ),
        (
            torch.zeros((3, 4), dtype=torch.uint8),
            "derive must return None or a uint8 tensor (12, 24), but returned uint8 (3, 4).",
        ),
        (
            torch.full((12, 24), 3, dtype=torch.uint8),
            "derive must return classes below 3, or 255, but returned 3.",
        ),
    ],
)
def test_what_is_no_label_map_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, problem: str
) -> None:
    monkeypatch.setattr(Wrong, "answer", answer)
    recipe = {"name": "wrong", "source_size": None, "target_size": None, "iterations": 8}
    outcome = run_toy(tmp_path, stateful_document(recipe), WrongPlugin())
    assert len(outcome.failed) == 1
    assert problem in (run_folder(tmp_path, "entropy") / "status.json").read_text()


@pytest.mark.parametrize(
    ("derivation", "problem"),
    [
        (Derivation(at=1.0), "derivation.at must be at least 0 and below 1, not 1.0. Mend the plugin."),
        (
            Derivation(needs=("moments",)),
            "derivation.needs must be of logits, probs, features, image, output:NAME, not moments. ",
        ),
        (
            "half",
            "derivation must be None or a Derivation, with a method 'derive' beside it. Mend the plugin.",
        ),
    ],
)
def test_a_derivation_that_cannot_be_kept_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, derivation: Any, problem: str
) -> None:
    monkeypatch.setattr(Wrong, "derivation", derivation)
    recipe = {"name": "wrong", "source_size": None, "target_size": None, "iterations": 8}
    with pytest.raises(Exception) as caught:
        run_toy(tmp_path, stateful_document(recipe), WrongPlugin())
    assert problem in str(caught.value)


def test_an_output_that_a_derivation_lacks_skips_the_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wrong, "derivation", Derivation(needs=("output:embedding",)))
    recipe = {"name": "wrong", "source_size": None, "target_size": None, "iterations": 8}
    assert len(run_toy(tmp_path, stateful_document(recipe), WrongPlugin()).skipped) == 1
    assert (
        "recipe 'wrong' derives labels and needs output:embedding, which neither model 'tiny' nor recipe "
        "'wrong' provides"
    ) in (run_folder(tmp_path, "entropy") / "status.json").read_text()


def test_an_error_of_who_makes_the_maps_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    def maps() -> Any:
        yield "a", np.zeros((2, 3), np.uint8)
        raise PermissionError(13, "no image")

    with pytest.raises(PermissionError):
        DerivedMaps.write(tmp_path, maps())
    assert list(tmp_path.iterdir()) == []


def test_maps_are_kept_one_by_one(tmp_path: Path) -> None:
    first, second = np.arange(6, dtype=np.uint8).reshape(2, 3), np.full((1, 4), 255, np.uint8)
    DerivedMaps.write(tmp_path, [("a", first), ("b", second)])
    maps = DerivedMaps.read(tmp_path)
    for name, expected in (("a", first), ("b", second)):
        found = maps.label(name)
        assert found is not None and np.array_equal(found, expected)
    assert maps.label("c") is None
    assert maps.size("b") == (1, 4)
