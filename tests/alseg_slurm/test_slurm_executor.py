"""The executor beside programs that only write down how they are called."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alseg import AlsegError
from alseg.contracts import Resources, Standing, WorkUnit
from alseg_slurm.executor import SlurmExecutor
from alseg_slurm.request import JobRequest

SBATCH = """#!/bin/sh
echo "sbatch $*" >> "{folder}/calls"
cat > "{folder}/script"
if [ -s "{folder}/refusal" ]; then cat "{folder}/refusal" >&2; exit 1; fi
echo $(grep -c ^sbatch "{folder}/calls")
"""
"""Gives jobs the numbers 1, 2 and so on."""

SQUEUE = """#!/bin/sh
if [ -s "{folder}/broken" ]; then cat "{folder}/broken" >&2; exit 1; fi
echo x >> "{folder}/questions"
cat "{folder}/queue"
"""

SCANCEL = """#!/bin/sh
echo "scancel $*" >> "{folder}/calls"
"""


class Slurm:
    """Programs in a folder, and what they say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL}.items():
            (folder / name).write_text(text.format(folder=folder))
            (folder / name).chmod(0o755)
        (folder / "queue").touch()
        (folder / "calls").touch()

    def shows(self, *lines: str) -> None:
        (self.folder / "new").write_text("".join(f"{line}\n" for line in lines))
        (self.folder / "new").replace(self.folder / "queue")

    def calls(self, program: str) -> list[str]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if line.startswith(f"{program} ")]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Slurm(folder)


def executor(**request: object) -> SlurmExecutor:
    return SlurmExecutor(JobRequest(**request), poll_seconds=0)  # type: ignore[arg-type]


def unit(folder: Path, key: str, needs: Resources | None = None) -> WorkUnit:
    file = str(folder / "tiny" / "experiment.yaml")
    return WorkUnit(key=key, experiment=file, runs=(key,), needs=needs or Resources(cpus=2))


def standing(made: SlurmExecutor, name: str, wanted: Callable[[Standing], object]) -> Standing:
    """Return where a unit stands, once that is as wanted."""
    end = time.monotonic() + 60
    while not wanted(found := made.poll([name])[name]):
        assert time.monotonic() < end, found
        time.sleep(0.01)
    return found


def is_gone(found: Standing) -> bool:
    return found.state == "gone"


def test_units_of_a_kind_are_one_array_and_others_come_after_it(slurm: Slurm, tmp_path: Path) -> None:
    made = executor(partition="gpu", at_once=4)
    shared = [made.submit(unit(tmp_path, f"shared-{key}"), []) for key in "ab"]
    runs = [made.submit(unit(tmp_path, f"run {number}"), [shared[1]]) for number in range(3)]
    assert slurm.calls("sbatch") == []
    assert {found.state for found in made.poll([*shared, *runs]).values()} == {"waiting"}
    first, second = shared[0].rpartition("_")[0], runs[0].rpartition("_")[0]
    assert first.startswith("alseg-tiny-")
    log = f"--output={tmp_path}/tiny/units/slurm-%A.log --open-mode=append --requeue"
    asked = "--partition=gpu --nodes=1 --ntasks-per-node=1 --cpus-per-task=2 --signal=USR2@120"
    assert slurm.calls("sbatch") == [
        f"sbatch --parsable --job-name={first} --array=0,1%4 {log} {asked}",
        f"sbatch --parsable --job-name={second} --array=0,1,2%4 {log} --dependency=afterany:1_1 {asked}",
    ]
    assert [*shared, *runs] == [*(f"{first}_{n}" for n in (0, 1)), *(f"{second}_{n}" for n in (0, 1, 2))]
    content = json.loads((tmp_path / "tiny/units/slurm/run 2.json").read_text())
    assert WorkUnit.from_json(content) == unit(tmp_path, "run 2")


def test_units_with_other_needs_are_another_array(slurm: Slurm, tmp_path: Path) -> None:
    made = executor()
    names = [
        made.submit(unit(tmp_path, key, Resources(devices=number)), []) for number, key in enumerate("ab")
    ]
    made.poll(names)
    assert [("--gpus-per-node=1" in call) for call in slurm.calls("sbatch")] == [False, True]


