"""Small maps of a few pool images, kept for people to look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from alseg.engine.parts import RunParts
from alseg.engine.phases import Phases
from alseg.guard.calls import random_state_kept
from alseg.inference.example_maps import ScoreMap, make_examples, no_score
from alseg.inference.predict import InferenceOptions
from alseg.storage.examples import write_examples
from alseg.system.ranks import ALONE


def keep_examples(
    parts: RunParts, phases: Phases, folder: Path, options: InferenceOptions, score: ScoreMap = no_score
) -> None:
    """Write what the network says about a few images, and what the acquisition makes of it.

    Of processes that do the run together the first one does it.

    Both are asked once more, after the picks are made: nothing that is kept can change what is bought.

    Args:
        parts: The run.
        phases: Shows and times it.
        folder: A round's folder, or the run's.
        options: How predictions are made.
        score: The acquisition's score of an image; without one, none is kept.
    """
    count, target = parts.context.settings.examples, parts.pool.readable
    if not count or not parts.context.ranks.is_first:
        return
    made = make_examples(
        parts.trainer.model,
        target,
        replace(options, ranks=ALONE),
        count=count,
        mode=parts.method.mode if parts.method else None,
        unit=parts.method.unit if parts.method else "part",
        score=score,
    )
    examples = {}
    with phases.phase("examples", min(count, len(target))) as on_image, random_state_kept():
        for image_id, example in made:
            examples[image_id] = example
            on_image()
    write_examples(folder, examples)
