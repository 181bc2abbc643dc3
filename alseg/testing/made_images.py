"""Made-up images as acquisitions see them, with no more than their specs name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import torch

from alseg.contracts import TRUE_LABELS, AcquisitionSpec, Moments, Passes, SourceView, TargetView, Unit, View
from alseg.contracts.types import NAME_LOGITS
from alseg.seeding import image_token
from alseg.testing.aspects import DepartureError, require

_CHANNELS = 8
_OUTPUT_CHANNELS = 4

T = TypeVar("T")


@dataclass(frozen=True)
class MadeImage:
    """A made-up image and what a network says of it.

    Attributes:
        name: Of the image.
        logits: float32 ``(C, H, W)``.
        seed: Of pixels, features and all else that is random.
        plain: Whether pixels and features are constant, and all passes alike.
        side: Of the squares that are its regions.
    """

    name: str
    logits: torch.Tensor
    seed: int
    plain: bool = False
    side: int = 4

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.logits.shape[1], self.logits.shape[2]

    def regions(self) -> torch.Tensor:
        """Return squares from the upper left corner, int32 ``(H, W)``."""
        rows, columns = (torch.arange(length) // self.side for length in self.size)
        return (rows[:, None] * (columns[-1] + 1) + columns).int()


@dataclass(frozen=True)
class Showing:
    """What of an image an acquisition gets to see.

    Attributes:
        spec: Of the acquisition; its ``needs`` decide.
        unit: What a question is about.
        passes: That an acquisition makes which needs ``moments``.
        round: The purchase, from 1.
        rounds: Purchases in all.
    """

    spec: AcquisitionSpec
    unit: Unit
    passes: Passes | None
    round: int = 1
    rounds: int = 3

    def target(self, image: MadeImage, bought: torch.Tensor) -> TargetView:
        """Return an image of the pool; the same at every call, but in tensors of its own.

        Args:
            image: The image.
            bought: bool ``(H, W)``, pixels whose label has been bought.
        """
        needs = self.spec.needs
        draws = torch.Generator().manual_seed(image.seed + 1)
        labels = torch.randint(0, len(image.logits), image.size, generator=draws, dtype=torch.uint8)
        labels[::3, ::2] = 255
        return TargetView(
            **self._common(image),
            bought=bought.clone() if "bought" in needs else None,
            revealed=torch.where(bought, labels, 255).to(torch.uint8) if "revealed" in needs else None,
            previous=image.logits.flip(0) if "previous" in needs and self.round > 1 else None,
            true_labels=labels.clone() if self.spec.sees_labels else None,
        )

    def source(self, image: MadeImage) -> SourceView:
        """Return a source image with its labels; the same at every call, but in tensors of its own."""
        label = image.logits.argmax(0).to(torch.uint8)
        label[::3, ::2] = 255
        return SourceView(**self._common(image), label=label)

    def _common(self, image: MadeImage) -> dict[str, Any]:
        needs, logits, size = self.spec.needs, image.logits, image.size
        draws = torch.Generator().manual_seed(image.seed)
        coarse = (-(-size[0] // 2), -(-size[1] // 2))
        pixels = torch.randint(0, 256, (3, *size), generator=draws, dtype=torch.uint8)
        features = torch.rand((_CHANNELS, *coarse), generator=draws)
        outputs = [need.removeprefix("output:") for need in needs if need.startswith("output:")]
        # Points within the unit ball, where hyperbolic embeddings lie.
        output = torch.rand((_OUTPUT_CHANNELS, *coarse), generator=draws) * 0.45
        if image.plain:
            pixels, features, output = (
                values.new_full(values.shape, 0.25) for values in (pixels, features, output)
            )
        return {
            "image_id": image_token(image.name),
            "logits": logits.clone() if {"logits", "probs"} & {*needs} else logits.to("meta"),
            "generator": torch.Generator().manual_seed(image.seed),
            "image": pixels if "image" in needs else None,
            "features": features if "features" in needs else None,
            "outputs": {name: output.clone() for name in outputs},
            "moments": None if self.passes is None else _moments(image, self.passes.count),
            "regions": image.regions() if self.unit == "region" or "regions" in needs else None,
            "unit": self.unit,
            "round": self.round,
            "rounds": self.rounds,
        }


def _moments(image: MadeImage, count: int) -> Moments:
    """Return the moments of passes, the first of which is the prediction."""
    draws = torch.Generator().manual_seed(image.seed + 2)
    noise = torch.randn((count, *image.logits.shape), generator=draws, dtype=torch.float64)
    noise[0] = 0
    probs = (image.logits + (0 if image.plain else 1) * noise).softmax(1)
    votes = torch.zeros_like(probs).scatter_(1, probs.argmax(1, keepdim=True), 1)
    return Moments(
        count=count,
        mean=probs.mean(0).float(),
        square=probs.square().mean(0).float(),
        votes=votes.mean(0).float(),
        entropy=torch.special.entr(probs).sum(1).mean(0).float(),
    )


def random_logits(size: tuple[int, int], num_classes: int, seed: int) -> torch.Tensor:
    """Return doubtful predictions, float32 ``(C, H, W)``."""
    return torch.randn((num_classes, *size), generator=torch.Generator().manual_seed(seed))


def certain_logits(size: tuple[int, int], num_classes: int) -> torch.Tensor:
    """Return predictions of class 0 at the left and of class 1 at the right, without doubt."""
    logits = torch.full((num_classes, *size), -200.0)
    half = size[1] // 2
    logits[0, :, :half] = logits[1, :, half:] = 200.0
    return logits


def seed_globally(seed: int) -> None:
    """Seed what nothing may draw from: the global generators of torch, numpy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def attempt(where: str, view: View, act: Callable[[], T]) -> T:
    """Return what an acquisition answers.

    Raises:
        AssertionError: If it fails as it would where it reads something that it did not get.
    """
    try:
        return act()
    except (NotImplementedError, RuntimeError, AttributeError, TypeError, KeyError) as error:
        optional = (
            *("image", "features", "moments", "regions", "bought", "revealed", "previous"),
            TRUE_LABELS,
        )
        if view.logits.is_meta or any(getattr(view, name, None) is None for name in optional):
            why = (str(error).splitlines() or [type(error).__name__])[0]
            is_absence = "None" in why or "meta" in why
            raise DepartureError(
                "needs" if is_absence else "contract",
                f"{where}: failed; does it read what 'needs' does not name? {why}",
            ) from error
        raise


