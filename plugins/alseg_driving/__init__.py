"""Driving data sets in their real layouts (CamVid, Cityscapes, GTAV, SYNTHIA) and their label spaces."""

from __future__ import annotations

from alseg import DatasetSpec, LabelSpace, hookimpl
from alseg_driving import camvid, cityscapes, gtav, synthia
from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19, SYNTHIA_16


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    """Offer ``cityscapes-19``, ``camvid-11`` and ``synthia-16``."""
    return [CITYSCAPES_19, CAMVID_11, SYNTHIA_16]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer ``camvid``, ``cityscapes``, ``gtav`` and ``synthia``."""
    return [
        DatasetSpec(
            name="camvid",
            summary="Photographs from Cambridge, 480 x 360; 367 train, 101 val.",
            source="Brostow et al., Pattern Recognition Letters 2009; SegNet tutorial version",
            build=camvid.build_camvid,
            write_fake=camvid.write_fake,
            expected={"train": 367, "val": 101},
            label_space=CAMVID_11.name,
        ),
        DatasetSpec(
            name="cityscapes",
            summary="Photographs from German cities, 2048 x 1024; 2,975 train, 500 val.",
            source="Cordts et al., CVPR 2016, arXiv:1604.01685",
            build=cityscapes.build_cityscapes,
            write_fake=cityscapes.write_fake,
            expected={"train": 2975, "val": 500},
            label_space=CITYSCAPES_19.name,
        ),
        DatasetSpec(
            name="gtav",
            summary="Scenes from the game Grand Theft Auto V, about 1914 x 1052; 24,966 train.",
            source="Richter et al., ECCV 2016, arXiv:1608.02192",
            build=gtav.build_gtav,
            write_fake=gtav.write_fake,
            expected={"train": 24966},
            label_space=CITYSCAPES_19.name,
            splits=("train",),
        ),
        DatasetSpec(
            name="synthia",
            summary="Rendered scenes of SYNTHIA-RAND-CITYSCAPES, 1280 x 760; 9,400 train.",
            source="Ros et al., CVPR 2016",
            build=synthia.build_synthia,
            write_fake=synthia.write_fake,
            expected={"train": 9400},
            label_space=SYNTHIA_16.name,
            splits=("train",),
        ),
    ]
