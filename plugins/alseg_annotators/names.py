"""What files of a task folder are called, after the images that they are about."""

from __future__ import annotations

import re

from alseg.contracts import QuestionSheet


def file_names(sheet: QuestionSheet) -> dict[str, str]:
    """Return image id to a file name without ending, each once, in letters that every system takes.

    Args:
        sheet: The questions.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for image in sheet.images:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", image.image_id).strip("._")[:150] or "image"
        name, number = plain, 2
        while name.lower() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.lower())
        names[image.image_id] = name
    return names
