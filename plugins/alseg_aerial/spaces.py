"""The label spaces of aerial photographs."""

from __future__ import annotations

from alseg import ClassInfo, LabelSpace

LOVEDA_7 = LabelSpace(
    name="loveda-7",
    summary="The 7 classes of LoveDA, in the order of its ids.",
    source="Wang et al., NeurIPS 2021 Datasets and Benchmarks, arXiv:2110.08733; colours of its repository",
    classes=(
        ClassInfo("background", (255, 255, 255)),
        ClassInfo("building", (255, 0, 0)),
        ClassInfo("road", (255, 255, 0)),
        ClassInfo("water", (0, 0, 255)),
        ClassInfo("barren", (159, 129, 183)),
        ClassInfo("forest", (0, 255, 0)),
        ClassInfo("agriculture", (255, 195, 128)),
    ),
)

ISPRS_6 = LabelSpace(
    name="isprs-6",
    summary="The 6 classes of ISPRS Potsdam and Vaihingen; means over 6 and over 5, without clutter.",
    source="ISPRS 2D Semantic Labeling Contest, 2013; colours of its label maps",
    classes=(
        ClassInfo("impervious surface", (255, 255, 255)),
        ClassInfo("building", (0, 0, 255)),
        ClassInfo("low vegetation", (0, 255, 255)),
        ClassInfo("tree", (0, 255, 0)),
        ClassInfo("car", (255, 255, 0)),
        ClassInfo("clutter", (255, 0, 0)),
    ),
    subsets={"5": ("impervious surface", "building", "low vegetation", "tree", "car")},
)
