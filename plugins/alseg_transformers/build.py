"""The parameters of the model ``transformers``; the package is imported when the model is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from alseg import AlsegError
from alseg.contracts import Interval

if TYPE_CHECKING:
    from alseg_transformers.model import TransformersModel

Mean = Annotated[float, Interval(ge=-1_000, le=1_000)]
Deviation = Annotated[float, Interval(ge=1e-6, le=1_000)]


def build_transformers(
    *,
    num_classes: int,
    checkpoint: str = "nvidia/segformer-b0-finetuned-ade-512-512",
    revision: str = "main",
    weights: Literal["pretrained", "none"] = "pretrained",
    frozen_encoder: bool = False,
    mean: tuple[Mean, Mean, Mean] | None = None,
    std: tuple[Deviation, Deviation, Deviation] | None = None,
) -> TransformersModel:
    """Make a network that transformers knows as one for semantic segmentation, such as SegFormer or UPerNet.

    Args:
        num_classes: Channels of the logits. A classifier of another number is replaced by a fresh one; one of
            the same number is kept, so do not take a checkpoint that was trained on the target's labels.
        checkpoint: A repository of the Hugging Face hub, or a folder with ``config.json`` and weights.
            Without weights also a kind of network, such as ``segformer``, in its usual size. Code that comes
            with a checkpoint is never run.
        revision: Branch, tag or commit of the repository; a commit is the same tomorrow.
        weights: ``pretrained``: those of the checkpoint, downloaded once; or ``none``.
        frozen_encoder: Train the decoder only.
        mean: RGB mean of the input normalisation, in units of 0-1; None for what the checkpoint says, or
            ImageNet's where it says nothing.
        std: RGB standard deviation, likewise.

    Raises:
        AlsegError: If the package is not installed, the checkpoint cannot be had, or it is of no network for
            semantic segmentation.
    """
    try:
        from transformers import AutoModelForSemanticSegmentation  # noqa: F401  torch and torchvision, too
    except ImportError as error:
        raise AlsegError(
            f"Model 'transformers' needs a package that is not installed ({error}): "
            'pip install "alseg[transformers]"'
        ) from error
    from alseg_transformers import model, pretrained

    loaded = pretrained.load(checkpoint, revision, num_classes, with_weights=weights == "pretrained")
    return model.TransformersModel(
        loaded.network,
        mean=mean or loaded.mean,
        std=std or loaded.std,
        frozen=frozen_encoder,
        pretrained=weights == "pretrained",
    )
