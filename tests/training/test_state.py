"""The training state of recipes with modules, written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from alseg.errors import AlsegError, DamageError
from alseg.guard.answers import AnswerError
from alseg.training.state import TrainingState
from stateful import TeacherRecipe
from toys import TinyNet, build_recipe


def state_of(recipe: Any, fabric: Fabric | None = None, seed: int = 0) -> TrainingState:
    torch.manual_seed(seed)
    return TrainingState(fabric or Fabric(accelerator="cpu"), TinyNet(3), recipe, seed)


def step(state: TrainingState) -> None:
    """Take a step down the sum of all weights."""
    state.forget_gradients()
    parts = (state.module, state.modules["discriminator"])
    sum(p.sum() for part in parts for p in part.parameters()).backward()  # type: ignore[union-attr]
    state.step()


def values(state: TrainingState) -> dict[str, torch.Tensor]:
    parts = {"": state.module, **state.modules}
    return {
        f"{part}.{name}": value.clone()
        for part, module in parts.items()
        for name, value in module.state_dict().items()
    }


def test_all_modules_and_optimizers_go_on_where_they_were(tmp_path: Path) -> None:
    state = state_of(TeacherRecipe())
    step(state)
    cast(Any, state.modules["memory"]).mean.fill_(3.0)
    state.save(tmp_path / "checkpoint.pt", 5)
    other = state_of(TeacherRecipe(), seed=1)
    assert other.load(tmp_path / "checkpoint.pt") == 5
    for each in (state, other):
        step(each)  # momentum and Adam's moments have part in the second step
    expected, found = values(state), values(other)
    assert expected.keys() == found.keys()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())
    assert state.digest() == other.digest()


def test_a_state_without_modules_is_of_another_recipe(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    state_of(build_recipe()).save(path, 5)
    with pytest.raises(DamageError) as caught:
        state_of(TeacherRecipe()).load(path)
    assert str(caught.value) == (
        f"Checkpoint {path} is of another recipe: it has the modules none, the recipe discriminator, memory, "
        "teacher."
    )


def test_a_state_with_modules_is_none_of_a_recipe_without(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    state_of(TeacherRecipe()).save(path, 5)
    with pytest.raises(DamageError) as caught:
        state_of(build_recipe()).load(path)
    assert str(caught.value) == (
        f"Checkpoint {path} is of another recipe: it has the modules discriminator, memory, teacher, the "
        "recipe none."
    )


def test_a_changed_value_of_a_module_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    state = state_of(TeacherRecipe())
    cast(Any, state.modules["memory"]).mean.fill_(1234.5)
    state.save(path, 5)
    pattern = torch.tensor(1234.5).numpy().tobytes() * 3
    content = path.read_bytes()
    assert content.count(pattern) == 1
    path.write_bytes(content.replace(pattern, torch.tensor(1234.0).numpy().tobytes() * 3))
    with pytest.raises(DamageError, match=r"is damaged"):
        state.load(path)


def test_beginning_anew_gives_modules_their_first_values() -> None:
    state = state_of(TeacherRecipe())
    first, weights = values(state), {name: value.clone() for name, value in state.module.state_dict().items()}
    step(state)
    cast(Any, state.modules["memory"]).mean.fill_(3.0)
    state.begin_anew(weights)
    found = values(state)
    assert all(torch.equal(value, found[name]) for name, value in first.items())
    assert all(not optimizer.state for optimizer in state.optimizers.values())


def test_every_learning_rate_keeps_its_own_start() -> None:
    state = state_of(TeacherRecipe())
    state.set_rates(0.5)
    rates = [group["lr"] for each in state.optimizers.values() for group in each.param_groups]
    # The network's is 0.05, that of the head 10 times as large; the discriminator's is 0.01.
    assert rates == pytest.approx([0.025, 0.25, 0.005])


def test_several_optimizers_share_one_scale() -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=1)
    fabric = Fabric(accelerator="cpu", plugins=[MixedPrecision("16-mixed", "cpu", scaler)])
    state = state_of(TeacherRecipe(weight_decay=0.0), fabric)
    scaler.load_state_dict({**scaler.state_dict(), "scale": 4.0, "growth_interval": 1})
    state.optimizers["network"].param_groups[0]["lr"] = 1.0
    before = values(state)
    parts = (state.module, state.modules["discriminator"])
    loss = sum(p.sum() for part in parts for p in part.parameters())
    scaler.scale(cast(torch.Tensor, loss)).backward()  # type: ignore[no-untyped-call]
    state.step()
    after = values(state)
    # Gradients are 1 in truth, 4 as computed. The scale doubles once, not between the two optimisers.
    torch.testing.assert_close(after[".body.bias"], before[".body.bias"] - 1.0)
    assert scaler.get_scale() == 8.0
    moment = state.optimizers["discriminator"].state[next(state.modules["discriminator"].parameters())]
    torch.testing.assert_close(moment["exp_avg"], torch.full_like(moment["exp_avg"], 0.1))


class _Sharing(TeacherRecipe):
    def modules(self, model: Any) -> dict[str, Any]:
        return {"teacher": model}


class _Listing(TeacherRecipe):
    def modules(self, model: Any) -> Any:
        return [model]


class _Idle(TeacherRecipe):
    def make_optimizers(self, model: Any, modules: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        (_Sharing, "module 'teacher' has parameters of the network itself. Return a copy of them: "),
        (_Listing, "modules must return a mapping of names to torch modules, but returned list of 1."),
        (
            _Idle,
            "make_optimizers must return a mapping of names to torch optimisers, at least one, but returned "
            "dict of 0.",
        ),
    ],
)
def test_what_a_recipe_may_not_return_is_refused(recipe: type[TeacherRecipe], problem: str) -> None:
    with pytest.raises(AnswerError) as caught:
        state_of(recipe())
    assert problem in str(caught.value)
    assert isinstance(caught.value, AlsegError)
