"""Does a recipe with state go on where it was, and are its further answers what they must be?"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from alseg.contracts import (
    IGNORE_INDEX,
    DerivationView,
    DerivingRecipe,
    FollowsSteps,
    OutputRecipe,
    RecipeSpec,
    StatefulRecipe,
    TrainingBatch,
)
from alseg.testing.small_network import (
    CLASSES,
    LARGE,
    Modules,
    SmallNetwork,
    losses_of,
    modules_of,
    optimizers_of,
)

_STEPS = 3


class _Training:
    """A recipe at work on the small network."""

    def __init__(self, where: str, recipe: Any) -> None:
        self.recipe, self.network = recipe, SmallNetwork()
        self.modules: Modules = modules_of(where, recipe, self.network)
        self.optimizers = optimizers_of(where, recipe, self.network, self.modules)

    def step(self, iteration: int) -> None:
        """Take a step as the core does."""
        losses = losses_of(self.recipe, self.network, self.modules, _batch(self.recipe, iteration))
        if losses:
            for optimizer in self.optimizers.values():
                optimizer.zero_grad()
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
            for optimizer in self.optimizers.values():
                optimizer.step()
        if isinstance(self.recipe, FollowsSteps):
            with torch.no_grad():
                self.recipe.after_step(self.network, self.modules, iteration)

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Yield everything whose state is kept, with its name."""
        yield "the network", self.network
        yield from ((f"module '{name}'", module) for name, module in self.modules.items())
        yield from ((f"optimiser '{name}'", each) for name, each in self.optimizers.items())

    def state(self) -> dict[str, Any]:
        """Return a copy of what the core keeps."""
        return {name: copy.deepcopy(part.state_dict()) for name, part in self.parts()}


def check_state(where: str, recipe: Any) -> None:
    """Check that a recipe with state is made alike every time, and goes on from its ``state_dict``.

    Raises:
        AssertionError: Says which part does not.
    """
    if not isinstance(recipe, StatefulRecipe | FollowsSteps):
        return
    through, first = _Training(where, recipe), _Training(where, recipe).state()
    differing = [name for name, state in through.state().items() if not _same(state, first[name])]
    assert not differing, (
        f"{where}: {differing[0]} begins with other values a second time; draw with torch's global generator"
    )
    for iteration in range(_STEPS):
        through.step(iteration)
    kept = through.state()
    through.step(_STEPS)
    resumed = _Training(where, recipe)
    for name, part in resumed.parts():
        part.load_state_dict(kept[name])
    resumed.step(_STEPS)
    expected = through.state()
    differing = [name for name, state in resumed.state().items() if not _same(state, expected[name])]
    assert not differing, (
        f"{where}: {differing[0]} goes on to other values from what is kept of it; keep all state in "
        "parameters and persistent buffers of modules"
    )


def check_further_answers(where: str, spec: RecipeSpec, recipe: Any) -> None:
    """Check outputs for acquisitions and derived label maps, as far as the recipe has them.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    training = _Training(where, recipe)
    for module in (training.network, *training.modules.values()):
        module.eval()
    images = torch.randn((2, 3, *LARGE), generator=torch.Generator().manual_seed(0))
    named: Mapping[str, torch.Tensor] = {}
    before = training.state()
    with torch.inference_mode():
        logits = training.network(images)
        if spec.provides:
            assert isinstance(recipe, OutputRecipe), f"{where}: it has no outputs, as 'provides' says"
            named = recipe.outputs(training.network, training.modules, images, logits)
        for need in spec.provides:
            output = named.get(need.removeprefix("output:"))
            is_map = isinstance(output, torch.Tensor) and output.ndim == 4 and output.is_floating_point()
            assert is_map and output is not None and len(output) == len(images), (
                f"{where}: {need} must be float (2, D, h, w)"
            )
        if isinstance(recipe, DerivingRecipe) and recipe.derivation is not None:
            for unlabelled in (False, True):
                _check_derived(where, training, images, named, unlabelled=unlabelled)
    changed = [name for name, state in training.state().items() if not _same(state, before[name])]
    assert not changed, f"{where}: outputs or derive change {changed[0]}; only steps may"


def _check_derived(
    where: str,
    training: _Training,
    images: torch.Tensor,
    named: Mapping[str, torch.Tensor],
    *,
    unlabelled: bool,
) -> None:
    """Derive labels twice from one view, of which a part was asked, with classes or all void."""
    answers = []
    for _ in range(2):
        view = _view(training.network, images, named, unlabelled=unlabelled)
        torch.manual_seed(0)
        answers.append(training.recipe.derive(view, training.modules))
    for label in answers:
        if label is None:
            continue
        assert isinstance(label, torch.Tensor) and label.dtype == torch.uint8 and label.shape == LARGE, (
            f"{where}: derive must return None or a uint8 tensor {LARGE}"
        )
        classes = label[label != IGNORE_INDEX]
        assert not len(classes) or int(classes.max()) < CLASSES, (
            f"{where}: derive returned class {int(classes.max())} of {CLASSES}; void is {IGNORE_INDEX}"
        )
    first, second = answers
    same = first is second is None or (
        first is not None and second is not None and torch.equal(first, second)
    )
    assert same, f"{where}: derive returns another label map when called again; draw with view.generator"


def _view(
    network: SmallNetwork, images: torch.Tensor, named: Mapping[str, torch.Tensor], *, unlabelled: bool
) -> DerivationView:
    asked = torch.full(LARGE, -1, dtype=torch.int32)
    asked[:4, :4], asked[8:12, 8:12] = 0, 1
    classes = torch.randint(0, CLASSES, LARGE, generator=torch.Generator().manual_seed(1))
    known = torch.full_like(classes, IGNORE_INDEX) if unlabelled else classes
    logits = torch.nn.functional.interpolate(network(images[:1]), size=LARGE, mode="bilinear")[0]
    return DerivationView(
        image_id="0123456789abcdef",
        logits=logits,
        generator=torch.Generator().manual_seed(0),
        image=((images[0] * 0.25 + 0.5).clamp(0, 1) * 255).to(torch.uint8),
        features=network.backbone(images[:1])[0],
        outputs={name: output[0].float() for name, output in named.items()},
        regions=(torch.arange(LARGE[0])[:, None] // 4 * 8 + torch.arange(LARGE[1]) // 4).int(),
        rounds=2,
        bought=asked >= 0,
        revealed=torch.where(asked >= 0, known, IGNORE_INDEX).to(torch.uint8),
        asked=asked,
    )


def _batch(recipe: Any, iteration: int) -> TrainingBatch:
    """Return a batch whose target is labelled in part."""
    domains: list[torch.Tensor | None] = []
    for place, plan in enumerate((recipe.plan.source, recipe.plan.target)):
        generator = torch.Generator().manual_seed(2 * iteration + place)
        shape = (plan.batch_size, *LARGE)
        images = torch.randn((plan.batch_size, 3, *LARGE), generator=generator)
        labels = torch.randint(0, CLASSES, shape, generator=generator)
        if place:
            labels[:, 6:] = IGNORE_INDEX
        domains += [images, labels] if plan.batch_size else [None, None]
    return TrainingBatch(
        iteration=iteration,
        source_images=domains[0],
        source_labels=domains[1],
        target_images=domains[2],
        target_labels=domains[3],
        round=1,
        rounds=2,
    )


def _same(first: Any, second: Any) -> bool:
    """Whether two states, nested mappings and sequences, hold the same values."""
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and torch.equal(first, second)
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(
            _same(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return bool(first == second)
