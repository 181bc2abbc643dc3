"""Networks over several ranks: each computes its own rows of the images, and has those of all afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from alseg.errors import AlsegError
from alseg.guard.calls import name_of
from alseg.system.ranks import Ranks
from alseg.training.gathering import gathered_rows
from alseg.training.row_draws import RowDraws
from alseg.training.row_norms import RowNorms

MOST_DIFFERENCE = 0.05
"""Of a rank's rows from the same rows of the whole batch, in units of their norm. Rounding, of bfloat16 too, gives
less; other draws, or statistics of other images, give more."""


class RowCalls:
    """Calls networks by rows.

    Random layers draw what they draw in one process, and batch norms in training see the whole batch. The
    first call of each network is compared with one of the whole batch.

    Args:
        ranks: More than one; all make the same calls.
        module: What messages name.
        compiled: Whether the network is compiled, as random layers then are not ours to divide.
    """

    def __init__(self, ranks: Ranks, module: torch.nn.Module, compiled: bool) -> None:
        self._ranks, self._module, self._compiled = ranks, module, compiled
        self._plain: dict[tuple[int, bool], bool] = {}

    def __call__(self, network: Any, call: Callable[[torch.Tensor], Any], images: torch.Tensor) -> Any:
        """Return what a network's method gives for images: a tensor, or a tuple of them.

        A number of images that is no multiple of the number of ranks is computed whole by each.

        Args:
            network: The network.
            call: The network, or a method of it.
            images: float ``(B, 3, H, W)``, the same on all ranks.

        Raises:
            AlsegError: If the network cannot be divided; on all ranks.
        """
        if len(images) % self._ranks.size:
            return call(images)
        key = id(network), network.training
        if key not in self._plain:
            self._plain[key] = self._examined(network, call, images)
        own = self._own(call, images, plain=self._plain[key])[0]
        if isinstance(own, tuple):
            return tuple(gathered_rows(each, self._ranks) for each in own)
        return gathered_rows(own, self._ranks)

    def _own(
        self, call: Callable[[torch.Tensor], Any], images: torch.Tensor, *, plain: bool = False
    ) -> tuple[Any, bool]:
        """Return what is computed of the own rows, and whether draws or norms were divided."""
        rows = images[self._ranks.rows(len(images))]
        if plain:
            return call(rows), False
        draws, norms = RowDraws(self._ranks, len(rows)), RowNorms(self._ranks)
        with draws, norms:
            outputs = call(rows)
        return outputs, draws.draws + norms.norms > 0

    def _examined(self, network: Any, call: Callable[[torch.Tensor], Any], images: torch.Tensor) -> bool:
        """Return whether a network neither draws nor takes statistics of the batch.

        Raises:
            AlsegError: If rows come out otherwise than in the whole batch.
        """
        with ExitStack() as stack:
            if self._compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            with _nothing_changed(network, images.device):
                whole, generators = call(images), _generators(images.device)
            with _nothing_changed(network, images.device):
                own, divided = self._own(call, images)
                same = all(map(torch.equal, generators, _generators(images.device)))
        rows = self._ranks.rows(len(images))
        wholes, owns = (each if isinstance(each, tuple) else (each,) for each in (whole, own))
        near = all(_near(mine, all_rows[rows]) for mine, all_rows in zip(owns, wholes, strict=True))
        problem = self._ranks.agreed(int(not (same and near)))
        if problem:
            raise AlsegError(
                f"{name_of(self._module)} cannot be divided among {self._ranks.size} ranks: images come out "
                "otherwise in a part of the batch than in the whole, as it mixes images or draws at random "
                "across them. Use one device, or another network."
            )
        if divided and self._compiled:
            raise AlsegError(
                f"{name_of(self._module)} drops values at random or trains batch norms, which cannot be "
                f"divided among {self._ranks.size} ranks where it is compiled. Set compile to false, or use one "
                "device."
            )
        return not divided


@contextmanager
def _nothing_changed(network: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Compute without gradient, and put generators and the network's buffers back."""
    kept = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
        yield
        for buffer, value in kept:
            buffer.copy_(value)


def _generators(device: torch.device) -> Sequence[torch.Tensor]:
    """Return the states of torch's generators of the CPU and of a GPU."""
    states = [torch.get_rng_state()]
    return [*states, torch.cuda.get_rng_state(device)] if device.type == "cuda" else states


def _near(own: torch.Tensor, whole: torch.Tensor) -> bool:
    difference, norm = (torch.linalg.vector_norm(each.float()) for each in (own - whole, whole))
    return not bool(difference > MOST_DIFFERENCE * norm)
