from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from alseg.errors import AlsegError
from alseg.toolkit.weights import (
    find_state_dict,
    load_exactly,
    read_checkpoint,
    read_state_dict,
    weights_path,
)


def layer() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.BatchNorm2d(2))


def message(action: object, *arguments: object, **named: object) -> str:
    with pytest.raises(AlsegError) as caught:
        action(*arguments, **named)  # type: ignore[operator]
    return str(caught.value)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict"])
def test_a_state_dict_is_found_inside_a_checkpoint(tmp_path: Path, wrapper: str | None) -> None:
    path = tmp_path / "weights.pt"
    state = layer().state_dict()
    torch.save(state if wrapper is None else {wrapper: state, "iteration": 7}, path)
    assert list(read_state_dict(path)) == list(state)


def test_safetensors_give_the_same_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    state = layer().state_dict()
    save_file(state, path)
    found = read_state_dict(path)
    assert found.keys() == state.keys()
    torch.testing.assert_close(found["0.weight"], state["0.weight"], rtol=0, atol=0)


def test_the_prefix_of_parallel_training_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({f"module.{name}": tensor for name, tensor in layer().state_dict().items()}, path)
    assert list(read_state_dict(path)) == list(layer().state_dict())


def test_a_prefix_that_only_some_names_have_stays(tmp_path: Path) -> None:
    state = find_state_dict({"module.a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path)
    assert list(state) == ["module.a", "b"]


def test_loading_copies_every_weight(tmp_path: Path) -> None:
    source, target = layer(), layer()
    torch.nn.init.constant_(source[0].weight, 3)
    load_exactly(target, source.state_dict(), tmp_path)
    assert target[0].weight.flatten().tolist() == [3.0] * 6


def test_batch_norm_counters_may_be_absent(tmp_path: Path) -> None:
    state = layer().state_dict()
    del state["1.num_batches_tracked"]
    load_exactly(layer(), state, tmp_path)


def test_differing_weights_are_refused_by_name_and_nothing_is_loaded(tmp_path: Path) -> None:
    model = layer()
    before = model[1].bias.clone()
    state = {"0.weight": torch.zeros(4, 3, 1, 1), "1.bias": torch.ones(2), "head.bias": torch.zeros(2)}
    assert message(load_exactly, model, state, Path("a.pt"), what="this model") == (
        "The weights in a.pt do not fit this model. "
        "4 missing: 0.bias, 1.weight, 1.running_mean, 1.running_var; "
        "1 unexpected: head.bias; 1 of another shape: 0.weight (file 4x3x1x1, model 2x3x1x1). "
        "Give weights of the same model, options and number of classes."
    )
    assert torch.equal(model[1].bias, before)


def test_more_than_five_differing_names_are_counted() -> None:
    model = torch.nn.ParameterDict({f"p{index}": torch.nn.Parameter(torch.zeros(())) for index in range(7)})
    assert message(load_exactly, model, {"p0": torch.zeros(2)}, Path("a.pt")) == (
        "The weights in a.pt do not fit the model. 6 missing: p1, p2, p3, p4, p5 and 1 more; "
        "1 of another shape: p0 (file 2, model scalar). "
        "Give weights of the same model, options and number of classes."
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.pt"
    assert message(read_checkpoint, path) == f"No weights file at {path}."


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    assert message(read_state_dict, path) == f"{path} is damaged or no checkpoint of torch."


def test_a_damaged_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"hello")
    assert message(read_state_dict, path).startswith(f"{path} is damaged or no safetensors file: ")


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Identity(), path)
    assert message(read_state_dict, path) == (
        f"{path} holds a pickled torch.nn.modules.linear.Identity, and reading such objects could run code. "
        "Write the weights alone with torch.save(model.state_dict(), path)."
    )


def test_a_single_tensor_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "tensor.pt"
    torch.save(torch.zeros(3), path)
    assert message(read_state_dict, path) == (
        f"{path} holds a Tensor, not a checkpoint. Write one with torch.save(model.state_dict(), path)."
    )


def test_values_that_are_not_tensors_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "values.pt"
    torch.save({"lr": 0.1, "weight": torch.zeros(1)}, path)
    assert message(read_state_dict, path) == (
        f"{path} holds no state dict; not tensors: lr. Write one with torch.save(model.state_dict(), path)."
    )


def test_an_empty_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.pt"
    torch.save({}, path)
    assert message(read_state_dict, path) == f"{path} holds no weights."


def test_an_existing_file_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.touch()
    assert weights_path(str(path), ["none"]) == path


def test_an_absent_file_is_not_mistaken_for_a_name() -> None:
    assert message(weights_path, "best.pth", ["none", "imagenet"]) == (
        "No weights file at best.pth. "
        "Correct the path, or use one of: imagenet, none, or a file (.pt, .pth, .safetensors)."
    )


def test_a_misspelt_name_gets_the_nearest_one() -> None:
    assert message(weights_path, "imagenett", ["none", "imagenet"]) == (
        "Unknown weights 'imagenett'. Did you mean 'imagenet'? "
        "Available: imagenet, none, or a file (.pt, .pth, .safetensors)."
    )
