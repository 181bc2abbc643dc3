"""What the files of a run folder are called, and which rounds and attempts there are."""

from __future__ import annotations

import re
from pathlib import Path

RUN_NAME = "run.json"
STATUS_NAME = "status.json"
METRICS_NAME = "metrics.json"
TIMING_NAME = "timing.json"
QUESTIONS_NAME = "questions"
"""In a round's folder, what people are asked."""

ANSWERS_NAME = "answers"
"""In a round's folder, what people have answered, a file for each import."""

POOL_NAME = "pool.json"
"""In a round's folder, the images of its pool, where the pool may grow."""

DATA_NAME = "data"
"""In an experiment's folder, sizes of images and pixels of label values."""

PARTITIONS_NAME = "partitions"
"""In an experiment's folder, the regions of images."""

SHARED_UNIT_NAME = "unit"
"""In a folder of shared training, the folder of the unit that does it: checkpoint, log and attempts."""

WEIGHTS_NAME = "weights.pt"
"""In a run's folder: the final network."""

NETWORK_NAME = "network.pt"
"""In a round's folder, the network with which its questions were decided, where the next round needs it."""

_ANSWER_FILE = re.compile(r"[0-9]{4,6}\.npz", re.ASCII)
_ROUND_FOLDER = re.compile(r"[0-9]{2,4}", re.ASCII)
_ATTEMPT_FILE = re.compile(r"(0|[1-9][0-9]{0,5})\.json", re.ASCII)


def folder_of_round(folder: Path, number: int) -> Path:
    """Return the folder of a run's round, whether it is there or not.

    Args:
        folder: The run's folder.
        number: Of the round.
    """
    return folder / "rounds" / f"{number:02d}"


def round_folders(folder: Path) -> dict[int, Path]:
    """Return the folders of a run's rounds by number, in order; what has another name is no round.

    Args:
        folder: The run's folder.
    """
    found = {}
    for path in folder.glob("rounds/*"):
        if (
            _ROUND_FOLDER.fullmatch(path.name)
            and path == folder_of_round(folder, int(path.name))
            and path.is_dir()
        ):
            found[int(path.name)] = path
    return dict(sorted(found.items()))


def attempt_files(folder: Path) -> dict[int, Path]:
    """Return the files of a run's attempts by number, in order; what has another name is none.

    Args:
        folder: The run's folder.
    """
    found = {int(path.stem): path for path in folder.glob("attempts/*") if _ATTEMPT_FILE.fullmatch(path.name)}
    return dict(sorted(found.items()))


def answer_files(round_folder: Path) -> dict[int, Path]:
    """Return the imports of answers of a round by number, in order; what has another name is none.

    Args:
        round_folder: The round's folder.
    """
    found = {
        int(path.stem): path
        for path in round_folder.glob(f"{ANSWERS_NAME}/*")
        if _ANSWER_FILE.fullmatch(path.name)
    }
    return dict(sorted(found.items()))
