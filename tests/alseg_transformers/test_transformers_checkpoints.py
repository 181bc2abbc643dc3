"""Checkpoints of transformers in folders; the package itself is needed, the hub is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from alseg.errors import AlsegError
from alseg.testing import check_model
from alseg.toolkit.weights import read_state_dict
from alseg_transformers import register_models
from alseg_transformers.build import build_transformers

transformers: Any = pytest.importorskip("transformers", reason='needs pip install "alseg[transformers]"')

SMALL = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 8, 16, 16], "decoder_hidden_size": 16}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small SegFormer of three classes."""
    folder = tmp_path_factory.mktemp("segformer")
    config = transformers.AutoConfig.for_model("segformer", num_labels=3, **SMALL)
    transformers.AutoModelForSemanticSegmentation.from_config(config).save_pretrained(folder)
    processor = transformers.SegformerImageProcessor(image_mean=[0.1, 0.2, 0.3], image_std=[1.0, 1.0, 1.0])
    processor.save_pretrained(folder)
    return folder


def refusal(**options: Any) -> str:
    with pytest.raises(AlsegError) as caught:
        build_transformers(num_classes=5, **options)
    return str(caught.value)


@pytest.mark.parametrize("options", [{}, {"weights": "none"}, {"frozen_encoder": True}])
def test_a_checkpoint_keeps_the_contract(checkpoint: Path, options: dict[str, Any]) -> None:
    (spec,) = register_models()
    check_model(spec, size=(65, 97), checkpoint=str(checkpoint), **options)


def test_the_encoder_is_the_checkpoints_and_the_classifier_has_the_scenarios_classes(
    checkpoint: Path,
) -> None:
    model = build_transformers(num_classes=5, checkpoint=str(checkpoint))
    # Files may have older names of weights, which transformers translates. Its own classes: all is kept.
    stored = build_transformers(num_classes=3, checkpoint=str(checkpoint)).network.state_dict()
    written = sorted(
        float(tensor.sum()) for tensor in read_state_dict(checkpoint / "model.safetensors").values()
    )
    assert sorted(float(tensor.sum()) for tensor in stored.values()) == written
    own = model.network.state_dict()
    same = {name for name in own if torch.equal(own[name], stored[name])}
    assert {name for name in own if not name.startswith("decode_head.classifier.")} == same
    assert model.mean == (0.1, 0.2, 0.3)
    images = torch.zeros(1, 3, 64, 96)
    assert model(images).shape == (1, 5, 16, 24)  # a quarter of the resolution
    assert model.features(images).shape == (1, 16, 2, 3)  # the last stage: a 32nd


def test_random_weights_keep_the_checkpoints_form_and_normalisation(checkpoint: Path) -> None:
    torch.manual_seed(0)
    model = build_transformers(num_classes=5, checkpoint=str(checkpoint), weights="none")
    assert model.mean == (0.1, 0.2, 0.3)
    pretrained = build_transformers(num_classes=5, checkpoint=str(checkpoint))
    states = [each.network.segformer.state_dict() for each in (model, pretrained)]
    assert states[0].keys() == states[1].keys()
    assert any(not torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_checkpoint_without_all_weights_of_the_encoder_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    folder = shutil.copytree(checkpoint, tmp_path / "less")
    state = read_state_dict(checkpoint / "model.safetensors")
    lost = min(name for name in state if name.startswith("segformer.") and name.endswith(".bias"))
    del state[lost]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    told = refusal(checkpoint=str(folder))
    assert told.startswith(f"Checkpoint '{folder}' lacks 1 weights of the encoder, such as segformer.")
    assert told.endswith(".bias. Use a checkpoint of the same network.")


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    assert refusal(checkpoint=str(tmp_path)) == (
        f"No checkpoint of transformers in {tmp_path}: it has no config.json. Correct the folder, or name a "
        "repository of the hub."
    )
    # Mask2Former learns by matching queries to masks, which no recipe does.
    assert refusal(checkpoint="mask2former", weights="none").startswith(
        "Checkpoint 'mask2former' is of no network for semantic segmentation that this version of "
    )


def test_a_hub_that_cannot_be_reached_is_told() -> None:
    code = (
        "from alseg_transformers.build import build_transformers as build\n"
        "from alseg import AlsegError\n"
        "try: build(num_classes=5, checkpoint='nobody/no-such-network')\n"
        "except AlsegError as error: print(error)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("Checkpoint 'nobody/no-such-network' cannot be had: ")
    assert told.endswith("Check its name and the connection, or name a folder that holds its files.\n")
