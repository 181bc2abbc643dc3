"""Runs of every method that is shipped are killed at random, go on, and end in the bytes of a run left alone.

With ``ALSEG_KILLS=300`` in the environment there are more kills than the suite has time for; 40 or more reach
every method. ``ALSEG_KILL_SEED`` gives the same kills again, but for those by the clock.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

import alseg_baselines
import alseg_ripu
from acquisitions import PLUGINS, acquiring_methods
from killing import events_of, finish, result_bytes, run_and_wait, start
from toys import toy_document

KILLS = int(os.environ.get("ALSEG_KILLS", "5"))
# In CI the same kills every time: what fails there must fail everywhere. Elsewhere others every day.
SEED = int(
    os.environ.get("ALSEG_KILL_SEED") or (0 if os.environ.get("CI") else datetime.date.today().toordinal())
)

MODES: dict[str, dict[str, Any]] = {
    "region": {"annotation": {"name": "region", "radius": 1}, "budget": "20%"},
    "pixel": {"annotation": {"name": "pixel", "spacing": 2}, "budget": "6 px/image"},
    "image": {"annotation": {"name": "image", "tolerance": 1}, "budget": "3 images"},
}
ACQUISITIONS = {spec.name: spec for spec in alseg_baselines.register_acquisitions()}
ACQUISITIONS |= {spec.name: spec for spec in alseg_ripu.register_acquisitions()}
RADIUS = {"ripu": 1, "ripu-pixel": 2}

SMALL = {"iterations": 8, "source_size": None, "target_size": [8, 16]}
PLAIN = {"name": "plain", "learning_rate": 0.05, **SMALL}
RIPU = {"name": "ripu", "learning_rate": 0.01, **SMALL}
RECIPES: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "ripu": RIPU,
    "adamw": {**RIPU, "optimizer": "adamw", "decay_iterations": 9},
    "random changes": {**PLAIN, "flip": True, "scale": [0.5, 2.0], "color": 0.2},
    "class-balanced": {**PLAIN, "sampling": "class-balanced", "label_resize": "nearest"},
    "labelled": {**PLAIN, "target_sampling": "labelled"},
    "labelled, ripu": {**RIPU, "target_sampling": "labelled", "labelled_share": 0.3, "flip": True},
    "kl": {**RIPU, "consistency_distance": "kl", "sampling": "shuffle"},
    "no consistency": {**RIPU, "consistency": 0.0},
    "no negative learning": {**RIPU, "negative_learning": 0.0},
    "source-free": {**RIPU, "source_batch": 0},
    "source-free, plain": {**PLAIN, "source_batch": 0},
}
REFERENCES: dict[str, dict[str, Any]] = {
    "source only": {"target_labels": "none", "recipe": {**PLAIN, "target_batch": 0}},
    "no labels": {"target_labels": "none", "recipe": RIPU},
    "all labels": {"target_labels": "all", "recipe": PLAIN},
    "all labels, same time": {
        "target_labels": {"labels": "all", "since": "first-purchase", "tolerance": 1},
        "recipe": RIPU,
    },
    "all labels, source-free": {"target_labels": "all", "recipe": RECIPES["source-free"]},
}


def _document(label: str, *methods: dict[str, Any], rounds: list[int] | None = None) -> dict[str, Any]:
    labelled = [{**method, "label": f"{label} {place}"} for place, method in enumerate(methods)]
    settings = {"device": "cpu", "checkpoint_minutes": 1e-9}  # one after every step
    return toy_document(recipe=PLAIN, methods=labelled, rounds=rounds or [2, 4], settings=settings)


def _asking(name: str, **more: Any) -> dict[str, Any]:
    return {"acquisition": {"name": name, **({"radius": RADIUS[name]} if name in RADIUS else {})}, **more}


def every_method() -> dict[str, dict[str, Any]]:
    """Return an experiment for every method: acquisitions with the modes that fit, recipes, references."""
    found = {
        f"{name} x {mode}": _document(mode, _asking(name, **MODES[mode]))
        for name in ACQUISITIONS
        for mode in MODES
    }
    for method in acquiring_methods():
        if method["acquisition"]["name"] not in ACQUISITIONS:
            found[str(method["label"])] = _document("asking", method)
    for weights in ("previous", "initial"):
        anew = _document(weights, _asking("ripu", **MODES["region"]))
        found[f"{weights} weights"] = {**anew, "round_start": weights, "round_schedule": "round"}
    for name, recipe in RECIPES.items():
        rounds = [0, 3] if "source-free" in name else None  # labels are bought before any training
        found[f"recipe {name}"] = _document(
            "recipe", _asking("ripu", **MODES["region"], recipe=recipe), rounds=rounds
        )
    for name, method in REFERENCES.items():
        found[name] = _document("reference", method, rounds=[0, 3] if "source-free" in name else None)
    pool = {**MODES["region"], "budget": {"amount": "20%", "scope": "pool"}}
    found["over the pool"] = _document("pool", _asking("margin", **pool))
    found["by clicks"] = _document("clicks", _asking("entropy", **{**MODES["region"], "budget": "40 clicks"}))
    # Methods that ask together share a pass over the pool, and the training before it.
    found["together"] = _document(
        "together",
        _asking("entropy", **MODES["region"]),
        _asking("ripu", **MODES["pixel"]),
        _asking("core-set", **MODES["image"]),
        {"target_labels": {"labels": "all", "since": "first-purchase"}},
    )
    found["together, labelled"] = _document(
        "together",
        _asking("entropy", **MODES["image"], recipe=RECIPES["labelled"]),
        _asking("random", **MODES["image"], recipe=RECIPES["labelled"]),
    )
    return found


METHODS = every_method()


class Undisturbed:
    """Folders of runs that nothing happened to, made when first asked for.

    Attributes:
        seconds: How long each took.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._folders: dict[str, Path] = {}
        self.seconds: dict[str, float] = {}

    def folder(self, name: str) -> Path:
        if name not in self._folders:
            folder = self._factory.mktemp("undisturbed")
            started = time.monotonic()
            assert run_and_wait(folder, METHODS[name]) == 0
            self.seconds[name] = time.monotonic() - started
            self._folders[name] = folder
        return self._folders[name]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory)


