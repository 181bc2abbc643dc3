"""Strata: the most uncertain parts of every group of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View


@dataclass(frozen=True)
class Strata:
    r"""Mean entropy / log C, with a quota for each group of images, such as a city.

    The quota of a group is in proportion to its parts that are left. Without groups the ranking is that of
    the mean entropy.

    Formula:
        s_i = \frac{H_i}{\log C}, \qquad q_g \propto n_g

        $`H_i`$ is the mean entropy of part i, C the number of classes; $`q_g`$ is the quota of group g,
        which has $`n_g`$ parts left.

    Source:
        Guan and Yuan, ILM-ASSL, 2023, arXiv:2301.13361, its choice of images.
    """

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean entropy / log C, float32 ``(R,)``, 0 to 1: 4 bytes a part."""
        import math

        from alseg.toolkit.embeddings import part_means
        from alseg.toolkit.uncertainty import entropy

        most = math.log(max(2, view.logits.shape[0]))
        return {"entropy": part_means(entropy(view.logits), view) / most}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return all parts that are left: those within the quotas first, then the others, highest first."""
        import torch

        from alseg.toolkit.allocation import left_over, places_in_groups, quotas
        from alseg.toolkit.embeddings import rows_of_parts

        parts = left_over(pool)
        scores = rows_of_parts(observations, "entropy", pool)[parts]
        parts = parts[scores.argsort(descending=True, stable=True)]
        group_of = pool.groups[pool.images[parts]]
        of_group = torch.tensor(quotas(torch.bincount(group_of).tolist(), pool.count), dtype=torch.int64)
        within = places_in_groups(group_of) < of_group[group_of]
        return [*parts[within].tolist(), *parts[~within].tolist()]


SPEC = AcquisitionSpec(
    name="strata",
    summary="Images or regions of the highest mean entropy, with a quota for each group of images.",
    source="Guan and Yuan (ILM-ASSL), 2023, arXiv:2301.13361, its choice of images.",
    build=Strata,
    kind="pool",
    needs=("logits",),
    units=("region", "image"),
    differs="The code scores with an averaged teacher, rounds each quota and gives the last group the rest.",
)
