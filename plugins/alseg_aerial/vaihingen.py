"""ISPRS Vaihingen: orthophotos of a small town, near infrared, red and green."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset
from alseg.toolkit.file_layout import Layout
from alseg_aerial.isprs import USUAL_TILE, Overlap, Survey, TileSide, open_split

_TRAIN = (1, 3, 5, 7, 11, 13, 15, 17, 21, 23, 26, 28, 30, 32, 34, 37)
_VAL = (2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 27, 29, 31, 33, 35, 38)
_TRUTH = "ISPRS_semantic_labeling_Vaihingen_ground_truth"

SURVEY = Survey(
    name="vaihingen",
    layout=Layout(
        title="Vaihingen",
        folders=("vaihingen", "Vaihingen"),
        markers=("img_dir", "top"),
        download=(
            f"Download ISPRS_semantic_labeling_Vaihingen.zip and {_TRUTH}_eroded_COMPLETE.zip. Unpack top of "
            f"the first into {{folder}}, and the second into a folder {_TRUTH}_eroded_COMPLETE there; or put "
            "img_dir and ann_dir of MMSegmentation's converter there."
        ),
    ),
    areas={"train": tuple(f"area{n}" for n in _TRAIN), "val": tuple(f"area{n}" for n in _VAL)},
    images="top/top_mosaic_09cm_{area}.tif",
    labels=(
        f"{_TRUTH}_COMPLETE/top_mosaic_09cm_{{area}}.tif",
        f"{_TRUTH}_eroded_COMPLETE/top_mosaic_09cm_{{area}}_noBoundary.tif",
    ),
    images_in={"train": 344, "val": 398},
)


def build_vaihingen(
    *, root: Path | None, split: str, eroded: bool = True, tile: TileSide = USUAL_TILE, overlap: Overlap = 0
) -> Dataset:
    """Open one split of ISPRS Vaihingen.

    Features:

    - 33 orthophotos of about 2000 x 2500 pixels, 0.09 m each: 16 train, 17 val, the split of the contest; in
      tiles of at most 512 x 512 pixels 344 train and 398 val images
    - channels are near infrared, red and green: vegetation is red
    - 6 classes (`isprs-6`); means are often taken over 5, without clutter
    - groups of images are the orthophotos

    Format, whichever is there:

    - tiles of MMSegmentation's converter: ``img_dir/SPLIT/AREA_X0_Y0_X1_Y1.png``, 8-bit RGB, and
      ``ann_dir/SPLIT/...``, 8-bit grayscale, ids 1-6, 0 for void
    - orthophotos: ``top/top_mosaic_09cm_AREA.tif``, and in colours
      ``ISPRS_semantic_labeling_Vaihingen_ground_truth_eroded_COMPLETE/top_mosaic_09cm_AREA_noBoundary.tif``
      or ``ISPRS_semantic_labeling_Vaihingen_ground_truth_COMPLETE/top_mosaic_09cm_AREA.tif``; all other
      colours, such as black boundaries, are void

    Citation: ISPRS 2D Semantic Labeling Contest - Vaihingen; Cramer, "The DGPF test on digital airborne
    camera evaluation", PFG 2010.

    Args:
        root: The folder that holds ``vaihingen/``, or the folder with ``img_dir/`` or ``top/`` itself.
        split: ``train`` or ``val``.
        eroded: Of orthophotos, whether label maps without boundaries are used.
        tile: Of orthophotos, most pixels of a tile's side.
        overlap: Of orthophotos, pixels that neighbouring tiles share.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split, or tiles are not larger than what they share.
    """
    return open_split(SURVEY, root, split, eroded=eroded, tile=tile, overlap=overlap)
