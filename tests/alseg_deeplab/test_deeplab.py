from __future__ import annotations

import json
import math
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from alseg.errors import AlsegError
from alseg_deeplab import heads, register_models
from alseg_deeplab.build import build_deeplab_v2, build_deeplab_v3plus
from alseg_deeplab.model import DeepLab

Build = Callable[..., DeepLab]
State = dict[str, torch.Tensor]

GOLDEN = Path(__file__).parents[2] / "../shared/golden"
BOTH = pytest.mark.parametrize("build", [build_deeplab_v2, build_deeplab_v3plus])
GOLDEN_NAMES = pytest.mark.parametrize(
    ("build", "name"), [(build_deeplab_v2, "deeplabv2"), (build_deeplab_v3plus, "deeplabv3plus")]
)


def small(build: Build, **options: Any) -> DeepLab:
    return build(**{"num_classes": 5, "backbone": "resnet50", "weights": "none", **options})


def outline(make: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Build without memory for weights, for what only names and shapes decide."""
    with torch.device("meta"):
        return make(*arguments, **options)


def refusal(build: Build, **options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        outline(small, build, **options)
    return str(caught.value)


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def constants(module: torch.nn.Module) -> State:
    """Return a state of the module's names and shapes; each tensor has its own value and takes 4 bytes."""
    named = enumerate(shapes(module).items())
    return {name: torch.tensor(float(index)).expand(shape) for index, (name, shape) in named}


def golden_file(name: str) -> Path:
    path = GOLDEN / name
    if not path.exists():
        pytest.skip("the golden files are not beside the repository")
    return path


def authors_checkpoint(path: Path, state: State) -> None:
    """Write a state as the authors do: two parts, the iteration and the optimisers' states."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1, momentum=0.9)
    parts: dict[str, State] = {"feature_extractor": {}, "classifier": {}}
    for name, tensor in state.items():
        part, _, own_name = name.partition(".")
        parts[part][own_name] = tensor
    states = {"optimizer_fea": optimizer.state_dict(), "optimizer_cls": optimizer.state_dict()}
    torch.save({"iteration": 40000, **parts, **states}, path)


def test_listing_the_models_does_not_import_torch() -> None:
    code = "import alseg_deeplab, sys; alseg_deeplab.register_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_both_networks_are_offered_with_features() -> None:
    assert {spec.name: spec.provides for spec in register_models()} == {
        "deeplab-v2": ("logits", "probs", "features", "backbone_features"),
        "deeplab-v3plus": ("logits", "probs", "features", "backbone_features"),
    }


@GOLDEN_NAMES
def test_outputs_are_those_of_the_authors_code(build: Build, name: str) -> None:
    golden = np.load(golden_file("deeplab_forward.npz"))
    model = build(num_classes=19, weights="none").eval()
    for key, tensor in model.state_dict().items():
        # The rule by which the golden weights were filled, see the golden folder's README.
        noise = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(tuple(tensor.shape))
        if key.endswith("running_var"):
            filled = 1 + 0.1 * np.abs(noise)
        elif tensor.ndim == 4:
            filled = noise * np.sqrt(1 / np.prod(tensor.shape[1:]))
        else:
            filled = 1 + 0.05 * noise if key.endswith("weight") else 0.05 * noise
        tensor.copy_(torch.from_numpy(filled.astype(np.float32)))
    images = torch.from_numpy(golden["input"])
    with torch.no_grad():
        logits = model(images)
    upsampled = torch.nn.functional.interpolate(
        logits, size=images.shape[-2:], mode="bilinear", align_corners=True
    )
    for ours, theirs in ((logits, "logits"), (upsampled[..., ::8, ::8], "upsampled")):
        expected = torch.from_numpy(golden[f"{name}_{theirs}"])
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@GOLDEN_NAMES
def test_all_names_and_shapes_are_those_of_the_authors_checkpoints(build: Build, name: str) -> None:
    published = json.loads(golden_file("checkpoint_keys.json").read_text())
    parts = {"feature_extractor": "feature_extractor", f"classifier_{name}": "classifier"}
    expected = {
        f"{ours}.{key}": tuple(shape)
        for theirs, ours in parts.items()
        for key, shape in published[theirs].items()
    }
    assert shapes(outline(build, num_classes=19, weights="none")) == expected


def test_v2_has_the_published_names_shapes_and_size() -> None:
    model = outline(build_deeplab_v2, num_classes=19, weights="none")
    found = shapes(model)
    assert found["feature_extractor.backbone.layer3.22.bn3.running_var"] == (1024,)
    assert found["feature_extractor.backbone.layer4.0.downsample.0.weight"] == (2048, 1024, 1, 1)
    assert found["classifier.conv2d_list.3.weight"] == (19, 2048, 3, 3)
    # 520 in the ResNet, weight and bias of four convolutions.
    assert len(found) == 528
    # ResNet-101 has 42,394,816 weights in convolutions; one classifier 19 * (2048 * 9 + 1) = 350,227.
    assert sum(parameter.numel() for parameter in model.backbone_parameters()) == 42_394_816
    assert sum(parameter.numel() for parameter in model.head_parameters()) == 1_400_908


def test_v3plus_has_the_published_names_shapes_and_size() -> None:
    model = outline(build_deeplab_v3plus, num_classes=19, weights="none")
    found = shapes(model)
    assert found["classifier.parallel_branches.2.depthwise_conv.weight"] == (2048, 1, 3, 3)
    assert found["classifier.parallel_branches.0.1.running_mean"] == (512,)
    assert found["classifier.bottleneck.0.weight"] == (512, 2560, 3, 3)
    assert found["classifier.shortcut.0.weight"] == (48, 256, 1, 1)
    assert found["classifier.decoder.0.pointwise_conv.weight"] == (512, 560, 1, 1)
    assert found["classifier.decoder.3.bias"] == (19,)
    # Two 1x1 convolutions 2048 -> 512: 2,097,152; three separable: 3 * (2048 * 9 + 2048 * 512) = 3,201,024;
    # bottleneck 2560 * 512 * 9 = 11,796,480; shortcut 256 * 48 = 12,288;
    # decoder 560 * 9 + 560 * 512 + 512 * 9 + 512 * 512 + 19 * 513 = 568,259.
    assert sum(parameter.numel() for parameter in model.head_parameters()) == 17_675_203


@BOTH
def test_backbone_features_are_those_of_the_last_stage(build: Build) -> None:
    model = small(build).eval()
    images = torch.randn(1, 3, 33, 41, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.backbone_features(images)
        logits, same = model.logits_and_backbone_features(images)
        assert torch.equal(logits, model(images))
    assert torch.equal(features, same) and features.shape[:2] == (1, 2048)
    assert not model.pretrained


@BOTH
def test_no_norm_is_trained_and_eps_is_zero(build: Build) -> None:
    model = small(build)
    norms = [part for part in model.modules() if "norm" in type(part).__name__.lower()]
    assert {type(norm).__name__ for norm in norms} == {"FrozenBatchNorm2d"}
    assert {norm.eps for norm in norms} == {0.0}
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()(torch.ones(2, 3, 33, 33)).square().mean().backward()
    optimizer.step()
    assert all(torch.equal(buffer, before[name]) for name, buffer in model.named_buffers())


@BOTH
def test_backbone_and_head_parameters_are_all_parameters_once(build: Build) -> None:
    model = outline(small, build)
    split = [*model.backbone_parameters(), *model.head_parameters()]
    assert [id(parameter) for parameter in split] == [id(parameter) for parameter in model.parameters()]


@pytest.mark.parametrize(
    ("build", "logits", "features"),
    [
        # 65 -> 33 -> 17 -> 9 and 97 -> 49 -> 25 -> 13; DeepLab-v3+ joins the first stage at 17 x 25.
        (build_deeplab_v2, (2, 5, 9, 13), (2, 2048, 9, 13)),
        (build_deeplab_v3plus, (2, 5, 17, 25), (2, 512, 17, 25)),
    ],
)
def test_logits_are_computed_from_the_features(
    build: Build, logits: tuple[int, ...], features: tuple[int, ...]
) -> None:
    model = small(build).eval()
    images = torch.randn(2, 3, 65, 97, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        map_ = model.features(images)
        assert (map_.shape, model(images).shape) == (features, logits)
        torch.testing.assert_close(model.classifier.classify(map_), model(images))
        together = model.logits_and_features(images)
        torch.testing.assert_close(together, (model(images), map_))


@BOTH
def test_random_weights_neither_vanish_nor_explode(build: Build) -> None:
    torch.manual_seed(0)
    deep = small(build, backbone="resnet101").feature_extractor.eval()(torch.randn(1, 3, 64, 64))[1]
    assert 0.1 < deep.std().item() < 10


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        # N(0, 0.01) over four classifiers of 2048 * 9 inputs: sqrt(4 * 18432) * 0.01 = 2.7, less at the
        # border of a map that is smaller than the dilation, where weights meet padding: half of it here.
        (heads.DilatedSum, 1.4),
        # The released code's start, measured; PyTorch's default start gives 0.0007.
        (heads.SeparablePyramid, 0.30),
    ],
)
def test_logits_at_the_start_vary_over_pixels_as_in_the_released_code(
    make: Callable[[int], heads.Head], expected: float
) -> None:
    torch.manual_seed(0)
    head = make(19).eval()
    with torch.no_grad():
        logits = head.classify(head.features(torch.randn(1, 256, 32, 32), torch.randn(1, 2048, 16, 16)))
    spread = logits.std(dim=(0, 2, 3)).mean().item()
    assert expected / 2 < spread < expected * 2


def test_the_head_of_v3plus_learns_visible_classes_within_1200_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    widths = {
        "BACKBONE_CHANNELS": 256,
        "SHORTCUT_CHANNELS": 32,
        "_V3_CHANNELS": 64,
        "_V3_SHORTCUT_CHANNELS": 6,
    }
    for name, eighth in widths.items():
        monkeypatch.setattr(heads, name, eighth)
    torch.manual_seed(0)
    head = heads.SeparablePyramid(19).train()
    # The paper's optimiser, at the head's ten times higher rate.
    optimizer = torch.optim.SGD(head.parameters(), lr=2.5e-3, momentum=0.9, weight_decay=5e-4)
    of_class, of_class_in_shortcut = torch.randn(19, 256), torch.randn(19, 32)
    losses = [math.log(19)]
    while min(losses) > math.log(19) / 2 and len(losses) <= 1200:
        labels = torch.randint(19, (2, 2, 3)).repeat_interleave(4, 1).repeat_interleave(4, 2)
        fine = labels.repeat_interleave(2, 1).repeat_interleave(2, 2)
        deep = of_class[labels].permute(0, 3, 1, 2) + torch.randn(2, 256, 8, 12)
        shortcut = of_class_in_shortcut[fine].permute(0, 3, 1, 2) + torch.randn(2, 32, 16, 24)
        loss = torch.nn.functional.cross_entropy(head.classify(head.features(shortcut, deep)), fine)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # About 150 steps; with PyTorch's default start the loss is still log 19 after 3,000.
    assert losses[-1] <= math.log(19) / 2


@BOTH
def test_a_checkpoint_of_the_authors_loads_as_it_is(build: Build, tmp_path: Path) -> None:
    trained, path = constants(outline(small, build)), tmp_path / "model_iter040000.pth"
    authors_checkpoint(path, trained)
    loaded = small(build, weights=str(path)).state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in trained.items())


def test_a_whole_state_loads_from_a_checkpoint_of_a_run(tmp_path: Path) -> None:
    trained, path = constants(outline(small, build_deeplab_v2)), tmp_path / "checkpoint.pt"
    torch.save({"format": 1, "iteration": 5, "model": trained}, path)
    loaded = small(build_deeplab_v2, weights=str(path)).state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in trained.items())


def test_a_resnet_of_torchvision_fills_the_backbone(tmp_path: Path) -> None:
    resnet, path = constants(outline(torchvision.models.resnet50)), tmp_path / "resnet50.pth"
    torch.save(resnet, path)
    backbone = small(build_deeplab_v2, weights=str(path)).feature_extractor.backbone.state_dict()
    assert all(torch.equal(tensor, resnet[name]) for name, tensor in backbone.items())


def test_a_checkpoint_of_the_other_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v3plus.pth"
    authors_checkpoint(path, constants(outline(small, build_deeplab_v3plus)))
    # 72: 5 tensors in each of four plain convolutions with norm, 10 in each of five separable ones, 2 last.
    assert refusal(build_deeplab_v2, weights=str(path)) == (
        f"The weights in {path} do not fit deeplab-v2 on resnet50. "
        "8 missing: classifier.conv2d_list.0.weight, classifier.conv2d_list.0.bias, "
        "classifier.conv2d_list.1.weight, classifier.conv2d_list.1.bias, "
        "classifier.conv2d_list.2.weight and 3 more; "
        "72 unexpected: classifier.parallel_branches.0.0.weight, classifier.parallel_branches.0.1.weight, "
        "classifier.parallel_branches.0.1.bias, classifier.parallel_branches.0.1.running_mean, "
        "classifier.parallel_branches.0.1.running_var and 67 more. "
        "Give weights of the same model, options and number of classes."
    )


def test_a_checkpoint_without_classifier_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "partial.pth"
    extractor = outline(small, build_deeplab_v2).feature_extractor
    torch.save({"feature_extractor": constants(extractor)}, path)
    assert "8 missing: classifier.conv2d_list.0.weight" in refusal(build_deeplab_v2, weights=str(path))


def test_a_checkpoint_for_other_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nineteen.pth"
    authors_checkpoint(path, constants(outline(small, build_deeplab_v2, num_classes=19)))
    message = refusal(build_deeplab_v2, weights=str(path))
    assert (
        "8 of another shape: classifier.conv2d_list.0.weight (file 19x2048x3x3, model 5x2048x3x3)" in message
    )


def test_a_smaller_resnet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "resnet50.pth"
    torch.save(constants(outline(torchvision.models.resnet50)), path)
    # 17 more blocks in stage 3, of three convolutions and three norms with four tensors each: 17 * 15 = 255.
    assert refusal(build_deeplab_v2, weights=str(path), backbone="resnet101").startswith(
        f"The weights in {path} do not fit resnet101. 255 missing: layer3.6.conv1.weight, "
    )


def test_a_failed_download_says_where_to_put_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", unreachable)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: "/cache")
    url = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.url
    assert refusal(build_deeplab_v2, weights="imagenet") == (
        f"torchvision could not download {url}: no route to host. Put {url.rpartition('/')[2]} into "
        "/cache/checkpoints, name a file in 'weights', or use 'weights: none'."
    )


def test_downloaded_weights_fill_the_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    resnet = constants(outline(torchvision.models.resnet50))
    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", lambda *_, **__: resnet)
    backbone = small(build_deeplab_v2, weights="imagenet").feature_extractor.backbone.state_dict()
    assert all(torch.equal(tensor, resnet[name]) for name, tensor in backbone.items())


def test_a_misspelt_name_of_weights_gets_the_nearest_one() -> None:
    assert refusal(build_deeplab_v2, weights="imagnet") == (
        "Unknown weights 'imagnet'. Did you mean 'imagenet'? "
        "Available: imagenet, none, or a file (.pt, .pth, .safetensors)."
    )
