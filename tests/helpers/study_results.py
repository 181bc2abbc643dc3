"""What docs/study-results.md says, and what the packed runs of the study give."""

from __future__ import annotations

import json
import shlex
from functools import cache
from typing import Any

from click.testing import CliRunner

from alseg.cli import main
from documents import DOCS, REPOSITORY, prose

RESULTS = DOCS / "study-results.md"
PROSE = " ".join(prose(RESULTS.read_text(encoding="utf-8")).split())
DUSK = "results/published/study/dusk.zip"
STREETS = "results/published/study/streets-camvid.zip"
DRIVE = ("--image-group", "Seq05VD*")


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


def compared(*options: str, pack: str = DUSK) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        output(shlex.join(["alseg", "compare", pack, "--format", "json", *options]))
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
