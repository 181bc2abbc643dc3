"""Questions spread as evenly as possible over the true classes: an upper mark for class-balanced methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import (
    IGNORE_INDEX,
    TRUE_LABELS,
    AcquisitionSpec,
    Observations,
    PartsView,
    TargetView,
    View,
)

if TYPE_CHECKING:
    import torch

_STEPS = 4
_LARGEST_KEY = 2**29


def shuffled(places: torch.Tensor, count: int, keys: torch.Tensor) -> torch.Tensor:
    """Return where places go in a random order of ``count`` things, of which no list is kept.

    Each step is a bijection of as many bits as ``count`` needs: multiply by an odd number, add, and mix the
    high bits into the low ones. What falls beyond ``count`` goes through all steps again.

    Args:
        places: int64 ``(n,)``, at least 0 and less than ``count``.
        count: At least 1, at most 2^33.
        keys: int64 ``(steps, 2)``, at least 0 and less than 2^29, which make the order.

    Returns:
        int64 ``(n,)``, at least 0 and less than ``count``, different for different places.
    """
    bits = max((count - 1).bit_length(), 1)
    mask, shift = 2**bits - 1, bits // 2 + 1

    def mixed(values: torch.Tensor) -> torch.Tensor:
        for factor, addend in keys.tolist():
            values = (values * (2 * factor + 1) + addend) & mask
            values = values ^ (values >> shift)
        return values

    found = mixed(places)
    while (beyond := found >= count).any():
        found[beyond] = mixed(found[beyond])
    return found


@dataclass(frozen=True)
class Orders:
    """A random order of all that can be asked about, for each class.

    Attributes:
        before: Image to how many of each class earlier images have, int64 ``(C,)``.
        totals: int64 ``(C,)``, how many the pool has of each class.
        keys: int64 ``(C, steps, 2)``, which make the orders.
    """

    before: Mapping[str, torch.Tensor]
    totals: torch.Tensor
    keys: torch.Tensor


@dataclass(frozen=True)
class OracleClassBalanced:
    r"""The place of a pixel in a random order of the pool's pixels of its true class, first places first.

    An upper mark, not a method: it sees the labels of the pool. Of a budget of the whole pool each class gets
    the same number of pixels, up to one, but for those of which the pool has fewer: these are bought
    altogether, and the others share what is left. Every round is balanced by itself, over what has not been
    bought. With a budget for each image the order is the same, and each image is asked about its own first
    places: the larger the part of a class's pixels that lies in an image, the larger the share of the class
    in what is asked there. Void pixels are never asked about.

    Where questions are about regions or whole images, these take the place of pixels; their class is that of
    most of their pixels, void left out, of equals the first one. Windows around a pixel are balanced by the
    pixels in their centres.

    Formula:
        s_i = -\pi_{y_i}(i)

        $`y_i`$ is the true class of pixel i, $`\pi_c(i)`$ the place of i in a random order of all pixels of
        class c in the pool that are not bought, from 0 on.
    """

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return how many pixels, regions or images of each true class are not bought, 8 * C bytes."""
        classes, _ = _classes(view)
        return {"counts": _histogram(classes, len(view.logits))[None]}

    def prepare(self, observations: Observations, pool: PartsView) -> Orders:
        """Return a random order for every class."""
        import torch

        counts = observations.column("counts")
        before = counts.cumsum(0) - counts
        keys = torch.randint(_LARGEST_KEY, (pool.num_classes, _STEPS, 2), generator=pool.generator)
        return Orders(dict(zip(pool.image_ids, before, strict=True)), counts.sum(0), keys)

    def score(self, view: TargetView) -> torch.Tensor:
        """Return minus the place in the order of the class, float32 ``(H, W)``; -inf for void and bought."""
        import torch

        classes, parts = _classes(view)
        orders: Orders = view.statistics
        before = orders.before[view.image_id]
        scores = torch.full(classes.shape, -torch.inf)
        for index in classes.bincount().nonzero()[:, 0].tolist():
            if index != IGNORE_INDEX:
                of_class = (classes == index).nonzero()[:, 0]
                places = before[index] + torch.arange(len(of_class))
                ordered = shuffled(places, int(orders.totals[index]), orders.keys[index])
                scores[of_class] = -ordered.float()
        return scores.reshape(view.size) if parts is None else scores[parts]


def _classes(view: View) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the true class of every pixel, or of every part with the part of each pixel.

    The class is 255 where there is none, and where it has been bought.
    """
    from alseg.toolkit.regions import parts_of, region_counts

    if not isinstance(view, TargetView) or view.true_labels is None or view.bought is None:
        raise ValueError("the view has no true labels")
    if view.unit == "part":
        labels = view.true_labels.flatten().long()
        return labels.masked_fill(view.bought.flatten(), IGNORE_INDEX), None
    parts = parts_of(view).cpu()
    counts = region_counts(view.true_labels, parts, len(view.logits))
    classes = counts.argmax(1).masked_fill(counts.sum(1) == 0, IGNORE_INDEX)
    classes[parts[view.bought]] = IGNORE_INDEX
    return classes, parts


def _histogram(classes: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Return how many there are of each class, int64 ``(C,)``, 255 left out."""
    return classes[classes != IGNORE_INDEX].bincount(minlength=num_classes)


SPEC = AcquisitionSpec(
    name="oracle-class-balanced",
    summary="Upper mark, sees labels: random questions, spread as evenly as can be over the true classes.",
    source="alseg's own; the aim of balanced classes is that of Cai et al., CVPR 2021.",
    build=OracleClassBalanced,
    needs=(TRUE_LABELS, "bought"),
    kind="pool",
)
