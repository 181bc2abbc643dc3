"""What docs/study-results.md says, and what the packed runs of the study give."""

from __future__ import annotations

import json
import re
import shlex
import zipfile
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner

from alseg.analysis.statistics import Difference, paired_difference
from alseg.cli import main
from documents import DOCS, REPOSITORY, prose

RESULTS = DOCS / "study-results.md"
PROSE = " ".join(prose(RESULTS.read_text(encoding="utf-8")).split())
DUSK = "results/published/study/dusk.zip"
LONGER = "results/published/study/dusk-long.zip"
TWICE = "results/published/study/dusk-twice.zip"
STREETS = "results/published/study/streets-camvid.zip"
RENDERED = "results/published/study/streets.zip"
RENDERED_ON_GPU = "results/published/study/streets-gpu.zip"
TAUGHT = "results/published/study/streets-mean-teacher.zip"
ANSWERS = "results/published/study/streets-answers.zip"
ANSWERS_AT_DUSK = "results/published/study/dusk-answers.zip"
ANSWERS_ON_PHOTOGRAPHS = "results/published/study/streets-camvid-answers.zip"
STRATIFIED = "results/published/study/streets-stratified.zip"
DRIVE = ("--image-group", "Seq05VD*")

_KEPT: list[TemporaryDirectory[str]] = []
"""Folders that are removed with the process."""


@cache
def output(command: str) -> str:
    """Return what a command of the document prints."""
    words = shlex.split(command)
    environment = dict(
        word.split("=", 1) for word in words if "=" in word.partition(" ")[0] and word[0] != "-"
    )
    arguments = [
        str(REPOSITORY / word) if word.startswith("results/") else word
        for word in words
        if word not in ("alseg", *(f"{key}={value}" for key, value in environment.items()))
    ]
    result = CliRunner(env=environment).invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@cache
def unpacked(pack: str) -> Path:
    """Return the results folder of a pack, unpacked once: reading it again and again is then faster."""
    folder = TemporaryDirectory(prefix="alseg-study-")
    _KEPT.append(folder)
    with zipfile.ZipFile(REPOSITORY / pack) as content:
        content.extractall(folder.name)
    (results,) = (path for path in Path(folder.name).iterdir() if path.is_dir())
    return results


def compared(*options: str, pack: str = DUSK) -> dict[str, Any]:
    """Return the comparison of a pack's runs as JSON."""
    content: dict[str, Any] = json.loads(
        output(shlex.join(["alseg", "compare", str(unpacked(pack)), "--format", "json", *options]))
    )
    return content


def row(label: str, *options: str, pack: str = DUSK) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in compared(*options, pack=pack)["rows"] if each["label"] == label
    )
    return found


def contrast(label: str, baseline: str, *options: str, pack: str = DUSK) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each
        for each in compared(*options, pack=pack)["contrasts"]
        if (each["label"], each["baseline"]) == (label, baseline)
    )
    return found


def difference(label: str, baseline: str, *options: str, pack: str = DUSK) -> str:
    """Return a difference as the document writes it, with the interval of its family."""
    found = contrast(label, baseline, *options, pack=pack)
    half_width = (found["corrected"] or found["difference"])["half_width"]
    return f"{found['difference']['mean']:+.1f} ± {half_width:.1f}"


def share(bought: dict[str, float], *names: str) -> str:
    return f"{100 * sum(bought[name] for name in names) / sum(bought.values()):.0f}%"


def scores_of_runs(pack: str, number: int) -> dict[tuple[str, int], float]:
    """Return the mIoU of each run of a pack after a round, by the name of its row and its seed."""
    pattern = re.compile(rf"[^/]+/runs/(.+)__s(\d)__\w+/rounds/{number:02d}/metrics.json")
    with zipfile.ZipFile(REPOSITORY / pack) as content:
        found = ((pattern.fullmatch(name), name) for name in content.namelist())
        return {
            (match[1], int(match[2])): json.loads(content.read(name))["miou"]
            for match, name in found
            if match
        }


def differences_by_seed(number: int, pack: str = DUSK) -> list[float]:
    """Return RIPU (RA) less random windows after a round, seed by seed."""
    scores = scores_of_runs(pack, number)
    return [scores["ripu-ra", seed] - scores["random-windows", seed] for seed in range(6)]


def change_with_longer_training() -> Difference:
    """Return by how much the longer training at dusk moves RIPU (RA) less random windows."""
    longer, short = (dict(enumerate(differences_by_seed(4, pack))) for pack in (LONGER, DUSK))
    change = paired_difference(longer, short)
    assert change is not None
    return change


def p_of_flips(values: list[float]) -> float:
    """Return the p-value of the sign-flip test, in which every sign is as likely as the other."""
    flipped = [
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=len(values))
    ]
    return sum(each >= abs(sum(values)) - 1e-9 for each in flipped) / len(flipped)
