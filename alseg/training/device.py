"""Where networks run and how they round: one process, one device, one precision, whatever launched it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, get_args

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.precision import MixedPrecision, Precision
from lightning_fabric.strategies.single_device import SingleDeviceStrategy

from alseg.config.sections import Settings
from alseg.contracts.types import Precision as PrecisionName
from alseg.errors import AlsegError
from alseg.training import determinism
from alseg.training.precision import TRUE_PRECISIONS

FURTHER_METHODS = (
    "features",
    "logits_and_features",
    "backbone_features",
    "logits_and_backbone_features",
    "outputs",
)
"""Methods of a network, besides calling it, that compute with its weights."""


def _is_no_advice(record: logging.LogRecord) -> bool:
    """Return whether a line of Fabric's log is for the people who run alseg.

    Where a GPU could multiply matrices faster with fewer digits than float32 has, Fabric advises to call a
    function of torch, above every run. ``settings.precision`` is what they have for that.
    """
    return "torch.set_float32_matmul_precision" not in record.getMessage()


logging.getLogger("lightning_fabric.utilities.rank_zero").addFilter(_is_no_advice)


def make_fabric(settings: Settings) -> Fabric:
    """Return device and precision; a GPU is used where there is one and nothing else is asked for.

    Schedulers and launchers (SLURM, torchrun, MPI, LSF) have no say in it: each process works for itself.

    Raises:
        AlsegError: If there is no such device, it cannot compute in the precision, or deterministic kernels
            are wanted, but CUDA is set up for others.
    """
    if settings.deterministic and settings.device != "cpu":
        determinism.prepare()
    device = find_device(settings.device)
    if settings.threads is not None or settings.processes > 1:
        torch.set_num_threads(settings.threads or max(1, torch.get_num_threads() // settings.processes))
    fabric = _fabric(device, settings.precision)
    problem = _problem(fabric)
    if problem is not None:
        others = [name for name in get_args(PrecisionName) if name != settings.precision]
        able = [name for name in others if _problem(_fabric(device, name)) is None]
        raise AlsegError(
            f"settings.precision is '{settings.precision}', but {device} cannot train in it with torch "
            f"{torch.__version__}: {problem}. It can in: {', '.join(able) or 'none'}."
        )
    return fabric


def find_device(name: str) -> torch.device:
    """Return the device that a name of ``settings.device`` means here.

    Raises:
        AlsegError: If it is not there; says what is.
    """
    there = available()
    if name == "auto":
        return torch.device(next(device for device in ("mps", "cuda:0", "cpu") if device in there))
    wanted = "cuda:0" if name == "cuda" else name
    if wanted in there:
        return torch.device(wanted)
    kind = wanted.partition(":")[0]
    reasons = {
        "cuda": "torch finds no CUDA device" if "cuda:0" not in there else "there is no such CUDA device",
        "mps": "torch finds no Apple GPU",
    }
    reason = reasons.get(kind, "alseg knows no such device")
    hint = f" {_cuda_hint()}" if kind == "cuda" and "cuda:0" not in there else ""
    raise AlsegError(f"Device '{name}': {reason} here. Available: auto, {', '.join(there)}.{hint}")


def available() -> list[str]:
    """Return the devices of this machine: ``cpu``, then ``cuda:0``, ``cuda:1``, ..., then ``mps``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the driver is too old is said in the message, where it matters
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found = ["cpu", *(f"cuda:{number}" for number in range(count))]
    return [*found, "mps"] if torch.backends.mps.is_available() else found


def _cuda_hint() -> str:
    """Say why there may be no CUDA device."""
    if torch.version.cuda is None and torch.version.hip is None:
        return f"This torch, {torch.__version__}, is built without CUDA."
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return f"CUDA_VISIBLE_DEVICES is {visible!r}."
    return "nvidia-smi shows whether the driver works."


def set_up(fabric: Fabric, model: torch.nn.Module, *optimizers: torch.optim.Optimizer) -> Any:
    """Move a network to its device and precision.

    Args:
        fabric: Device and precision.
        model: A `SegmentationModel`.
        optimizers: Of its parameters.

    Returns:
        The network, wrapped so that its inputs and outputs are converted, whichever of its methods is called;
        with optimisers, it and the wrapped optimisers.
    """
    done: Any = fabric.setup(model, *optimizers) if optimizers else fabric.setup_module(model)
    wrapped = done[0] if optimizers else done
    for name in FURTHER_METHODS:
        method = getattr(model, name, None)
        if method is not None:
            # Fabric itself converts for forward() only, unless several devices share a network. It hands
            # attributes on to the network, which must keep its own method.
            object.__setattr__(wrapped, name, _in_precision(fabric.strategy.precision, method))
    return done


def _in_precision(precision: Precision, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that gets and gives what the network itself does."""

    @wraps(method)
    def converted(*args: Any) -> Any:
        with precision.forward_context():
            outputs = method(*precision.convert_input(args))
        return precision.convert_output(outputs)

    return converted


def _fabric(device: torch.device, precision: str) -> Fabric:
    plugins: list[Any] = [LightningEnvironment()]
    own: dict[str, Any] = {"precision": precision}
    if precision == "16-mixed" and device.type == "cpu":
        # Fabric would take bfloat16 instead, which is another run.
        plugins.append(MixedPrecision("16-mixed", device="cpu"))
        own = {}
    elif precision in TRUE_PRECISIONS:
        plugins.append(TRUE_PRECISIONS[precision]())
        own = {}
    with _without_launcher():
        return Fabric(
            accelerator=device.type,
            devices=[device.index] if device.index is not None else 1,
            strategy=SingleDeviceStrategy(device=device),
            plugins=plugins,
            **own,
        )


@contextmanager
def _without_launcher() -> Iterator[None]:
    """Hide what Fabric would read from the environment, LT_PRECISION and the like, and what it says."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("LT_")}
    log = logging.getLogger("lightning_fabric")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
        os.environ.update(hidden)


def _problem(fabric: Fabric) -> str | None:
    """Take one step with a small network and return what torch cannot do, or None."""
    if fabric.device.type == "cpu" and type(fabric.strategy.precision) is Precision:
        return None  # float32 on the CPU always works
    with torch.random.fork_rng(devices=[]):
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.Conv2d(4, 2, 1)
        )
        images = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)
    try:
        model = fabric.setup_module(network)
        fabric.backward(model(images.to(fabric.device)).float().square().mean())
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
        return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return None
