"""Losses of the softmax over classes, all of a batch's from one pass over its logits.

Every loss of a segmentation network begins with the same softmax. Here it is computed once for all losses of
the same logits, in strips of rows that fit the processor's cache, forwards and again backwards: nothing of
the logits' size is allocated but their gradient, and nothing of that size is kept in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from alseg.contracts import IGNORE_INDEX

_STRIP_ELEMENTS = 2**19
"""Values in a strip on the CPU: a handful of such buffers stays in the cache."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Some rows of one image of a batch, and some more around them.

    Attributes:
        image: The image's place in the batch.
        top: First row of the strip.
        bottom: Row after the last.
        above: Further rows above ``top`` that are given too, as far as the image goes.
        logits: float ``(C, rows, W)``, further rows included.
        log_total: ``logsumexp`` of the logits over classes, ``(rows, W)``.
        probs: Softmax of the logits, of their shape.
        padded: The same continued beyond the image's border by one pixel, its nearest: one column more on
            both sides, one row more above or below where the image ends there. None where no term looks
            further than its pixel.
        padded_top: The image row of the first row of ``padded``, -1 where that is beyond the border.
    """

    image: int
    top: int
    bottom: int
    above: int
    logits: torch.Tensor
    log_total: torch.Tensor
    probs: torch.Tensor
    padded: torch.Tensor | None
    padded_top: int

    @property
    def inner_probs(self) -> torch.Tensor:
        """Softmax of the strip's own rows, ``(C, bottom - top, W)``."""
        return self.inner(self.probs)

    def inner(self, values: torch.Tensor) -> torch.Tensor:
        """Return the strip's own rows of something ``(..., rows, W)`` that has the further ones too."""
        return values[..., self.above : self.above + self.bottom - self.top, :]

    def windows(self, top: int, bottom: int) -> torch.Tensor:
        """Return probabilities of some image rows and what is around them, ``(C, bottom - top + 2, W + 2)``.

        Raises:
            ValueError: If no term looks further than its pixel.
        """
        if self.padded is None:
            raise ValueError("a term that looks at windows must have a reach")
        return self.padded[:, top - 1 - self.padded_top : bottom + 1 - self.padded_top]

    def of(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the strip's own rows of maps of the whole batch, ``(B, H, W)``."""
        return maps[self.image, self.top : self.bottom]


class Term(Protocol):
    """One loss: the mean of a quantity over those pixels, or pixels and classes, that count."""

    reach: int
    """How many rows further than a pixel its quantity sees."""

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sum of the quantity over what counts in a strip, and how much counts, both scalars.

        The strip has ``reach`` further rows on both sides, as far as the image goes.
        """
        ...

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add the derivative of the batch's sum, times a weight, to a gradient.

        Args:
            strip: With twice ``reach`` further rows on both sides, as far as the image goes.
            weight: Scalar.
            gradient: With respect to the strip's own log-probabilities, as if these were independent,
                ``(C, bottom - top, W)``; changed in place.
        """
        ...


class CrossEntropy:
    """Cross-entropy, the mean over labelled pixels.

    Args:
        labels: int64 ``(B, H, W)``.
        ignore_index: The label of pixels that do not count.
    """

    reach = 0

    def __init__(self, labels: torch.Tensor, ignore_index: int = IGNORE_INDEX) -> None:
        self._given, self._ignore_index = labels, ignore_index
        counts = labels != ignore_index
        self._labels = torch.where(counts, labels, 0)
        self._counts = counts.float()

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sum of ``-log p`` of the labels, and the number of labelled pixels."""
        counts, labels = strip.of(self._counts), strip.of(self._labels)
        chosen = strip.inner(strip.logits).gather(0, labels[None])[0]
        surprise = (strip.inner(strip.log_total) - chosen).mul_(counts)
        return surprise.sum(), counts.sum(dtype=counting(counts.device))

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add ``-weight`` at each label."""
        each = strip.of(self._counts).to(gradient.dtype) * -weight
        gradient.scatter_add_(0, strip.of(self._labels)[None], each[None])

    def alone(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the loss where it is the only one: torch's own is the fastest then."""
        labels = self._given
        if torch.are_deterministic_algorithms_enabled() and not logits.is_cpu:
            logits, labels = pixels_as_rows(logits, labels)
        total = functional.cross_entropy(logits, labels, ignore_index=self._ignore_index, reduction="sum")
        return total / self._counts.sum().clamp(min=1)


class WeightedCrossEntropy:
    """Cross-entropy with a weight for each pixel, the mean over all pixels, labelled or not.

    Args:
        labels: int64 ``(B, H, W)``.
        weights: float ``(B, H, W)``.
        ignore_index: The label of pixels whose weight is taken as 0.
    """

    reach = 0

    def __init__(self, labels: torch.Tensor, weights: torch.Tensor, ignore_index: int = IGNORE_INDEX) -> None:
        counts = labels != ignore_index
        self._labels = torch.where(counts, labels, 0)
        self._weights = torch.where(counts, weights, 0)

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the weighted sum of ``-log p`` of the labels, and the number of pixels."""
        weights, labels = strip.of(self._weights), strip.of(self._labels)
        chosen = strip.inner(strip.logits).gather(0, labels[None])[0]
        surprise = (strip.inner(strip.log_total) - chosen).mul_(weights)
        pixels = torch.full((), weights.numel(), dtype=counting(weights.device), device=weights.device)
        return surprise.sum(), pixels

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add ``-weight`` times the pixel's own weight at each label."""
        each = strip.of(self._weights).to(gradient.dtype) * -weight
        gradient.scatter_add_(0, strip.of(self._labels)[None], each[None])


class Weighted:
    """A loss times a number.

    Args:
        term: The loss.
        weight: What it is multiplied with.
    """

    def __init__(self, term: Term, weight: float) -> None:
        self.reach = term.reach
        self._term, self._weight = term, weight

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the weighted sum, and how much counts."""
        total, count = self._term.measure(strip)
        return total * self._weight, count

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add the gradient times both weights."""
        self._term.add_gradient(strip, weight * self._weight, gradient)


def counting(device: torch.device) -> torch.dtype:
    """Return a type in which every number of pixels is exact; Apple's GPU has no float64.

    Args:
        device: Where the numbers are.
    """
    return torch.int64 if device.type == "mps" else torch.float64


def pixels_as_rows(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Put all pixels of a batch one below the other: torch's loss of rows has a deterministic CUDA kernel.

    Args:
        logits: float ``(B, C, H, W)``.
        labels: int64 ``(B, H, W)``.

    Returns:
        float ``(B * H * W, C)`` and int64 ``(B * H * W,)``.
    """
    return logits.movedim(1, -1).flatten(0, -2), labels.flatten()


def softmax_losses(logits: torch.Tensor, terms: Mapping[str, Term]) -> dict[str, torch.Tensor]:
    """Return several losses of the same logits.

    Args:
        logits: float ``(B, C, H, W)``; computed in float32, or in float64 where they are that.
        terms: The losses by name.

    Returns:
        Scalars by name; 0, with a gradient of 0, where nothing counts. They can be differentiated once.
    """
    if not terms:
        return {}
    if logits.dtype not in (torch.float32, torch.float64):
        logits = logits.float()
    if len(terms) == 1:
        ((name, term),) = terms.items()
        if isinstance(term, CrossEntropy):
            return {name: term.alone(logits)}
    values: tuple[torch.Tensor, ...] = _SoftmaxLosses.apply(logits, tuple(terms.values()))
    return dict(zip(terms, values, strict=True))


class _SoftmaxLosses(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, terms: tuple[Term, ...]) -> tuple[torch.Tensor, ...]:
        batch, _, height, width = logits.shape
        log_total = logits.new_empty((batch, height, width))
        measured: list[list[tuple[torch.Tensor, torch.Tensor]]] = [[] for _ in terms]
        for strip in _strips(logits, log_total, max(term.reach for term in terms), known=False):
            for term, parts in zip(terms, measured, strict=True):
                parts.append(term.measure(strip))
        sums = [torch.stack([part[0] for part in parts]).sum() for parts in measured]
        counts = [torch.stack([part[1] for part in parts]).sum().clamp(min=1) for parts in measured]
        ctx.save_for_backward(logits, log_total, *counts)
        ctx.terms = terms
        return tuple((total / count).to(logits.dtype) for total, count in zip(sums, counts, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None]:
        logits, log_total, *counts = ctx.saved_tensors
        weights = [(factor / count).to(logits.dtype) for factor, count in zip(outer, counts, strict=True)]
        result = torch.empty_like(logits)
        for strip in _strips(logits, log_total, 2 * max(term.reach for term in ctx.terms), known=True):
            probs = strip.inner_probs
            gradient = torch.zeros_like(probs)
            for term, weight in zip(ctx.terms, weights, strict=True):
                term.add_gradient(strip, weight, gradient)
            # log p = logit - logsumexp, and the derivative of logsumexp is p.
            total = gradient.sum(dim=0)
            part = result[strip.image, :, strip.top : strip.bottom]
            torch.addcmul(gradient, probs, total[None], value=-1, out=part)
        return result, None


def _strips(logits: torch.Tensor, log_total: torch.Tensor, reach: int, *, known: bool) -> Iterator[Strip]:
    """Yield all images strip by strip, and fill ``log_total`` where it is not known yet."""
    batch, num_classes, height, width = logits.shape
    rows = height
    if logits.device.type == "cpu":
        rows = max(1, 4 * reach, _STRIP_ELEMENTS // max(1, num_classes * width))
    for image in range(batch):
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            first, last = max(0, top - reach), min(height, bottom + reach)
            part = logits[image, :, first:last]
            if part.stride(-1) != 1:  # channels last
                part = part.contiguous()
            padded: torch.Tensor | None = None
            probs = torch.empty_like(part, memory_format=torch.contiguous_format)
            if reach:
                padded, probs = framed(part, above=first == 0, below=last == height)
            log_part = log_total[image, first:last]
            (_fill_known if known else _fill)(part, log_part, probs)
            if padded is not None:
                continue_frame(padded, above=first == 0, below=last == height)
            yield Strip(
                image=image,
                top=top,
                bottom=bottom,
                above=top - first,
                logits=part,
                log_total=log_part,
                probs=probs,
                padded=padded,
                padded_top=first - int(first == 0),
            )


def _fill(logits: torch.Tensor, log_total: torch.Tensor, probs: torch.Tensor) -> None:
    """Fill ``log_total`` and ``probs``."""
    largest = logits.amax(dim=0)
    torch.sub(logits, largest, out=probs).exp_()
    total = probs.sum(dim=0)
    probs.div_(total)
    torch.add(largest, total.log_(), out=log_total)


def _fill_known(logits: torch.Tensor, log_total: torch.Tensor, probs: torch.Tensor) -> None:
    """Fill ``probs``."""
    torch.sub(logits, log_total, out=probs).exp_()


def framed(values: torch.Tensor, *, above: bool, below: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return room for values and a frame, and the part of it that the values take.

    Args:
        values: Float ``(C, H, W)``, of which shape, type and device count.
        above: Whether the frame has a row above.
        below: Whether it has one below.
    """
    num_classes, rows, width = values.shape
    frame = values.new_empty((num_classes, above + rows + below, width + 2))
    return frame, frame[:, int(above) : above + rows, 1:-1]


def continue_frame(frame: torch.Tensor, *, above: bool, below: bool) -> None:
    """Fill the frame, rows above and below if there are any, with the values next to it.

    Args:
        frame: Values with their frame, as `framed` returns it; changed in place.
        above: Whether it has a row above.
        below: Whether it has one below.
    """
    frame[..., 0], frame[..., -1] = frame[..., 1], frame[..., -2]
    if above:
        frame[:, 0] = frame[:, 1]
    if below:
        frame[:, -1] = frame[:, -2]
