"""AMSL's sieving: of an answer that fills a region, only pixels that the network finds likely are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from alseg import toolkit
from alseg.contracts import IGNORE_INDEX, Derivation, Interval, RecipeSpec
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch

    from alseg.contracts import DerivationView


@dataclass(kw_only=True)
class Sieve(SupervisedRecipe):
    """Cross-entropy, without pixels that do not fit the class with which an answer fills their region.

    At the start of each round, the confidences of the answered class at the region's pixels are sorted, and
    pixels below the knee of this curve lose their label until the next round, see
    `alseg.toolkit.sieving.sieve_threshold`. An answer that gives a region several classes stays as it is.

    Attributes:
        least_pixels: Labelled pixels that a region must have to be sieved.

    Source:
        Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817.
    """

    title: ClassVar[str] = "sieve"

    least_pixels: Annotated[int, Interval(ge=1, le=1_000_000_000)] = 512

    def __post_init__(self) -> None:
        super().__post_init__()
        self.derivation: Derivation | None = Derivation(at=0.0)

    def derive(self, view: DerivationView, modules: Mapping[str, torch.nn.Module]) -> torch.Tensor | None:
        """Return the labels revealed, 255 at pixels that are sieved out.

        Args:
            view: Of an image with answers.
            modules: None of this recipe.

        Returns:
            uint8 ``(H, W)`` on the CPU; None where nothing is sieved.

        Raises:
            ValueError: If the view has no revealed labels.
        """
        if view.revealed is None:
            raise ValueError("the view has no revealed labels")
        revealed, known = view.revealed, view.revealed != IGNORE_INDEX
        labels = revealed.clone()
        questions = view.asked.long().masked_fill(~known, -1)
        sizes = toolkit.regions.region_sizes(questions[questions >= 0])
        for question in (sizes >= self.least_pixels).nonzero().flatten().tolist():
            mine = questions == question
            answered = revealed[mine]
            if bool((answered != answered[0]).any()):
                continue
            confidence = view.probs[int(answered[0])].cpu()
            threshold = toolkit.sieving.sieve_threshold(confidence[mine])
            if threshold is not None:
                labels[mine & (confidence < threshold)] = IGNORE_INDEX
        return None if bool((labels == revealed).all()) else labels


SPEC = RecipeSpec(
    name="sieve",
    summary="Cross-entropy on regions filled by answers, less the pixels that do not fit their answer.",
    source="Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817, its sieving.",
    build=Sieve,
)
