"""Label maps that a recipe derives once a round, in place of what was revealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import DerivationView, DerivingRecipe
from alseg.data.subset import Subset
from alseg.engine.phases import Phases
from alseg.engine.regions import method_regions
from alseg.errors import DamageError
from alseg.guard.answers import answer_kind
from alseg.guard.calls import guarded, random_state_kept
from alseg.guard.recipe_answers import checked_derived
from alseg.inference.gathering import in_order
from alseg.inference.predict import Prediction, predict
from alseg.seeding import derive, image_token
from alseg.storage.derived import DerivedMaps
from alseg.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from alseg.engine.parts import RunParts


def derived_after(recipe: object, stages: Sequence[int]) -> dict[int, int]:
    """Return the iteration at which labels are derived in each round from 1 on; empty where none are.

    Args:
        recipe: Of a run that buys labels.
        stages: Iteration at which each round ends.
    """
    if not isinstance(recipe, DerivingRecipe) or recipe.derivation is None:
        return {}
    share = recipe.derivation.at
    return {
        number: first + int(share * (end - first)) for number, (first, end) in enumerate(pairwise(stages), 1)
    }


def find_underived(
    folder: RunFolder, stages: Sequence[int], derivations: Mapping[int, int], iteration: int
) -> str | None:
    """Return what a training state lacks to go on: label maps that were derived before it; None for nothing.

    Args:
        folder: The run, from which damaged files have been taken.
        stages: Iteration at which each round ends.
        derivations: As `derived_after` gives them.
        iteration: Of the training state.
    """
    for number, derived in derivations.items():
        if derived < iteration < stages[number] and not DerivedMaps.committed(folder.round_folder(number)):
            return f"the labels derived at iteration {derived} of round {number} are missing"
    return None


def use_derived(parts: RunParts, phases: Phases, round_number: int) -> None:
    """Derive the label maps of a round, or take those that an earlier attempt derived; train with them.

    A state that is at the iteration of the derivation derives again, whatever is there: the maps are a
    function of it.

    Args:
        parts: The run, trained to the iteration of the derivation or beyond.
        phases: Shows and times it.
        round_number: From 1.

    Raises:
        AnswerError: If the recipe returns something that is no label map.
        DamageError: If maps that are there are of other images.
    """
    recipe = cast(DerivingRecipe, parts.recipe)
    derivation, folder = recipe.derivation, parts.folder.round_folder(round_number)
    assert derivation is not None
    if parts.trainer.iteration > parts.derivations[round_number]:
        parts.labels.derived = _fitting(DerivedMaps.read(folder), parts)
        return
    touched = parts.labels.labelled
    ranks = parts.context.ranks
    with phases.phase("derive", ranks.share(len(touched))) as on_image, random_state_kept():
        own = _derived(parts, recipe, derivation.needs, round_number, touched, on_image)
        derived = (each for _, each in in_order(ranks, own, len(touched)))
        parts.labels.derived = maps = DerivedMaps.write(folder, derived)
    parts.log(f"round {round_number}: derived label maps of {len(maps.places)} of {len(touched)} images")
    if derivation.restart == "initial":
        parts.trainer.state.begin_anew(parts.first_weights())
        parts.log(f"round {round_number}: training starts from initial weights")


def _derived(
    parts: RunParts,
    recipe: DerivingRecipe,
    needs: Sequence[str],
    round_number: int,
    touched: Sequence[int],
    on_image: Callable[[], None],
) -> Iterator[tuple[int, tuple[str, NDArray[np.uint8]]]]:
    """Yield the places of this rank's images among those touched, with names and derived label maps."""
    options = parts.inference_options(for_acquisition=True, round_number=round_number)
    options = parts.needing(replace(options, passes=None), needs)
    modules = parts.trainer.state.wrapped_modules
    pool = parts.data.target.dataset
    for prediction in predict(parts.trainer.model, Subset(pool, touched), options):
        index = touched[prediction.index]
        image_id, size = pool.image_id(index), pool.size(index)
        for module in modules.values():
            module.eval()
        seed = derive("derive", parts.spec.seed, round_number, image_id)
        view = _view(parts, prediction, index, round_number, seed)
        torch.manual_seed(seed)
        with guarded(recipe, f"derive for image {image_id}"), torch.inference_mode():
            label = recipe.derive(view, modules)
        if label is not None:
            yield prediction.index, (image_id, checked_derived(recipe, label, size, parts.num_classes))
        on_image()


def _view(
    parts: RunParts, prediction: Prediction, index: int, round_number: int, seed: int
) -> DerivationView:
    """Return what the recipe sees of an image."""
    labels, method = parts.labels, parts.method
    assert method is not None
    image_id = parts.data.target.dataset.image_id(index)
    positions = labels.history.positions(image_id)
    asked = labels.footprint(index, positions)
    says_sets = answer_kind(labels.mode) == "classes" and len(positions) > 0
    sets = labels.said(index, positions, wants_sets=True).sets if says_sets else None
    regions = labels.regions(index)
    if regions is None:
        of_pool = method_regions(parts.spec, method, parts.data, parts.context.partitions).target
        regions = None if of_pool is None else of_pool.regions(index)
    return DerivationView(
        image_id=image_token(image_id),
        logits=prediction.logits,
        generator=torch.Generator().manual_seed(seed),
        image=prediction.image,
        features=prediction.features,
        outputs=prediction.outputs,
        regions=None if regions is None else torch.from_numpy(regions.copy()),
        unit=method.unit,
        round=round_number,
        rounds=len(parts.spec.rounds),
        bought=torch.from_numpy(asked >= 0),
        revealed=torch.from_numpy(labels.revealed(index)),
        asked=torch.from_numpy(asked.astype(np.int32)),
        sets=None if sets is None else torch.from_numpy(sets),
    )


def _fitting(maps: DerivedMaps, parts: RunParts) -> DerivedMaps:
    """Return maps that are of the run's images."""
    pool = parts.data.target.dataset
    sizes = {pool.image_id(index): tuple(pool.size(index)) for index in parts.labels.labelled}
    for image_id in maps.places:
        if sizes.get(image_id) != maps.size(image_id):
            raise DamageError(f"{maps.path} is of other data: it has a label map of {image_id!r}.")
    return maps
