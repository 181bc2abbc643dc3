"""A network of transformers from a checkpoint: on the hub, in a folder, or from the name of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import transformers

from alseg import AlsegError
from alseg_transformers.model import Triple, encoder_of

T = TypeVar("T")

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Loaded:
    """A network, and the normalisation that its weights want.

    Attributes:
        network: For semantic segmentation.
        mean: RGB mean, in units of 0-1.
        std: RGB standard deviation, likewise.
    """

    network: Any
    mean: Triple
    std: Triple


def load(checkpoint: str, revision: str, num_classes: int, *, with_weights: bool) -> Loaded:
    """Make a network, with a fresh classifier where the checkpoint's has another number of classes.

    Args:
        checkpoint: Repository, folder, or, without weights, the kind of a network.
        revision: Of the repository.
        num_classes: Channels of the logits.
        with_weights: Whether the checkpoint's weights are read.

    Raises:
        AlsegError: If the checkpoint cannot be had, lacks weights of the encoder, or is of no network for
            semantic segmentation.
    """
    auto = transformers.AutoModelForSemanticSegmentation
    if not with_weights and _is_kind(checkpoint):
        config = transformers.AutoConfig.for_model(checkpoint, num_labels=num_classes)
        return Loaded(_had(checkpoint, lambda: auto.from_config(config)), IMAGENET_MEAN, IMAGENET_STD)
    if checkpoint.startswith(("/", "./", "../", "~")):
        checkpoint = _folder(checkpoint)
    common = {"revision": revision, "trust_remote_code": False}
    mean, std = _normalisation(checkpoint, common)
    if not with_weights:
        config = _had(
            checkpoint,
            lambda: transformers.AutoConfig.from_pretrained(checkpoint, num_labels=num_classes, **common),
        )
        return Loaded(_had(checkpoint, lambda: auto.from_config(config)), mean, std)
    network, report = _had(
        checkpoint,
        lambda: auto.from_pretrained(
            checkpoint,
            num_labels=num_classes,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            dtype="float32",
            **common,
        ),
    )
    _refuse_without_encoder(checkpoint, network, report)
    return Loaded(network, mean, std)


def _is_kind(checkpoint: str) -> bool:
    return checkpoint in transformers.CONFIG_MAPPING and not Path(checkpoint).exists()


def _folder(checkpoint: str) -> str:
    path = Path(checkpoint).expanduser()
    if not (path / "config.json").is_file():
        raise AlsegError(
            f"No checkpoint of transformers in {path}: it has no config.json. Correct the folder, or name a "
            "repository of the hub."
        )
    return str(path)


def _had(checkpoint: str, make: Callable[[], T]) -> T:
    """Return what a function of transformers makes of a checkpoint; its failures are the user's to mend."""
    try:
        with _quiet():
            return make()
    except OSError as error:  # no connection, no such repository, no such file
        raise AlsegError(
            f"Checkpoint '{checkpoint}' cannot be had: {_first_line(error)}. Check its name and the "
            "connection, or name a folder that holds its files."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise AlsegError(
            f"Checkpoint '{checkpoint}' is of no network for semantic segmentation that this version of "
            f"transformers knows: {_first_line(error)}. Use another, such as "
            "nvidia/segformer-b0-finetuned-ade-512-512."
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from showing bars, and from telling what is meant: that the classifier is fresh."""
    settings = transformers.utils.logging
    verbosity, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        yield
    finally:
        settings.set_verbosity(verbosity)
        if bars:
            settings.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].strip().rstrip(".")[:300] if str(error) else type(error).__name__


def _normalisation(checkpoint: str, common: dict[str, Any]) -> tuple[Triple, Triple]:
    """Return mean and standard deviation as the checkpoint's image processor has them."""
    try:
        settings, _ = transformers.ImageProcessingMixin.get_image_processor_dict(checkpoint, **common)
    except OSError:  # a checkpoint needs none; what else is wrong is told when its network is loaded
        settings = {}
    return (
        _triple(settings.get("image_mean"), IMAGENET_MEAN),
        _triple(settings.get("image_std"), IMAGENET_STD),
    )


def _triple(values: Any, usual: Triple) -> Triple:
    if values is None:
        return usual
    red, green, blue = map(float, values)
    return red, green, blue


def _refuse_without_encoder(checkpoint: str, network: Any, report: dict[str, Any]) -> None:
    """Refuse a checkpoint that lacks weights of the encoder: they would be random without a word.

    Raises:
        AlsegError: If it does.
    """
    encoder = encoder_of(network)
    of_encoder = {f"{name}." for name, part in network.named_children() if part is encoder}
    lost = [*report["missing_keys"], *(each[0] for each in report["mismatched_keys"])]
    missing = sorted(name for name in lost if name.startswith(tuple(of_encoder)))
    if missing:
        raise AlsegError(
            f"Checkpoint '{checkpoint}' lacks {len(missing)} weights of the encoder, such as {missing[0]}. "
            "Use a checkpoint of the same network."
        )
