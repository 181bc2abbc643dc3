"""What a recipe may have besides its losses, each part optional: modules, optimisers, steps, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alseg.contracts.training import Forward, SegmentationModel, TrainingBatch

if TYPE_CHECKING:
    import torch


@runtime_checkable
class StatefulRecipe(Protocol):
    """A recipe with modules of its own: a teacher, a discriminator, a memory. It has ``modules``.

    The core moves the modules to the device, puts them into training mode with the network, and keeps their
    ``state_dict`` with the training state. State that is not in it does not survive an interruption.
    """

    def modules(self, model: SegmentationModel) -> Mapping[str, torch.nn.Module]:
        """Make the modules beside the fresh network, by name.

        Called once for each run, and again where training begins anew: the modules made then only give the
        first ones their state. Torch's global generator is seeded before.

        Args:
            model: The network; none of its parameters may be shared, so a teacher is a deep copy.
        """
        ...

    def losses(
        self, forward: Forward, batch: TrainingBatch, modules: Mapping[str, torch.nn.Module]
    ) -> Mapping[str, torch.Tensor]:
        """Return named scalar losses as `alseg.contracts.Recipe` does.

        There is one backward pass over their sum, which adds to the gradients of every module that has part
        in a loss: whatever a loss must not train, it uses without gradient.

        Args:
            forward: Calls the network, or another one of the same kind.
            batch: The data of this step.
            modules: The recipe's modules; what they are called with is converted to the run's precision.
        """
        ...


@runtime_checkable
class SeveralOptimizers(Protocol):
    """A recipe with ``make_optimizers``, in place of ``make_optimizer``."""

    def make_optimizers(
        self, model: SegmentationModel, modules: Mapping[str, torch.nn.Module]
    ) -> Mapping[str, torch.optim.Optimizer]:
        """Return optimisers by name, with the learning rates of iteration 0; no two train one parameter.

        After the backward pass all of them take their step, in this order. The factor on the learning rates
        is common to all.
        """
        ...


@runtime_checkable
class FollowsSteps(Protocol):
    """A recipe that does something after each step, such as moving a teacher towards the network."""

    def after_step(
        self, model: SegmentationModel, modules: Mapping[str, torch.nn.Module], iteration: int
    ) -> None:
        """Change modules after the optimisers' step, without gradient.

        Args:
            model: The network, with its new weights.
            modules: The recipe's modules.
            iteration: That of the step's batch, from 0.
        """
        ...


@runtime_checkable
class OutputRecipe(Protocol):
    """A recipe that gives acquisitions further outputs, named by ``provides`` of its spec."""

    def outputs(
        self,
        model: SegmentationModel,
        modules: Mapping[str, torch.nn.Module],
        images: torch.Tensor,
        logits: torch.Tensor,
    ) -> Mapping[str, torch.Tensor]:
        """Return further outputs by name, float ``(B, D, h, w)`` of any size; asked for without gradient.

        Args:
            model: The network, in evaluation mode.
            modules: The recipe's modules, in evaluation mode.
            images: Normalised float ``(B, 3, H, W)``.
            logits: What the network says of them, float ``(B, C, h, w)`` at its own resolution.
        """
        ...
