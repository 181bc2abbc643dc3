"""Without evaluation labels: how the network predicts answers that it was not trained on.

New answers of a round are predicted once, after they are bought and before training with them. Answers that
are held out are predicted at the end of every round. Both are counted like evaluation images, in the pixels
to which answers give a class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import IGNORE_INDEX, Size
from alseg.data.cache import uncached
from alseg.data.subset import Subset
from alseg.engine.parts import RunParts, names_of
from alseg.engine.phases import Phases
from alseg.evaluation.confusion import count_confusions
from alseg.guard.calls import guarded
from alseg.storage.ledger import Purchase
from alseg.storage.records import AnswerScores
from alseg.storage.rescore import answer_scores
from alseg.storage.round_files import HELD_OUT_NAME, NEW_ANSWERS_NAME, write_counts


def predict_new_answers(parts: RunParts, phases: Phases, round_number: int) -> None:
    """Count how the answers of a round are predicted before training with them, unless that has been done.

    Args:
        parts: The run, with the answers, and the network as it was when they were asked for.
        phases: Shows and times it.
        round_number: From 1.
    """
    path = parts.folder.round_folder(round_number) / NEW_ANSWERS_NAME
    if not parts.count_files.before_training(round_number) or path.exists():
        return
    labels = parts.labels
    purchase = labels.history.purchases[-1]
    touched = sorted(labels.history.index_of(image_id) for image_id in purchase.spans)

    def label_of(index: int) -> NDArray[np.uint8]:
        return new_answers(labels, purchase, index)

    _count(parts, phases, path.name, round_number, touched, label_of)


def predict_held_out(parts: RunParts, phases: Phases, round_number: int) -> None:
    """Count how the answers held out so far are predicted, unless that has been done.

    Args:
        parts: The run, trained to the end of the round.
        phases: Shows and times it.
        round_number: 0 before the first purchase.
    """
    path = parts.folder.round_folder(round_number) / HELD_OUT_NAME
    if HELD_OUT_NAME not in parts.count_files.names(round_number) or path.exists():
        return
    _count(parts, phases, path.name, round_number, parts.labels.withheld, parts.labels.revealed)


def prequential(parts: RunParts, round_number: int) -> AnswerScores | None:
    """Return how the answers of a round were predicted; None where that was not counted."""
    if NEW_ANSWERS_NAME not in parts.count_files.names(round_number):
        return None
    path = parts.folder.round_folder(round_number) / NEW_ANSWERS_NAME
    return answer_scores(path, parts.data.label_space, len(parts.labels.history.purchases[-1].rows))


def estimate(parts: RunParts, round_number: int) -> AnswerScores | None:
    """Return how the answers held out so far are predicted; None where none are held out."""
    if HELD_OUT_NAME not in parts.count_files.names(round_number):
        return None
    path = parts.folder.round_folder(round_number) / HELD_OUT_NAME
    return answer_scores(path, parts.data.label_space, parts.labels.withheld_answers)


def new_answers(labels: RevealedLabels, purchase: Purchase, index: int) -> NDArray[np.uint8]:
    """Return what the last purchase has revealed of an image, uint8 ``(H, W)``, 255 elsewhere.

    Args:
        labels: All that is known.
        purchase: The last one.
        index: An image that it is about.
    """
    image_id = labels.dataset.image_id(index)
    positions = labels.history.positions(image_id)
    said = labels.said(index, positions)
    first = len(positions) - len(purchase.positions(image_id))
    new: NDArray[np.uint8] = np.where(said.footprint >= first, said.label, np.uint8(IGNORE_INDEX))
    return new


def _count(
    parts: RunParts,
    phases: Phases,
    name: str,
    round_number: int,
    indices: Sequence[int],
    label_of: Callable[[int], NDArray[np.uint8]],
) -> None:
    """Count how labels of some images of the pool are predicted, and write the counts into the round."""
    pool = parts.data.target.dataset
    answering = uncached(pool) if parts.labels.mode is None else parts.labels.mode

    def checked(place: int, _: Size) -> NDArray[np.uint8]:
        with guarded(answering, f"answers about {pool.image_id(indices[place])}"):
            return label_of(indices[place])

    with phases.phase("evaluate", parts.context.ranks.share(len(indices))) as on_image:
        counts = count_confusions(
            parts.trainer.model,
            Subset(pool, indices),
            checked,
            parts.num_classes,
            parts.inference_options(for_acquisition=False),
            on_image,
        )
    write_counts(parts.folder.round_folder(round_number) / name, counts, *names_of(pool, indices))
