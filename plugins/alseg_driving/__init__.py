"""Driving data sets in their real layouts (CamVid, Cityscapes, GTAV, SYNTHIA) and their label spaces."""

from __future__ import annotations

from alseg import DatasetSpec, LabelSpace, hookimpl
from alseg_driving.camvid import build_camvid
from alseg_driving.cityscapes import build_cityscapes
from alseg_driving.gtav import build_gtav
from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19, SYNTHIA_16
from alseg_driving.synthia import build_synthia


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
            build=build_camvid,
            label_space=CAMVID_11.name,
        ),
        DatasetSpec(
            name="cityscapes",
            summary="Photographs from German cities, 2048 x 1024; 2,975 train, 500 val.",
            source="Cordts et al., CVPR 2016, arXiv:1604.01685",
            build=build_cityscapes,
            label_space=CITYSCAPES_19.name,
        ),
        DatasetSpec(
            name="gtav",
            summary="Scenes from the game Grand Theft Auto V, about 1914 x 1052; 24,966 train.",
            source="Richter et al., ECCV 2016, arXiv:1608.02192",
            build=build_gtav,
            label_space=CITYSCAPES_19.name,
            splits=("train",),
        ),
        DatasetSpec(
            name="synthia",
            summary="Rendered scenes of SYNTHIA-RAND-CITYSCAPES, 1280 x 760; 9,400 train.",
            source="Ros et al., CVPR 2016",
            build=build_synthia,
            label_space=SYNTHIA_16.name,
            splits=("train",),
        ),
    ]
