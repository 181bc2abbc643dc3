"""Precisions whose dtype is that of all tensors of a network, without a change of the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from lightning_fabric.plugins.precision import DoublePrecision, HalfPrecision, Precision


class _OfOneThread:
    """Leaves torch's default dtype alone, which Fabric sets while a network computes.

    All threads have that default in common, and others decode images or score at the same time: what they
    compute must not depend on the moment. A network gets its inputs in the precision and makes tensors of
    its own like them, as it does after ``model.double()`` or ``model.half()`` anywhere.
    """

    def forward_context(self) -> AbstractContextManager[None]:
        """Change nothing."""
        return nullcontext()


class _Double(_OfOneThread, DoublePrecision):
    """``64-true``."""


class _Half(_OfOneThread, HalfPrecision):
    """``16-true`` and ``bf16-true``."""


TRUE_PRECISIONS: Mapping[str, Callable[[], Precision]] = {
    "64-true": _Double,
    "16-true": lambda: _Half("16-true"),
    "bf16-true": lambda: _Half("bf16-true"),
}
"""Used in place of Fabric's own of these names."""
