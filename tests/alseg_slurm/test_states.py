"""What squeue and sacct say: recorded from SLURM 22.05, and written down from the manuals of newer ones."""

from __future__ import annotations

import pytest

from alseg.contracts import Standing
from alseg_slurm.states import JobRecord, place_of, read_sacct, read_squeue, record_of

SQUEUE = """\
6|CANCELLED|0||Resources|alseg-tiny-1|
6_0|COMPLETED|0|n1|None|alseg-tiny-1|
6_1|FAILED|35072|n2|NonZeroExitCode|alseg-tiny-1|
13_0|PENDING|0||BeginTime|alseg-tiny-2|
13_1|RUNNING|0|n[1-2]|None|alseg-tiny-2|
14|PENDING|0||Resources|wrap|
slurm_load_jobs error
"""


def test_jobs_of_an_array_are_read() -> None:
    records = read_squeue(SQUEUE)
    assert records["alseg-tiny-1_1"] == JobRecord(
        # 35072 is 137 * 256: srun ended with 128 + 9.
        job="6",
        state="FAILED",
        exit_code=137,
        nodes="n2",
        reason="NonZeroExitCode",
    )
    assert records["alseg-tiny-2_0"].state == "PENDING"
    assert sorted(records) == [
        *("alseg-tiny-1", "alseg-tiny-1_0", "alseg-tiny-1_1"),
        *("alseg-tiny-2_0", "alseg-tiny-2_1", "wrap"),
    ]


def test_jobs_that_were_cancelled_before_they_began_have_one_record() -> None:
    record = record_of("alseg-tiny-1_2", read_squeue(SQUEUE))
    assert record is not None
    assert record.standing(2) == Standing(state="gone", reason="cancelled (CANCELLED), job 6_2")
    assert record_of("alseg-tiny-3_0", read_squeue(SQUEUE)) is None


def standing(state: str, exit_code: int = 0, reason: str = "None") -> Standing:
    return JobRecord(job="7", state=state, exit_code=exit_code, nodes="n1", reason=reason).standing(3)


@pytest.mark.parametrize(
    ("state", "code", "reason"),
    [
        ("COMPLETED", 0, "exit code 0"),
        ("FAILED", 1, "exit code 1"),
        ("FAILED", 137, "exit code 137 (SIGKILL)"),
        ("FAILED", 143, "exit code 143 (SIGTERM)"),
        ("FAILED", 255, "exit code 255"),
        ("TIMEOUT", 0, "its time limit was reached (TIMEOUT)"),
        ("OUT_OF_MEMORY", 0, "out of memory (OUT_OF_MEMORY)"),
        ("NODE_FAIL", 0, "its node was lost (NODE_FAIL)"),
        ("PREEMPTED", 0, "preempted (PREEMPTED)"),
        ("CANCELLED", 143, "cancelled (CANCELLED)"),
    ],
)
def test_the_reason_of_a_job_that_has_ended_is_in_words(state: str, code: int, reason: str) -> None:
    assert standing(state, code) == Standing(state="gone", host="n1", reason=f"{reason}, job 7_3")


def test_a_job_that_waits_says_why() -> None:
    assert standing("PENDING", reason="Priority") == Standing(state="waiting", reason="Priority")
    assert standing("REQUEUE_HOLD") == Standing(state="waiting")


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETING", "SUSPENDED", "A_STATE_TO_COME"])
def test_a_job_in_any_other_state_works(state: str) -> None:
    assert standing(state) == Standing(state="working", host="n1")


def test_both_ways_to_write_an_exit_code_are_read() -> None:
    text = "9_0|FAILED|{}|n1|None|a|"
    codes = [read_squeue(text.format(code))["a_0"].exit_code for code in ("768", "9", "3:0", "0:9", "?")]
    # 768 is 3 * 256, 9 a status that means SIGKILL.
    assert codes == [3, 128 + 9, 3, 128 + 9, 0]


def test_accounting_is_read_with_jobs_that_never_began() -> None:
    records = read_sacct(
        "12_0|COMPLETED|0:0|n1|alseg-tiny-1\n"
        "12_1|OUT_OF_MEMORY|0:125|n2|alseg-tiny-1\n"
        "12_[2,4-5%8]|CANCELLED by 1000|0:0|None assigned|alseg-tiny-1\n"
        "\n"
    )
    assert sorted(records) == [f"alseg-tiny-1_{place}" for place in (0, 1, 2, 4, 5)]
    assert records["alseg-tiny-1_1"].standing(1).reason == "out of memory (OUT_OF_MEMORY), job 12_1"
    assert records["alseg-tiny-1_4"] == JobRecord(job="12", state="CANCELLED")


def test_the_place_in_an_array_is_in_an_id() -> None:
    assert [place_of(text) for text in ("alseg-tiny-1_12", "alseg-tiny-1", "x_", "")] == [12, -1, -1, -1]
