"""A run is killed at every kind of moment, goes on, and must end in the same bytes as one left alone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from growing import METHOD as GROWING
from growing import WHEN_ROUND_1_IS_DONE, growing_document, write_names
from killing import events_of, finish, result_bytes, run_and_wait, start
from stateful import stateful_document
from toys import toy_document

# One method that buys twice. A checkpoint after every step: 1e-9 minutes are always over.
DOCUMENT = toy_document(
    methods=[toy_document()["methods"][1]],  # type: ignore[index]
    settings={"device": "cpu", "checkpoint_minutes": 1e-9},
)

# Points at which one run is killed, one after the other: an event and its occurrence since the kill before.
# Rounds end after 2, 4 and 8 steps; there are 6 images to evaluate and to ask about in each. Metrics and
# counts are written once a round, and the counts of the first one twice; the checkpoint after each step, at
# the end of each round's training, and once for the shared source training.
CHAINS = {
    "first files": (
        "half-written experiment.yaml#1",
        "half-written run.json#1",
        "renamed run.json#1",
        "half-written status.json#1",
        "begin train#1",
        "half-written checkpoint.pt#1",
        "renamed checkpoint.pt#3",  # of the shared source training
        "evaluate#3",
        "renamed confusion.npz#2",
        "begin acquire#1",
        "renamed ledger.npy#1",
        "train#2",
    ),
    "source training": (
        "train#1",
        "written checkpoint.pt#1",
        "train#1",
        "begin evaluate#1",
        "half-written confusion.npz#1",
        "half-written checkpoint.pt#1",
        "half-written timing.json#1",
        "acquire#4",
        "half-written ledger.npy#1",
        "begin train#1",
        "half-written checkpoint.pt#2",
        "evaluate#4",
    ),
    "first purchase": (
        "renamed checkpoint.pt#1",
        "renamed confusion.npz#1",
        "renamed checkpoint.pt#1",
        "half-written metrics.json#1",
        "half-written examples.npz#1",
        "renamed examples.npz#1",
        "half-written ledger.json#1",
        "renamed ledger.json#1",
        "half-written metrics.json#1",
        "acquire#6",
        "half-written examples.npz#1",
        "train#3",
    ),
    "last round": (
        "renamed metrics.json#1",
        "renamed metrics.json#1",
        "half-written ledger.npy#1",
        "half-written ledger.json#1",
        "renamed checkpoint.pt#2",
        "evaluate#6",
        "renamed metrics.json#1",
        "half-written examples.npz#1",
        "half-written weights.pt#1",
        "renamed weights.pt#1",
        "removing checkpoint.pt#1",
    ),
}

# Two methods whose first purchase is decided in one pass over the pool.
ASKING_TOGETHER: dict[str, Any] = toy_document(
    methods=[
        toy_document()["methods"][1],  # type: ignore[index]
        {"label": "Margin", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
    ],
    settings={"device": "cpu"},
)
TOGETHER_CHAINS = (
    ("acquire#3",),
    ("half-written picks#1", "renamed ledger.json#1"),  # of the first method
    ("renamed picks#1", "removing picks#1"),
    ("renamed ledger.json#3",),  # of the second one, whose picks waited for it
)

# A recipe with a teacher, a discriminator of its own optimiser, and labels derived half-way through a round,
# from which one of the runs begins anew. Rounds derive after 3 and 6 steps.
EVERY_STEP = {"device": "cpu", "checkpoint_minutes": 1e-9}
STATEFUL = stateful_document({"derive_at": 0.5}, settings=EVERY_STEP)
STATEFUL_ANEW = stateful_document({"derive_at": 0.5, "derive_restart": "initial"}, settings=EVERY_STEP)
WHOLE_IMAGES = {"iterations": 8, "source_size": None, "target_size": None, "learning_rate": 0.05}
# Sets of classes of superpixels; pseudo labels half-way through a round, from which training begins anew.
CLASS_SETS = toy_document(
    recipe={"name": "mulactseg", **WHOLE_IMAGES},
    methods=[
        {
            "label": "Sets",
            "acquisition": "entropy",
            "partition": {"name": "grid", "side": 4},
            "annotation": {"name": "superpixel", "answer": "classes"},
            "budget": "30%",
        }
    ],
    settings=EVERY_STEP,
)
MEAN_TEACHER = stateful_document(
    {"name": "mean-teacher", **WHOLE_IMAGES, "crop": [8, 16], "accumulate": 2}, settings=EVERY_STEP
)
DERIVATION = (
    "renamed ledger.json#1",
    "begin derive#1",
    "derive#4",
    "half-written derived.bin#1",
    "renamed derived.bin#1",
    "half-written derived.json#1",
    "renamed derived.json#1",
    "renamed checkpoint.pt#1",
)
ON_DERIVED_LABELS = (
    "train#4",  # the first step on derived labels
    "half-written checkpoint.pt#1",
    "evaluate#4",
    "renamed metrics.json#1",
    "derive#5",
    "renamed derived.json#1",
    "train#1",
    "renamed checkpoint.pt#2",
    "half-written weights.pt#1",
)
TRAINING_OF_THE_SOURCE = (
    "half-written checkpoint.pt#1",
    "renamed checkpoint.pt#1",
    "train#1",
    "evaluate#2",
    "renamed confusion.npz#1",
    "acquire#3",
)
SECOND_DERIVATION = ("renamed metrics.json#1", "derive#5", "half-written weights.pt#1")
LATER_ROUNDS = ("train#1", "renamed checkpoint.pt#1", "renamed weights.pt#1")
STATES = {
    "teacher and discriminator": (STATEFUL, (TRAINING_OF_THE_SOURCE, DERIVATION, ON_DERIVED_LABELS)),
    "teacher made anew": (STATEFUL_ANEW, (ON_DERIVED_LABELS,)),
    "mulactseg": (CLASS_SETS, ((*DERIVATION, *SECOND_DERIVATION),)),
    "mean-teacher": (
        MEAN_TEACHER,
        ((*TRAINING_OF_THE_SOURCE, *LATER_ROUNDS),),
    ),
}
"""Experiments whose runs keep more than a network, and chains of points at which a run of them is killed."""


def killed_at_each(folder: Path, document: dict[str, Any], chain: tuple[str, ...]) -> Path:
    """Kill one run at each point of a chain, let it end, and return its folder."""
    for point in chain:
        assert run_and_wait(folder, document, point) == -signal.SIGKILL, point
        assert events_of(folder)[-1] == point
    assert run_and_wait(folder, document) == 0
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run_and_wait(folder, DOCUMENT) == 0
    return folder


def test_an_undisturbed_run_leaves_its_results_and_nothing_else(undisturbed: Path) -> None:
    names = {Path(name).name for name in result_bytes(undisturbed)}
    assert names == {
        "experiment.yaml",
        "run.json",
        "status.json",
        "checkpoint.pt",  # of the shared source training
        "confusion.npz",
        "metrics.json",
        "ledger.npy",
        "ledger.json",
        "examples.npz",
        "weights.pt",
    }


@pytest.mark.parametrize("chain", CHAINS)
def test_a_run_killed_anywhere_goes_on_to_the_same_bytes(
    tmp_path: Path, undisturbed: Path, chain: str
) -> None:
    assert result_bytes(killed_at_each(tmp_path, DOCUMENT, CHAINS[chain])) == result_bytes(undisturbed)


@pytest.mark.parametrize("name", STATES)
def test_a_run_with_a_state_or_derived_labels_killed_anywhere_goes_on_to_the_same_bytes(
    tmp_path: Path, name: str
) -> None:
    document, chains = STATES[name]
    assert run_and_wait(tmp_path / "undisturbed", document) == 0
    expected = result_bytes(tmp_path / "undisturbed")
    assert not any(Path(file).name.startswith("derived") for file in expected)
    for number, chain in enumerate(chains):
        assert result_bytes(killed_at_each(tmp_path / str(number), document, chain)) == expected, chain


@pytest.fixture(scope="module")
def asked_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of two methods that were run one at a time, so that each asked for itself."""
    folder = tmp_path_factory.mktemp("alone")
    for method in ASKING_TOGETHER["methods"]:
        assert run_and_wait(folder, {**ASKING_TOGETHER, "methods": [method]}) == 0
    return folder


