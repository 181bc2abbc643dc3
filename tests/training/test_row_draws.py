"""What random layers draw for the rows of a rank, without other processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from timm.layers.drop import DropPath
from timm.layers.patch_dropout import PatchDropout
from torch import nn
from torch.nn import functional

from alseg.errors import AlsegError
from alseg.system.ranks import Ranks
from alseg.training.row_draws import RowDraws

Layer = Callable[[torch.Tensor], torch.Tensor]
MAPS = torch.randn((6, 8, 4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
TOKENS = MAPS.flatten(2).transpose(1, 2)


def in_parts(layer: Layer, rows: torch.Tensor, size: int) -> torch.Tensor:
    """Return what ranks compute one after the other, each of its own rows with the same generator."""
    found, states = [], []
    for rank in range(size):
        ranks = Ranks(rank, size)
        own = rows[ranks.rows(len(rows))]
        torch.manual_seed(3)
        with RowDraws(ranks, len(own)):
            found.append(layer(own))
        states.append(torch.get_rng_state())
    torch.manual_seed(3)
    layer(rows)
    assert all(torch.equal(state, torch.get_rng_state()) for state in states)
    return torch.cat(found)


def attention(tokens: torch.Tensor) -> torch.Tensor:
    return functional.scaled_dot_product_attention(tokens, tokens, tokens, dropout_p=0.3)


def multihead() -> Layer:
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(8, 4, dropout=0.4, batch_first=True).double()
    return lambda tokens: layer(tokens, tokens, tokens, need_weights=False)[0]


def windows(tokens: torch.Tensor) -> torch.Tensor:
    return functional.dropout(tokens.reshape(-1, 4, 8), 0.5).reshape(tokens.shape)


def drawn_by_hand(maps: torch.Tensor) -> torch.Tensor:
    noise = torch.rand_like(maps) + torch.randn((len(maps), 8, 1, 1)) + torch.empty_like(maps).exponential_()
    depth = torch.rand(()) + torch.randint(5, (len(maps), 1, 1, 1))
    return maps * torch.bernoulli(noise.sigmoid()) + torch.normal(maps, 1.0) * depth


LAYERS: dict[str, tuple[Layer, torch.Tensor]] = {
    "Dropout": (nn.Dropout(0.5), MAPS),
    "Dropout in place": (lambda maps: functional.dropout(maps.clone(), 0.5, inplace=True), MAPS),
    "Dropout2d": (nn.Dropout2d(0.5), MAPS),
    "Dropout2d, channels last": (nn.Dropout2d(0.5), MAPS.contiguous(memory_format=torch.channels_last)),
    "Dropout, channels last": (nn.Dropout(0.5), MAPS.contiguous(memory_format=torch.channels_last)),
    "AlphaDropout": (nn.AlphaDropout(0.5), MAPS),
    "FeatureAlphaDropout": (nn.FeatureAlphaDropout(0.5), MAPS),
    "the fused one of GPUs": (lambda maps: torch.native_dropout(maps, 0.5, True)[0], MAPS),
    "DropPath": (DropPath(0.5), MAPS),
    "PatchDropout": (PatchDropout(0.5, num_prefix_tokens=0), TOKENS),
    "attention": (attention, TOKENS[:, None]),
    "MultiheadAttention": (multihead(), TOKENS),
    "windows": (windows, TOKENS),
    "gumbel": (lambda maps: functional.gumbel_softmax(maps, dim=1), MAPS),
    "by hand": (drawn_by_hand, MAPS),
}


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_ranks_draw_together_what_one_process_draws(name: str, size: int) -> None:
    layer, rows = LAYERS[name]
    torch.manual_seed(3)
    whole = layer(rows)
    torch.testing.assert_close(in_parts(layer, rows, size), whole, rtol=0, atol=1e-14)
    torch.manual_seed(4)
    assert not torch.equal(layer(rows), whole)


def test_without_gradient_and_in_inference_draws_are_the_same() -> None:
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            torch.manual_seed(3)
            whole = functional.dropout(MAPS, 0.5)
            assert torch.equal(in_parts(lambda maps: functional.dropout(maps, 0.5), MAPS, 2), whole)


def test_gradients_are_those_of_the_own_rows() -> None:
    torch.manual_seed(3)
    whole = MAPS.clone().requires_grad_()
    nn.Dropout2d(0.5)(whole).square().sum().backward()
    own = MAPS[3:].clone().requires_grad_()
    torch.manual_seed(3)
    with RowDraws(Ranks(1, 2), 3):
        dropped = nn.Dropout2d(0.5)(own)
    dropped.square().sum().backward()
    assert whole.grad is not None and own.grad is not None
    assert torch.equal(own.grad, whole.grad[3:])


@pytest.mark.parametrize("family", ["segformer", "swin"])
def test_networks_of_transformers_draw_together_what_one_process_draws(family: str) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    network = _transformer(transformers, family).double().train()

    def layer(images: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = network(images)[0]
        return maps

    images = torch.randn((4, 3, 32, 32), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.manual_seed(3)
    whole = layer(images)
    torch.testing.assert_close(in_parts(layer, images, 2), whole, rtol=0, atol=1e-12)


def test_an_operation_that_draws_within_itself_is_refused_with_the_remedy() -> None:
    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    tokens = TOKENS[:2, None].float()
    with RowDraws(Ranks(0, 2), 2):
        fused(tokens, tokens, tokens, 0.0)
        with pytest.raises(AlsegError) as caught:
            fused(tokens, tokens, tokens, 0.1)
    assert str(caught.value) == (
        "The network drops values inside an operation, "
        "aten._scaled_dot_product_flash_attention_for_cpu.default, whose draws cannot be divided among "
        "several devices. Set its dropout of attention weights to 0, or use one device."
    )


def _transformer(transformers: Any, family: str) -> nn.Module:
    """Return a small network with dropout of paths, values and attention."""
    if family == "segformer":
        config = transformers.SegformerConfig(
            num_encoder_blocks=2,
            depths=[1, 2],
            sr_ratios=[2, 1],
            hidden_sizes=[8, 16],
            patch_sizes=[7, 3],
            strides=[4, 2],
            num_attention_heads=[1, 2],
            mlp_ratios=[2, 2],
            decoder_hidden_size=8,
            drop_path_rate=0.5,
            hidden_dropout_prob=0.2,
            attention_probs_dropout_prob=0.2,
        )
        return transformers.SegformerModel(config)  # type: ignore[no-any-return]
    config = transformers.SwinConfig(
        image_size=32,
        patch_size=4,
        embed_dim=8,
        depths=[2, 2],
        num_heads=[2, 2],
        window_size=4,
        drop_path_rate=0.5,
        hidden_dropout_prob=0.2,
        attention_probs_dropout_prob=0.2,
    )
    return transformers.SwinModel(config)  # type: ignore[no-any-return]
