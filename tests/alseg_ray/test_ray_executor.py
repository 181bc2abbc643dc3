"""The executor beside a cluster that only pretends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from alseg import AlsegError
from alseg.contracts import Executor, Resources, Standing, WorkUnit
from alseg_ray.build import build_ray
from alseg_ray.executor import CLOSING_SECONDS, DEAF_SECONDS, RayExecutor
from alseg_ray.places import Machine, Share


class PretendedPlace:
    """A unit that goes where it is told to, and ends so."""

    def __init__(self) -> None:
        self.at: str | None = None
        self.ended: str | None = None
        self.stopped: list[float] = []
        self.kills = 0

    def machine(self) -> str | None:
        return self.at

    def end(self) -> str | None:
        return self.ended

    def stop(self, grace: float) -> None:
        self.stopped.append(grace)

    def kill(self) -> None:
        self.kills += 1
        self.ended = "its Ray worker was lost"


class PretendedCluster:
    """Machines, and what was begun on them."""

    def __init__(self, *machines: Machine) -> None:
        self.alive = list(machines)
        self.begun: dict[str, tuple[Share, PretendedPlace]] = {}
        self.closed = False

    def machines(self) -> Sequence[Machine]:
        return self.alive

    def begin(self, unit: WorkUnit, share: Share) -> PretendedPlace:
        place = PretendedPlace()
        self.begun[unit.key] = share, place
        return place

    def close(self) -> None:
        self.closed = True

    def place(self, key: str) -> PretendedPlace:
        return self.begun[key][1]


GIB = 2**30
WITH_GPUS = Machine(id="a1", host="big", has=Share(cpus=16, gpus=4.0, memory=64 * GIB))
WITHOUT = Machine(id="b2", host="small", has=Share(cpus=8, memory=16 * GIB))


def unit(key: str = "a", **needs: int) -> WorkUnit:
    return WorkUnit(key=key, experiment="/r/experiment.yaml", runs=(key,), needs=Resources(**needs))


def test_it_is_an_executor() -> None:
    executor = RayExecutor(PretendedCluster(WITHOUT))
    assert isinstance(executor, Executor)
    assert not executor.outlives


def test_a_unit_waits_works_and_is_gone() -> None:
    cluster = PretendedCluster(WITH_GPUS)
    executor = RayExecutor(cluster)
    name = executor.submit(unit(), [])
    assert executor.poll([name]) == {name: Standing(state="waiting")}
    cluster.place("a").at = "a1"
    assert executor.poll([name]) == {name: Standing(state="working", host="big")}
    cluster.place("a").ended = "SIGKILL"
    assert executor.poll([name]) == {name: Standing(state="gone", host="big", reason="SIGKILL")}


def test_a_unit_begins_once_those_before_it_are_gone_however_they_ended() -> None:
    cluster = PretendedCluster(WITH_GPUS)
    executor = RayExecutor(cluster)
    first = executor.submit(unit("first"), [])
    executor.submit(unit("second"), [first, "of another process"])
    assert list(cluster.begun) == ["first"]
    cluster.place("first").ended = "exit code 1"
    executor.poll([])
    assert list(cluster.begun) == ["first", "second"]


def test_what_a_unit_needs_is_asked_of_the_cluster() -> None:
    cluster = PretendedCluster(WITHOUT, WITH_GPUS)
    executor = RayExecutor(cluster, cpus=3, gpu_share=0.5)
    executor.submit(unit("free"), [])
    executor.submit(unit("given", devices=2, cpus=4, memory_gib=2), [])
    executor.submit(unit("together", processes=2), [])
    # Half a GPU for each of two; three cores where the unit leaves it open.
    assert cluster.begun["free"][0] == Share(cpus=3)
    assert cluster.begun["together"][0] == Share(cpus=6)
    assert cluster.begun["given"][0] == Share(cpus=4, gpus=1.0, memory=2 * GIB)


def test_on_a_cluster_without_gpus_none_is_asked_for_unless_it_grows() -> None:
    for grows, gpus in ((False, 0.0), (True, 1.0)):
        cluster = PretendedCluster(WITHOUT)
        RayExecutor(cluster, grows=grows).submit(unit(devices=1), [])
        assert cluster.begun["a"][0].gpus == gpus


def test_a_unit_that_fits_on_no_machine_is_refused_unless_the_cluster_grows() -> None:
    cluster = PretendedCluster(WITHOUT, WITH_GPUS)
    with pytest.raises(AlsegError) as caught:
        RayExecutor(cluster).submit(unit(devices=8, cpus=2, memory_gib=1), [])
    assert str(caught.value) == (
        "No machine of the Ray cluster can do a run that needs cores: 2, GPUs: 8, 1.0 GiB: the largest has "
        "cores: 16, GPUs: 4, 64.0 GiB. Lower settings.threads or settings.devices, or set the executor's "
        "grows where machines are added when they are missing."
    )
    RayExecutor(cluster, grows=True).submit(unit(devices=8), [])
    assert list(cluster.begun) == ["a"]


def test_a_run_on_several_machines_is_refused() -> None:
    with pytest.raises(AlsegError) as caught:
        RayExecutor(PretendedCluster(WITH_GPUS)).submit(unit(nodes=2), [])
    assert str(caught.value) == (
        "Executor 'ray' does a run on one machine, and settings.nodes is 2. Set it to 1, or choose another "
        "executor, such as slurm."
    )


def test_cancelled_units_save_and_those_in_a_queue_never_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    cluster = PretendedCluster(WITH_GPUS)
    executor = RayExecutor(cluster)
    works, queued = executor.submit(unit("works"), []), executor.submit(unit("queued"), [])
    later = executor.submit(unit("later"), [works])
    cluster.place("works").at = "a1"
    executor.poll([])
    executor.cancel([works, queued, later, "unknown"], 20.0)
    found = executor.poll([works, queued, later])
    assert found[queued] == Standing(state="gone", reason="cancelled")
    assert found[later] == Standing(state="gone", reason="cancelled")
    assert found[works].state == "working"
    assert cluster.place("works").stopped == [20.0]
    # Its process is killed after the grace by the machine; the cluster does it where that says nothing.
    clock[0] += 20.0 + DEAF_SECONDS - 0.1
    executor.poll([works])
    assert cluster.place("works").kills == 0
    clock[0] += 0.1
    executor.poll([works])
    assert cluster.place("works").kills == 1
    assert executor.poll([works])[works].state == "gone"
    assert "later" not in cluster.begun


def test_closing_lets_units_save_and_leaves_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = PretendedCluster(WITH_GPUS)
    executor = RayExecutor(cluster)
    executor.submit(unit(), [])
    place = cluster.place("a")
    place.at = "a1"
    executor.poll([])

    def until_it_has_saved(_: float) -> None:
        place.ended = "exit code 143"

    monkeypatch.setattr("time.sleep", until_it_has_saved)
    executor.close()
    assert place.stopped == [CLOSING_SECONDS]
    assert cluster.closed


def test_an_id_of_another_process_is_gone() -> None:
    found = RayExecutor(PretendedCluster(WITHOUT)).poll(["7"])
    assert found == {"7": Standing(state="gone", reason="unknown to this process")}


def test_without_an_address_no_cluster_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(AlsegError) as caught:
        build_ray(address=None)
    assert str(caught.value) == (
        "Executor 'ray' needs the address of a running cluster: write ray:HOST:PORT, or ray:auto for the "
        "cluster of this machine, or set RAY_ADDRESS. alseg starts none, because it would listen on all "
        "network interfaces; for this machine alone there is local:N."
    )


@pytest.mark.parametrize("address", ["local", "ray://head:10001", "head", ":6379", "head:0", "head:x"])
def test_what_is_no_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "is no address of a cluster. Write HOST:PORT as `ray start` prints it, or auto; a Ray client (ray://)"
    )
    with pytest.raises(AlsegError) as caught:
        build_ray(address=address)
    assert str(caught.value).startswith(f"Executor 'ray': {address!r} {said}")
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(AlsegError) as caught:
        build_ray(address=None)
    assert str(caught.value).startswith(f"Executor 'ray': RAY_ADDRESS {address!r} {said}")


def test_without_ray_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "alseg_ray.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(AlsegError) as caught:
        build_ray(address="head:6379")
    told = str(caught.value)
    assert told.startswith("Executor 'ray' needs packages that are not installed (")
    assert told.endswith('): pip install "alseg[ray]"')