@pytest.mark.parametrize("chain", TOGETHER_CHAINS)
def test_runs_that_ask_together_and_are_killed_get_what_each_gets_alone(
    tmp_path: Path, asked_alone: Path, chain: tuple[str, ...]
) -> None:
    killed_at_each(tmp_path, ASKING_TOGETHER, chain)
    varying = {"experiment.yaml", "run.json"}  # hold the other method, or the place among them
    first, second = (
        {name: content for name, content in result_bytes(folder).items() if Path(name).name not in varying}
        for folder in (tmp_path, asked_alone)
    )
    assert first == second


@pytest.mark.parametrize("events", [35, 46, 57])
def test_a_run_killed_again_and_again_gets_to_the_same_bytes(
    tmp_path: Path, undisturbed: Path, events: int
) -> None:
    kills = 0
    while run_and_wait(tmp_path, DOCUMENT, events) == -signal.SIGKILL:
        kills += 1
        assert kills < 50, "no progress"
    assert kills >= 2
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_sigterm_saves_and_the_run_goes_on_to_the_same_bytes(tmp_path: Path, undisturbed: Path) -> None:
    process = start(tmp_path, DOCUMENT)
    while "train#3" not in (events_of(tmp_path) if (tmp_path / "events.txt").exists() else []):
        time.sleep(0.002)
        assert process.is_alive()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process) == 128 + signal.SIGTERM
    assert run_and_wait(tmp_path, DOCUMENT) == 0
    assert result_bytes(tmp_path) == result_bytes(undisturbed)


