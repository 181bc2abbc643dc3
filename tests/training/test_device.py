"""One process does one run on one device in the precision asked for, whatever launched it."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
import yaml
from click.testing import CliRunner
from lightning_fabric.accelerators import cuda
from lightning_fabric.plugins import MixedPrecision

from acquisitions import PLUGINS, acquiring_methods
from alseg.cli import main
from alseg.config.sections import Settings
from alseg.contracts.types import Precision
from alseg.errors import AlsegError
from alseg.inference.predict import network_outputs
from alseg.training import device as devices
from alseg.training.device import find_device, make_fabric, set_up
from preforked import python
from toys import build_tiny, run_toy, toy_document, toy_registry

PRECISIONS: tuple[str, ...] = get_args(Precision)
AT_NIGHT = ("16-mixed", "bf16-true")
"""Of those that a mixed and a true one of other widths stand for in every suite."""
DTYPES = {
    "32-true": torch.float32,
    "16-mixed": torch.float16,
    "bf16-mixed": torch.bfloat16,
    "16-true": torch.float16,
    "bf16-true": torch.bfloat16,
    "64-true": torch.float64,
}

LAUNCHERS: dict[str, dict[str, str]] = {
    "SLURM": {
        "SLURM_NTASKS": "4",
        "SLURM_JOB_NAME": "train",
        "SLURM_JOB_ID": "1",
        "SLURM_PROCID": "3",
        "SLURM_LOCALID": "3",
        "SLURM_NODEID": "0",
        "SLURM_NTASKS_PER_NODE": "4",
        "SLURM_NNODES": "1",
    },
    "torchrun": {
        "RANK": "3",
        "LOCAL_RANK": "3",
        "WORLD_SIZE": "4",
        "GROUP_RANK": "0",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29500",
        "TORCHELASTIC_RUN_ID": "none",
    },
    "Open MPI": {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_LOCAL_RANK": "3"},
    "MPICH": {"PMI_SIZE": "4", "PMI_RANK": "3", "MPI_LOCALNRANKS": "4"},
    "LSF": {"LSB_JOBID": "1", "LSB_DJOB_RANKFILE": "nowhere", "JSM_NAMESPACE_RANK": "3", "LSB_HOSTS": "a b"},
    "Kubeflow": {
        "KUBERNETES_PORT": "tcp://127.0.0.1:443",
        "MASTER_ADDR": "a",
        "WORLD_SIZE": "4",
        "RANK": "3",
    },
    "Fabric's own": {
        "LT_CLI_USED": "1",
        "LT_PRECISION": "bf16-mixed",
        "LT_DEVICES": "4",
        "LT_ACCELERATOR": "cuda",
        "LT_STRATEGY": "ddp",
        "LT_NUM_NODES": "2",
    },
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.filterwarnings("error")
def test_no_launcher_has_a_say(
    launcher: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in LAUNCHERS[launcher].items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    fabric = make_fabric(Settings(device="cpu"))
    assert (fabric.world_size, fabric.global_rank, fabric.device) == (1, 0, torch.device("cpu"))
    assert set_up(fabric, build_tiny(num_classes=3))(torch.zeros(1, 3, 8, 8)).dtype == torch.float32
    assert capfd.readouterr() == ("", "")
    assert dict(os.environ) == before


@pytest.mark.filterwarnings("error")
def test_an_installed_srun_is_no_reason_for_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    srun = tmp_path / "srun"
    srun.write_text("#!/bin/sh\nexit 1\n")
    srun.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    make_fabric(Settings(device="cpu"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_job_of_slurm_checks_an_experiment_without_a_word_of_it(tmp_path: Path) -> None:
    document = toy_document(
        scenario={"source": _streets("render"), "target": _streets("camera"), "label_space": "cityscapes-19"},
        model={"name": "smp", "weights": "none"},
        recipe={"name": "plain", "iterations": 2, "source_size": [32, 64], "target_size": [32, 64]},
        rounds=[1],
    )
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(document))
    ended = subprocess.run(
        [python(), "-m", "alseg", "run", "toy.yaml", "--dry-run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **LAUNCHERS["SLURM"]},
    )
    assert ended.returncode == 0, ended.stderr
    assert [line for line in ended.stderr.splitlines() if not line.startswith("note:")] == []


def _streets(domain: str) -> dict[str, object]:
    return {"name": "streets", "domain": domain, "height": 32, "width": 64, "count": 2}


# -- devices that are not there


@pytest.mark.parametrize(
    ("name", "there", "message"),
    [
        (
            "cuda",
            ["cpu"],
            "Device 'cuda': torch finds no CUDA device here. Available: auto, cpu. "
            "CUDA_VISIBLE_DEVICES is '7'.",
        ),
        (
            "cuda:99",
            ["cpu", "cuda:0", "cuda:1"],
            "Device 'cuda:99': there is no such CUDA device here. Available: auto, cpu, cuda:0, cuda:1.",
        ),
        ("mps", ["cpu"], "Device 'mps': torch finds no Apple GPU here. Available: auto, cpu."),
        ("xpu", ["cpu", "mps"], "Device 'xpu': alseg knows no such device here. Available: auto, cpu, mps."),
    ],
)
def test_a_device_that_is_not_there_is_named_with_those_that_are(
    name: str, there: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "available", lambda: there)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with pytest.raises(AlsegError) as raised:
        find_device(name)
    assert str(raised.value) == message


def test_a_torch_without_cuda_is_the_reason_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "available", lambda: ["cpu"])
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    with pytest.raises(AlsegError) as raised:
        find_device("cuda:1")
    assert str(raised.value) == (
        "Device 'cuda:1': torch finds no CUDA device here. Available: auto, cpu. "
        f"This torch, {torch.__version__}, is built without CUDA."
    )


@pytest.mark.parametrize(
    ("there", "chosen"),
    [(["cpu"], "cpu"), (["cpu", "cuda:0", "cuda:1"], "cuda:0"), (["cpu", "mps"], "mps")],
)
def test_auto_takes_a_gpu_where_there_is_one(
    there: list[str], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "available", lambda: there)
    assert find_device("auto") == torch.device(chosen)


@pytest.mark.parametrize("device", ["tpu", "xpu", "cpu:3", "foo"])
def test_a_device_of_another_kind_is_a_mistake_in_the_file(device: str, tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump({"name": "toy", "settings": {"device": device}}))
    ended = CliRunner().invoke(main, ["run", str(file)])
    assert ended.exit_code == 2
    assert f"expected auto, cpu, cuda, cuda:N or mps, got '{device}'" in ended.stderr


def test_fabrics_advice_for_programmers_does_not_stand_above_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("lightning_fabric")
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "highest")
    with caplog.at_level(logging.INFO, "lightning_fabric"):
        logging.getLogger("lightning_fabric.utilities.rank_zero").info("else")
        cuda._check_cuda_matmul_precision.__wrapped__(torch.device("cuda"))
    assert caplog.messages == ["else"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("command", [["show"], ["export", "--what", "predictions"], ["eval"]])
def test_every_command_refuses_a_device_before_it_reads_data(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_toy(tmp_path, toy_document(methods=[{"label": "None", "target_labels": "none"}])).failed == []
    (run,) = (tmp_path / "results" / "toy" / "runs").iterdir()
    monkeypatch.setattr("alseg.registry.loading.load_registry", toy_registry)
    monkeypatch.setattr("toys.Stripes.image", None)
    monkeypatch.setattr("toys.Stripes.label", None)
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(main, [*command, str(run), "--device", "cuda:1"])
    assert ended.exit_code == 2, ended.output
    assert ended.stderr.startswith("Error: Device 'cuda:1': torch finds no CUDA device here. Available: auto")
    ended = CliRunner().invoke(main, [*command, str(run), "--device", "tpu"])
    assert ended.exit_code == 2
    assert "'tpu' is none of auto, cpu, cuda, cuda:N and mps." in ended.stderr


# -- precisions


def test_a_precision_that_the_device_cannot_compute_in_is_named_with_those_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def problem(fabric: Any) -> str | None:
        precision = getattr(fabric.strategy.precision, "precision", "32-true")
        return "no kernel for 'Half'" if precision.startswith("16") else None

    monkeypatch.setattr(devices, "_problem", problem)
    with pytest.raises(AlsegError) as raised:
        make_fabric(Settings(device="cpu", precision="16-true"))
    assert str(raised.value) == (
        "settings.precision is '16-true', but cpu cannot train in it with torch "
        f"{torch.__version__}: no kernel for 'Half'. It can in: 32-true, bf16-mixed, bf16-true, 64-true."
    )


def test_half_precision_on_the_cpu_is_half_precision() -> None:
    precision = make_fabric(Settings(device="cpu", precision="16-mixed")).strategy.precision
    assert isinstance(precision, MixedPrecision)
    assert precision.precision == "16-mixed"


@pytest.mark.parametrize("precision", PRECISIONS)
def test_features_are_computed_in_the_precision_of_the_network(precision: str) -> None:
    network = build_tiny(num_classes=3)
    seen: list[torch.dtype] = []
    network.body.register_forward_hook(lambda _, __, maps: seen.append(maps.dtype))
    wrapped = set_up(make_fabric(Settings(device="cpu", precision=precision)), network.eval())
    images = torch.randn(2, 3, 8, 12)
    logits, features = network_outputs(wrapped, images, features=True)
    # Once for the logits and once for the features.
    assert seen == [DTYPES[precision]] * 2
    assert features is not None
    assert (logits.dtype, features.dtype) == (torch.float32, torch.float32)
    # The network's own method stays what it was: its weights are given back to plain torch.
    assert network.features(images.to(network.body.weight.dtype)).dtype == network.body.weight.dtype


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_network_that_computes_leaves_the_default_dtype_to_other_threads(precision: str) -> None:
    network = build_tiny(num_classes=3)
    seen: list[torch.dtype] = []
    network.body.register_forward_hook(lambda *_: seen.append(torch.get_default_dtype()))
    wrapped = set_up(make_fabric(Settings(device="cpu", precision=precision)), network)
    network_outputs(wrapped, torch.randn(1, 3, 8, 12), features=True)
    # It is one for the whole process: once for the logits and once for the features.
    assert seen == [torch.float32] * 2


@pytest.mark.parametrize(
    "precision",
    [
        pytest.param(precision, marks=pytest.mark.nightly) if precision in AT_NIGHT else precision
        for precision in PRECISIONS
        if precision != "32-true"
    ],
)
def test_every_acquisition_works_in_every_precision(precision: str, tmp_path: Path) -> None:
    """``tests/alseg_methods/test_end_to_end.py`` runs all of them in 32-true."""
    asking = {str(method["acquisition"]["name"]): method for method in acquiring_methods()}
    document = toy_document(
        methods=list(asking.values()),
        recipe={"name": "toy", "iterations": 2},
        rounds=[1],
        settings={"device": "cpu", "precision": precision, "examples": 1},
    )
    outcome = run_toy(tmp_path, document, *PLUGINS)
    assert (outcome.done, outcome.failed, outcome.skipped) == (len(asking), [], [])


def test_adamw_trains_weights_of_half_precision(tmp_path: Path) -> None:
    # The weights of a class that no pixel shows have gradients of 0, and 0 / (0 + 1e-8) is 0 / 0 in float16.
    recipe = {
        "name": "plain",
        "iterations": 2,
        "optimizer": "adamw",
        "source_size": None,
        "target_size": None,
    }
    document = toy_document(
        recipe=recipe,
        rounds=[],
        methods=[{"label": "All", "target_labels": "all"}],
        settings={"device": "cpu", "precision": "16-true"},
    )
    assert run_toy(tmp_path, document).failed == []
    (weights,) = (tmp_path / "results").rglob("weights.pt")
    state = torch.load(weights, weights_only=True)["model"]
    assert {tensor.dtype for tensor in state.values()} == {torch.float16}
    assert all(tensor.isfinite().all() for tensor in state.values())
