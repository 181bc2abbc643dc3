"""`settings.deterministic`: torch's deterministic kernels, while a run is at work and no longer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from alseg import AcquisitionSpec, hookimpl
from alseg.config.experiment import read_experiment
from alseg.config.sections import Settings
from alseg.contracts import TargetView
from alseg.errors import AlsegError
from alseg.toolkit.losses import pixels_as_rows
from alseg.training import determinism
from alseg.training.device import make_fabric
from killing import result_bytes, run_and_wait
from toys import Silent, run_folder, run_toy, toy_document, toy_registry

METHODS: list[Any] = [toy_document()["methods"][1]]  # type: ignore[index]


def document(device: str, *, deterministic: bool, **changes: Any) -> dict[str, Any]:
    return toy_document(
        methods=METHODS, settings={"device": device, "deterministic": deterministic}, **changes
    )


def flags() -> tuple[bool, bool, bool]:
    cudnn = torch.backends.cudnn
    return torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark


class Watching(Silent):
    """Notes the flags at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[bool, bool, bool]] = set()

    def advance(self, detail: str = "") -> None:
        self.seen.add(flags())


@pytest.mark.parametrize("wanted", [True, False])
def test_the_flags_hold_while_a_run_is_at_work_and_are_put_back(tmp_path: Path, wanted: bool) -> None:
    before = flags()
    reporter = Watching()
    assert run_toy(tmp_path, document("cpu", deterministic=wanted), reporter=reporter).done == 1
    assert reporter.seen == {(True, True, False) if wanted else before}
    assert flags() == before


def test_attempts_say_whether_kernels_were_deterministic(tmp_path: Path) -> None:
    run_toy(tmp_path, document("cpu", deterministic=True))
    attempt = json.loads((run_folder(tmp_path, "entropy") / "attempts" / "0.json").read_text())
    assert attempt["deterministic"] is True


def test_on_the_cpu_it_changes_no_byte_and_no_folder_name(tmp_path: Path) -> None:
    for name, wanted in (("without", False), ("with", True)):
        run_toy(tmp_path / name, document("cpu", deterministic=wanted))
    without, with_it = (result_bytes(tmp_path / name) for name in ("without", "with"))
    runs = {name for name in without if name.startswith("runs/")}
    assert {name for name in with_it if name.startswith("runs/")} == runs
    assert all(with_it[name] == without[name] for name in runs)


def test_source_training_done_with_other_kernels_is_not_taken_over(tmp_path: Path) -> None:
    run_toy(tmp_path, document("cpu", deterministic=False))
    run_toy(tmp_path, document("cpu", deterministic=True, seeds=[1]))
    root = tmp_path / "results" / "toy"
    assert sorted(path.name for path in root.glob("shared*")) == ["shared", "shared-deterministic"]


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(json.dumps(toy_document()))
    registry = toy_registry()
    assert not read_experiment(file, registry=registry).settings.deterministic
    assert read_experiment(file, ["settings.deterministic=true"], registry=registry).settings.deterministic


class _Refused:
    """An acquisition with an operation of which torch has no deterministic version on this device."""

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        class Refused:
            def score(self, view: TargetView) -> torch.Tensor:
                # What torch itself raises on a GPU.
                raise RuntimeError(
                    "put_ does not have a deterministic implementation, but you set "
                    "'torch.use_deterministic_algorithms(True)'. You can turn off determinism just for this "
                    "operation, or you can use the 'warn_only=True' option."
                )

        return [AcquisitionSpec(name="refused", summary="Test.", source="Test.", build=Refused)]


def test_an_operation_without_a_deterministic_kernel_is_named(tmp_path: Path) -> None:
    methods = [{"label": "Refused", "acquisition": "refused", "annotation": "region", "budget": "20%"}]
    asked = toy_document(methods=methods, settings={"device": "cpu", "deterministic": True})
    ((_, error),) = run_toy(tmp_path, asked, _Refused()).failed
    assert error == (
        f"AlsegError: settings.deterministic is on, and torch {torch.__version__} has no deterministic "
        "kernel for put_, which the network, the recipe or the acquisition uses. Choose others, or set "
        "settings.deterministic to false."
    )


def test_other_errors_of_a_run_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match=r"^something else$"), determinism.deterministic(True):
        raise RuntimeError("something else")
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_workspace_of_cublas_is_chosen_before_cuda_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    determinism.prepare()
    assert determinism.os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_workspace_the_user_has_chosen_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    determinism.prepare()
    assert determinism.os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_a_workspace_that_is_not_deterministic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":0:0")
    with pytest.raises(AlsegError) as raised:
        make_fabric(Settings(device="auto", deterministic=True))
    assert str(raised.value) == (
        "settings.deterministic needs CUBLAS_WORKSPACE_CONFIG to be :4096:8 or :16:8, but the environment "
        "has ':0:0'. Unset it."
    )


def test_a_process_that_has_used_cuda_already_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(AlsegError) as raised:
        make_fabric(Settings(device="auto", deterministic=True))
    assert str(raised.value) == (
        "settings.deterministic comes too late: CUDA is in use in this process already. Set "
        "CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment before the process starts."
    )


def test_the_loss_of_rows_is_the_loss_of_images() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 3, 4, 5), generator=generator, requires_grad=True)
    labels = torch.randint(0, 3, (2, 4, 5), generator=generator)
    labels[0, 1] = 255
    of_images = functional.cross_entropy(logits, labels, ignore_index=255)
    of_rows = functional.cross_entropy(*pixels_as_rows(logits, labels), ignore_index=255)
    torch.testing.assert_close(of_rows, of_images)
    (expected,) = torch.autograd.grad(of_images, logits)
    (found,) = torch.autograd.grad(of_rows, logits)
    torch.testing.assert_close(found, expected)


@pytest.mark.gpu
def test_two_runs_on_a_gpu_give_the_same_bytes(tmp_path: Path) -> None:
    size = {"name": "stripes", "count": 6, "height": 96, "width": 192}
    asked = document("cuda", deterministic=True, scenario={"source": "stripes", "target": size})
    for name in ("first", "second"):  # in processes of their own, in which CUDA has not been used
        assert run_and_wait(tmp_path / name, asked) == 0
    assert result_bytes(tmp_path / "first") == result_bytes(tmp_path / "second")
