from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest
import segmentation_models_pytorch as smp
import torch

from alseg.errors import AlsegError
from alseg_smp import register_models
from alseg_smp.build import Architecture, build_smp
from alseg_smp.model import SmpModel

ENCODERS = {"DPT": "test_vit"}
TINY: dict[str, Any] = {"architecture": "FPN", "encoder": "test_resnet", "decoder_channels": 32}


def tiny(**options: Any) -> SmpModel:
    return build_smp(**{"num_classes": 5, **TINY, **options})


def refusal(**options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        tiny(**options)
    return str(caught.value)


def test_listing_the_model_does_not_import_torch() -> None:
    code = "import alseg_smp, sys; alseg_smp.register_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_models_with_features_are_offered() -> None:
    offered = {spec.name: spec.provides for spec in register_models()}
    assert offered == dict.fromkeys(
        ("smp", "segformer", "dpt", "vit-linear"), ("logits", "probs", "features", "backbone_features")
    )


def test_every_architecture_of_the_library_is_offered() -> None:
    known = {kind.__name__ for kind in smp.MODEL_ARCHITECTURES_MAPPING.values()}
    assert set(get_args(Architecture)) == known


@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_every_architecture_gives_logits_and_features_for_any_image_size(architecture: str) -> None:
    encoder = ENCODERS.get(architecture, "test_resnet")
    model = build_smp(num_classes=5, architecture=architecture, encoder=encoder).eval()  # type: ignore[arg-type]
    images = torch.zeros(1, 3, 129, 150)
    with torch.no_grad():
        logits, features = model(images), model.features(images)
    # 129 and 150 are no multiples of any stride, so that the logits come at the image's size.
    assert logits.shape == (1, 5, 129, 150)
    assert features.ndim == 4 and len(features) == 1
    with torch.no_grad():
        backbone = model.backbone_features(images)
    assert backbone.ndim == 4 and len(backbone) == 1


def test_logits_of_a_size_that_fits_are_not_resized() -> None:
    # FPN gives logits at a quarter of the resolution.
    assert tiny().eval()(torch.zeros(2, 3, 64, 96)).shape == (2, 5, 16, 24)


def test_one_pass_gives_the_logits_and_the_features_of_two_also_where_images_are_padded() -> None:
    model, images = tiny().eval(), torch.rand(2, 3, 65, 70, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model.logits_and_features(images), (model(images), model.features(images)))


def test_features_are_what_the_logits_are_computed_from() -> None:
    model = tiny().eval()
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    features = model.features(images)
    assert features.shape == (1, 32, 16, 16)
    torch.testing.assert_close(model.network.segmentation_head(features), model(images))


def test_backbone_features_are_the_encoders_last_map_in_one_pass_or_two() -> None:
    model = tiny().eval()
    images = torch.randn(1, 3, 64, 70, generator=torch.Generator().manual_seed(0))
    # Padded to 96 columns the encoder's last map has 3, of which 2.2 are the image's.
    features = model.backbone_features(images)
    padded = torch.nn.functional.pad(images, (0, 26, 0, 0), mode="replicate")
    assert torch.equal(features, model.network.encoder(padded)[-1][..., :2])
    logits, same = model.logits_and_backbone_features(images)
    assert torch.equal(same, features) and torch.equal(logits, model(images))


def test_a_network_says_whether_its_backbone_is_pretrained() -> None:
    assert not tiny().pretrained
    assert build_smp(num_classes=2, architecture="FPN", weights="lite0").pretrained


def test_padding_does_not_move_what_the_network_sees() -> None:
    model = tiny().eval()
    images = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    # Repeating the last column by hand is what the model does with 92 columns: 92 + 4 = 3 * 32.
    images[..., 92:] = images[..., 91:92]
    whole = torch.nn.functional.interpolate(model(images), size=(64, 96), mode="bilinear", align_corners=True)
    torch.testing.assert_close(model(images[..., :92]), whole[..., :92])


def test_backbone_and_head_parameters_are_all_parameters_once() -> None:
    model = tiny()
    split = [*model.backbone_parameters(), *model.head_parameters()]
    assert {id(parameter) for parameter in split} == {id(parameter) for parameter in model.parameters()}
    assert len(split) == len(list(model.parameters()))
    assert len(list(model.backbone_parameters())) == len(list(model.network.encoder.parameters()))


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        ("resnet18", "resnet"),  # known to both: segmentation-models-pytorch's own
        ("tu-resnet18", "timm"),
        ("test_resnet", "timm"),
        ("test_resnet.r160_in1k", "timm"),
    ],
)
def test_plain_and_prefixed_names_find_their_library(encoder: str, name: str) -> None:
    assert hasattr(tiny(encoder=encoder).network.encoder, "model") == (name == "timm")


def test_normalisation_is_the_encoders_own() -> None:
    assert tiny(encoder="tf_efficientnet_lite0").mean == (0.5, 0.5, 0.5)
    assert tiny(encoder="resnet18").mean == (0.485, 0.456, 0.406)
    assert tiny(encoder="resnet18").std == (0.229, 0.224, 0.225)


