"""The part of an encoder that is not trained."""

from __future__ import annotations

import segmentation_models_pytorch as smp
import torch

from alseg import AlsegError
from alseg_smp.network import batch_norms, side_multiple


def frozen_norms(
    network: smp.base.SegmentationModel, encoder_norm: bool, stages: int
) -> list[torch.nn.Module]:
    """Freeze an encoder's first stages, and return the batch norms that keep their running statistics.

    Args:
        network: The network, see `freeze_stages`.
        encoder_norm: Whether all batch norms of the encoder keep them.
        stages: Stages to freeze.

    Raises:
        AlsegError: As `freeze_stages`.
    """
    of_stages = freeze_stages(network, stages)
    return batch_norms(network.encoder) if encoder_norm else of_stages


def freeze_all(module: torch.nn.Module) -> list[torch.nn.Module]:
    """Stop all gradients of a module, and return it: it stays in evaluation."""
    module.requires_grad_(False)
    return [module]


def freeze_stages(network: smp.base.SegmentationModel, stages: int) -> list[torch.nn.Module]:
    """Stop the gradients of an encoder's first stages, which are dear and change little.

    A stage's parameters are those on which its feature map depends and that of the stage before does not. So
    they are found for every encoder of both libraries, however it names its parts.

    Args:
        network: The network; parameters of frozen stages get ``requires_grad = False``.
        stages: Stages to freeze; every stage halves the resolution. 0 freezes none.

    Returns:
        The batch norms of the frozen stages, whose running statistics must not change either.

    Raises:
        AlsegError: If the encoder has no or fewer stages, or ``stages`` is negative.
    """
    if stages < 0:
        raise AlsegError(f"frozen_stages is {stages}; it counts stages, from 0, which freezes none.")
    if not stages:
        return []
    if type(network).__name__ == "DPT":
        raise AlsegError("DPT takes no frozen_stages: its encoders keep one resolution. Leave it out.")
    encoder = network.encoder
    frozen = {id(parameter) for parameter in _parameters_before(network, stages)}
    for parameter in encoder.parameters():
        if id(parameter) in frozen:
            parameter.requires_grad_(False)
    return [
        norm
        for norm in batch_norms(encoder)
        if any(id(parameter) in frozen for parameter in norm.parameters())
    ]


def _parameters_before(network: smp.base.SegmentationModel, stages: int) -> list[torch.nn.Parameter]:
    """Return the parameters on which the feature map of a stage depends, found by one backward pass."""
    encoder = network.encoder
    training = encoder.training
    side = side_multiple(network)
    parameters = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    encoder.eval()
    try:
        # Features come from the image itself, stage 0, down to the coarsest.
        maps = encoder(torch.zeros(1, 3, side, side))
        if stages >= len(maps):
            raise AlsegError(
                f"frozen_stages is {stages}, but this encoder has {len(maps) - 1} stages. Freeze fewer."
            )
        if not maps[stages].requires_grad:
            return []  # some transformers have no map at half the resolution, and give an empty one
        gradients = torch.autograd.grad(maps[stages].sum(), parameters, allow_unused=True)
    finally:
        encoder.train(training)
    return [parameter for parameter, grad in zip(parameters, gradients, strict=True) if grad is not None]
