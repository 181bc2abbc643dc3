"""Task folders: what people need to answer, one folder for each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from alseg.asking.pictures import question_picture
from alseg.asking.waiting_run import WaitingRun
from alseg.files import whole_folder
from alseg.guard.calls import guarded

PICTURES = "pictures"


def export(run: WaitingRun, folder: Path) -> tuple[Path, Sequence[Path]]:
    """Write the task folder of a run, whole or not at all.

    Args:
        run: The run.
        folder: In which the run gets a folder of its own.

    Returns:
        That folder, and the files to begin with.

    Raises:
        AlsegError: If the run's folder is there already.
        WriteError: If it cannot be written.
    """
    target = folder / f"{run.folder.name}-round-{run.round}"
    with whole_folder(target) as unfinished:
        with guarded(run.annotator, "export"):
            first = list(run.annotator.export(run.sheet, unfinished))
        (unfinished / PICTURES).mkdir(exist_ok=True)
        for number, image in enumerate(run.sheet.images, start=1):
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", image.image_id)[:150]
            picture = Image.fromarray(question_picture(image))
            picture.save(unfinished / PICTURES / f"{number:04d}-{name}.png")  # readable for others, too
    return target, [target / path.relative_to(unfinished) for path in first]
