"""The label spaces of driving scenes."""

from __future__ import annotations

from alseg import ClassInfo, LabelSpace

CITYSCAPES_19 = LabelSpace(
    name="cityscapes-19",
    summary="The 19 evaluation classes of Cityscapes, in train-id order.",
    source="Cordts et al., CVPR 2016, arXiv:1604.01685; colours of cityscapesScripts",
    classes=(
        ClassInfo("road", (128, 64, 128)),
        ClassInfo("sidewalk", (244, 35, 232)),
        ClassInfo("building", (70, 70, 70)),
        ClassInfo("wall", (102, 102, 156)),
        ClassInfo("fence", (190, 153, 153)),
        ClassInfo("pole", (153, 153, 153)),
        ClassInfo("traffic light", (250, 170, 30)),
        ClassInfo("traffic sign", (220, 220, 0)),
        ClassInfo("vegetation", (107, 142, 35)),
        ClassInfo("terrain", (152, 251, 152)),
        ClassInfo("sky", (70, 130, 180)),
        ClassInfo("person", (220, 20, 60)),
        ClassInfo("rider", (255, 0, 0)),
        ClassInfo("car", (0, 0, 142)),
        ClassInfo("truck", (0, 0, 70)),
        ClassInfo("bus", (0, 60, 100)),
        ClassInfo("train", (0, 80, 100)),
        ClassInfo("motorcycle", (0, 0, 230)),
        ClassInfo("bicycle", (119, 11, 32)),
    ),
)

CAMVID_11 = LabelSpace(
    name="camvid-11",
    summary="The 11 grouped classes of CamVid, in the order of the SegNet tutorial.",
    source="Brostow et al., PRL 2009; grouped as by Badrinarayanan et al., TPAMI 2017, arXiv:1511.00561",
    classes=(
        ClassInfo("sky", (128, 128, 128)),
        ClassInfo("building", (128, 0, 0), includes=("wall",)),
        ClassInfo("pole", (192, 192, 128)),
        ClassInfo("road", (128, 64, 128)),
        ClassInfo("pavement", (60, 40, 222), includes=("sidewalk",)),
        ClassInfo("tree", (128, 128, 0), includes=("vegetation", "terrain")),
        ClassInfo("sign symbol", (192, 128, 128), includes=("traffic sign", "traffic light")),
        ClassInfo("fence", (64, 64, 128)),
        ClassInfo("car", (64, 0, 128), includes=("truck", "bus", "train")),
        ClassInfo("pedestrian", (64, 64, 0), includes=("person",)),
        ClassInfo("bicyclist", (0, 128, 192), includes=("rider", "bicycle", "motorcycle")),
    ),
)

_NOT_IN_SYNTHIA = ("terrain", "truck", "train")

SYNTHIA_16 = LabelSpace(
    name="synthia-16",
    summary="The 16 classes that SYNTHIA-RAND-CITYSCAPES shares with Cityscapes; means over 16 and over 13.",
    source="Ros et al., CVPR 2016; the 16 and 13 classes as in Xie et al., CVPR 2022, arXiv:2111.12940",
    classes=tuple(info for info in CITYSCAPES_19.classes if info.name not in _NOT_IN_SYNTHIA),
    subsets={
        "13": tuple(
            name for name in CITYSCAPES_19.names if name not in (*_NOT_IN_SYNTHIA, "wall", "fence", "pole")
        )
    },
)

IDD_26 = LabelSpace(
    name="idd-26",
    summary="The 26 classes of IDD's semantic segmentation, level 3 of its hierarchy.",
    source="Varma et al., WACV 2019, arXiv:1811.10200; ids and colours of AutoNUE/public-code",
    classes=(
        ClassInfo("road", (128, 64, 128)),
        ClassInfo("parking", (250, 170, 160), includes=("drivable fallback",)),
        ClassInfo("sidewalk", (244, 35, 232)),
        ClassInfo("non-drivable fallback", (152, 251, 152), includes=("rail track", "terrain")),
        ClassInfo("person", (220, 20, 60), includes=("animal",)),
        ClassInfo("rider", (255, 0, 0)),
        ClassInfo("motorcycle", (0, 0, 230)),
        ClassInfo("bicycle", (119, 11, 32)),
        ClassInfo("autorickshaw", (255, 204, 54)),
        ClassInfo("car", (0, 0, 142)),
        ClassInfo("truck", (0, 0, 70)),
        ClassInfo("bus", (0, 60, 100)),
        ClassInfo("vehicle fallback", (136, 143, 153), includes=("caravan", "trailer", "train")),
        ClassInfo("curb", (220, 190, 40)),
        ClassInfo("wall", (102, 102, 156)),
        ClassInfo("fence", (190, 153, 153)),
        ClassInfo("guard rail", (180, 165, 180)),
        ClassInfo("billboard", (174, 64, 67)),
        ClassInfo("traffic sign", (220, 220, 0)),
        ClassInfo("traffic light", (250, 170, 30)),
        ClassInfo("pole", (153, 153, 153), includes=("polegroup",)),
        ClassInfo("obs-str-bar-fallback", (169, 187, 214)),
        ClassInfo("building", (70, 70, 70)),
        ClassInfo("bridge", (150, 100, 100), includes=("tunnel",)),
        ClassInfo("vegetation", (107, 142, 35)),
        ClassInfo("sky", (70, 130, 180), includes=("fallback background",)),
    ),
)
