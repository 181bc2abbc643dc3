"""Networks are tried with the inputs that they will have, before any training starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from alseg import ModelSpec, hookimpl
from preflights import checked, refused
from toys import TinyNet, toy_document


class _WidePlugin:
    """A model with one class too many, and one that cannot take small inputs."""

    @hookimpl
    def register_models(self) -> list[ModelSpec]:
        def build_wide(*, num_classes: int) -> TinyNet:
            return TinyNet(num_classes + 1)

        def build_picky(*, num_classes: int) -> torch.nn.Module:
            network = TinyNet(num_classes)
            network.body = torch.nn.Conv2d(3, 8, 64)
            return network

        return [
            ModelSpec(name="wide", summary="Test.", source="Test.", build=build_wide),
            ModelSpec(name="picky", summary="Test.", source="Test.", build=build_picky),
        ]


def test_a_model_with_other_classes_isrefused(tmp_path: Path) -> None:
    document = toy_document(model="wide", evaluation={"size": [12, 24]})
    assert refused(tmp_path, document, _WidePlugin()) == (
        "Model 'wide' predicts 4 classes; label space stripes-3 has 3."
    )


def test_a_model_that_cannot_take_the_input_isrefused(tmp_path: Path) -> None:
    document = toy_document(model="picky", evaluation={"size": [12, 24]})
    assert refused(tmp_path, document, _WidePlugin()).startswith(
        "Model 'picky' cannot take an input of 12 x 24 pixels: "
    )


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"recipe": {"crop": [10, 24]}}, "10 x 24"),
        ({"recipe": {"source_size": None, "target_size": None}}, "12 x 24"),
        ({"evaluation": {"size": [70, 70], "window": [16, 70]}}, "16 x 70"),
    ],
    ids=["cuts", "native sizes", "windows"],
)
def test_a_model_is_tried_with_cuts_native_sizes_and_windows(
    tmp_path: Path, changes: dict[str, dict[str, object]], size: str
) -> None:
    methods = [{"label": "None", "target_labels": "none"}]
    document: dict[str, Any] = toy_document(model="picky", methods=methods)
    recipe = {"name": "plain", "iterations": 8, "source_size": [70, 70], "target_size": [70, 70]}
    document["recipe"] = recipe | changes.get("recipe", {})
    document |= {"evaluation": {"size": [70, 70]} | changes.get("evaluation", {})}
    assert refused(tmp_path, document, _WidePlugin()).startswith(
        f"Model 'picky' cannot take an input of {size} pixels: "
    )


def test_a_model_need_not_take_what_it_is_never_given(tmp_path: Path) -> None:
    document: dict[str, Any] = toy_document(model="picky", evaluation={"size": [64, 64]})
    # Training leaves the source out, whose images are too narrow.
    document["methods"] = [{"label": "None", "target_labels": "none"}]
    sizes = {"source_batch": 0, "source_size": [64, 12], "target_size": [64, 128]}
    document["recipe"] = {"name": "plain", "iterations": 8, **sizes}
    assert len(checked(tmp_path, document, _WidePlugin()).runs) == 1
