"""ClaSP PE: class-stratified power predictive entropy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Observations, PartsView, Share, View
from alseg_methods.draws import Beta, gumbel, noise_beta
from alseg_methods.maps import Uncertainty, uncertainty_map

if TYPE_CHECKING:
    import torch


def stratified_order(by_class: torch.Tensor, overall: torch.Tensor, share: float, wanted: int) -> list[int]:
    """Return parts, most wanted first, a share of which is taken from each class in turn.

    Args:
        by_class: float ``(P, C)``, score of each part for each class, -inf where it has none of it.
        overall: float ``(P,)``, score of each part, -inf for never.
        share: Of the parts that are taken from classes, whose turns come in the order of their numbers.
        wanted: Most parts to return.

    Returns:
        Different indices of parts: of a class or of all the best that is left, of equals the earlier.
    """
    queues = [_queue(column, wanted) for column in by_class.unbind(1)]
    everything = _queue(overall, wanted)
    taken: set[int] = set()
    order: list[int] = []
    turn = 0
    while len(order) < wanted:
        place = len(order)
        of_class = math.floor((place + 1) * share + 1e-9) > math.floor(place * share + 1e-9) and queues
        turn %= max(len(queues), 1)
        queue = queues[turn] if of_class else everything
        while queue and queue[-1] in taken:
            queue.pop()
        if queue:
            taken.add(queue[-1])
            order.append(queue.pop())
            turn += bool(of_class)
        elif of_class:
            del queues[turn]
        else:
            break
    return order


def _queue(scores: torch.Tensor, wanted: int) -> list[int]:
    """Return the best parts with a score, the best at the end, of equals the earlier nearer to it."""
    import torch

    order = scores.argsort(descending=True, stable=True)[:wanted]
    listed: list[int] = order[scores[order] > -torch.inf].tolist()
    return listed[::-1]


@dataclass(frozen=True)
class ClaspPe:
    r"""Log uncertainty with Gumbel noise, two thirds of the questions from each predicted class in turn.

    Formula:
        s = \log u + \frac{G}{\beta_n}, \qquad \beta_n = \beta \left( \frac{\beta_N}{\beta} \right)^{(n - 1)
        / (N - 1)}

        u is the mean uncertainty of a part, or the share of it that pixels of one class have; G is a draw
        of the standard Gumbel distribution, n the round of N, and $`\beta_N`$ is ``beta_end``.

    Attributes:
        share: Of the questions that are spread over the predicted classes by uncertainty about these.
        beta: Inverse scale of the noise, in the first round.
        beta_end: That in the last round, between which it grows exponentially.
        uncertainty: Of the pixels.
    """

    share: Share = 0.66
    beta: Beta = 1.0
    beta_end: Beta = 100.0
    uncertainty: Uncertainty = "entropy"

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return for each part and class the uncertainty of the class's pixels over those of the part.

        That is 4 * C bytes a part; the sum over classes is the mean uncertainty of the part.
        """
        from alseg.toolkit import regions, uncertainty

        parts, num_classes = regions.parts_of(view), len(view.logits)
        sizes = regions.region_sizes(parts)
        shape = (len(sizes), num_classes)
        # Pixels of one class in one part, as regions of their own.
        places = parts * num_classes + uncertainty.classes(view.logits).long()
        values = uncertainty_map(view.logits, self.uncertainty)
        means = regions.region_means(values, places, sizes.numel() * num_classes).reshape(shape)
        counts = regions.region_sizes(places, sizes.numel() * num_classes).reshape(shape)
        return {"uncertainty": (means * counts / sizes[:, None]).float()}

    def rank(self, observations: Observations, pool: PartsView) -> list[int]:
        """Return twice as many parts as the budget is good for, since small regions cost less than others."""
        import torch

        of_class = observations.column("uncertainty").double()
        beta = noise_beta(self.beta, self.beta_end, pool.round, pool.rounds)
        scores = []
        for values in (of_class, of_class.sum(1)):
            noise = gumbel(tuple(values.shape), pool.generator) / beta
            scores.append(values.clamp(min=torch.finfo(torch.float32).tiny).log() + noise)
        by_class = scores[0].masked_fill((of_class <= 0) | pool.bought[:, None], -torch.inf)
        overall = scores[1].masked_fill(pool.bought, -torch.inf)
        # Classes take turns in a random order, so that a budget that ends early prefers none.
        turns = torch.randperm(by_class.shape[1], generator=pool.generator)
        return stratified_order(by_class[:, turns], overall, self.share, 2 * pool.count)


SPEC = AcquisitionSpec(
    name="clasp-pe",
    summary="Log entropy with noise that fades by round, two thirds of it spread over predicted classes.",
    source="Lüth et al. (ClaSP PE), TMLR 2026, arXiv:2601.13677.",
    build=ClaspPe,
    kind="pool",
    units=("region", "image"),
    differs="The paper asks cubes of volumes; here questions are regions of a partition or whole images.",
)
