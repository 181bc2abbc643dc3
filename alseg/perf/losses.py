"""The losses of a step of RIPU's recipe and their gradients, given the logits."""

from __future__ import annotations

from typing import Any

import torch

from alseg.contracts import Size, TrainingBatch
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import NUM_CLASSES, smooth_logits, sparse_labels
from alseg.perf.measure import alternate_with_faults, peak_extra_bytes
from alseg.perf.result import Line, Options, Result

_BATCH = 2
_SIZES = ((96, 192), (320, 640), (640, 1280))
_QUICK_SIZES = ((64, 128),)
_TOLERANCE = 1e-3
"""Of the largest gradient: how far two gradients may be apart where no probability is near a tie."""
_TIES = 1e-4
"""Share of values that may lie near a tie, where float32 does not tell the sign."""


def run(options: Options) -> Result:
    """Time the four losses forwards and backwards, in both layouts of memory.

    Raises:
        AlsegError: If losses or gradients of both sides differ.
    """
    lines = []
    for size in _QUICK_SIZES if options.quick else _SIZES:
        for layout in (torch.contiguous_format, torch.channels_last):
            title = f"{size[0]} x {size[1]}" + (", channels last" if layout == torch.channels_last else "")
            options.on_step(title)
            lines.append(options.told(_line(title, _Case(size, layout, options), options)))
    return Result(
        name="losses",
        setting=(
            f"{_BATCH} source and {_BATCH} target images, {NUM_CLASSES} classes, float32, forwards and "
            "backwards; a unit is one softmax of the logits of both domains, forwards and backwards"
        ),
        lines=lines,
    )


class _Case:
    """Logits of one size and layout with the losses both ways."""

    def __init__(self, size: Size, layout: torch.memory_format, options: Options) -> None:
        source, target = (
            torch.stack([smooth_logits(size, seed + place) for place in range(_BATCH)])
            for seed in (0, _BATCH)
        )
        self._source, self._target = (
            logits.to(memory_format=layout).requires_grad_() for logits in (source, target)
        )
        self._logits = [self._source, self._target]
        self._labels = torch.stack([smooth_logits(size, 10 + place).argmax(dim=0) for place in range(_BATCH)])
        self._bought = sparse_labels(self._labels)
        self._upstream = [torch.ones_like(logits) for logits in self._logits]
        self._recipe: Any = options.registry.get("recipes", "ripu").spec.build()
        self._batch = TrainingBatch(
            iteration=0,
            source_images=None,
            source_labels=self._labels,
            target_images=None,
            target_labels=self._bought,
        )

    def ours(self) -> tuple[torch.Tensor, ...]:
        losses: dict[str, torch.Tensor] = self._recipe.losses_of(self._source, self._target, self._batch)
        return self._with_gradients(losses)

    def plain(self) -> tuple[torch.Tensor, ...]:
        return self._with_gradients(
            reference.step_losses(self._source, self._target, self._labels, self._bought)
        )

    def softmax(self) -> None:
        torch.autograd.grad(
            [logits.softmax(dim=1) for logits in self._logits], self._logits, grad_outputs=self._upstream
        )

    def _with_gradients(self, losses: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Return the losses by the order of their names, and the gradients of their sum."""
        values = torch.stack([losses[name] for name in sorted(losses)])
        return (values.detach(), *torch.autograd.grad(values.sum(), self._logits))


def _line(title: str, case: _Case, options: Options) -> Line:
    _compare(title, case.ours(), case.plain())
    sides = {"softmax": case.softmax, "ours": case.ours, "plain": case.plain}
    seconds, faults = alternate_with_faults(sides, options.repeats)
    return Line(
        work=title,
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        units=seconds["ours"].over(seconds["softmax"]),
        peak_bytes=peak_extra_bytes(case.ours),
        plain_peak_bytes=peak_extra_bytes(case.plain),
        faults=faults["ours"],
        plain_faults=faults["plain"],
        notes=[f"plain: {_number(seconds['plain'].over(seconds['softmax']).median)} units"],
    )


def _number(value: float) -> str:
    return f"{value:.1f}"


def _compare(title: str, ours: tuple[torch.Tensor, ...], plain: tuple[torch.Tensor, ...]) -> None:
    """Refuse losses that differ, and gradients that differ elsewhere than at ties of |p - mean|."""
    if not torch.allclose(ours[0], plain[0], rtol=1e-5):
        raise AlsegError(
            f"{title}: the losses of both sides differ: {ours[0].tolist()}, {plain[0].tolist()}."
        )
    for one, other in zip(ours[1:], plain[1:], strict=True):
        apart = (one - other).abs() > _TOLERANCE * other.abs().max()
        if float(apart.float().mean()) > _TIES:
            raise AlsegError(f"{title}: the gradients of both sides differ.")
