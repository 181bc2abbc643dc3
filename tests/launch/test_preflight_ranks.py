"""What several devices cannot do together is refused before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import alseg.launch.preflight_ranks
from alseg.config.experiment import read_experiment
from alseg.errors import AlsegError
from alseg.launch.preflight_ranks import check_ranks, refuse_too_few_gpus
from alseg.launch.preparation import check_experiment
from toycommand import write_toy
from toys import toy_document, toy_registry


def refusal(folder: Path, **settings: Any) -> str:
    registry = toy_registry()
    experiment = read_experiment(write_toy(folder, toy_document(settings=settings)), registry=registry)
    with pytest.raises(AlsegError) as refused:
        check_experiment(experiment, experiment.runs(), registry)
    return str(refused.value)


def test_batches_that_cannot_be_shared_equally_are_refused(tmp_path: Path) -> None:
    # The toy recipe has source and target batches of 2.
    assert refusal(tmp_path, devices=3) == (
        "Method 'Source only' trains with source batches of 2 images, which 3 devices cannot share equally. "
        "Set recipe.source_batch to 3, or another number of devices."
    )


def test_devices_of_all_machines_count(tmp_path: Path) -> None:
    assert "which 4 devices cannot share equally" in refusal(tmp_path, devices=2, nodes=2)


def test_the_nearest_sizes_of_batches_are_told(tmp_path: Path) -> None:
    registry = toy_registry()
    document = toy_document(
        recipe={"name": "toy", "iterations": 8, "target_batch": 5}, settings={"devices": 2}
    )
    experiment = read_experiment(write_toy(tmp_path, document), registry=registry)
    with pytest.raises(AlsegError, match=r"target batches of 5 images.* Set recipe\.target_batch to 4 or 6,"):
        check_experiment(experiment, experiment.runs(), registry)


def test_helpers_beside_several_devices_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, devices=2, processes=2, device="cpu") == (
        "settings.processes is 2, but several devices do each run together already. Leave processes out, and "
        "use --on local:N to do runs side by side."
    )


def test_one_device_by_name_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, devices=2, device="cuda:1") == (
        "settings.device is cuda:1, one device, but 2 devices are to do each run. Set device to auto, cuda "
        "or cpu; CUDA_VISIBLE_DEVICES chooses among GPUs."
    )


def test_one_device_takes_any_batch(tmp_path: Path) -> None:
    registry = toy_registry()
    document = toy_document(recipe={"name": "toy", "iterations": 8, "target_batch": 5})
    experiment = read_experiment(write_toy(tmp_path, document), registry=registry)
    checked = check_experiment(experiment, experiment.runs(), registry)
    check_ranks(experiment.settings, experiment.runs(), checked.assembler)


def test_more_devices_than_gpus_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.launch.preflight_ranks, "available", lambda: ["cpu", "cuda:0"])
    document = toy_document(settings={"devices": 2})
    experiment = read_experiment(write_toy(tmp_path, document), registry=toy_registry())
    with pytest.raises(AlsegError) as refused:
        refuse_too_few_gpus(experiment.settings)
    assert str(refused.value) == (
        "settings.devices is 2, but there is 1 GPU here. Set devices to 1, or device to cpu."
    )
    on_cpu = experiment.settings.model_copy(update={"device": "cpu"})
    refuse_too_few_gpus(on_cpu)
