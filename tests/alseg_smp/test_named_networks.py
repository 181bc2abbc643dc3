"""SegFormer and DPT, on random weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from alseg.inference.passes import can_drop_out
from alseg_smp.build import build_dpt, build_segformer

tiny_dpt = partial(build_dpt, encoder="test_vit", decoder_channels=32)


def test_a_segformer_has_the_papers_width_and_a_quarter_of_the_resolution() -> None:
    model = build_segformer(num_classes=5, weights="none").eval()
    images = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, features = model.logits_and_features(images)
    assert logits.shape == (1, 5, 16, 24)
    assert features.shape == (1, 256, 16, 24)  # mit_b0: 256 channels
    # In evaluation nothing is dropped: the logits are the classifier's of the features.
    torch.testing.assert_close(model.network.segmentation_head(features), logits)
    wide = build_segformer(num_classes=5, weights="none", encoder="mit_b2")
    assert wide.network.segmentation_head[0].in_channels == 768


def test_dropout_is_there_for_several_passes_unless_it_is_0() -> None:
    for build in (build_segformer, tiny_dpt):
        assert can_drop_out(build(num_classes=2, weights="none"))
        assert not can_drop_out(build(num_classes=2, weights="none", dropout=0.0))


def test_a_segformers_dropout_changes_logits_in_training_and_leaves_features_alone() -> None:
    model = build_segformer(num_classes=5, weights="none", dropout=0.5, frozen_encoder=True).train()
    features = torch.ones(1, 256, 4, 4)
    images = torch.ones(1, 3, 32, 32)
    torch.manual_seed(0)
    assert not torch.equal(model._classify(images, features), model._classify(images, features))
    assert torch.equal(model._cut(images, features), features)


@pytest.mark.parametrize("build", [build_segformer, tiny_dpt])
def test_a_frozen_encoder_has_nothing_to_train_and_stays_in_evaluation(build: object) -> None:
    model = build(num_classes=5, weights="none", frozen_encoder=True).train()  # type: ignore[operator]
    assert model.backbone_parameters() == []
    assert not any(part.training for part in model.network.encoder.modules())
    assert model.network.decoder.training
    model(torch.randn(2, 3, 64, 64)).sum().backward()
    assert all(parameter.grad is None for parameter in model.network.encoder.parameters())
    assert any(parameter.grad is not None for parameter in model.head_parameters())


def test_the_first_stages_of_a_segformer_can_be_frozen() -> None:
    model = build_segformer(num_classes=5, weights="none", frozen_stages=2)
    encoder = model.network.encoder
    assert not any(parameter.requires_grad for parameter in encoder.block1.parameters())
    assert all(parameter.requires_grad for parameter in encoder.block2.parameters())


def test_weights_of_a_segformer_come_from_a_file_whole_or_of_the_encoder(tmp_path: Path) -> None:
    torch.manual_seed(1)
    given = build_segformer(num_classes=5, weights="none")
    whole, encoder = tmp_path / "whole.pt", tmp_path / "encoder.pt"
    torch.save(given.state_dict(), whole)
    torch.save(given.network.encoder.state_dict(), encoder)
    for path in (whole, encoder):
        torch.manual_seed(2)
        found = build_segformer(num_classes=5, weights=str(path)).state_dict()
        same = {name for name, tensor in given.state_dict().items() if torch.equal(tensor, found[name])}
        assert {name for name in found if name.startswith("network.encoder.")} <= same
        assert ("network.segmentation_head.0.weight" in same) == (path == whole)


def test_dpt_takes_images_and_encoders_of_other_sizes_than_it_was_made_for() -> None:
    model = tiny_dpt(num_classes=5, weights="none").eval()
    # test_vit has patches of 16 pixels; pairs of them: 70 x 90 is padded to 96 x 96.
    assert model(torch.zeros(1, 3, 70, 90)).shape == (1, 5, 70, 90)
    assert model.features(torch.zeros(1, 3, 64, 96)).shape == (1, 32, 32, 48)
