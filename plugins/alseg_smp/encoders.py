"""Which encoder a name means, in segmentation-models-pytorch or in timm."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import segmentation_models_pytorch as smp
import timm

from alseg import AlsegError

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)

_TIMM = "tu-"
_SHOWN = 5


@dataclass(frozen=True)
class Encoder:
    """An encoder that exists.

    Attributes:
        name: As segmentation-models-pytorch wants it, with ``tu-`` where it is timm's.
        mean: RGB mean that the pretrained weights want, in units of 0-1.
        std: RGB standard deviation, likewise.
        pretrained: Names of pretrained weights that can be downloaded.
    """

    name: str
    mean: Triple
    std: Triple
    pretrained: tuple[str, ...]

    @property
    def timm_name(self) -> str | None:
        """Its name in timm, with the tag if one was given; None if it is not timm's."""
        return self.name.removeprefix(_TIMM) if self.name.startswith(_TIMM) else None


def find_encoder(name: str, *, timm_only: bool = False) -> Encoder:
    """Return the encoder that a name means.

    Args:
        name: A name of segmentation-models-pytorch, or of timm with or without ``tu-``.
        timm_only: Look in timm only.

    Raises:
        AlsegError: If neither library knows it; shows the nearest names.
    """
    if name in smp.encoders.encoders and not timm_only:
        # All encoders of segmentation-models-pytorch's own were trained with these but for a few whose
        # normalisation is stored with their weights only.
        pretrained = tuple(smp.encoders.encoders[name]["pretrained_settings"])
        return Encoder(name, IMAGENET_MEAN, IMAGENET_STD, pretrained)
    timm_name = name.removeprefix(_TIMM)
    base, _, tag = timm_name.partition(".")
    if base not in timm.list_models():
        raise AlsegError(_unknown_encoder(name, base, timm_only))
    if tag and timm_name not in timm.list_pretrained(f"{base}.*"):
        raise AlsegError(_unknown_tag(name, base, tag))
    settings = timm.get_pretrained_cfg(timm_name)
    mean, std = (settings.mean, settings.std) if settings else (IMAGENET_MEAN, IMAGENET_STD)
    pretrained = ("imagenet",) if timm.models.is_model_pretrained(timm_name) else ()
    return Encoder(_TIMM + timm_name, _triple(mean), _triple(std), pretrained)


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = values
    return red, green, blue


def _unknown_encoder(name: str, base: str, timm_only: bool) -> str:
    timm_names = timm.list_models()
    own_names = [] if timm_only else list(smp.encoders.encoders)
    near = difflib.get_close_matches(base, {*own_names, *timm_names}, n=_SHOWN, cutoff=0.6)
    guess = f" Nearest: {', '.join(near)}." if near else ""
    libraries = f"timm knows {len(timm_names)}"
    if own_names:
        libraries = f"segmentation-models-pytorch knows {len(own_names)} and {libraries}"
    return f"Unknown encoder '{name}'.{guess} {libraries}; list the latter with timm.list_models()."


def _unknown_tag(name: str, base: str, tag: str) -> str:
    tags = sorted(known.partition(".")[2] for known in timm.list_pretrained(f"{base}.*"))
    available = ", ".join(tags) or "none"
    return f"Unknown tag '{tag}' in encoder '{name}'. Tags of '{base}' in timm: {available}."