def killed_after(folder: Path, document: dict[str, Any], seconds: float) -> int:
    """Start a run and kill it after a time, wherever it is; returns its exit code."""
    process = start(folder, document)
    process.join(timeout=seconds)
    if process.is_alive():
        process.kill()
    return finish(process)


@pytest.mark.parametrize("number", range(KILLS))
def test_any_method_killed_anywhere_goes_on_to_the_same_bytes(
    tmp_path: Path, undisturbed: Undisturbed, number: int
) -> None:
    draw = random.Random(f"{SEED} {number}")
    name = list(METHODS)[(11 * (SEED + number)) % len(METHODS)]  # 11 is coprime: every method has its turn
    expected = undisturbed.folder(name)
    events = len(events_of(expected))
    history: list[str] = []
    kills = 0
    while True:
        if draw.random() < 0.25:
            seconds = draw.uniform(0, undisturbed.seconds[name])
            history.append(f"after {seconds:.3f} s")
            code = killed_after(tmp_path, METHODS[name], seconds)
        else:
            point = draw.randint(1, max(1, events >> len(history)))  # one that goes on has fewer events left
            history.append(f"at event {point} of {events}")
            code = run_and_wait(tmp_path, METHODS[name], point)
        assert code in (0, -signal.SIGKILL), f"ALSEG_KILL_SEED={SEED}, kill {number}, {name}: {history}"
        kills += code != 0
        if code == 0 or draw.random() < 0.6:  # else the run that goes on is killed, too
            break
    print(f"ALSEG_KILL_SEED={SEED}, kill {number}, {name}, killed {kills} times: {', '.join(history)}")
    assert run_and_wait(tmp_path, METHODS[name]) == 0
    assert result_bytes(tmp_path) == result_bytes(expected)


def test_every_method_that_is_shipped_is_among_those_that_are_killed() -> None:
    text = json.dumps(METHODS)
    named = [spec for plugin in PLUGINS for spec in getattr(plugin, "register_acquisitions", list)()]
    named = [spec for spec in named if "output:embedding" not in spec.needs]  # the toy network has none
    named += alseg_baselines.register_acquisitions()
    named += alseg_baselines.register_annotation_modes()
    named += [*alseg_baselines.register_recipes(), *alseg_ripu.register_recipes()]  # type: ignore[list-item]
    assert [spec.name for spec in named if f'"name": "{spec.name}"' not in text] == []
    # 6 acquisitions with 3 modes; those of alseg_methods with each unit that they can decide on; two starts
    # of a round; recipes, references, the pool, clicks, two together.
    others = [method for method in acquiring_methods() if method["acquisition"]["name"] not in ACQUISITIONS]
    assert len(METHODS) == 6 * 3 + len(others) + 2 + len(RECIPES) + len(REFERENCES) + 4
    assert len(METHODS) % 11 != 0
