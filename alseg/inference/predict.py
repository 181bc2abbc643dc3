"""Predictions at label size, for evaluation and acquisition alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional

from alseg.contracts import Dataset, Moments, Passes, Size
from alseg.contracts.types import WINDOW_OVERLAP
from alseg.data.inference_samples import InferenceSample, InferenceSamples, inference_loader
from alseg.data.loading import normalise, started
from alseg.guard.answers import checked_logits
from alseg.guard.calls import guarded
from alseg.inference.passes import moments_of_image
from alseg.inference.prefetch import ahead
from alseg.inference.recipe_outputs import RecipeOutputs
from alseg.inference.windows import windowed
from alseg.system.ranks import ALONE, Ranks

_STRIPS = 16
"""Parts of an image whose softmax is averaged one after the other, so that no third map is made."""


def resize_logits(logits: torch.Tensor, size: Size) -> torch.Tensor:
    """Resize ``(B, C, h, w)`` bilinearly to ``size``, corners aligned; float32."""
    if logits.shape[-2:] == size:
        return logits.float()
    return functional.interpolate(logits.float(), size=size, mode="bilinear", align_corners=True)


@dataclass(frozen=True)
class Prediction:
    """What the network says about one image.

    Attributes:
        index: The image's index in its split.
        logits: float32 ``(C, H, W)`` at label size, on the model's device. With mirrored averaging these are
            averaged probabilities; their argmax is the prediction, but they are no logits.
        features: float32 ``(D, h, w)``, or None where not asked for.
        image: uint8 ``(3, H, W)`` on the CPU, or None where not asked for.
        outputs: Named further outputs, float32 ``(D, h, w)``; those asked for.
        moments: Of several passes, or None where not asked for.
        previous: float32 ``(C, H, W)``, logits of another network, or None where there is none.
    """

    index: int
    logits: torch.Tensor
    features: torch.Tensor | None
    image: torch.Tensor | None
    outputs: Mapping[str, torch.Tensor] = field(default_factory=dict)
    moments: Moments | None = None
    previous: torch.Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class InferenceOptions:
    """How images are fed to the network.

    Attributes:
        size: Input size; None for the native size.
        flip: Whether the softmax at label size is averaged with that of the mirrored image.
        through_input_size: Whether logits are resized to the input size first and then to the label size, as
            acquisitions see them; otherwise to the label size at once, as they are evaluated.
        window: Height and width of sliding windows, in pixels of the input size; None for whole images.
        window_overlap: Share of a window that the next one covers, too.
        batch_size: Images per forward pass; with windows images are predicted one by one.
        workers: Loader processes.
        device: Where the model is.
        features: Whether features are wanted.
        image: Whether the native picture is wanted.
        outputs: Names of further outputs of the network that are wanted.
        recipe_outputs: Further outputs of the recipe that are wanted; None for none.
        passes: Several passes that are wanted besides the plain one; None for none.
        axes: What the randomness of passes depends on besides the image, such as the run's seed and the
            round.
        overlap: Whether the next batch is decoded while one is predicted, in a thread where there are no
            workers, and predicted while an acquisition scores the last one.
        ranks: The processes that predict together: each of them whole batches, the same as one process would
            have, so that numbers are the same.
    """

    size: Size | None
    flip: bool = False
    through_input_size: bool = False
    window: Size | None = None
    window_overlap: float = WINDOW_OVERLAP
    batch_size: int = 4
    workers: int = 0
    device: torch.device | str = "cpu"
    features: bool = False
    image: bool = False
    outputs: tuple[str, ...] = ()
    recipe_outputs: RecipeOutputs | None = None
    passes: Passes | None = None
    axes: tuple[int | str, ...] = ()
    overlap: bool = True
    ranks: Ranks = ALONE


@torch.inference_mode()
def predict(
    model: Any, dataset: Dataset, options: InferenceOptions, previous: Any | None = None
) -> Iterator[Prediction]:
    """Yield the prediction of every image that is this rank's, in order. Models are put into evaluation mode.

    Args:
        model: A `SegmentationModel`, possibly wrapped for a device and precision.
        dataset: Only its images and label sizes are read.
        options: How.
        previous: Another network of the same input normalisation, whose logits are wanted, too.
    """
    model.eval()
    model = windowed(model, options.window, options.window_overlap)
    if previous is not None:
        previous.eval()
        previous = windowed(previous, options.window, options.window_overlap)
    if options.recipe_outputs is not None:
        options.recipe_outputs.prepare()
    for group, inputs in _network_inputs(model, dataset, options):
        with guarded(_network_of(model), "predictions"):
            raw, features = network_outputs(model, inputs, features=options.features)
            mirrored = model(inputs.flip(-1)) if options.flip else None
            named = _named_outputs(model, inputs, options.outputs)
            earlier = previous(inputs) if previous is not None else None
        checked_logits(_network_of(model), raw, inputs)
        if options.recipe_outputs is not None:
            with guarded(options.recipe_outputs.recipe, "outputs"):
                named |= options.recipe_outputs.of(model, inputs, raw)
        for place, (index, pixels, native) in enumerate(group):
            sizes = _sizes(inputs, dataset.size(index), options)
            logits = _resized(raw[place], sizes)
            if mirrored is not None:
                if logits.data_ptr() == raw[place].data_ptr():  # not resized, and the model's own
                    logits = logits.clone()
                average_softmax(logits, _resized(mirrored[place], sizes))
            yield Prediction(
                index,
                logits,
                None if features is None else features[place],
                native,
                {name: maps[place] for name, maps in named.items()},
                _moments(model, pixels, dataset.image_id(index), sizes, options),
                None if earlier is None else _resized(earlier[place], sizes),
            )


def network_outputs(
    model: Any, inputs: torch.Tensor, *, features: bool = False
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Run a batch through the network.

    Args:
        model: A `SegmentationModel` in evaluation mode, possibly wrapped.
        inputs: Normalised images, float ``(B, 3, H, W)``.
        features: Whether features are wanted. A model with ``logits_and_features`` gives them in the same
            pass; others are run twice.

    Returns:
        Logits at the network's own resolution, float ``(B, C, h, w)``; features, float32 ``(B, D, h', w')``,
        or None.
    """
    if not features:
        return model(inputs), None
    if hasattr(model, "logits_and_features"):
        logits, maps = model.logits_and_features(inputs)
    else:
        logits, maps = model(inputs), model.features(inputs)
    return logits, maps.float()


