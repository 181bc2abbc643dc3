"""Processes that do a run together, here small scripts."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

import alseg.system.rank_processes
from alseg.errors import AlsegError
from alseg.system.rank_processes import (
    RankEnding,
    meeting_in_job,
    run_ranks,
    run_srun,
    srun_command,
    take_task_of_srun,
)
from alseg.system.signals import StopRequest

TELL = """
import os, pathlib, sys
names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "GLOO_SOCKET_IFNAME", "OMP_NUM_THREADS")
line = sys.stdin.readline().strip()
pathlib.Path(line, f"told-{os.environ['RANK']}").write_text(" ".join(os.environ[name] for name in names))
"""
STOPPING = """
import os, pathlib, signal, sys
folder = pathlib.Path(sys.stdin.readline().strip())
def save(number, frame):
    (folder / f"saved-{os.environ['RANK']}").write_text(str(number))
    sys.exit(0)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, save)
(folder / f"ready-{os.environ['RANK']}").touch()
if os.environ["RANK"] == "1" and HOW:
    while not (folder / "ready-0").exists():
        pass
    if HOW > 1:
        os.kill(os.getpid(), HOW)
    print("a traceback", "ValueError: no such image", sep="\\n", file=sys.stderr)
    sys.exit(1)
signal.pause()
"""


def run(script: str, folder: Path, stop: StopRequest | None = None) -> RankEnding | None:
    command = [sys.executable, "-c", script]
    return run_ranks(command, 2, f"{folder}\n".encode(), folder, stop or StopRequest(), threads=3)


def test_each_process_knows_its_place(tmp_path: Path) -> None:
    assert run(TELL, tmp_path) is None
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    assert (tmp_path / "told-0").read_text() == f"0 2 0 {loopback} 3"
    assert (tmp_path / "told-1").read_text() == f"1 2 1 {loopback} 3"


def test_when_one_is_killed_the_other_is_asked_to_save(tmp_path: Path) -> None:
    ending = run(f"HOW = {signal.SIGKILL:d}\n{STOPPING}", tmp_path)
    assert ending is not None
    assert ending.text == "rank 1 ended with SIGKILL"
    assert (tmp_path / "saved-0").read_text() == str(int(signal.SIGTERM))


def test_the_last_line_of_one_that_fails_is_told(tmp_path: Path) -> None:
    ending = run(f"HOW = 1\n{STOPPING}", tmp_path)
    assert ending == RankEnding("rank 1", 1, "ValueError: no such image")
    assert ending.text == "rank 1 ended with exit code 1: ValueError: no such image"


def test_a_signal_goes_on_to_all(tmp_path: Path) -> None:
    class Stopped(StopRequest):
        @property
        def signal(self) -> int | None:  # type: ignore[override]
            ready = all((tmp_path / f"ready-{rank}").exists() for rank in range(2))
            return int(signal.SIGINT) if ready else None

        @signal.setter
        def signal(self, number: int | None) -> None: ...

    assert run(f"HOW = 0\n{STOPPING}", tmp_path, Stopped()) is None
    assert {(tmp_path / f"saved-{rank}").read_text() for rank in range(2)} == {str(int(signal.SIGINT))}


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.system.rank_processes, "GRACE_SECONDS", 0.0)
    deaf = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdin.readline()
os.environ["RANK"] == "1" and sys.exit(1)
signal.pause()
"""
    assert run(deaf, tmp_path) == RankEnding("rank 1", 1)


def test_srun_starts_processes_on_several_machines() -> None:
    assert srun_command(["python", "-m", "x"], nodes=2, per_node=4) == [
        "srun",
        "--overlap",
        "--nodes=2",
        "--ntasks=8",
        "--ntasks-per-node=4",
        "--distribution=block",
        "--kill-on-bad-exit=0",
        "--input=all",
        "python",
        "-m",
        "x",
    ]


def test_processes_of_srun_are_named_as_torch_names_them() -> None:
    environ = {"SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_LOCALID": "1"}
    take_task_of_srun(environ)
    assert (environ["RANK"], environ["WORLD_SIZE"], environ["LOCAL_RANK"]) == ("5", "8", "1")
    own = {"RANK": "0", "SLURM_PROCID": "5"}
    take_task_of_srun(own)
    assert own["RANK"] == "0"


def _program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{script}")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_processes_of_a_job_meet_at_its_first_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, "scontrol", "import sys; print(sys.argv[3].replace(',', chr(10)))")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = meeting_in_job({"SLURM_JOB_ID": "40123", "SLURM_JOB_NODELIST": "n3,n4"})
    # 20000 + 40123 modulo 20000
    assert found == {"MASTER_ADDR": "n3", "MASTER_PORT": "20123"}


def test_srun_is_given_the_task_and_where_to_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "scontrol", "print('n3')")
    _program(
        tmp_path,
        "srun",
        "import os, pathlib, sys\n"
        "line = sys.stdin.readline().strip()\n"
        "told = [os.environ['MASTER_ADDR'], os.environ['OMP_NUM_THREADS'], *sys.argv[2:5]]\n"
        "pathlib.Path(line, 'told').write_text(' '.join(told))\n"
        "sys.exit(9)\n",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "n[3-4]")
    ending = run_srun(["work"], 2, 4, f"{tmp_path}\n".encode(), StopRequest(), threads=3)
    assert ending is not None
    assert ending.text == "srun ended with exit code 9"
    assert (tmp_path / "told").read_text() == "n3 3 --nodes=2 --ntasks=8 --ntasks-per-node=4"


def test_several_machines_outside_a_job_are_refused() -> None:
    with pytest.raises(AlsegError) as refused:
        meeting_in_job({})
    assert str(refused.value) == (
        "settings.nodes is more than 1, but this process is in no job of SLURM, whose srun starts the "
        "others. Use --on slurm, or set settings.nodes to 1."
    )