def test_two_processes_do_no_run_twice_and_get_what_one_gets(tmp_path: Path) -> None:
    document: dict[str, Any] = toy_document(seeds=[0, 1])
    assert run_and_wait(tmp_path / "one", document) == 0
    processes = [start(tmp_path / "two", document) for _ in range(2)]
    assert [finish(process) for process in processes] == [0, 0]
    runs = sorted((tmp_path / "two" / "results" / "toy" / "runs").iterdir())
    assert len(runs) == 6  # three methods, two seeds
    assert [[file.name for file in (run / "attempts").iterdir()] for run in runs] == [["0.json"]] * 6
    assert result_bytes(tmp_path / "two") == result_bytes(tmp_path / "one")


# Three images join a pool of six in round 2. With superpixels that follow the network, an image's regions are
# kept as they were when it was asked about, whatever its place in the pool.
GROWING_CHAINS = {
    "the first pool": (
        "half-written pool.json#1",
        "renamed pool.json#1",
        "train#1",
        "renamed metrics.json#1",
    ),
    "the pool that has grown": (
        "renamed metrics.json#2",  # of round 1: more images are there from then on
        "half-written pool.json#1",
        "renamed pool.json#1",
        "acquire#7",
        "half-written ledger.json#1",
        "renamed ledger.json#1",
        "train#2",
        "evaluate#3",
    ),
}


@pytest.mark.parametrize("chain", GROWING_CHAINS)
@pytest.mark.parametrize("follows", [False, True])
def test_a_run_whose_pool_grows_killed_around_a_purchase_goes_on_to_the_same_bytes(
    tmp_path: Path, chain: str, follows: bool
) -> None:
    results = []
    for name, points in (("undisturbed", ()), ("killed", GROWING_CHAINS[chain])):
        folder = tmp_path / name
        write_names(folder, 2, 3, 4, 5, 6, 7)
        write_names(folder, 1, 8, 9, file="more.txt")
        changes: dict[str, Any] = {"settings": EVERY_STEP}
        if follows:
            regions = {"partition": {"name": "amsl", "segments": 12}, "annotation": "superpixel"}
            changes["methods"] = [{**GROWING, **regions, "budget": "40%"}]
        killed_at_each(folder, growing_document(folder, WHEN_ROUND_1_IS_DONE, **changes), points)
        varying = {"experiment.yaml", "run.json"}  # hold the folder of the data
        results.append({n: b for n, b in result_bytes(folder).items() if Path(n).name not in varying})
    first, second = ({n: b for n, b in found.items() if not n.startswith("partitions/")} for found in results)
    assert first == second
    [last] = [content for name, content in first.items() if name.endswith("rounds/02/pool.json")]
    assert last.count(b"train-") == 9
