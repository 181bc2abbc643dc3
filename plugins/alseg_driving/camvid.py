"""CamVid: photographs from Cambridge, in the layout of the SegNet tutorial."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from alseg import DataError, toolkit
from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="CamVid",
    folders=("camvid",),
    markers=("trainannot", "valannot"),
    download="Download the CamVid folder of the SegNet tutorial and put its content into {folder}.",
)
SPLITS = ("train", "val")

VOID_ID = 11


def build_camvid(*, root: Path | None, split: str) -> Dataset:
    """Open one split of CamVid.

    Features:

    - 367 train and 101 val images, 360 x 480, from driving sequences by day and (``0001TP``) at dusk
    - 11 classes (`camvid-11`), grouped from 32

    Format:

    - lists: ``train.txt`` and ``val.txt`` with ``IMAGE LABEL`` a line, of which the last two path parts count
    - images: ``SPLIT/*.png``, 8-bit RGB
    - label maps: ``SPLITannot/*.png``, 8-bit grayscale, ids 0-10 in the order of `camvid-11`, 11 for void

    Citation: Brostow et al., "Semantic object classes in video: a high-definition ground truth database",
    Pattern Recognition Letters 2009; this version: Badrinarayanan et al., TPAMI 2017, arXiv:1511.00561.

    Args:
        root: The folder that holds ``camvid/``, or the folder with ``train/`` and ``trainannot/`` itself.
        split: ``train`` or ``val``.

    Raises:
        DataError: If files are missing, with what to download and where to put it; or if a list is
            malformed or leads out of the data set's folder.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.label_files import IdLabels, class_table
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.spaces import CAMVID_11

    check_split("camvid", split, SPLITS)
    base = LAYOUT.base(root, split)
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(_listed_pairs(base, split), base, base / f"{split}.txt"),
        labels=IdLabels(
            class_table({index: index for index in range(len(CAMVID_11.classes))}, frozenset({VOID_ID})),
            LAYOUT.title,
        ),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 96), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/camvid``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import raw_ids, write_png
    from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19

    indices = toolkit.labels.translation(CITYSCAPES_19, CAMVID_11)[: len(CITYSCAPES_19.classes)]
    to_camvid = dict(enumerate(indices.tolist()))
    for split, sequence, first in (("train", "0006R0_f", 0), ("val", "0016E5_", count)):
        lines = []
        for index in range(first, first + count):
            image, label = scene(
                index, domain="camera", split=split, height=size[0], width=size[1], seed=seed
            )
            name = f"{sequence}{index:05d}.png"
            write_png(root / "camvid" / split / name, image)
            write_png(root / "camvid" / f"{split}annot" / name, raw_ids(label, to_camvid, void=VOID_ID))
            lines.append(f"/SegNet/CamVid/{split}/{name} /SegNet/CamVid/{split}annot/{name}\n")
        (root / "camvid" / f"{split}.txt").write_text("".join(lines), encoding="utf-8")


def _listed_pairs(base: Path, split: str) -> list[Pair]:
    path = base / f"{split}.txt"
    try:
        lines = toolkit.text_file.read_lines(path)
    except FileNotFoundError as error:
        raise LAYOUT.missing("list of images", path, base) from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parts = [PurePosixPath(part).parts[-2:] for part in line.split()]
        if len(parts) != 2 or any(len(part) != 2 for part in parts):
            raise DataError(
                f"{path}:{number}: '{line.strip()}' is not a pair 'FOLDER/IMAGE FOLDER/LABEL'. Mend the line."
            )
        if any(piece in ("..", "/") for part in parts for piece in part):
            raise DataError(f"{path}:{number}: '{line.strip()}' leads out of {base}.", "Mend the line.")
        image, label = ("/".join(part) for part in parts)
        image_id = PurePosixPath(image).stem
        pairs.append(Pair(image_id, image, label, image_id.rpartition("_")[0]))
    return pairs
