"""What is checked before several processes do one run together: that they give what one would."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.config.experiment import RunSpec
from alseg.config.sections import Settings
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.training.device import available


def ranks_of(settings: Settings) -> int:
    """Return how many processes do one run together."""
    return settings.devices * settings.nodes


def check_ranks(settings: Settings, specs: Sequence[RunSpec], assembler: Assembler) -> None:
    """Refuse what several processes cannot do together, wherever that is to be.

    Args:
        settings: Of the experiment.
        specs: Its runs.
        assembler: Makes their recipes.

    Raises:
        AlsegError: If batches cannot be divided equally, the device is one alone, or processes are asked for,
            too.
    """
    ranks = ranks_of(settings)
    if ranks == 1:
        return
    if settings.processes > 1:
        raise AlsegError(
            f"settings.processes is {settings.processes}, but several devices do each run together already. "
            "Leave processes out, and use --on local:N to do runs side by side."
        )
    if settings.device not in ("auto", "cpu", "cuda"):
        raise AlsegError(
            f"settings.device is {settings.device}, one device, but {ranks} devices are to do each run. Set "
            "device to auto, cuda or cpu; CUDA_VISIBLE_DEVICES chooses among GPUs."
        )
    for spec in {spec.method.order: spec for spec in specs}.values():
        plan = assembler.recipe(spec.method.recipe, spec.scenario.label_space).plan
        for domain, size in (("source", plan.source.batch_size), ("target", plan.target.batch_size)):
            if size % ranks:
                below = size - size % ranks
                sizes = f"{below} or {below + ranks}" if below else str(ranks)
                raise AlsegError(
                    f"Method '{spec.method.label}' trains with {domain} batches of {size} images, which "
                    f"{ranks} devices cannot share equally. Set recipe.{domain}_batch to {sizes}, or another "
                    "number of devices."
                )


def refuse_too_few_gpus(settings: Settings) -> None:
    """Refuse to start more processes on this machine than it has GPUs, where they compute on GPUs.

    Raises:
        AlsegError: If there are too few; says how many there are.
    """
    there = available()
    if settings.device == "auto" and "mps" in there:
        raise AlsegError(
            f"settings.devices is {settings.devices}, but this machine has one GPU, of Apple. Set devices to "
            "1, or device to cpu."
        )
    gpus = sum(name.startswith("cuda") for name in there)
    wanted = settings.device == "cuda" or (settings.device == "auto" and gpus > 0)
    if wanted and gpus < settings.devices:
        raise AlsegError(
            f"settings.devices is {settings.devices}, but there {'is' if gpus == 1 else 'are'} {gpus} "
            f"GPU{'' if gpus == 1 else 's'} here. Set devices to {max(gpus, 1)}, or device to cpu."
        )
