"""Budgets in clicks: what an answer costs is known when it is given, so answers end where the money does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from alseg.annotation.allowance import Limits
from alseg.annotation.oracle import Answer
from alseg.annotation.rank_order import rank_order
from alseg.contracts import Picks


def answers_within(
    picks: Mapping[str, Picks],
    pool: Sequence[str],
    limits: Limits,
    look_up: Callable[[str, Picks], Answer],
) -> dict[str, Answer]:
    """Return the answers that a number of clicks pays for.

    Questions are answered from the most wanted one on, see `rank_order`, of every image by itself where each
    has a limit of its own. Answers end before the first that does not fit: the limit is never exceeded.

    Args:
        picks: Image id to questions.
        pool: All images in order.
        limits: In clicks.
        look_up: Gives the answers to questions about an image.

    Returns:
        Image id to the answer to its first questions, without images of which none can be paid.

    Raises:
        ValueError: If an answer costs something else when later questions are left out.
    """
    asked = [image_id for image_id in pool if len(picks.get(image_id, ()))]
    if limits.per_image is None:
        candidates, kept = _of_pool(picks, asked, limits.pool, look_up)
    else:
        index = {image_id: place for place, image_id in enumerate(pool)}
        candidates = {image_id: look_up(image_id, picks[image_id]) for image_id in asked}
        kept = {
            image_id: int(
                np.searchsorted(answer.clicks.cumsum(), limits.per_image[index[image_id]], side="right")
            )
            for image_id, answer in candidates.items()
        }
    return {
        image_id: _first(image_id, answer, kept[image_id], look_up)
        for image_id, answer in candidates.items()
        if kept[image_id]
    }


def _of_pool(
    picks: Mapping[str, Picks], asked: Sequence[str], limit: int, look_up: Callable[[str, Picks], Answer]
) -> tuple[dict[str, Answer], dict[str, int]]:
    """Return answers to all questions about images that come before the end, and how many are paid."""
    answers: dict[str, Answer] = {}
    kept = dict.fromkeys(asked, 0)
    left = limit
    for place in rank_order([picks[image_id] for image_id in asked]).owner.tolist():
        image_id = asked[place]
        if image_id not in answers:  # images after the end are not looked up: outlines take a while
            answers[image_id] = look_up(image_id, picks[image_id])
        left -= int(answers[image_id].clicks[kept[image_id]])
        if left < 0:
            break
        kept[image_id] += 1
    return {image_id: answers[image_id] for image_id in asked if image_id in answers}, kept


def _first(image_id: str, answer: Answer, count: int, look_up: Callable[[str, Picks], Answer]) -> Answer:
    """Return the answer to the first questions about an image."""
    if count == len(answer.picks):
        return answer
    cut = look_up(image_id, answer.picks.first(count))
    if not np.array_equal(cut.clicks, answer.clicks[:count]):
        raise ValueError(
            f"The annotation mode's first {count} answers about {image_id} cost {answer.clicks[:count]} "
            f"clicks, and {cut.clicks} without later questions: a price must not depend on them."
        )
    return cut
