"""CDAL: parts in which classes are confused in other ways than in those bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alseg.contracts import AcquisitionSpec

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View
    from alseg.toolkit.diversity import Distances

_LEAST_PROBABILITY = 1e-7


def class_contexts(probs: torch.Tensor, parts: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the weighted mean softmax over the pixels of each predicted class in each part.

    Args:
        probs: float ``(C, H, W)``.
        parts: int64 ``(H, W)``, ids from 0.
        weights: float ``(H, W)``, at least 0.

    Returns:
        float32 ``(R, C, C)`` on the CPU, row c of pixels predicted as c; 0 where there are none, or where all
        of their weights are 0.
    """
    import torch

    num_classes = len(probs)
    # On the CPU sums come in one order.
    given, at, weighing = probs.flatten(1).cpu(), parts.flatten().cpu(), weights.flatten().cpu().double()
    places = at * num_classes + given.argmax(dim=0)
    size = (int(at.max()) + 1) * num_classes
    totals = torch.bincount(places, weights=weighing, minlength=size)
    sums = torch.stack(
        [torch.bincount(places, weights=row * weighing, minlength=size) for row in given], dim=1
    )
    means = torch.where(totals[:, None] > 0, sums / totals.clamp(min=1e-300)[:, None], 0.0)
    return means.reshape(-1, num_classes, num_classes).float()


def context_distances(contexts: torch.Tensor) -> Distances:
    """Return half the symmetric Kullback-Leibler divergence, summed over classes that both parts have.

    Args:
        contexts: float ``(n, C, C)``, see `class_contexts`.

    Returns:
        What gives the divergences of all parts from some, in nats. It keeps 16 bytes for each number.
    """
    import torch

    present = (contexts.sum(dim=2) > 0).double()
    probs = contexts.double().clamp(min=_LEAST_PROBABILITY)
    probs = probs / probs.sum(dim=2, keepdim=True) * present[:, :, None]
    logs = torch.where(probs > 0, probs, 1.0).log()
    own = (probs * logs).sum(dim=2)
    flat, flat_logs = probs.flatten(1), logs.flatten(1)

    def distances(indices: torch.Tensor) -> torch.Tensor:
        """Return the divergences of all parts from some, float64 ``(n, m)``."""
        shared = own @ present[indices].T + present @ own[indices].T
        crossed = flat @ flat_logs[indices].T + flat_logs @ flat[indices].T
        return ((shared - crossed) / 2).clamp_(min=0)

    return distances


@dataclass(frozen=True)
class Cdal:
    r"""k-centre greedy over the contextual diversity of parts.

    A part has for each class the mean softmax of its pixels predicted so. Two parts differ by half the
    symmetric Kullback-Leibler divergence of these, summed over the classes that both have. Where nothing is
    bought, the part with most classes comes first. Time is O(P C^2) for each part bought or chosen.

    Formula:
        d(a, b) = \frac{1}{2} \sum_{c \in a \cap b} \left[ \mathrm{KL}(a_c, b_c) + \mathrm{KL}(b_c, a_c)
        \right]

        $`a_c`$ is the mean softmax of the pixels of part a that are predicted as class c, and
        $`\mathrm{KL}(p, q) = \sum_k p_k \log(p_k / q_k)`$; the sum is over classes that both have. The next
        part is the one with the largest $`\min_{j \in S} d(i, j)`$, S being those bought or chosen.

    Attributes:
        weighting: What a pixel counts in the mean of its class: its ``entropy``, or the same (``uniform``).

    Source:
        Agarwal et al., ECCV 2020, arXiv:2008.05723, with core-set (CDAL-CS).
    """

    weighting: Literal["entropy", "uniform"] = "entropy"

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return class contexts, float32 ``(R, C, C)``: 1.4 KB a part of 19 classes."""
        import torch

        from alseg.toolkit.regions import parts_of
        from alseg.toolkit.uncertainty import entropy

        weights = entropy(view.logits) if self.weighting == "entropy" else torch.ones(view.size)
        # A class of which all pixels are certain is there nevertheless.
        return {"contexts": class_contexts(view.probs, parts_of(view), weights + _LEAST_PROBABILITY)}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return parts for the whole budget, farthest first."""
        from alseg.toolkit.allocation import affordable
        from alseg.toolkit.diversity import farthest_first
        from alseg.toolkit.embeddings import rows_of_parts

        contexts = rows_of_parts(observations, "contexts", pool)
        if not len(contexts):
            return []
        first = int((contexts.sum(dim=2) > 0).sum(dim=1).argmax())
        bought = pool.bought.nonzero().flatten().tolist()
        picks = farthest_first(context_distances(contexts), ~pool.bought, bought, first)
        return affordable(picks, pool)


SPEC = AcquisitionSpec(
    name="cdal",
    summary="Regions or images whose classes are confused in other ways than in those bought.",
    source="Agarwal et al., ECCV 2020, arXiv:2008.05723, with core-set (CDAL-CS).",
    build=Cdal,
    kind="pool",
    needs=("logits", "probs"),
    units=("region", "image"),
    differs="No released numbers were compared; the paper leaves the first pick open.",
)
