from __future__ import annotations

import pytest
import torch

from alseg.toolkit.augment import color_jitter, gaussian_blur, kernel_side

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def pictures_of(images: torch.Tensor) -> torch.Tensor:
    return images * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(count: int = 4, height: int = 12, width: int = 20) -> torch.Tensor:
    return normalised(torch.rand((count, 3, height, width), generator=generator(9)))


def jittered(images: torch.Tensor, strength: float, probability: float, seed: int = 0) -> torch.Tensor:
    return color_jitter(images, MEAN, STD, strength, probability, generator(seed))


def test_colours_of_every_image_change_and_stay_colours_of_pictures() -> None:
    images = noise()
    untouched = images.clone()
    changed = jittered(images, 0.25, 1.0)
    assert torch.equal(images, untouched)
    assert all(not torch.allclose(one, other) for one, other in zip(images, changed, strict=True))
    pictures = pictures_of(changed)
    assert pictures.min() >= -1e-6 and pictures.max() <= 1 + 1e-6


def test_a_jitter_of_no_strength_changes_nothing_but_rounding() -> None:
    images = noise()
    torch.testing.assert_close(jittered(images, 0.0, 1.0), images, rtol=0, atol=1e-5)


def test_no_image_changes_with_probability_nought() -> None:
    images = noise()
    assert torch.equal(jittered(images, 0.5, 0.0), images)
    assert torch.equal(gaussian_blur(images, 0.0, generator()), images)


def test_each_image_is_drawn_on_its_own() -> None:
    one = noise(1, 30, 40)
    images = one.repeat(16, 1, 1, 1)
    for changed in (jittered(images, 0.25, 0.5), gaussian_blur(images, 0.5, generator())):
        kinds = {tuple(image.flatten().tolist()) for image in changed}
        kept = sum(torch.equal(image, one[0]) for image in changed)
        # Of 16 images about 8 stay as they are; two that change do not change alike.
        assert 2 <= kept <= 14
        assert len(kinds) == 16 - kept + 1


def test_what_is_drawn_depends_on_the_generator_alone() -> None:
    images = noise()
    assert torch.equal(jittered(images, 0.25, 0.8, seed=3), jittered(images, 0.25, 0.8, seed=3))
    assert not torch.equal(jittered(images, 0.25, 0.8, seed=3), jittered(images, 0.25, 0.8, seed=4))


def test_grey_stays_grey_as_bright_as_its_factor_says() -> None:
    images = normalised(torch.full((8, 3, 4, 4), 0.5))
    pictures = pictures_of(jittered(images, 0.2, 1.0))
    # Contrast, saturation and hue leave a grey picture as it is; brightness is 0.5 times 0.8 to 1.2.
    spread = pictures.amax((1, 2, 3)) - pictures.amin((1, 2, 3))
    assert spread.max() < 1e-5
    assert pictures.min() > 0.4 - 1e-5 and pictures.max() < 0.6 + 1e-5
    assert len({round(value, 4) for value in pictures[:, 0, 0, 0].tolist()}) == 8


def test_a_blur_keeps_flat_images_and_smooths_others() -> None:
    flat = torch.full((1, 3, 30, 40), 0.7)
    torch.testing.assert_close(gaussian_blur(flat, 1.0, generator()), flat)
    images = noise(1, 30, 40)
    blurred = gaussian_blur(images, 1.0, generator(), sigma=(1.0, 1.0))
    assert blurred.var() < 0.5 * images.var()
    torch.testing.assert_close(blurred.mean(), images.mean(), rtol=0, atol=0.05)


@pytest.mark.parametrize(
    # 0.1 * 512 = 51.2, rounded up 52, less 1; 0.1 * 505 = 50.5, rounded up 51; the least is 1.
    ("side", "kernel"),
    [(512, 51), (505, 51), (64, 7), (8, 1)],
)
def test_the_kernel_is_a_tenth_of_the_side_and_odd(side: int, kernel: int) -> None:
    assert kernel_side(side, 0.1) == kernel


def test_the_smallest_images_can_be_blurred() -> None:
    images = torch.rand((2, 3, 1, 2), generator=generator())
    torch.testing.assert_close(gaussian_blur(images, 1.0, generator()), images)
