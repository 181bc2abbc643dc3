"""Label maps as a folder that ``datasets.load_dataset`` of Hugging Face reads."""

from __future__ import annotations

import json
from pathlib import Path

from alseg.contracts import IGNORE_INDEX, LabelledImages
from alseg.deployment.picture_files import write_image
from alseg.files import write_text


def write_huggingface(found: LabelledImages, folder: Path, *, images: bool) -> int:
    """Write images, masks, ``metadata.jsonl`` and ``id2label.json``.

    ``load_dataset("imagefolder", data_dir=FOLDER)`` gives the columns ``image`` and ``label``, two pictures
    each; the second has the number of the class, 255 where no class is known.

    Args:
        found: The label maps.
        folder: Where to write.
        images: Whether images are written; without them, ``metadata.jsonl`` names the masks only.

    Returns:
        How many images were written.
    """
    train = folder / "train"
    lines = []
    for image in found.images:
        label, picture = f"labels/{image.name}.png", f"images/{image.name}.png"
        write_image(train / label, image.label)
        if images:
            write_image(train / picture, image.read())
        lines.append({**({"image_file_name": picture} if images else {}), "label_file_name": label})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_text(train / "metadata.jsonl", text)
    names = {str(index): name for index, name in enumerate(found.space.names)}
    write_text(folder / "id2label.json", json.dumps(names, ensure_ascii=False, indent=1) + "\n")
    write_text(folder / "README.md", _card(found))
    return len(lines)


def _card(found: LabelledImages) -> str:
    return (
        f"# {found.source}\n\n"
        f"Column `image`: RGB. Column `label`: one channel, the number of the class as in `id2label.json`; "
        f"{IGNORE_INDEX} where no class is known.\n"
    )