def run_script(
    slurm: Slurm,
    tmp_path: Path,
    code: int,
    *,
    says: bool,
    setup: tuple[str, ...] = (),
    needs: Resources | None = None,
) -> str:
    """Do what a job does, with a srun that ends with a code; return what was called."""
    made = executor(setup=setup)
    asked = unit(tmp_path, "a b") if needs is None else unit(tmp_path, "a b", needs)
    made.poll([made.submit(asked, [])])
    ending = tmp_path / "tiny/units/a b.json"
    ending.write_text("of an earlier try")
    for name, last in (
        ("srun", f"{'touch' if says else 'test ! -e'} '{ending}'; exit {code}"),
        ("scontrol", ""),
    ):
        (slurm.folder / name).write_text(f'#!/bin/sh\necho "{name} $*, $OMP_NUM_THREADS, $LOADED"\n{last}\n')
        (slurm.folder / name).chmod(0o755)
    path = f"{slurm.folder}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", str(slurm.folder / "script")],
        env={"PATH": path, "SLURM_ARRAY_TASK_ID": "0", "SLURM_JOB_ID": "77"},
        timeout=60,
    )
    assert done.returncode == code
    return (tmp_path / "tiny/units/a b.log").read_text()


def test_a_job_does_its_unit_and_keeps_what_is_printed(slurm: Slurm, tmp_path: Path) -> None:
    log = run_script(slurm, tmp_path, 3, says=False, setup=("export LOADED=cuda",))
    assert log.startswith("srun --input=none --unbuffered ")
    assert log.endswith(f" -m alseg work {tmp_path}/tiny/units/slurm/a b.json, 2, cuda\n")


def test_a_unit_on_several_nodes_leaves_them_to_what_it_starts_there(slurm: Slurm, tmp_path: Path) -> None:
    log = run_script(slurm, tmp_path, 0, says=False, needs=Resources(nodes=2, devices=4))
    assert log.startswith("srun --overlap --nodes=1 --ntasks=1 --input=none ")
    (call,) = slurm.calls("sbatch")
    assert all(each in call for each in ("--nodes=2", "--ntasks-per-node=1", "--gpus-per-node=4"))


@pytest.mark.parametrize(
    ("code", "says", "again"),
    [(140, True, True), (140, False, False), (143, True, False), (0, True, False), (1, True, False)],
)
def test_only_a_job_that_has_saved_near_its_time_limit_is_queued_again(
    slurm: Slurm, tmp_path: Path, code: int, says: bool, again: bool
) -> None:
    # 140 is 128 + SIGUSR2.
    assert ("scontrol requeue 77" in run_script(slurm, tmp_path, code, says=says)) == again


def test_what_the_queue_shows_is_where_units_stand(slurm: Slurm, tmp_path: Path) -> None:
    made = executor()
    name = made.submit(unit(tmp_path, "a"), [])
    array = name.rpartition("_")[0]
    slurm.shows(f"1_0|PENDING|0||Priority|{array}|")
    assert standing(made, name, lambda found: found.reason == "Priority").state == "waiting"
    slurm.shows(f"1_0|RUNNING|0|n1|None|{array}|")
    standing(made, name, lambda found: found == Standing(state="working", host="n1"))
    slurm.shows(f"1_0|TIMEOUT|0|n1|TimeLimit|{array}|")
    reason = "its time limit was reached (TIMEOUT), job 1_0"
    assert standing(made, name, is_gone) == Standing(state="gone", host="n1", reason=reason)


def test_a_queue_that_does_not_answer_says_nothing(slurm: Slurm, tmp_path: Path) -> None:
    made = executor()
    name = made.submit(unit(tmp_path, "a"), [])
    slurm.shows(f"1_0|RUNNING|0|n1|None|{name.rpartition('_')[0]}|")
    standing(made, name, lambda found: found.state == "working")
    (slurm.folder / "broken").write_text("slurm_load_jobs error: Unable to contact slurm controller")
    for _ in range(30):
        assert made.poll([name])[name].state == "working"
        time.sleep(0.01)


def test_a_job_that_the_queue_no_longer_shows_is_gone_at_the_second_look(
    slurm: Slurm, tmp_path: Path
) -> None:
    made = executor()
    found = standing(made, "alseg-tiny-of-another-process_0", is_gone)
    assert found.reason == "SLURM no longer knows its job"
    assert len((slurm.folder / "questions").read_text().splitlines()) >= 2


def test_accounting_knows_how_a_job_ended_that_the_queue_no_longer_shows(slurm: Slurm) -> None:
    (slurm.folder / "sacct").write_text("#!/bin/sh\necho '5_3|OUT_OF_MEMORY|0:125|n2|alseg-tiny-1'\n")
    (slurm.folder / "sacct").chmod(0o755)
    found = standing(executor(), "alseg-tiny-1_3", is_gone)
    assert found == Standing(state="gone", host="n2", reason="out of memory (OUT_OF_MEMORY), job 5_3")


