"""Driving data sets in their real layouts, from ACDC to SYNTHIA, and their label spaces."""

from __future__ import annotations

from alseg import DatasetSpec, LabelSpace, hookimpl
from alseg_driving import (
    acdc,
    bdd100k,
    camvid,
    cityscapes,
    dark_zurich,
    gtav,
    idd,
    kitti,
    mapillary,
    synscapes,
    synthia,
)
from alseg_driving.fake import blocks, photographs, raw_ids, write_png
from alseg_driving.mapillary_classes import MAPILLARY_65, MAPILLARY_123
from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19, IDD_26, SYNTHIA_16

__all__ = [
    "CITYSCAPES_19",
    "blocks",
    "photographs",
    "raw_ids",
    "register_datasets",
    "register_label_spaces",
    "write_png",
]


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    """Offer the label spaces of driving scenes."""
    return [CITYSCAPES_19, CAMVID_11, IDD_26, MAPILLARY_65, MAPILLARY_123, SYNTHIA_16]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer the driving data sets."""
    return [
        DatasetSpec(
            name="acdc",
            summary="Photographs in fog, night, rain and snow, 1080 x 1920; 1,600 train, 406 val.",
            source="Sakaridis et al., ICCV 2021, arXiv:2104.13395",
            build=acdc.build_acdc,
            write_fake=acdc.write_fake,
            expected=acdc.expected,
            label_space=CITYSCAPES_19.name,
            splits=acdc.SPLITS,
        ),
        DatasetSpec(
            name="bdd100k",
            summary="Photographs from the United States, 720 x 1280; 7,000 train, 1,000 val.",
            source="Yu et al., CVPR 2020, arXiv:1805.04687",
            build=bdd100k.build_bdd100k,
            write_fake=bdd100k.write_fake,
            expected={"train": 7000, "val": 1000, "test": 2000},
            label_space=CITYSCAPES_19.name,
            splits=bdd100k.SPLITS,
        ),
        DatasetSpec(
            name="camvid",
            summary="Photographs from Cambridge, 360 x 480; 367 train, 101 val.",
            source="Brostow et al., Pattern Recognition Letters 2009; SegNet tutorial version",
            build=camvid.build_camvid,
            write_fake=camvid.write_fake,
            expected={"train": 367, "val": 101},
            label_space=CAMVID_11.name,
        ),
        DatasetSpec(
            name="cityscapes",
            summary="Photographs from German cities, 1024 x 2048; 2,975 train, 500 val.",
            source="Cordts et al., CVPR 2016, arXiv:1604.01685",
            build=cityscapes.build_cityscapes,
            write_fake=cityscapes.write_fake,
            expected={"train": 2975, "val": 500},
            label_space=CITYSCAPES_19.name,
        ),
        DatasetSpec(
            name="dark-zurich",
            summary="Photographs from Zurich at night, 1080 x 1920; 2,416 train without labels, 50 val.",
            source="Sakaridis et al., ICCV 2019, arXiv:1901.05946",
            build=dark_zurich.build_dark_zurich,
            write_fake=dark_zurich.write_fake,
            expected=dark_zurich.expected,
            label_space=CITYSCAPES_19.name,
            splits=dark_zurich.SPLITS,
        ),
        DatasetSpec(
            name="gtav",
            summary="Scenes from the game Grand Theft Auto V, about 1052 x 1914; 24,966 train.",
            source="Richter et al., ECCV 2016, arXiv:1608.02192",
            build=gtav.build_gtav,
            write_fake=gtav.write_fake,
            expected={"train": 24966},
            label_space=CITYSCAPES_19.name,
            splits=("train",),
        ),
        DatasetSpec(
            name="idd",
            summary="Photographs from India, about 1080 x 1920; 6,993 train, 981 val.",
            source="Varma et al., WACV 2019, arXiv:1811.10200",
            build=idd.build_idd,
            write_fake=idd.write_fake,
            expected={"train": 6993, "val": 981, "test": 2029},
            label_space=idd.label_space,
            splits=idd.SPLITS,
        ),
        DatasetSpec(
            name="kitti",
            summary="Photographs from Karlsruhe, about 375 x 1242; 200 train.",
            source="Alhaija et al., IJCV 2018, arXiv:1708.01566",
            build=kitti.build_kitti,
            write_fake=kitti.write_fake,
            expected={"train": 200, "test": 200},
            label_space=CITYSCAPES_19.name,
            splits=kitti.SPLITS,
        ),
        DatasetSpec(
            name="mapillary",
            summary="Photographs from all over the world, of many sizes; 18,000 train, 2,000 val.",
            source="Neuhold et al., ICCV 2017",
            build=mapillary.build_mapillary,
            write_fake=mapillary.write_fake,
            expected={"train": 18000, "val": 2000, "test": 5000},
            label_space=mapillary.label_space,
            splits=mapillary.SPLITS,
        ),
        DatasetSpec(
            name="synscapes",
            summary="Photorealistic renderings of street scenes, 720 x 1440; 25,000 train.",
            source="Wrenninge and Unger, 2018, arXiv:1810.08705",
            build=synscapes.build_synscapes,
            write_fake=synscapes.write_fake,
            expected={"train": 25000},
            label_space=CITYSCAPES_19.name,
            splits=synscapes.SPLITS,
        ),
        DatasetSpec(
            name="synthia",
            summary="Rendered scenes of SYNTHIA-RAND-CITYSCAPES, 760 x 1280; 9,400 train.",
            source="Ros et al., CVPR 2016",
            build=synthia.build_synthia,
            write_fake=synthia.write_fake,
            expected={"train": 9400},
            label_space=SYNTHIA_16.name,
            splits=("train",),
        ),
    ]
