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

MOST_DIFFERENCE = {"64-true": 1e-6, "32-true": 5e-3}
"""Of a rank's rows from those rows of the whole batch, in units of their norm, by precision. Rounding
gives less; other draws, or statistics of other images, give more."""

_MOST_OF_HALVES = 0.05
"""The same where the network computes in 16 bits."""


class RowCalls:
    """Calls networks by rows.

    Random layers draw what they draw in one process, and batch norms in training see the whole batch. The
    first call of each network's method, with the same layers in training, is compared with one of the whole
    batch.

    Args:
        ranks: More than one; all make the same calls.
        module: What messages name.
        precision: Of the run, as in settings.
    """

    def __init__(self, ranks: Ranks, module: torch.nn.Module, precision: str) -> None:
        self._ranks, self._module = ranks, module
        self._most = MOST_DIFFERENCE.get(precision, _MOST_OF_HALVES)
        self._plain: dict[tuple[int, str, bytes], bool] = {}

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
        # Layers that are silent now, as a teacher's are, may draw when they train again.
        training = bytes(part.training for part in network.modules())
        key = id(network), getattr(call, "__name__", ""), training
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
        compiled = any(part._compiled_call_impl is not None for part in network.modules())
        with ExitStack() as stack:
            if compiled:
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            with _nothing_changed(network, images.device):
                whole, generators = call(images), _generators(images.device)
            with _nothing_changed(network, images.device):
                own, divided = self._own(call, images)
                same = all(map(torch.equal, generators, _generators(images.device)))
        rows = self._ranks.rows(len(images))
        wholes, owns = (each if isinstance(each, tuple) else (each,) for each in (whole, own))
        near = all(self._near(mine, every[rows]) for mine, every in zip(owns, wholes, strict=True))
        problem = self._ranks.agreed(int(not (same and near)))
        if problem:
            raise AlsegError(
                f"{name_of(self._module)} cannot be divided among {self._ranks.size} devices: images come "
                "out otherwise in a part of the batch than in the whole, as it mixes images or draws at "
                "random across them. Use another network, or one device."
            )
        if divided and compiled:  # such layers are not ours to divide
            raise AlsegError(
                f"{name_of(self._module)} drops values at random or trains batch norms, which cannot be "
                f"divided among {self._ranks.size} devices where it is compiled. Set compile to false, or "
                "use one device."
            )
        return not divided

    def _near(self, own: torch.Tensor, whole: torch.Tensor) -> bool:
        difference, norm = (torch.linalg.vector_norm(each.float()) for each in (own - whole, whole))
        return not bool(difference > self._most * norm)


@contextmanager
def _nothing_changed(network: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Compute without gradient, and put generators and the network's buffers back."""
    kept = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
        yield
        for buffer, value in kept:
            buffer.data.copy_(value)  # past autograd: earlier passes of this step may have kept it


def _generators(device: torch.device) -> Sequence[torch.Tensor]:
    """Return the states of torch's generators of the CPU and of a GPU."""
    states = [torch.get_rng_state()]
    return [*states, torch.cuda.get_rng_state(device)] if device.type == "cuda" else states