def check_untouched(where: str, view: View, untouched: View) -> None:
    """Check that nothing of a view was changed, given another that was made as it was."""
    for (name, after), (_, before) in zip(_tensors(view), _tensors(untouched), strict=True):
        same = before.is_meta or torch.equal(before, after)
        require("inputs", same, f"{where}: it changes the view's {name}")


def reads_logits(spec: AcquisitionSpec) -> str:
    """Return what is wrong with an acquisition that passes on logits without values."""
    names = f"names only {', '.join(spec.needs)}" if spec.needs else "is empty"
    return f"it reads the logits, but 'needs' {names}. {NAME_LOGITS}"


def described(answer: object) -> str:
    """Return dtype and shape of a tensor or array, or the type of anything else; never the values."""
    if isinstance(answer, torch.Tensor | np.ndarray):
        return f"{answer.dtype} {tuple(answer.shape)}"
    return type(answer).__name__


def _tensors(view: View) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield name and values of all that an acquisition could change."""
    for name in (field.name for field in fields(view)):
        value = getattr(view, name)
        if isinstance(value, torch.Tensor):
            yield name, value
        elif isinstance(value, Moments):
            yield from ((name, getattr(value, part)) for part in ("mean", "square", "votes", "entropy"))
        elif name == "outputs":
            yield from ((f"output {output}", values) for output, values in sorted(value.items()))
