"""BADGE: parts whose gradients are long and different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from alseg.contracts import AcquisitionSpec, Interval
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View


@dataclass(frozen=True)
class Badge:
    r"""k-means++ over gradient embeddings ``(p - one_hot(argmax p)) x h``, never made as such.

    Squared distances are ``|r|^2 |h|^2 + |r'|^2 |h'|^2 - 2 (r.r') (h.h')`` for residuals r and features h.
    The longest gradient comes first; each further part is drawn with its squared distance to the nearest pick
    as weight. Time is O(P) for each pick; memory is 8 bytes a part times dimensions and classes.

    Formula:
        d(a, b)^2 = \left\lVert r_a \right\rVert^2 \left\lVert h_a \right\rVert^2 + \left\lVert r_b
        \right\rVert^2 \left\lVert h_b \right\rVert^2 - 2 \, (r_a \cdot r_b) (h_a \cdot h_b)

        h is the mean feature of a part, $`r = p - e_{\hat y}`$ its mean softmax less 1 at the likeliest
        class.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        trials: Parts drawn for each pick, of which the one that covers most is kept; ``log`` for
            2 + floor(log count), as in the code of CLUE and D2ADA.
        first: What is longest for the first pick: the ``gradient``, or its ``residual`` alone, as in the code
            of CLUE and D2ADA.

    Source:
        Ash et al., ICLR 2020, arXiv:1906.03671.
    """

    dimensions: Dimensions = 256
    trials: Annotated[int, Interval(ge=1, le=1_000)] | Literal["log"] = 1
    first: Literal["gradient", "residual"] = "gradient"

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean softmax and features, float32 ``(R, C)`` and ``(R, dimensions)``: 1.1 KB a part."""
        from alseg.toolkit.embeddings import part_features, part_probs

        return {"probs": part_probs(view), "features": part_features(view, self.dimensions)}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return parts for the whole budget in the order drawn."""
        from alseg.toolkit import diversity
        from alseg.toolkit.allocation import affordable, left_over
        from alseg.toolkit.embeddings import rows_of_parts

        parts = left_over(pool)
        if not len(parts):
            return []
        gradients = diversity.GradientEmbeddings.of(
            rows_of_parts(observations, "probs", pool)[parts],
            rows_of_parts(observations, "features", pool)[parts],
        )
        norms = gradients.norms if self.first == "gradient" else gradients.residual_norms
        trials = diversity.greedy_trials(pool.count) if self.trials == "log" else self.trials
        draw = diversity.uniforms(pool.generator)
        picks = diversity.kmeans_plus_plus(
            gradients.distances, len(parts), int(norms.argmax()), draw, trials=trials
        )
        return affordable((int(parts[pick]) for pick in picks), pool)


SPEC = AcquisitionSpec(
    name="badge",
    summary="Regions or images with large and diverse gradients of the last layer (k-means++).",
    source="Ash et al., ICLR 2020, arXiv:1906.03671.",
    build=Badge,
    kind="pool",
    needs=("probs", "features"),
    units=("region", "image"),
    differs="Where all gradients left equal a pick, parts come in their order; the code then divides 0 by 0.",
)
