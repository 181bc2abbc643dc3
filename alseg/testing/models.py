"""Does a segmentation network keep the contract?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional as F

from alseg.contracts import BACKBONE_FEATURES, IGNORE_INDEX, ModelSpec, Size
from alseg.testing.aspects import require


def check_model(spec: ModelSpec, *, num_classes: int = 5, size: Size = (64, 96), **params: Any) -> None:
    """Check a network against `alseg.contracts.SegmentationModel`.

    It is built, looks at noise and takes one training step, on the CPU. Checked are its normalisation, dtypes
    and shapes of logits and of both kinds of features, that the same images give the same logits, alone and
    in a batch, that inputs stay as they are, that initial weights depend on torch's seed alone, that the
    state holds everything that predictions depend on, that trained parameters are in one of the two groups,
    and that gradients are finite.

    Args:
        spec: The spec that the plugin registers.
        num_classes: Channels of the logits, at least 2.
        size: Height and width of the images in pixels.
        params: Parameters for ``build``, such as ``weights="none"`` where the default downloads weights.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    where = f"'{spec.name}'"
    model = _built(spec, num_classes, params, seed=0)
    assert isinstance(model, torch.nn.Module), (
        f"{where}: build must return a torch.nn.Module, got {type(model).__name__}"
    )
    _check_normalisation(where, model)
    _check_groups(where, model)
    _check_same_state(f"{where}: a second network from the same seed", model, spec, num_classes, params)
    images = torch.randn((2, 3, *size), generator=torch.Generator().manual_seed(0))
    model.eval()
    with torch.no_grad():
        logits = _check_logits(where, model, images, num_classes)
        if "features" in spec.provides:
            _check_features(where, model, images, logits, "features")
        if BACKBONE_FEATURES in spec.provides:
            _check_features(where, model, images, logits, BACKBONE_FEATURES)
        other = _built(spec, num_classes, params, seed=1)
        other.load_state_dict(model.state_dict())
        again = other.eval()(images)
    require(
        "independence",
        _close(again, logits),
        f"{where}: a network with the same state gives other logits; keep all they depend on in the state",
    )
    _check_gradients(where, model, images, num_classes)


def _built(spec: ModelSpec, num_classes: int, params: Mapping[str, Any], *, seed: int) -> Any:
    torch.manual_seed(seed)
    return spec.build(num_classes=num_classes, **params)


def _close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two results are the same but for the order of sums."""
    return torch.allclose(found, expected, rtol=1e-3, atol=1e-4)


def _equal(expected: torch.Tensor, found: torch.Tensor | None) -> bool:
    return found is not None and torch.equal(expected, found)


def _check_normalisation(where: str, model: Any) -> None:
    for name in ("mean", "std"):
        value = getattr(model, name, None)
        is_triple = (
            isinstance(value, tuple)
            and len(value) == 3
            and all(isinstance(number, int | float) for number in value)
        )
        assert is_triple, f"{where}: {name} must be a tuple of three numbers, for RGB, got {value!r}"
    assert min(model.std) > 0, f"{where}: std must be above 0, got {model.std}"


def _check_groups(where: str, model: Any) -> None:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    seen: set[int] = set()
    for group in ("backbone_parameters", "head_parameters"):
        for parameter in getattr(model, group)():
            assert id(parameter) in names, f"{where}: {group} has a parameter that is not the network's own"
            name = names[id(parameter)]
            assert id(parameter) not in seen, f"{where}: parameter {name} is in a group twice, or in both"
            seen.add(id(parameter))
    left_out = [name for name, parameter in model.named_parameters() if _trained(parameter, seen)]
    assert not left_out, (
        f"{where}: neither backbone_parameters nor head_parameters has {', '.join(left_out[:3])}; "
        "no recipe would train them"
    )


def _trained(parameter: torch.nn.Parameter, but_not: set[int]) -> bool:
    return parameter.requires_grad and id(parameter) not in but_not


def _check_same_state(
    what: str, model: torch.nn.Module, spec: ModelSpec, num_classes: int, params: Mapping[str, Any]
) -> None:
    expected, found = model.state_dict(), _built(spec, num_classes, params, seed=0).state_dict()
    differing = [name for name in expected if not _equal(expected[name], found.get(name))]
    require(
        "determinism",
        not differing and len(found) == len(expected),
        f"{what} has other initial weights ({', '.join(differing[:3])}); draw them with torch's global "
        "generator",
    )


def _check_logits(where: str, model: Any, images: torch.Tensor, num_classes: int) -> torch.Tensor:
    given = images.clone()
    logits = model(given)
    _check_maps(f"{where}: logits", logits, images, num_classes)
    require("inputs", torch.equal(given, images), f"{where}: it changes its input")
    same = torch.equal(model(images), logits)
    require("determinism", same, f"{where}: the same images give other logits in evaluation")
    alone = torch.cat([model(image[None]) for image in images])
    require(
        "independence",
        _close(alone, logits),
        f"{where}: in evaluation an image alone has other logits than in a batch, by up to "
        f"{float((alone - logits).abs().max()):.2g}",
    )
    return torch.as_tensor(logits)


def _check_features(where: str, model: Any, images: torch.Tensor, logits: torch.Tensor, kind: str) -> None:
    assert hasattr(model, kind), f"{where}: it has no {kind}, as 'provides' says"
    features = getattr(model, kind)(images)
    _check_maps(f"{where}: {kind}", features, images, None)
    both = getattr(model, f"logits_and_{kind}", None)
    if both is not None:
        for name, found, expected in zip(("logits", kind), both(images), (logits, features), strict=True):
            same = found.shape == expected.shape and _close(found, expected)
            assert same, f"{where}: logits_and_{kind} gives other {name} than it does apart"


def _check_maps(what: str, maps: Any, images: torch.Tensor, channels: int | None) -> None:
    assert isinstance(maps, torch.Tensor), f"{what} must be a tensor, got {type(maps).__name__}"
    assert maps.is_floating_point(), f"{what} must be float, got {maps.dtype}"
    expected = f"(2, {'D' if channels is None else channels}, h, w)"
    fits = maps.ndim == 4 and len(maps) == len(images) and channels in (None, maps.shape[1])
    assert fits, f"{what} must have shape {expected}, got {tuple(maps.shape)}"
    assert bool(maps.isfinite().all()), f"{what} are not finite"


def _check_gradients(where: str, model: Any, images: torch.Tensor, num_classes: int) -> None:
    model.train()
    logits = F.interpolate(model(images).float(), size=images.shape[-2:], mode="bilinear")
    labels = torch.arange(logits[:, 0].numel()).reshape(logits[:, 0].shape) % num_classes
    labels[:, 0] = IGNORE_INDEX
    F.cross_entropy(logits, labels, ignore_index=IGNORE_INDEX).backward()  # type: ignore[no-untyped-call]
    for group in ("backbone_parameters", "head_parameters"):
        _check_group_gradients(f"{where}: {group}", getattr(model, group)())


def _check_group_gradients(what: str, parameters: Sequence[torch.nn.Parameter]) -> None:
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    gradients = [parameter.grad for parameter in trained if parameter.grad is not None]
    assert gradients or not trained, f"{what}: a training step gives none of them a gradient"
    finite = all(bool(gradient.isfinite().all()) for gradient in gradients)
    assert finite, f"{what}: a training step gives gradients that are not finite"
