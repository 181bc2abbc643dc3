"""A step over several batches: the gradients of a larger one, and draws that resume."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from alseg.config.sections import Settings
from alseg.contracts import DataPlan
from alseg.data.loading import DenseLabels
from alseg.data.scenario import Domain, ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.toolkit.recipes import SupervisedRecipe
from alseg.training.device import make_fabric
from alseg.training.trainer import DivergedError, Trainer
from stopping import StopAfter
from toys import STRIPES, Stripes, TinyNet, round_bytes, run_folder, run_toy, toy_document

IDENTITY = np.arange(256, dtype=np.uint8)


def trainer_of(batch: int, accumulate: int, recipe: type[SupervisedRecipe] = SupervisedRecipe) -> Trainer:
    domains = [Domain(Stripes(split, 7, (12, 24)), IDENTITY, STRIPES, 3) for split in ("one", "two")]
    source, target = domains
    made = recipe(
        iterations=5,
        source_batch=batch,
        target_batch=batch,
        accumulate=accumulate,
        source_size=None,
        target_size=None,
        learning_rate=0.1,
    )
    torch.manual_seed(4)
    return Trainer(
        make_fabric(Settings(device="cpu")),
        TinyNet(3),
        made,
        ScenarioData(label_space=STRIPES, source=source, target=target, evaluation=target),
        DenseLabels(target.dataset, IDENTITY),
        TargetOrder(7, made.plan.target, 0, made.plan.accumulation),
        0,
        0,
    )


def trained(trainer: Trainer, steps: int) -> list[Mapping[str, float]]:
    losses: list[Mapping[str, float]] = []
    trainer.train(steps, lambda _, found: losses.append(found))
    return losses


def test_batches_of_one_accumulate_to_the_gradients_of_a_larger_batch() -> None:
    accumulating, large = trainer_of(1, 4), trainer_of(4, 1)
    found, expected = trained(accumulating, 3), trained(large, 3)
    assert len(found) == len(expected) == 3
    for mine, theirs in zip(found, expected, strict=True):
        assert set(mine) == {"source", "target"}
        assert mine == pytest.approx(theirs, rel=1e-6)
    for one, other in zip(accumulating.module.parameters(), large.module.parameters(), strict=True):
        assert one.grad is not None and other.grad is not None and other.grad.abs().sum() > 0
        torch.testing.assert_close(one.grad, other.grad, rtol=0, atol=1e-6)
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


class EverySecond(SupervisedRecipe):
    """Has a loss named ``target`` of 3 in one of two batches."""

    calls = 0

    def losses(self, forward, batch):  # type: ignore[no-untyped-def]
        type(self).calls += 1
        images = batch.source_images
        losses = {"source": forward(images).mean() * 0 + 1}
        if self.calls % 2:
            losses["target"] = forward(images).mean() * 0 + 3
        return losses


def test_a_loss_that_a_batch_lacks_counts_as_nothing() -> None:
    # (3 + 0) / 2
    assert trained(trainer_of(1, 2, EverySecond), 1) == [{"source": 1.0, "target": 1.5}]


class Breaking(SupervisedRecipe):
    """Diverges in the second batch of the second step."""

    calls = 0

    def losses(self, forward, batch):  # type: ignore[no-untyped-def]
        type(self).calls += 1
        factor = float("nan") if self.calls == 4 else 1.0
        return {"source": forward(batch.source_images).mean() * factor}


def test_a_step_with_one_broken_batch_changes_no_weights_and_names_all_its_images() -> None:
    trainer = trainer_of(1, 2, Breaking)
    trained(trainer, 1)
    before = [parameter.detach().clone() for parameter in trainer.module.parameters()]
    with pytest.raises(
        DivergedError, match=r"at iteration 1: .*source one-\d, one-\d; target two-\d, two-\d"
    ):
        trained(trainer, 2)
    for was, parameter in zip(before, trainer.module.parameters(), strict=True):
        assert torch.equal(was, parameter)


def test_purchases_and_last_draws_count_all_batches_of_a_step() -> None:
    plan = DataPlan(batch_size=1, size=None)
    accumulating, large = (
        TargetOrder(7, p, 0, a) for p, a in ((plan, 3), (DataPlan(batch_size=3, size=None), 1))
    )
    assert accumulating.last_draws(4).tolist() == large.last_draws(4).tolist()


def test_an_accumulating_run_is_stopped_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    recipe = {
        "name": "plain",
        "iterations": 6,
        "learning_rate": 0.05,
        "source_batch": 1,
        "target_batch": 1,
        "accumulate": 2,
        "warmup": 3,
        "source_size": None,
        "target_size": None,
    }
    document = toy_document(methods=[toy_document()["methods"][1]], recipe=recipe)  # type: ignore[index]
    run_toy(tmp_path / "through", document)
    assert run_toy(tmp_path / "stopped", document, reporter=StopAfter("train", 2, 1)).signal is not None
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second and first
