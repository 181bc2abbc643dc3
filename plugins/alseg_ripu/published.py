"""The numbers of the paper's tables, its own and those of others that it prints.

Source:
    Xie et al., CVPR 2022, arXiv:2111.12940. Where another paper is named first, the numbers are that method's
    as Xie et al. print them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from alseg import PublishedResult

PAPER = "Xie et al., CVPR 2022, arXiv:2111.12940"
_PAPERS = MappingProxyType(
    {
        "LabOR": f"Shin et al., ICCV 2021, as printed in {PAPER}",
        "AADA": f"Su et al., WACV 2020, as printed in {PAPER}",
        "MADA": f"Ning et al., ICCV 2021, as printed in {PAPER}",
    }
)

_GTAV_CLASSES = (
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign"),
    *("vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train"),
    *("motorcycle", "bicycle"),
)
_SYNTHIA_CLASSES = tuple(name for name in _GTAV_CLASSES if name not in ("terrain", "truck", "train"))
_SPACES = {
    "gtav": ("cityscapes-19", _GTAV_CLASSES, ()),
    "synthia": ("synthia-16", _SYNTHIA_CLASSES, ("13",)),
}
"""Label space, its classes in the order of tables, and subsets, by source."""

# Class by class, then the mean.
_GTAV = """
Source only, V2     75.8 16.8 77.2 12.5 21.0 25.5 30.1 20.1 81.3 24.6 70.3 53.8 26.4 49.9 17.2 25.9  6.5 25.3 36.0  36.6
LabOR 2.2%, V2      96.6 77.0 89.6 47.8 50.7 48.0 56.6 63.5 89.5 57.8 91.6 72.0 47.3 91.7 62.1 61.9 48.9 47.9 65.3  66.6
RIPU PA 40 px, V2   65.5
RIPU RA 2.2%, V2    96.5 74.1 89.7 53.1 51.0 43.8 53.4 62.2 90.0 57.6 92.6 73.0 53.0 92.8 73.8 78.5 62.0 55.6 70.0  69.6
RIPU RA 2.2%, V2, source-free  67.1
AADA 5%, V3+        92.2 59.9 87.3 36.4 45.7 46.1 50.6 59.5 88.3 44.0 90.2 69.7 38.2 90.0 55.3 45.1 32.0 32.6 62.9  59.3
MADA 5%, V3+        95.1 69.8 88.5 43.3 48.7 45.7 53.3 59.2 89.1 46.7 91.5 73.9 50.1 91.2 60.6 56.9 48.4 51.6 68.7  64.9
RIPU RA 5%, V3+     97.0 77.3 90.4 54.6 53.2 47.7 55.9 64.1 90.2 59.2 93.2 75.0 54.8 92.7 73.0 79.7 68.9 55.5 70.3  71.2
"""  # noqa: E501

# Class by class, then the means over 16 and 13 classes; or the mean over 16 alone.
_SYNTHIA = """
RIPU PA 40 px, V2   66.1
RIPU RA 2.2%, V2    96.8 76.6 89.6 45.0 47.7 45.0 53.0 62.5 90.6 92.7 73.0 52.9 93.1 80.5 52.4 70.1  70.1 75.7
RIPU RA 2.2%, V2, source-free  68.7
AADA 5%, V3+        91.3 57.6 86.9 37.6 48.3 45.0 50.4 58.5 88.2 90.3 69.4 37.9 89.9 44.5 32.8 62.5  61.9 66.2
MADA 5%, V3+        96.5 74.6 88.8 45.9 43.8 46.7 52.4 60.5 89.7 92.2 74.1 51.2 90.9 60.3 52.4 69.4  68.1 73.3
RIPU RA 5%, V3+     97.0 78.9 89.9 47.2 50.7 48.5 55.2 63.9 91.1 93.0 74.4 54.1 92.9 79.9 55.3 71.0  71.4 76.7
"""


def published_results() -> list[PublishedResult]:
    """Return all rows: GTAV to Cityscapes, then SYNTHIA to Cityscapes, each in the paper's order."""
    return [
        *published_rows(_GTAV, "gtav", PAPER, _PAPERS),
        *published_rows(_SYNTHIA, "synthia", PAPER, _PAPERS),
    ]


def published_rows(
    table: str, source: str, paper: str, papers: Mapping[str, str] = MappingProxyType({})
) -> Iterator[PublishedResult]:
    """Yield the rows of a table of results on Cityscapes.

    Args:
        table: A line for each result: a label, then a number for each class in Cityscapes' order, or none of
            them, then the mean; of SYNTHIA the means over 16 and 13 classes, or the first alone. In percent.
        source: ``gtav`` (19 classes) or ``synthia`` (16).
        paper: That prints the table.
        papers: Of other methods in it, by the first word of their labels.
    """
    label_space, classes, subsets = _SPACES[source]
    for line in table.strip().splitlines():
        label, numbers = _label_and_numbers(line)
        has_classes = len(numbers) > len(classes)
        iou = numbers[: len(classes)] if has_classes else []
        miou, *of_subsets = numbers[len(iou) :]
        yield PublishedResult(
            label=label,
            paper=papers.get(label.split()[0], paper),
            source=source,
            target="cityscapes",
            label_space=label_space,
            miou=miou,
            iou=dict(zip(classes, iou, strict=False)),
            subsets=dict(zip(subsets, of_subsets, strict=False)),
        )


def _label_and_numbers(line: str) -> tuple[str, list[float]]:
    """Split a line at the numbers at its end."""
    words = line.split()
    start = len(words)
    while words[start - 1].replace(".", "", 1).isdigit():
        start -= 1
    return " ".join(words[:start]), [float(word) for word in words[start:]]
