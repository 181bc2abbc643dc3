"""Masks: one picture for each image, with the class of every pixel as an index or as its colour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg import AnswerFileError, DataError
from alseg.contracts import IGNORE_INDEX, GivenAnswer, ImageQuestions, LabelSpace, QuestionSheet
from alseg.toolkit import image_file, imaging
from alseg_annotators._sheet import file_names, write_images

TO_ANSWER = 254
"""Marks pixels that are asked about and have no answer yet; no label space has a class of this index."""


def write_masks(sheet: QuestionSheet, folder: Path) -> Path:
    """Write photographs, and masks in which the asked pixels are marked; returns the folder of masks."""
    write_images(sheet, folder / "images")
    masks, names = folder / "masks", file_names(sheet)
    masks.mkdir()
    for image in sheet.images:
        mask = np.where(image.footprint() >= 0, TO_ANSWER, IGNORE_INDEX).astype(np.uint8)
        Image.fromarray(mask).save(masks / f"{names[image.image_id]}.png")
    return masks


def read_masks(path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
    """Read one mask, or all in a folder; a question is answered where none of its pixels is still marked.

    Args:
        path: A PNG named as the one that was exported, or a folder with ``masks`` or with such files.
        sheet: The questions.

    Raises:
        AnswerFileError: If a file is no mask, is of another size, or holds what is no class; names it.
    """
    names = file_names(sheet)
    by_name = {names[image.image_id]: image for image in sheet.images}
    for file in _files(path):
        image = by_name.get(file.stem)
        if image is None:
            raise AnswerFileError(
                f"{file} is about no image of this round. Keep the names of the files that 'alseg ask' wrote."
            )
        mask = _mask(file, sheet.label_space)
        if mask.shape != tuple(image.size):
            raise AnswerFileError(
                f"{file} has {mask.shape[0]} x {mask.shape[1]} pixels (height x width), the image "
                f"{image.size[0]} x {image.size[1]}. Save the mask at the size of the exported one."
            )
        yield from _answers(file, mask, image, len(sheet.label_space.classes))


def _files(path: Path) -> list[Path]:
    """Return the masks that a path stands for."""
    folder = path / "masks" if (path / "masks").is_dir() else path
    found = sorted(each for each in folder.glob("*.png")) if folder.is_dir() else [path]
    if not found or not all(each.is_file() and each.suffix.lower() == ".png" for each in found):
        raise AnswerFileError(f"{path} holds no masks: name a PNG, or a folder of PNG files.")
    return found


def _answers(
    file: Path, mask: NDArray[np.uint8] | NDArray[np.uint16], image: ImageQuestions, classes: int
) -> Iterator[GivenAnswer]:
    footprint = image.footprint()
    asked = footprint >= 0
    unknown = asked & (mask >= classes) & (mask != TO_ANSWER) & (mask != IGNORE_INDEX)
    if unknown.any():
        y, x = np.argwhere(unknown)[0].tolist()
        raise AnswerFileError(
            f"{file} has {mask[y, x]} at row {y}, column {x}, which is no class, as in "
            f"{np.count_nonzero(unknown):,} of the asked pixels. Use 0 to {classes - 1}, or 255 "
            "for void; classes.csv lists them."
        )
    label = mask.astype(np.uint8)
    open_questions = np.bincount(
        footprint[asked & (mask == TO_ANSWER)], minlength=len(image.questions)
    ).tolist()
    for question, unanswered in zip(image.questions, open_questions, strict=True):
        if not unanswered:
            where = f"{file.name}, pixel {question.position}"
            yield GivenAnswer(
                image_id=image.image_id,
                position=question.position,
                label=label,
                where=where,
            )
        elif unanswered < question.pixels:
            raise AnswerFileError(
                f"{file} answers question {question.number} in part: {unanswered:,} of its "
                f"{question.pixels:,} pixels still are 254. Give them a class, or 255 for void."
            )


def _mask(file: Path, space: LabelSpace) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the class indices in a file, uint8 or uint16 ``(H, W)``."""
    try:
        with image_file.opened(file) as image:
            is_colored = image.mode in ("RGB", "RGBA")
        if not is_colored:
            return imaging.read_label(file)
        return _from_colors(file, imaging.read_image(file), space)
    except DataError as error:
        raise AnswerFileError(f"{error.problem} Save masks as PNG of one channel, or in colours.") from error


def _from_colors(file: Path, pixels: NDArray[np.uint8], space: LabelSpace) -> NDArray[np.uint8]:
    """Return class indices for colours of classes; black is void unless a class has it."""
    packed = pixels.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    mask = np.full(packed.shape, -1, np.int16)
    colors = {(0, 0, 0): IGNORE_INDEX}
    colors |= {info.color: index for index, info in reversed(list(enumerate(space.classes)))}
    for (red, green, blue), index in colors.items():
        mask[packed == (red << 16 | green << 8 | blue)] = index
    if (mask < 0).any():
        values, counts = np.unique(packed[mask < 0], return_counts=True)
        most = int(values[counts.argmax()])
        raise AnswerFileError(
            f"{file} has {len(values):,} colours of no class in {counts.sum():,} pixels, most often "
            f"#{most:06x}. Use the colours of classes.csv, without smooth borders, or black for void."
        )
    return mask.astype(np.uint8)