def test_units_of_another_process_are_known_and_come_before_others(slurm: Slurm, tmp_path: Path) -> None:
    slurm.shows("41_0|RUNNING|0|n1|None|alseg-tiny-1|")
    made = executor()
    name = made.submit(unit(tmp_path, "b"), ["alseg-tiny-1_0", "alseg-tiny-gone_0"])
    standing(made, name, lambda _: slurm.calls("sbatch"))
    assert " --dependency=afterany:41_0 " in slurm.calls("sbatch")[0]


def test_a_busy_controller_is_asked_again_and_never_given_units_twice(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alseg_slurm.executor.RETRY_SECONDS", 0)
    (slurm.folder / "refusal").write_text("sbatch: error: Batch job submission failed: Socket timed out\n")
    made = executor()
    name = made.submit(unit(tmp_path, "a"), [])
    standing(made, name, lambda _: len(slurm.calls("sbatch")) > 1)
    # The controller had taken the job all the same.
    slurm.shows(f"9_0|RUNNING|0|n1|None|{name.rpartition('_')[0]}|")
    standing(made, name, lambda found: found.state == "working")
    tries = len(slurm.calls("sbatch"))
    for _ in range(10):
        made.poll([name])
    assert len(slurm.calls("sbatch")) == tries


def test_what_slurm_refuses_is_an_error(slurm: Slurm, tmp_path: Path) -> None:
    (slurm.folder / "refusal").write_text(
        "sbatch: error: invalid partition specified: none\n"
        "sbatch: error: Batch job submission failed: Invalid partition name specified\n"
    )
    made = executor()
    name = made.submit(unit(tmp_path, "a"), [])
    with pytest.raises(AlsegError) as caught:
        made.poll([name])
    assert str(caught.value) == (
        "SLURM refused 1 job: invalid partition specified: none; Batch job submission failed: Invalid "
        "partition name specified. Change the parameters of the executor 'slurm' (see docs/cluster.md), and "
        "give the command again."
    )


def test_a_squeue_that_cannot_be_used_is_an_error(slurm: Slurm, tmp_path: Path) -> None:
    (slurm.folder / "broken").write_text("squeue: error: Invalid job format specification\n")
    with pytest.raises(AlsegError) as caught:
        standing(executor(), "alseg-tiny-1_0", is_gone)
    assert str(caught.value) == (
        "squeue does not work here: squeue: error: Invalid job format specification. alseg needs SLURM 20.11 "
        "or newer, and a machine from which `squeue` shows your jobs."
    )


def test_units_are_cancelled_with_time_to_save_and_killed_afterwards(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alseg_slurm.ending.AGAIN_SECONDS", 0)
    made = executor()
    names = [made.submit(unit(tmp_path, key), []) for key in "abc"]
    array = names[0].rpartition("_")[0]
    made.poll(names)
    slurm.shows(f"1_0|RUNNING|0|n1|None|{array}|", f"1_2|PENDING|0||Priority|{array}|")
    standing(made, names[0], lambda found: found.state == "working")
    made.cancel([names[0], names[2]], 3600)
    told = ["scancel --state=PENDING 1_[0,2]", "scancel --signal=TERM 1_[0,2]"]
    assert slurm.calls("scancel") == told
    made.poll([names[0], names[2]])  # again, since the last one may have begun meanwhile
    assert slurm.calls("scancel") == told * 2
    made.cancel([names[0]], 0)
    assert slurm.calls("scancel")[-2:] == ["scancel --signal=KILL 1_[0]", "scancel 1_[0]"]


def test_units_that_were_not_submitted_yet_are_not_when_they_are_cancelled(
    slurm: Slurm, tmp_path: Path
) -> None:
    made = executor()
    names = [made.submit(unit(tmp_path, key), []) for key in "abc"]
    made.cancel([names[1]], 60)
    found = made.poll(names)
    assert [found[name].state for name in names] == ["waiting", "gone", "waiting"]
    assert found[names[1]].reason == "cancelled before it was submitted"
    assert "--array=0,2 " in slurm.calls("sbatch")[0]


def test_another_process_learns_at_its_first_look_where_units_stand(slurm: Slurm) -> None:
    slurm.shows("41_0|RUNNING|0|n1|None|alseg-tiny-1|")
    assert executor().poll(["alseg-tiny-1_0"]) == {"alseg-tiny-1_0": Standing(state="working", host="n1")}


def test_another_process_can_cancel_units_by_their_ids(slurm: Slurm) -> None:
    slurm.shows("41_0|RUNNING|0|n1|None|alseg-tiny-1|")
    executor().cancel(["alseg-tiny-1_0", "alseg-tiny-gone_0"], 60)
    assert slurm.calls("scancel") == ["scancel --state=PENDING 41_[0]", "scancel --signal=TERM 41_[0]"]
