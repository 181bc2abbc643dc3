"""Random layers over several ranks: what is drawn for a rank's rows is what one process draws for them.

Each draw is made for the rows of all ranks, and the own ones are used. So generators that began alike stand
alike afterwards, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from alseg.errors import AlsegError
from alseg.system.ranks import Ranks

_FUSED = ("dropout_p", "dropout")
"""Arguments of operations that draw and compute at once, such as attention on GPUs."""


class RowDraws(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within this, operations that draw at random draw for the rows of all ranks.

    A tensor holds rows where its first dimension is a multiple of their number: the parts of one row, such as
    windows of an image, one after the other. Other tensors are drawn alike on all ranks.

    Args:
        ranks: More than one.
        rows: Of this rank.

    Attributes:
        draws: How many there were.
    """

    def __init__(self, ranks: Ranks, rows: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ranks, self._rows = ranks, rows
        self.draws = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call an operation.

        Raises:
            AlsegError: If it is one whose draws cannot be divided.
        """
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **(kwargs or {}))
        given = dict(kwargs or {})
        arguments = func._schema.arguments
        named = {argument.name: value for argument, value in zip(arguments, args, strict=False)} | given
        if any(name in named for name in _FUSED):
            _refuse_draws(func, named)
            return func(*args, **given)
        self.draws += 1
        widened: list[tuple[torch.Tensor, torch.Tensor]] = []
        names = [argument.name for argument in arguments[: len(args)]]
        wide_args = [self._wide(name, value, widened) for name, value in zip(names, args, strict=True)]
        outputs = func(*wide_args, **{name: self._wide(name, each, widened) for name, each in given.items()})
        written = {argument.name for argument in arguments if argument.alias_info is not None}
        kept = {id(wide): own for own, wide in widened}
        if written:
            for own, wide in widened:
                if any(named[name] is own for name in written if name in named):
                    own.copy_(self._rows_of(wide))
        return tree_map_only(torch.Tensor, lambda each: self._own(each, kept), outputs)

    def _wide(self, name: str, value: Any, widened: list[tuple[torch.Tensor, torch.Tensor]]) -> Any:
        """Return an argument for the rows of all ranks, whose values are the own ones over and over."""
        if isinstance(value, torch.Tensor) and value.ndim and self._holds_rows(len(value)):
            widened.append((value, torch.cat([value] * self._ranks.size)))
            return widened[-1][1]
        if name == "size" and len(value) and self._holds_rows(value[0]):
            return [value[0] * self._ranks.size, *value[1:]]
        return value

    def _holds_rows(self, length: int) -> bool:
        return length > 0 and length % self._rows == 0

    def _own(self, output: torch.Tensor, kept: Mapping[int, torch.Tensor]) -> torch.Tensor:
        """Return an output for the own rows: the tensor itself where it was changed in place."""
        if id(output) in kept:
            return kept[id(output)]
        if output.ndim and output.shape[0] > 0 and output.shape[0] % (self._rows * self._ranks.size) == 0:
            return self._rows_of(output).clone()  # autograd keeps it, and need not keep the others' rows
        return output

    def _rows_of(self, wide: torch.Tensor) -> torch.Tensor:
        return wide[self._ranks.rows(len(wide))]


def _refuse_draws(func: Any, named: Mapping[str, Any]) -> None:
    """Refuse an operation that would draw within itself."""
    if named.get("train", True) and any(named.get(name) for name in _FUSED):
        raise AlsegError(
            f"The network drops values inside an operation, {func}, whose draws cannot be divided among "
            "several devices. Set its dropout of attention weights to 0, or use one device."
        )
