"""A sheet of questions as annotation tools see it: what it is called, and what is asked in words."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from PIL import Image

from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.contracts.annotation import AnswerKind

_MOST_NAME = 60
"""Characters of an image's name in a picture's file name."""
_MOST_FILE_NAME = 150
"""Characters of a file name that is an image's name."""

PROMPTS: dict[AnswerKind, str] = {
    "pixels": "Draw the class of every pixel within the outlines. What is drawn elsewhere does not count.",
    "dominant": "Which class do most pixels within the outline have?",
    "classes": "Which classes are there within the outline? Choose all of them.",
    "correction": "The network says '{proposed}'. Is that the class of most pixels within the outline? "
    "If not, choose the right one.",
}


def token(sheet: QuestionSheet) -> str:
    """Return eight characters that name experiment, run and round."""
    names = "\0".join((sheet.experiment, sheet.run, str(sheet.round)))
    return hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def picture_name(sheet: QuestionSheet, number: int, image_id: str) -> str:
    """Return the file name of a picture: number, image, and the token of the round.

    Args:
        sheet: The questions.
        number: Place of the image in the sheet, from 1; of pictures of one question, the question's number.
        image_id: The image.
    """
    return f"{number:05d}_{_plain(image_id)[-_MOST_NAME:]}_{token(sheet)}.jpg"


class FileNames:
    """File names without ending for images: each once, in letters that every system takes."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, image_id: str) -> str:
        """Return a name for an image that no image before has."""
        plain = _plain(image_id)[:_MOST_FILE_NAME] or "image"
        name, number = plain, 2
        while name.lower() in self._taken:
            name, number = f"{plain}-{number}", number + 1
        self._taken.add(name.lower())
        return name


def file_names(sheet: QuestionSheet) -> dict[str, str]:
    """Return image id to a file name without ending."""
    names = FileNames()
    return {image.image_id: names.name(image.image_id) for image in sheet.images}


def write_images(sheet: QuestionSheet, folder: Path) -> None:
    """Write every image as a PNG into a new folder, named by `file_names`."""
    folder.mkdir()
    names = file_names(sheet)
    for image in sheet.images:
        Image.fromarray(image.image()).save(folder / f"{names[image.image_id]}.png")


def _plain(image_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", image_id).strip("._")


def by_image(sheet: QuestionSheet) -> dict[str, ImageQuestions]:
    """Return the questions of each image by its name."""
    return {asked.image_id: asked for asked in sheet.images}
