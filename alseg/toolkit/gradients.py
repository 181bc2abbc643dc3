"""Gradients that are changed on their way back."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable


def reverse_gradient(values: torch.Tensor, factor: float = 1.0) -> torch.Tensor:
    """Return the values as they are; what is learned from them is unlearned by whoever has computed them.

    A loss of ``network(reverse_gradient(values, factor))`` trains ``network`` to make it small, and what the
    values come from to make it large, ``factor`` times as strongly. Both happen in one backward pass.

    Args:
        values: Float, of any shape.
        factor: What the gradient is multiplied with besides -1; 0 stops it.

    Returns:
        The same values, of which the gradient is ``-factor`` times what it would be.

    Source:
        Ganin and Lempitsky, ICML 2015, arXiv:1409.7495.
    """
    reversed_: torch.Tensor = _Reversal.apply(values, factor)
    return reversed_


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, factor: float) -> torch.Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradient * -ctx.factor, None
