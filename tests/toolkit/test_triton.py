"""The kernels for GPUs: in Triton's interpreter, compiled, and where a GPU is at hand, on it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alseg.toolkit import uncertainty, windows
from alseg.toolkit._kernels import device_choice

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")


def triton_version() -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version("triton").split(".")[:2])
    except PackageNotFoundError:
        return (0, 0)


def numpy_version() -> tuple[int, ...]:
    return tuple(int(part) for part in np.__version__.split(".")[:2])


@needs_triton
@pytest.mark.skipif(
    numpy_version() >= (2, 5) or not (3, 3) <= triton_version() < (3, 9),
    reason="Triton's interpreter lacks bools before 3.3, takes those of Python in a mask for whole numbers "
    "from 3.9 on, and makes numbers of arrays, which NumPy 2.5 refuses; compiled kernels do none of it",
)
def test_in_tritons_interpreter_the_kernels_give_what_the_cpu_gives() -> None:
    file = Path(__file__).parents[1] / "helpers" / "triton_interpreted.py"
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", str(file)]
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=file.parents[2])
    assert done.returncode == 0, done.stdout + done.stderr


@needs_triton
@pytest.mark.skipif(triton_version() < (3, 3), reason="before Triton 3.3 one compiles in another way")
@pytest.mark.parametrize(
    ("module", "kernel", "constants"),
    [
        ("uncertainty_triton", "_fill", {"sums": True, "column_stride": 1}),
        (
            "uncertainty_triton",
            "_fill",
            {"sums": False, "entropy": None, "confidence": None, "margin": None},
        ),
        ("windows_triton", "_fill_mean", {"radius": 1}),
        ("windows_triton", "_fill_narrow_impurity", {"radius": 1}),
        ("windows_triton", "_count_along_rows", {}),
        ("windows_triton", "_add_impurity", {"classes_at_a_time": 8, "columns": 128, "rows": 32}),
    ],
)
def test_a_kernel_compiles_for_a_gpu(
    module: str,
    kernel: str,
    constants: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The interpreter takes more than the compiler does, and compiling needs no GPU.
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    function = getattr(__import__(f"alseg.toolkit._kernels.{module}", fromlist=[kernel]), kernel)
    pointers = {"logits": "*bf16", "classes": "*u8", "counts": "*i16"}
    pointers |= dict.fromkeys(["entropy", "confidence", "margin", "values", "mean", "impurity"], "*fp32")
    if "block" in function.arg_names:
        constants = {**constants, "block": 512}
    signature = {
        name: "constexpr" if name in constants else pointers.get(name, "i32") for name in function.arg_names
    }
    compiled = triton.compile(
        ASTSource(function, signature, constexprs=constants), target=GPUTarget("cuda", 80, 32)
    )
    assert compiled.asm["cubin"]


@pytest.mark.parametrize(
    ("device", "switch", "used"),
    [("cuda", "", True), ("cuda:1", "0", True), ("cuda", "1", False), ("cpu", "", False), ("mps", "", False)],
)
@needs_triton
def test_kernels_are_used_on_cuda_unless_they_are_switched_off(
    device: str, switch: str, used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSEG_NO_TRITON", switch)
    assert device_choice.use_triton(torch.device(device)) is used


def test_without_triton_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALSEG_NO_TRITON", raising=False)
    monkeypatch.setattr(device_choice, "find_spec", lambda name: None)
    assert not device_choice.use_triton(torch.device("cuda"))


@pytest.mark.gpu
@pytest.mark.parametrize("switch", ["0", "1"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_statistics_on_a_gpu_are_those_of_the_cpu(
    dtype: torch.dtype, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSEG_NO_TRITON", switch)
    logits = (4 * torch.randn(19, 67, 129, generator=torch.Generator().manual_seed(0))).to(dtype)
    logits[3, 0, 0] = -torch.inf
    names = ("entropy", "confidence", "margin", "classes")
    computed = uncertainty.statistics(logits.cuda(), *names)
    expected = uncertainty.statistics(logits, *names)
    for ours, wanted in zip(computed, expected, strict=True):
        assert ours is not None and wanted is not None
        torch.testing.assert_close(ours.cpu(), wanted, rtol=5e-6, atol=5e-6)


@pytest.mark.gpu
@pytest.mark.parametrize("switch", ["0", "1"])
@pytest.mark.parametrize("radius", [0, 1, 5, 32, 500])
def test_windows_on_a_gpu_are_those_of_the_cpu(
    radius: int, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALSEG_NO_TRITON", switch)
    generator = torch.Generator().manual_seed(radius)
    classes = torch.randint(0, 19, (133, 270), generator=generator, dtype=torch.uint8)
    values = torch.rand(133, 270, generator=generator)
    torch.testing.assert_close(
        windows.window_impurity(classes.cuda(), 19, radius).cpu(),
        windows.window_impurity(classes, 19, radius),
        rtol=0,
        atol=5e-6,
    )
    torch.testing.assert_close(
        windows.window_mean(values.cuda(), radius).cpu(),
        windows.window_mean(values, radius),
        rtol=1e-6,
        atol=1e-6,
    )