def _named_outputs(model: Any, inputs: torch.Tensor, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Return named outputs of a batch, float32 ``(B, D, h, w)``."""
    if not names:
        return {}
    given = model.outputs(inputs)
    return {
        name: checked_logits(_network_of(model), given[name], inputs, f"output '{name}'").float()
        for name in names
    }


def _moments(
    model: Any, pixels: torch.Tensor, image_id: str, sizes: list[Size], options: InferenceOptions
) -> Moments | None:
    """Return the moments of several passes over an image, uint8 ``(3, h, w)``, where they are wanted."""
    if options.passes is None:
        return None
    with guarded(_network_of(model), "predictions of several passes"):
        return moments_of_image(
            model,
            pixels.to(options.device),
            options.passes,
            lambda logits: _resized(logits, sizes),
            [*options.axes, image_id],
        )


def _network_of(model: Any) -> Any:
    """Return the plugin's own object, which Fabric wraps."""
    return getattr(model, "module", model)


def _sizes(inputs: torch.Tensor, label_size: Size, options: InferenceOptions) -> list[Size]:
    """Return the sizes that logits take, one after the other."""
    input_size = (inputs.shape[-2], inputs.shape[-1])
    return [input_size, label_size] if options.through_input_size else [label_size]


def _resized(logits: torch.Tensor, sizes: list[Size]) -> torch.Tensor:
    """Return logits ``(C, h, w)`` of one image, resized to each size in turn, float32 ``(C, H, W)``."""
    logits = logits[None]
    for size in sizes:
        logits = resize_logits(logits, size)
    return logits[0]


def average_softmax(logits: torch.Tensor, mirrored: torch.Tensor) -> None:
    """Turn logits into the mean of their softmax and that of the mirrored image's.

    Args:
        logits: float32 ``(C, H, W)``, overwritten with probabilities.
        mirrored: The same of the mirrored image.

    Source:
        The released evaluation of Xie et al., CVPR 2022: softmax after resizing, mirrored back last.
    """
    for own, other in zip(logits.chunk(_STRIPS, dim=1), mirrored.chunk(_STRIPS, dim=1), strict=True):
        own.copy_(own.softmax(0)).add_(other.softmax(0).flip(-1)).div_(2)


def _network_inputs(
    model: Any, dataset: Dataset, options: InferenceOptions
) -> Iterator[tuple[list[InferenceSample], torch.Tensor]]:
    """Yield batches of images of one size, and the same normalised, on the model's device."""
    own = options.ranks.batches(len(dataset), options.batch_size)
    samples = InferenceSamples(dataset, options.size, own, keep_image=options.image)
    loader = inference_loader(samples, options.batch_size, options.workers)
    batches: Iterable[list[InferenceSample]] = started(loader)
    with ExitStack() as stack:
        if options.overlap and not options.workers:  # worker processes are ahead by themselves
            batches = stack.enter_context(closing(ahead(batches)))
        for batch in batches:
            alone = options.window is not None  # averaged maps of one image at a time are kept
            for group in ([sample] for sample in batch) if alone else _same_size_groups(batch):
                images = torch.stack([image for _, image, _ in group]).to(options.device)
                yield group, normalise(images, model.mean, model.std)


def _same_size_groups(batch: list[InferenceSample]) -> Iterator[list[InferenceSample]]:
    """Split a batch into runs of images that share a size and can go through the network together."""
    group: list[InferenceSample] = []
    for sample in batch:
        if group and sample[1].shape != group[0][1].shape:
            yield group
            group = []
        group.append(sample)
    if group:
        yield group
