"""Input that is wrong on purpose, as far as the tests of single parts do not cover it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray

from alseg import AcquisitionSpec, DatasetSpec, hookimpl
from alseg.config.experiment import read_experiment
from alseg.contracts import Size, TargetView
from alseg.errors import AlsegError
from toys import Silent, Stripes, run_folder, run_toy, toy_document, toy_registry

NAME = "letters, digits, dots, underscores and hyphens, at most 100, starting with a letter or digit"


def refusal_of(folder: Path, document: dict[str, Any]) -> str:
    """Return what is said about an experiment file, less the file's name."""
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000))
    with pytest.raises(AlsegError) as raised:
        read_experiment(file, registry=toy_registry())
    return str(raised.value).removeprefix(f"{file}:")


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "a\\b",
        "/etc/passwd",
        ".hidden",
        "-option",
        "Städte",
        "名前",
        "a" * 101,
        "a" * 300,
        "a\n",
        "a b",
        "~",
    ],
)
def test_a_name_that_is_no_plain_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    shown = repr(name) if len(name) < 60 else f"{repr(name)[:57]}..."
    assert refusal_of(tmp_path, toy_document(name=name)) == f"1:7: expected {NAME}, got {shown}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": [0.5]}, "26:3: expected a whole number, got 0.5"),
        ({"rounds": [2, 2]}, "13:3: rounds must increase, but 2 comes after 2"),
        ({"settings": {"checkpoint_minutes": float("inf")}}, "28:23: expected a finite number, got inf"),
        ({"settings": {"checkpoint_minutes": float("nan")}}, "28:23: expected a finite number, got nan"),
        ({"settings": {"checkpoint_minutes": 0}}, "28:23: must be more than 0.0, got 0"),
        ({"settings": {"workers": -1}}, "28:12: must be at least 0, got -1"),
        (
            {"settings": {"device": "cuda:9999"}},
            "28:11: expected auto, cpu, cuda, cuda:N or mps, got 'cuda:9999'",
        ),
        (
            {"recipe": {"name": "toy", "learning_rate": float("nan")}},
            "10:18: expected a finite number, got nan",
        ),
        (
            {"recipe": {"name": "toy", "iterations": "8; rm -rf /"}},
            "10:15: expected a whole number, got '8; rm -rf /'",
        ),
        (
            {"scenario": {"source": "../stripes", "target": "stripes"}},
            "3:11: unknown dataset '../stripes', did you mean 'stripes'?",
        ),
    ],
)
def test_values_out_of_range_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert refusal_of(tmp_path, toy_document(**changes)) == message


@pytest.mark.parametrize(
    "label",
    ["../../up", "a/b", "Ü" * 300, "名前", "<script>alert(1)</script>", "\\input{x} & 5% $", "CON", "."],
)
def test_any_label_of_one_line_becomes_a_plain_folder_name(tmp_path: Path, label: str) -> None:
    file = tmp_path / "toy.yaml"
    document = toy_document(methods=[{"label": label, "target_labels": "none"}])
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    (run,) = read_experiment(file, registry=toy_registry()).runs()
    assert run.method.label == label
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in run.folder)
    assert len(run.folder) < 80


# -- plugins that misbehave


class _Keeper:
    """Returns the same tensor for every image, and spoils what it returned as soon as it can."""

    def __init__(self, *, keeps: bool) -> None:
        self._keeps, self._kept = keeps, torch.zeros(12, 24)

    def score(self, view: TargetView) -> torch.Tensor:
        score = view.probs.amax(0)
        if not self._keeps:
            return score.clone()
        self._kept.copy_(score)
        return self._kept


class _KeeperPlugin:
    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        def build() -> _Keeper:
            return _Keeper(keeps=self._keeps)

        return [AcquisitionSpec(name="keeper", summary="Test.", source="Test.", build=build)]


@pytest.mark.parametrize("scope", ["image", "pool"])
def test_a_score_that_changes_after_it_was_returned_changes_nothing(tmp_path: Path, scope: str) -> None:
    budget = {"amount": "20%", "scope": scope}
    methods = [{"label": "Keeper", "acquisition": "keeper", "annotation": "region", "budget": budget}]
    bought = []
    for keeps in (False, True):
        run_toy(tmp_path / str(keeps), toy_document(methods=methods), _KeeperPlugin(keeps=keeps))
        folder = run_folder(tmp_path / str(keeps), "keeper")
        bought.append(
            [(folder / "rounds" / f"{number:02d}" / "ledger.npy").read_bytes() for number in (1, 2)]
        )
    assert bought[0] == bought[1]


def test_a_loss_that_is_no_number_names_the_images_of_its_batch(tmp_path: Path) -> None:
    document = toy_document(
        methods=[toy_document()["methods"][1]],  # type: ignore[index]
        recipe={"name": "toy", "iterations": 8, "learning_rate": 1e30},
    )
    ((_, error),) = run_toy(tmp_path, document).failed
    first, batch = error.split(" Images of the batch: ")
    assert first.startswith("DivergedError: The loss is not finite at iteration ")
    images, hint = batch.split(". ")
    assert hint == "Look at these images, or lower the recipe's learning rate."
    source, target = images.split("; ")
    # Two source and two target images a step.
    assert source.startswith("source train-") and source.count("train-") == 2
    assert target.startswith("target train-") and target.count("train-") == 2


class _OtherSizes:
    """Stripes of which one label map is smaller than its image."""

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        class Shrunk(Stripes):
            def label(self, index: int) -> NDArray[np.uint8]:
                return super().label(index)[:, :-3] if index == 4 else super().label(index)

        def build(*, root: Path | None, split: str) -> Shrunk:
            size: Size = (12, 24)
            return Shrunk(split, 6, size)

        return [
            DatasetSpec(
                name="shrunk",
                summary="Test.",
                source="Test.",
                build=build,
                label_space="stripes-3",
                needs_root=False,
            )
        ]


def test_a_label_map_of_another_size_than_its_image_is_found_before_training(tmp_path: Path) -> None:
    reporter = Silent()
    with pytest.raises(AlsegError) as raised:
        run_toy(
            tmp_path,
            toy_document(scenario={"source": "stripes", "target": "shrunk"}),
            _OtherSizes(),
            reporter=reporter,
        )
    assert str(raised.value) == (
        "shrunk train: The label map of train-4 is 12 x 21 pixels (height x width), not 12 x 24. "
        "Image and label map must have the same size."
    )
    assert reporter.phases == []
