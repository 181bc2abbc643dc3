"""ISPRS Potsdam: orthophotos of a city, red, green and blue."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset
from alseg.toolkit.file_layout import Layout
from alseg_aerial.isprs import USUAL_TILE, Overlap, Survey, TileSide, open_split

_TRAIN = (
    "2_10 2_11 2_12 3_10 3_11 3_12 4_10 4_11 4_12 5_10 5_11 5_12 "
    "6_7 6_8 6_9 6_10 6_11 6_12 7_7 7_8 7_9 7_10 7_11 7_12"
)
_VAL = "2_13 2_14 3_13 3_14 4_13 4_14 4_15 5_13 5_14 5_15 6_13 6_14 6_15 7_13"

SURVEY = Survey(
    name="potsdam",
    layout=Layout(
        title="Potsdam",
        folders=("potsdam", "Potsdam"),
        markers=("img_dir", "2_Ortho_RGB"),
        download=(
            "Download 2_Ortho_RGB.zip and 5_Labels_all_noBoundary.zip of ISPRS Potsdam. Unpack each into "
            "a folder of its name in {folder}; or put img_dir and ann_dir of MMSegmentation's converter "
            "there."
        ),
    ),
    areas={"train": tuple(_TRAIN.split()), "val": tuple(_VAL.split())},
    images="2_Ortho_RGB/top_potsdam_{area}_RGB.tif",
    labels=(
        "5_Labels_all/top_potsdam_{area}_label.tif",
        "5_Labels_all_noBoundary/top_potsdam_{area}_label_noBoundary.tif",
    ),
    images_in={"train": 3456, "val": 2016},
)


def build_potsdam(
    *, root: Path | None, split: str, eroded: bool = True, tile: TileSide = USUAL_TILE, overlap: Overlap = 0
) -> Dataset:
    """Open one split of ISPRS Potsdam.

    Features:

    - 38 orthophotos of 6000 x 6000 pixels, 0.05 m each: 24 train, 14 val, the split of the contest; in tiles
      of at most 512 x 512 pixels 3,456 train and 2,016 val images
    - 6 classes (`isprs-6`); means are often taken over 5, without clutter
    - groups of images are the orthophotos

    Format, whichever is there:

    - tiles of MMSegmentation's converter: ``img_dir/SPLIT/AREA_X0_Y0_X1_Y1.png``, 8-bit RGB, and
      ``ann_dir/SPLIT/...``, 8-bit grayscale, ids 1-6, 0 for void
    - orthophotos: ``2_Ortho_RGB/top_potsdam_AREA_RGB.tif``, and in colours
      ``5_Labels_all_noBoundary/top_potsdam_AREA_label_noBoundary.tif``, or
      ``5_Labels_all/top_potsdam_AREA_label.tif``; all other colours, such as black boundaries, are void

    Citation: ISPRS 2D Semantic Labeling Contest - Potsdam; Rottensteiner et al., "The ISPRS benchmark on
    urban object classification and 3D building reconstruction", ISPRS Annals 2012.

    Args:
        root: The folder that holds ``potsdam/``, or the folder with ``img_dir/`` or ``2_Ortho_RGB/`` itself.
        split: ``train`` or ``val``.
        eroded: Of orthophotos, whether label maps without boundaries are used.
        tile: Of orthophotos, most pixels of a tile's side.
        overlap: Of orthophotos, pixels that neighbouring tiles share.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split, or tiles are not larger than what they share.
    """
    return open_split(SURVEY, root, split, eroded=eroded, tile=tile, overlap=overlap)
