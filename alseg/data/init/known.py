"""Tables of ids and colours that data sets of the field have, and which of them fits what label maps hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alseg.contracts import LabelSpace
from alseg.data.init.values import Color, Value, Values
from alseg.toolkit.labels import palette

_FITS = 0.95
"""Share of pixels that a table must name."""
_FEWEST = 3


@dataclass(frozen=True)
class KnownTable:
    """What the values of a data set mean.

    Attributes:
        title: The data set and the kind of files.
        names: Class by value; None for void.
        colors: Colours of classes, by name; empty where others will do.
        hint: Found in paths of such data sets; ids need it, colours do not.
    """

    title: str
    names: Mapping[Value, str | None]
    colors: Mapping[str, Color]
    hint: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Match:
    """The table that fits, if any, and others that would fit ids, which could be anything."""

    table: KnownTable | None
    others: tuple[KnownTable, ...] = ()


_CITYSCAPES_IDS: dict[Value, str | None] = dict.fromkeys((*range(7), 255)) | dict(
    enumerate(
        [
            "road",
            "sidewalk",
            "parking",
            "rail track",
            "building",
            "wall",
            "fence",
            "guard rail",
            "bridge",
            "tunnel",
            "pole",
            "polegroup",
            "traffic light",
            "traffic sign",
            "vegetation",
            "terrain",
            "sky",
            "person",
            "rider",
            "car",
            "truck",
            "bus",
            "caravan",
            "trailer",
            "train",
            "motorcycle",
            "bicycle",
        ],
        start=7,
    )
)
_CITYSCAPES_VOID = (9, 10, 14, 15, 16, 18, 29, 30)
_CARLA: dict[Value, str | None] = {
    (0, 0, 0): None,
    (70, 70, 70): "building",
    (190, 153, 153): "fence",
    (100, 40, 40): "fence",
    (250, 170, 160): "other",
    (55, 90, 80): "other",
    (220, 20, 60): "pedestrian",
    (153, 153, 153): "pole",
    (157, 234, 50): "road line",
    (128, 64, 128): "road",
    (244, 35, 232): "sidewalk",
    (107, 142, 35): "vegetation",
    (0, 0, 142): "car",
    (102, 102, 156): "wall",
    (220, 220, 0): "traffic sign",
    (70, 130, 180): "sky",
    (81, 0, 81): "ground",
    (150, 100, 100): "bridge",
    (230, 150, 140): "rail track",
    (180, 165, 180): "guard rail",
    (250, 170, 30): "traffic light",
    (110, 190, 160): "static",
    (170, 120, 50): "dynamic",
    (45, 60, 150): "water",
    (145, 170, 100): "terrain",
}
_LOVEDA = ("background", "building", "road", "water", "barren", "forest", "agriculture")
_LOVEDA_COLORS: tuple[Color, ...] = (
    (255, 255, 255),
    (255, 0, 0),
    (255, 255, 0),
    (0, 0, 255),
    (159, 129, 183),
    (0, 255, 0),
    (255, 195, 128),
)
_ISPRS = ("impervious surface", "building", "low vegetation", "tree", "car", "clutter")
_ISPRS_COLORS: tuple[Color, ...] = (
    (255, 255, 255),
    (0, 0, 255),
    (0, 255, 255),
    (0, 255, 0),
    (255, 255, 0),
    (255, 0, 0),
)
_VOC = [
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "dining table",
    "dog",
    "horse",
    "motorbike",
    "person",
    "potted plant",
    "sheep",
    "sofa",
    "train",
    "tv monitor",
]
_VOC_COLORS: tuple[Color, ...] = ((0, 0, 0), *palette(20))
_CAMVID_WORDS = re.compile(r"camvid|segnet|\}annot/", re.IGNORECASE)


def known_tables(spaces: Iterable[LabelSpace]) -> list[KnownTable]:
    """Return tables of data sets, and of label spaces that plugins register.

    Args:
        spaces: Their classes have colours; their indices are ids where paths name the data set.
    """
    city = {value: None if value in _CITYSCAPES_VOID else name for value, name in _CITYSCAPES_IDS.items()}
    tables = [
        KnownTable("Cityscapes label ids", city, {}, re.compile("labelids", re.IGNORECASE)),
        KnownTable("CARLA colours", _CARLA, {}),
        *_both("LoveDA", _LOVEDA, _LOVEDA_COLORS, 1, 0, re.compile(r"love|masks_png", re.IGNORECASE)),
        *_both(
            "ISPRS Potsdam and Vaihingen", _ISPRS, _ISPRS_COLORS, 1, 0, re.compile("potsdam|vaihingen", re.I)
        ),
        *_both("PASCAL VOC", _VOC, _VOC_COLORS, 0, 255, re.compile("voc|SegmentationClass", re.I)),
    ]
    for space in spaces:
        name = space.name.rpartition("-")[0] or space.name
        hint = re.compile("trainids" if name == "cityscapes" else re.escape(name), re.IGNORECASE)
        if name == "camvid":
            hint = _CAMVID_WORDS
        void = len(space.classes) if name == "camvid" else 255
        colors: tuple[Color, ...] = tuple(info.color for info in space.classes)
        title = f"label space {space.name}"
        tables += _both(title, space.names, colors, 0, void, hint)
    return tables


def match(values: Values, tables: Iterable[KnownTable], hints: str) -> Match:
    """Return the table that fits best.

    Colours speak for themselves. Ids fit many tables, so paths must name the data set; tables that would fit
    are returned otherwise.

    Args:
        values: What label maps hold.
        tables: From `known_tables`.
        hints: Paths and lists, in which names of data sets may be.
    """
    if values.encoding == "masks":
        return Match(None)
    real = set(values.real)
    fitting: list[tuple[float, int, KnownTable]] = []
    for table in tables:
        share = sum(values.share(value) for value in real & set(table.names))
        named = len([value for value in real & set(table.names) if table.names[value] is not None])
        if share >= _FITS and (named >= _FEWEST or (_is_hinted(table, hints) and named)):
            fitting.append((share, named, table))
    if values.encoding == "colors":
        best = max(fitting, key=lambda one: (round(one[0], 4), one[1], -len(one[2].names)), default=None)
        return Match(best[2] if best else None)
    hinted = [one for one in fitting if _is_hinted(one[2], hints)]
    shown = [one for one in fitting if values.palette and _has_palette(values, one[2])]
    best = max([*hinted, *shown], key=lambda one: (one in hinted, one[0], one[1]), default=None)
    if best is not None:
        return Match(best[2])
    return Match(None, tuple(table for _, _, table in fitting))


def _both(
    title: str,
    names: Iterable[str],
    colors: Iterable[Color],
    first: int,
    void: int,
    hint: re.Pattern[str],
) -> list[KnownTable]:
    """Return a table by id and one by colour."""
    by_name = dict(zip(names, colors, strict=True))
    ids: dict[Value, str | None] = {first + index: name for index, name in enumerate(by_name)}
    shown: dict[Value, str | None] = {color: name for name, color in by_name.items()}
    return [
        KnownTable(f"{title}, ids", {void: None, **ids}, by_name, hint),
        KnownTable(f"{title}, colours", {(0, 0, 0): None, **shown}, by_name),
    ]


def _is_hinted(table: KnownTable, hints: str) -> bool:
    return table.hint is not None and table.hint.search(hints) is not None


def _has_palette(values: Values, table: KnownTable) -> bool:
    """Say whether the palette of the files has the table's colours at its ids."""
    wanted = {value: table.colors.get(name or "") for value, name in table.names.items() if name}
    seen = [value for value in values.real if isinstance(value, int) and wanted.get(value)]
    return len(seen) >= 2 and all(
        values.palette.get(value) == wanted[value] for value in seen if isinstance(value, int)
    )
