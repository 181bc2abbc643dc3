"""Strong augmentation of normalised batches: colour jitter and Gaussian blur, drawn for each image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torchvision.transforms.v2 import functional as transforms

MOST_HUE = 0.5
"""Half a turn of the colour wheel, the largest shift of the hue."""


def color_jitter(
    images: torch.Tensor,
    mean: Sequence[float],
    std: Sequence[float],
    strength: float,
    probability: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue of some images, in an order drawn for each.

    Args:
        images: Normalised float ``(B, 3, H, W)``; they stay as they are.
        mean: RGB mean of the normalisation, in units of 0-1.
        std: RGB standard deviation of the normalisation, in units of 0-1.
        strength: Factors are drawn from ``1 - strength`` (at least 0) to ``1 + strength``, the hue is shifted
            by up to this share of a turn, at most `MOST_HUE`.
        probability: Of an image to be changed.
        generator: On the CPU.

    Returns:
        Normalised float ``(B, 3, H, W)``; changed images are cut to the range of pictures, 0-1 before
        normalisation.

    Source:
        Tranheden et al., WACV 2021, arXiv:2007.08702. The released code draws once for a whole batch whether
        it is changed. It adds brightness and multiplies contrast with kornia; here both are torchvision's:
        brightness multiplies, contrast mixes with the mean grey.
    """
    mean_tensor, std_tensor = (images.new_tensor(values).view(3, 1, 1) for values in (mean, std))
    low, high = max(0.0, 1 - strength), 1 + strength
    changed = []
    for image in images:
        chance, *places = _uniform(5, generator)
        order = torch.randperm(4, generator=generator).tolist()
        if not chance < probability:
            changed.append(image)
            continue
        factors = [low + (high - low) * place for place in places[:3]]
        hue = (2 * places[3] - 1) * min(strength, MOST_HUE)
        steps: list[Callable[[torch.Tensor], torch.Tensor]] = [
            partial(transforms.adjust_brightness, brightness_factor=factors[0]),
            partial(transforms.adjust_contrast, contrast_factor=factors[1]),
            partial(transforms.adjust_saturation, saturation_factor=factors[2]),
            partial(transforms.adjust_hue, hue_factor=hue),
        ]
        picture = (image * std_tensor + mean_tensor).clamp(0, 1)
        for step in order:
            picture = steps[step](picture)
        changed.append((picture - mean_tensor) / std_tensor)
    return torch.stack(changed)


def gaussian_blur(
    images: torch.Tensor,
    probability: float,
    generator: torch.Generator,
    sigma: tuple[float, float] = (0.15, 1.15),
    kernel_share: float = 0.1,
) -> torch.Tensor:
    """Blur some images, each with a width of its own.

    Args:
        images: Float ``(B, 3, H, W)``; they stay as they are.
        probability: Of an image to be blurred.
        generator: On the CPU.
        sigma: Least and greatest standard deviation in pixels, drawn uniformly.
        kernel_share: Side of the kernel as a share of the image's side, see `kernel_side`.

    Source:
        Tranheden et al., WACV 2021, arXiv:2007.08702. The released code draws once for a whole batch whether
        it is blurred.
    """
    kernel = [kernel_side(side, kernel_share) for side in (images.shape[-1], images.shape[-2])]
    changed = []
    for image in images:
        chance, place = _uniform(2, generator)
        if chance < probability:
            width = sigma[0] + (sigma[1] - sigma[0]) * place
            image = transforms.gaussian_blur(image, kernel, [width, width])
        changed.append(image)
    return torch.stack(changed)


def kernel_side(side: int, share: float) -> int:
    """Return the side of a blur's kernel in pixels: a share of an image's side, rounded up, less 1 if even.

    Args:
        side: Of the image, in pixels.
        share: Above 0.
    """
    kernel = max(1, math.ceil(share * side))
    return kernel - 1 + kernel % 2


def _uniform(count: int, generator: torch.Generator) -> list[float]:
    """Return numbers from 0 to 1."""
    drawn: list[float] = torch.rand(count, generator=generator, dtype=torch.float64).tolist()
    return drawn