def test_normalisation_can_be_given() -> None:
    model = tiny(mean=(0.1, 0.2, 0.3), std=(1.0, 1.0, 1.0))
    assert (model.mean, model.std) == ((0.1, 0.2, 0.3), (1.0, 1.0, 1.0))


def test_frozen_norms_keep_their_statistics_in_training() -> None:
    images = torch.ones(2, 3, 64, 64)
    moved = []
    for freeze in (False, True):
        model = tiny(freeze_encoder_norm=freeze).train()
        before = {name: buffer.clone() for name, buffer in model.network.encoder.named_buffers()}
        model(images)
        after = dict(model.network.encoder.named_buffers())
        moved.append(any(not torch.equal(before[name], after[name]) for name in before))
    assert moved == [True, False]


def test_one_image_per_batch_is_refused_where_a_norm_follows_global_pooling() -> None:
    model = tiny(architecture="DeepLabV3Plus").train()
    with pytest.raises(AlsegError) as caught:
        model(torch.zeros(1, 3, 64, 96))
    assert str(caught.value) == (
        "DeepLabV3Plus cannot take images of 1 x 64 x 96 (number, height, width): in training a batch norm "
        "would see one value per channel. Use a batch size of at least 2, or FPN or Unet, which have no "
        "global pooling."
    )
    assert model.eval()(torch.zeros(1, 3, 64, 96)).shape == (1, 5, 16, 24)


def test_images_too_small_for_a_pyramid_are_refused() -> None:
    model = tiny(architecture="PAN").eval()
    with pytest.raises(AlsegError) as caught:
        model(torch.zeros(1, 3, 64, 96))
    assert str(caught.value) == (
        "PAN cannot take images of 1 x 64 x 96 (number, height, width): its pyramid would have less than one "
        "pixel. Use larger images."
    )


def test_a_misspelt_encoder_gets_the_nearest_names_only() -> None:
    own, timms = len(smp.encoders.encoders), len(__import__("timm").list_models())
    assert refusal(encoder="tf_efficientnet_lite9") == (
        "Unknown encoder 'tf_efficientnet_lite9'. Nearest: tf_efficientnet_lite4, tf_efficientnet_lite3, "
        "tf_efficientnet_lite2, tf_efficientnet_lite1, tf_efficientnet_lite0. "
        f"segmentation-models-pytorch knows {own} and timm knows {timms}; list the latter with "
        "timm.list_models()."
    )


def test_an_encoder_like_no_other_is_refused_without_a_guess() -> None:
    assert refusal(encoder="zzzzzz").startswith(
        "Unknown encoder 'zzzzzz'. segmentation-models-pytorch knows "
    )


def test_an_unknown_tag_of_an_encoder_is_refused() -> None:
    assert refusal(encoder="test_resnet.r999") == (
        "Unknown tag 'r999' in encoder 'test_resnet.r999'. Tags of 'test_resnet' in timm: r160_in1k."
    )


def test_an_encoder_that_does_not_fit_the_architecture_is_refused() -> None:
    assert refusal(encoder="test_vit") == (
        "Encoder 'tu-test_vit' and these options do not work in FPN: Unsupported model downsampling pattern."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": 0.1, "architecture": "Unet"}, "Unet takes no dropout. Those that do: DeepLabV3, "),
        (
            {"decoder_channels": 8, "architecture": "Linknet"},
            "Linknet takes no decoder_channels. Those that do: ",
        ),
        ({"output_stride": 8}, "FPN takes no output_stride. Those that do: DeepLabV3, DeepLabV3Plus, PAN."),
        (
            {"output_stride": 32, "architecture": "DeepLabV3"},
            "DeepLabV3 takes output_stride 8 or 16, not 32.",
        ),
        ({"decoder_channels": (8, 8)}, "FPN takes one number as decoder_channels, not (8, 8)."),
        (
            {"decoder_channels": 8, "architecture": "Unet"},
            "Unet takes a list of 5 decoder_channels, one for every stage of the encoder from the coarsest "
            "on, not 8.",
        ),
    ],
)
def test_options_that_the_architecture_does_not_take_are_refused(
    options: dict[str, Any], message: str
) -> None:
    assert refusal(**options).startswith(message)


def test_options_reach_the_decoder() -> None:
    unet = tiny(architecture="Unet", encoder_depth=3, decoder_channels=(12, 6, 4)).eval()
    assert unet.features(torch.zeros(1, 3, 32, 32)).shape == (1, 4, 32, 32)
    shallow = tiny(architecture="Unet", encoder_depth=2, decoder_channels=None).eval()
    assert shallow.features(torch.zeros(1, 3, 32, 32)).shape == (1, 16, 32, 32)
    fpn = tiny(dropout=0.75).network.decoder
    assert [part.p for part in fpn.modules() if isinstance(part, torch.nn.Dropout2d)] == [0.75]


def test_the_same_seed_makes_the_same_network() -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(7)
        states.append(tiny().state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
