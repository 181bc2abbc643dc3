"""Recipes with modules, several optimisers and something to do after each step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from alseg import hookimpl
from alseg.contracts import RecipeSpec
from alseg.errors import AlsegError
from alseg.toolkit.recipes import SupervisedRecipe
from stateful import StatefulPlugin, TeacherRecipe, stateful_document
from stopping import StopAfter
from toys import Silent, round_bytes, run_folder, run_toy


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(
        run_folder(folder, "entropy") / "weights.pt", weights_only=True
    )["model"]
    return found


def _same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that was not interrupted."""
    folder = tmp_path_factory.mktemp("through")
    TeacherRecipe.seen.clear()
    assert run_toy(folder, stateful_document(), StatefulPlugin()).done == 1
    return folder


@pytest.mark.parametrize(("occurrence", "steps"), [(1, 1), (2, 1), (3, 2)])
def test_a_run_with_modules_goes_on_to_the_same_bytes(
    tmp_path: Path, through: Path, occurrence: int, steps: int
) -> None:
    reporter = StopAfter("train", occurrence, steps)
    assert run_toy(tmp_path, stateful_document(), StatefulPlugin(), reporter=reporter).signal is not None
    assert run_toy(tmp_path, stateful_document(), StatefulPlugin()).done == 1
    assert round_bytes(run_folder(tmp_path, "entropy")) == round_bytes(run_folder(through, "entropy"))
    # The teacher, the memory and the discriminator all have part in the losses of the network.
    assert _same(_weights(tmp_path), _weights(through))


def test_batches_say_in_which_round_they_are(through: Path) -> None:
    assert (run_folder(through, "entropy") / "weights.pt").exists()
    # Labels are bought after 2 and 4 of 8 steps.
    assert TeacherRecipe.seen[:8] == [
        (0, 0, 2),
        (1, 0, 2),
        (2, 1, 2),
        (3, 1, 2),
        (4, 2, 2),
        (5, 2, 2),
        (6, 2, 2),
        (7, 2, 2),
    ]


def test_modules_go_with_shared_source_training(tmp_path: Path, through: Path) -> None:
    asking = stateful_document()["methods"][0]
    document = stateful_document(methods=[{"label": "None", "target_labels": "none"}, asking])
    reporter = Silent()
    assert run_toy(tmp_path, document, StatefulPlugin(), reporter=reporter).done == 2
    assert reporter.phases.count("train") == 3 + 2  # the second method takes round 0 over
    (shared,) = (tmp_path / "results" / "toy" / "shared").glob("*/checkpoint.pt")
    kept = torch.load(shared, weights_only=True)
    assert list(kept["modules"]) == ["teacher", "discriminator", "memory"]
    assert list(kept["optimizers"]) == ["network", "discriminator"]
    assert "optimizer" not in kept
    assert _same(_weights(tmp_path), _weights(through))


def test_a_damaged_checkpoint_begins_with_the_first_modules(tmp_path: Path, through: Path) -> None:
    run_toy(tmp_path, stateful_document(), StatefulPlugin(), reporter=StopAfter("train", 3, 2))
    (run_folder(tmp_path, "entropy") / "checkpoint.pt").write_bytes(b"half a file")
    assert run_toy(tmp_path, stateful_document(), StatefulPlugin()).done == 1
    assert _same(_weights(tmp_path), _weights(through))


def test_initial_weights_come_with_initial_modules(tmp_path: Path) -> None:
    document = stateful_document(round_start="initial")
    assert run_toy(tmp_path / "through", document, StatefulPlugin()).done == 1
    run_toy(tmp_path / "stopped", document, StatefulPlugin(), reporter=StopAfter("evaluate", 2, 1))
    assert run_toy(tmp_path / "stopped", document, StatefulPlugin()).done == 1
    # Stopped after the second round's training: the third one begins with modules of a fresh process.
    assert _same(_weights(tmp_path / "stopped"), _weights(tmp_path / "through"))


def _asking(**method: object) -> dict[str, object]:
    return {
        "label": "Far",
        "acquisition": "far-from-source",
        "annotation": {"name": "region", "radius": 1},
        "budget": "20%",
        **method,
    }


def test_an_acquisition_asks_with_an_output_of_the_recipe(tmp_path: Path) -> None:
    document = stateful_document(methods=[_asking()])
    assert run_toy(tmp_path / "through", document, StatefulPlugin()).done == 1
    # Stopped before the second purchase, so that a fresh process gives the output from what was kept.
    reporter = StopAfter("evaluate", 2, 1)
    assert run_toy(tmp_path / "stopped", document, StatefulPlugin(), reporter=reporter).signal is not None
    assert run_toy(tmp_path / "stopped", document, StatefulPlugin()).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "far")) for name in ("through", "stopped"))
    assert first == second
    scores = np.load(run_folder(tmp_path / "through", "far") / "rounds" / "01" / "ledger.npy")["score"]
    assert len(np.unique(scores)) > len(scores) // 2


def test_an_output_that_neither_model_nor_recipe_gives_skips_the_method(tmp_path: Path) -> None:
    document = stateful_document(methods=[_asking(recipe={"name": "toy", "iterations": 8})])
    outcome = run_toy(tmp_path, document, StatefulPlugin())
    assert len(outcome.skipped) == 1
    status = json.loads((run_folder(tmp_path, "far") / "status.json").read_text())
    assert status["reason"] == (
        "acquisition 'far-from-source' needs output:domain, which neither model 'tiny' nor recipe 'toy' "
        "provides"
    )


class _SilentPlugin:
    @hookimpl
    def register_recipes(self) -> list[RecipeSpec]:
        return [
            RecipeSpec(
                name="silent",
                summary="Promises an output.",
                source="alseg's tests",
                build=SupervisedRecipe,
                provides=("output:domain",),
            )
        ]


def test_a_recipe_without_the_method_for_its_outputs_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(AlsegError) as caught:
        run_toy(tmp_path, stateful_document(recipe={"name": "silent"}), _SilentPlugin())
    assert "provides output:domain, but has no method 'outputs'. Update the plugin;" in str(caught.value)
