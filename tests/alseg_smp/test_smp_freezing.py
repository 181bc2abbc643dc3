from __future__ import annotations

import pytest
import torch

from alseg.errors import AlsegError
from alseg_smp.build import build_smp
from alseg_smp.model import SmpModel
from alseg_smp.network import batch_norms


def network(frozen_stages: int, **options: object) -> SmpModel:
    given: dict[str, object] = {
        "architecture": "FPN",
        "encoder": "resnet18",
        "decoder_channels": 32,
        **options,
    }
    return build_smp(num_classes=5, frozen_stages=frozen_stages, **given)  # type: ignore[arg-type]


def frozen_names(model: SmpModel) -> set[str]:
    return {name for name, value in model.network.encoder.named_parameters() if not value.requires_grad}


def parts(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_no_stage_is_frozen_unless_asked_for() -> None:
    model = network(0)
    assert not frozen_names(model)
    assert len(model.backbone_parameters()) == len(list(model.network.encoder.parameters()))


def test_stages_are_frozen_from_the_image_on() -> None:
    # A ResNet's stem is its first stage, and layer1 and layer2 are the next.
    assert parts(frozen_names(network(1))) == {"conv1", "bn1"}
    assert parts(frozen_names(network(3))) == {"conv1", "bn1", "layer1", "layer2"}
    assert len(frozen_names(network(3))) == 30


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_resnet", "tu-test_convnext", "mit_b0"])
@pytest.mark.parametrize("stages", [1, 2, 4])
def test_gradients_reach_what_is_not_frozen_and_nothing_else(encoder: str, stages: int) -> None:
    architecture = "Segformer" if encoder == "mit_b0" else "FPN"
    model = network(stages, encoder=encoder, architecture=architecture).train()
    model(torch.rand(2, 3, 64, 64)).sum().backward()
    frozen = frozen_names(model)
    for name, value in model.network.encoder.named_parameters():
        assert (value.grad is None) or name not in frozen
    trained = {id(value) for value in (*model.backbone_parameters(), *model.head_parameters())}
    assert trained == {id(value) for value in model.parameters() if value.requires_grad}


def test_a_step_changes_nothing_of_a_frozen_stage_running_statistics_included() -> None:
    model = network(2).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.SGD([*model.backbone_parameters(), *model.head_parameters()], lr=0.1)
    model(torch.rand(2, 3, 64, 64)).square().sum().backward()
    optimizer.step()
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    first = ("network.encoder.conv1", "network.encoder.bn1", "network.encoder.layer1")
    assert not [key for key in changed if key.startswith(first)]
    assert any(key.startswith("network.encoder.layer2") and "running_mean" in key for key in changed)


def test_finding_the_stages_leaves_no_trace() -> None:
    torch.manual_seed(0)
    plain = network(0)
    torch.manual_seed(0)
    frozen = network(3)
    assert all(torch.equal(frozen.state_dict()[key], value) for key, value in plain.state_dict().items())
    assert frozen.training == plain.training
    assert all(norm.num_batches_tracked == 0 for norm in batch_norms(frozen))


@pytest.mark.parametrize(
    ("stages", "options", "words"),
    [
        (6, {}, "has 5 stages"),
        (-1, {}, "counts stages, from 0"),
        (4, {"encoder_depth": 3}, "has 3 stages"),
        (1, {"architecture": "DPT", "encoder": "test_vit"}, "DPT takes no frozen_stages"),
    ],
)
def test_stages_that_are_not_there_are_refused(stages: int, options: dict[str, object], words: str) -> None:
    if "architecture" in options:
        options = {"decoder_channels": None, **options}
    with pytest.raises(AlsegError, match=words):
        network(stages, **options)
