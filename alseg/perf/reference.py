"""The plain way of everything that is timed: slow, short and obviously right.

Nothing here is used but to be compared with, in speed by the benchmarks and in results by tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from alseg.contracts import IGNORE_INDEX, Size

# Scores


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of the softmax of float32 ``(C, H, W)`` in nats, float32 ``(H, W)``."""
    probs = logits.softmax(dim=0)
    return -(probs * probs.clamp(min=torch.finfo(torch.float32).tiny).log()).sum(dim=0)


def least_confidence(logits: torch.Tensor) -> torch.Tensor:
    """Return one minus the largest probability, float32 ``(H, W)``."""
    return logits.softmax(dim=0).amax(dim=0).neg() + 1


def margin(logits: torch.Tensor) -> torch.Tensor:
    """Return minus the gap between the two largest probabilities, float32 ``(H, W)``."""
    largest = logits.softmax(dim=0).topk(2, dim=0).values
    return largest[1] - largest[0]


def window_mean(values: torch.Tensor, radius: int) -> torch.Tensor:
    """Return means over the window around each pixel, cut at the border, by a convolution with a box.

    Args:
        values: float32 ``(N, H, W)``.
        radius: Reach of the window to each side, in pixels.
    """
    count = len(values)
    box = values.new_ones(count, 1, 2 * radius + 1, 2 * radius + 1)
    sums = F.conv2d(values[None], box, padding=radius, groups=count)[0]
    areas = F.conv2d(values.new_ones(1, 1, *values.shape[1:]), box[:1], padding=radius)[0]
    return sums / areas


def impurity(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the entropy of the histogram of classes in each window in nats, float32 ``(H, W)``."""
    one_hot = F.one_hot(logits.argmax(dim=0), len(logits)).permute(2, 0, 1).float()
    share = window_mean(one_hot, radius)
    return -(share * share.clamp(min=torch.finfo(torch.float32).tiny).log()).sum(dim=0)


def region_score(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return impurity times mean entropy of each window, float32 ``(H, W)`` (RIPU, RA)."""
    return impurity(logits, radius) * window_mean(entropy(logits)[None], radius)[0]


def pixel_score(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return each pixel's entropy times the impurity of its window, float32 ``(H, W)`` (RIPU, PA)."""
    return impurity(logits, radius) * entropy(logits)


# Losses


def step_losses(
    source: torch.Tensor, target: torch.Tensor, source_labels: torch.Tensor, target_labels: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return the weighted losses of a step of RIPU's recipe, each computed on its own as its authors do.

    Args:
        source: Logits, float ``(B, C, H, W)``.
        target: The same for the target.
        source_labels: int64 ``(B, H, W)``, 255 for void.
        target_labels: The same for the target.
    """
    return {
        "source": F.cross_entropy(source, source_labels, ignore_index=IGNORE_INDEX),
        "target": F.cross_entropy(target, target_labels, ignore_index=IGNORE_INDEX),
        "consistency": 0.1 * _consistency(source, source_labels),
        "negative": _negative_learning(target),
    }


def _consistency(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean L1 distance of probabilities and their 3 x 3 mean over label boundaries."""
    probs = logits.softmax(dim=1)
    count = probs.shape[1]
    box = probs.new_full((count, 1, 3, 3), 1 / 9)
    mean = F.conv2d(F.pad(probs, (1, 1, 1, 1), mode="replicate"), box, groups=count)
    laplacian = torch.full((1, 1, 3, 3), -1.0, device=labels.device)
    laplacian[0, 0, 1, 1] = 8
    edges = F.conv2d(labels[:, None].float(), laplacian, padding=1)[:, 0] != 0
    return (probs - mean).abs().sum(dim=1)[edges & (labels != IGNORE_INDEX)].mean()


def _negative_learning(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log(1 - p) over all (pixel, class) with p below 0.05."""
    probs = logits.softmax(dim=1)
    mask = (probs < 0.05).detach()
    return (-1 * mask * torch.log(1 - probs + 1e-6)).sum() / mask.sum()


# Selection


def greedy_picks(score: torch.Tensor, count: int, radius: int) -> torch.Tensor:
    """Pick the best pixel of the whole map again and again, as RIPU's released code does.

    Args:
        score: float32 ``(H, W)``.
        count: Picks.
        radius: Chebyshev distance that is blocked.

    Returns:
        int64 ``(n, 2)``, rows ``(y, x)``; ties by smaller ``x``, then smaller ``y``.
    """
    score = score.clone()
    picks: list[tuple[int, int]] = []
    while len(picks) < count:
        best_of_columns, rows = score.max(dim=0)
        x = int(best_of_columns.argmax())
        y = int(rows[x])
        if score[y, x] == -torch.inf:
            break
        picks.append((y, x))
        score[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1] = -torch.inf
    return torch.tensor(picks, dtype=torch.int64).reshape(-1, 2)


# Loading


def training_sample(
    image_file: Path, ids: NDArray[np.integer], classes: Mapping[int, int], size: Size
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return image and label map as training sees them, by Pillow and a loop over classes.

    Args:
        image_file: The image.
        ids: Raw ids of the label map, ``(H, W)``.
        classes: Raw id to class.
        size: Height and width for training.

    Returns:
        uint8 ``(3, h, w)`` and uint8 ``(h, w)``, 255 where no class is.
    """
    image = Image.open(image_file).convert("RGB").resize(size[::-1], Image.Resampling.BICUBIC)
    label = np.full(ids.shape, IGNORE_INDEX, np.uint8)
    for raw_id, index in classes.items():
        label[ids == raw_id] = index
    resized = Image.fromarray(label).resize(size[::-1], Image.Resampling.NEAREST)
    return np.ascontiguousarray(np.array(image).transpose(2, 0, 1)), np.array(resized)


def ids_of(label_file: Path) -> NDArray[np.uint8]:
    """Return the raw ids in a label map of 8 bits, uint8 ``(H, W)``."""
    return np.array(Image.open(label_file))


def ids_of_16_bits(label_file: Path) -> NDArray[np.uint16]:
    """Return the red channel of a 16-bit RGB PNG, uint16 ``(H, W)``.

    Pillow gives one byte of each value, so the file is decoded twice.
    """
    with Image.open(label_file) as image:
        high = np.array(image)[..., 0]
    with Image.open(label_file) as image:
        image.tile = [(*image.tile[0][:3], "RGB;16L")]  # type: ignore[list-item]
        low = np.array(image)[..., 0]
    ids: NDArray[np.uint16] = high.astype(np.uint16) * np.uint16(256) + low
    return ids


# The ledger


def painted_label(label: NDArray[np.uint8], positions: NDArray[np.int32], radius: int) -> NDArray[np.uint8]:
    """Return a label map where windows have been bought, uint8 ``(H, W)``, 255 elsewhere."""
    painted = np.full(label.shape, IGNORE_INDEX, np.uint8)
    for y, x in positions.tolist():
        window = slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)
        painted[window] = label[window]
    return painted
