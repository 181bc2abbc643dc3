"""Units on devices, by cases worked out by hand."""

from __future__ import annotations

import pytest

from alseg.errors import AlsegError
from alseg.planning.schedule import Job, TimeLimit, critical_path, pieces, simulate

CHAIN = [Job(key="a", work=10), Job(key="b", after=("a",), work=20), Job(key="c", after=("b",), work=5)]
FAN = [Job(key="lead", work=10), *(Job(key=f"run{number}", after=("lead",), work=30) for number in range(4))]


@pytest.mark.parametrize("devices", [1, 2, 7])
def test_a_chain_takes_as_long_on_any_number_of_devices(devices: int) -> None:
    found = simulate(CHAIN, devices)
    assert found.wall == 35
    assert found.busy == 35
    assert found.utilisation == pytest.approx(1 / devices)
    assert found.speed_up == 1


@pytest.mark.parametrize(("devices", "wall"), [(1, 130), (2, 70), (3, 70), (4, 40), (64, 40)])
def test_runs_fan_out_after_their_shared_unit(devices: int, wall: float) -> None:
    # 10 s first; then four runs of 30 s in four, two, two and one turns.
    found = simulate(FAN, devices)
    assert found.wall == wall
    assert found.busy == 130
    assert found.utilisation == pytest.approx(130 / (devices * wall))


def test_unequal_units_are_begun_in_their_order() -> None:
    jobs = [Job(key="short", work=1), Job(key="middle", work=2), Job(key="long", work=6)]
    # 'long' begins when 'short' has ended.
    assert simulate(jobs, 2).ends == {"short": 1, "middle": 2, "long": 7}


def test_what_others_wait_for_holds_up_only_them() -> None:
    jobs = [
        Job(key="lead", work=10),
        Job(key="other", work=3),
        Job(key="run", after=("lead",), work=4),
        Job(key="last", work=5),
    ]
    assert simulate(jobs, 2).ends == {"lead": 10, "other": 3, "last": 8, "run": 14}


def test_a_unit_that_was_done_before_holds_up_nothing() -> None:
    assert simulate([Job(key="run", after=("gone",), work=4)], 1).wall == 4


def test_a_unit_of_several_devices_waits_until_they_are_free_and_may_be_overtaken() -> None:
    jobs = [Job(key="one", work=10), Job(key="both", devices=2, work=5), Job(key="small", work=4)]
    found = simulate(jobs, 2)
    assert found.ends == {"one": 10, "small": 4, "both": 15}
    assert found.busy == 10 + 2 * 5 + 4


def test_more_devices_than_there_are_are_refused() -> None:
    with pytest.raises(AlsegError) as caught:
        simulate([Job(key="run", devices=8, work=1)], 4)
    assert str(caught.value) == (
        "A unit needs 8 devices, and there are 4. Give more with --gpus, or lower settings.devices and "
        "settings.nodes."
    )


def test_nothing_to_do_takes_no_time() -> None:
    found = simulate([], 3)
    assert (found.wall, found.utilisation, found.speed_up) == (0, 0, 1)
    assert critical_path([]) == ([], 0)


LIMIT = TimeLimit(seconds=100, delay=50)


def test_a_time_limit_cuts_a_job_into_processes_which_all_have_to_start() -> None:
    # 90 s of work in each of two full processes, and 20 s in a third one.
    assert pieces(Job(key="run", start=10, work=200), LIMIT) == [100, 100, 30]
    assert pieces(Job(key="run", start=10, work=180), LIMIT) == [100, 100]
    assert pieces(Job(key="run", start=10, work=90), LIMIT) == [100]
    assert pieces(Job(key="run", start=10, work=200), None) == [210]


def test_a_job_that_waits_to_go_on_leaves_its_device_to_others() -> None:
    jobs = [Job(key="long", start=10, work=110), Job(key="short", start=10, work=30)]
    # long: 0-100, may go on from 150, 30 s more; short in between: 100-140.
    assert simulate(jobs, 1, LIMIT).ends == {"short": 140, "long": 180}
    assert critical_path(jobs, LIMIT) == (["long"], 180)


def test_a_limit_below_the_start_is_refused() -> None:
    with pytest.raises(AlsegError) as caught:
        pieces(Job(key="run", start=120, work=1), TimeLimit(seconds=60, delay=0))
    assert str(caught.value) == (
        "--minutes 1 leaves no time for work: a process takes 120 seconds to begin. Give more minutes."
    )


def test_the_critical_path_is_the_longest_chain() -> None:
    assert critical_path(CHAIN) == (["a", "b", "c"], 35)
    assert critical_path([*FAN, Job(key="alone", work=39)]) == (["lead", "run0"], 40)
    assert critical_path([*FAN, Job(key="alone", work=41)]) == (["alone"], 41)
