"""Image files of toy data sets, for tests of commands that read files."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from toys import Stripes


def write_photos(folder: Path, split: Stripes, ending: str = "png") -> list[Path]:
    """Write the images of a split and return the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{split.image_id(index)}.{ending}" for index in range(len(split))]
    for index, file in enumerate(files):
        Image.fromarray(split.image(index)).save(file)
    return files
