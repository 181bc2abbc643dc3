"""Pictures and class frequencies for the report: what needs the data set and, for predictions, torch."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import IGNORE_INDEX
from alseg.errors import AlsegError
from alseg.labels import colorize
from alseg.pictures import draw_picks, encode, heat
from alseg.plugins import Catalog
from alseg.report.content import Extras
from alseg.revisit import Revisit, evenly
from alseg.runs import Run

WIDTH = 640
"""Most columns of a picture: larger ones are made smaller, so that the page stays readable by a phone."""

COUNTED_IMAGES = 100
"""Most images whose labels are read for class frequencies."""


def gather_extras(
    rows: Mapping[str, Mapping[str, Run]],
    catalog: Catalog,
    images: int,
    *,
    root: Path | None = None,
    on_row: Callable[[str], None] = lambda label: None,
) -> Extras:
    """Draw pictures of a few images for every method, and count which classes were bought.

    Args:
        rows: Scenario to label of a row to its first run that counts.
        catalog: Where names are looked up.
        images: How many images of the pool.
        root: Folder of the data sets; None for those the runs have used.
        on_row: Called before each row with its label.

    Raises:
        AlsegError: If the data set is not there, or a purchase is damaged.
    """
    pictures, frequencies = {}, {}
    for scenario, runs in rows.items():
        visits = {label: Revisit(run.folder, catalog, root) for label, run in runs.items()}
        if not visits:
            continue
        indices = _telling(list(visits.values()), images)
        pictures[scenario] = _pictures(visits, indices, on_row)
        frequencies[scenario] = _frequencies(visits)
    return Extras(pictures=pictures, frequencies=frequencies)


def _telling(visits: Sequence[Revisit], wanted: int) -> list[int]:
    """Return images, evenly spread, that most methods have asked about."""
    asked = Counter(
        image_id
        for visit in visits
        for image_id in {name for purchase in visit.purchases.values() for name in purchase.spans}
    )
    ids = visits[0].pool.image_ids
    most = max(asked.values(), default=0)
    often = [index for index, image_id in enumerate(ids) if asked[image_id] == most]
    return [often[place] for place in evenly(len(often), wanted)]


def _pictures(
    visits: Mapping[str, Revisit], indices: Sequence[int], on_row: Callable[[str], None]
) -> list[dict[str, Any]]:
    first = next(iter(visits.values()))
    pool, space = first.pool, first.space
    groups: dict[int, list[dict[str, Any]]] = {
        index: [
            _group(
                "Image",
                [
                    ("photograph", pool.dataset.image(index), "JPEG"),
                    ("ground truth", colorize(pool.truth(index), space), "PNG"),
                ],
            )
        ]
        for index in indices
    }
    for label, visit in visits.items():
        on_row(label)
        drawn: dict[int, list[tuple[str, NDArray[np.uint8], str]]] = {index: [] for index in indices}
        for index in indices:
            for number in visit.purchases:
                photograph, bought_in = pool.dataset.image(index), visit.bought_in(index, number)
                drawn[index].append(
                    (f"picks of round {number}", draw_picks(photograph, bought_in, number), "JPEG")
                )
        if (visit.folder / "weights.pt").is_file():
            for prediction in visit.predict(pool, indices):
                drawn[prediction.index] += [
                    ("final prediction", colorize(prediction.classes, space), "PNG"),
                    (
                        "its uncertainty",
                        heat(prediction.uncertainty, float(np.log(len(space.names)))),
                        "JPEG",
                    ),
                ]
        for index in indices:
            groups[index].append(_group(label, drawn[index]))
    return [{"title": pool.dataset.image_id(index), "groups": groups[index]} for index in indices]


def _group(title: str, pictures: Sequence[tuple[str, NDArray[np.uint8], str]]) -> dict[str, Any]:
    return {
        "title": title,
        "images": [
            {"caption": caption, "source": _data_uri(pixels, kind)} for caption, pixels, kind in pictures
        ],
    }


def _data_uri(pixels: NDArray[np.uint8], kind: str) -> str:
    """Return a picture inside a URI: as JPEG, or with exact colours as PNG."""
    height, width = pixels.shape[:2]
    if width > WIDTH:
        smooth = Image.Resampling.LANCZOS if kind == "JPEG" else Image.Resampling.NEAREST
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        pixels = np.array(Image.fromarray(pixels).resize(size, smooth))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(encode(pixels, kind)).decode('ascii')}"


def _frequencies(visits: Mapping[str, Revisit]) -> list[dict[str, Any]]:
    """Return how frequent classes are in the pool and in what each method bought."""
    first = next(iter(visits.values()))
    everything = evenly(len(first.pool.dataset), COUNTED_IMAGES)
    series = [
        _series(
            f"pool{_sample(len(everything), len(first.pool.dataset))}",
            None,
            [first.pool.truth(index) for index in everything],
            len(first.space.names),
        )
    ]
    for label, visit in visits.items():
        asked = {image_id for purchase in visit.purchases.values() for image_id in purchase.spans}
        touched = [index for index, image_id in enumerate(visit.pool.image_ids) if image_id in asked]
        if not touched:
            continue
        chosen = [touched[place] for place in evenly(len(touched), COUNTED_IMAGES)]
        oracle = visit.oracle(visit.last_round())
        series.append(
            _series(
                f"{label}{_sample(len(chosen), len(touched))}",
                label,
                [oracle.revealed(index) for index in chosen],
                len(visit.space.names),
            )
        )
    return series


def _sample(counted: int, all_of_them: int) -> str:
    return "" if counted == all_of_them else f" ({counted} of {all_of_them} images)"


def _series(
    label: str, method: str | None, maps: Sequence[NDArray[np.uint8]], classes: int
) -> dict[str, Any]:
    counts = np.zeros(256, np.int64)
    for label_map in maps:
        counts += np.bincount(label_map.ravel(), minlength=256)
    if int(counts[classes:IGNORE_INDEX].sum()):
        raise AlsegError(f"The labels of {label} hold values that the label space does not have.")
    valid = counts[:classes]
    shares = 100 * valid / max(1, int(valid.sum()))
    return {"label": label, "method": method, "percent": [round(float(share), 5) for share in shares]}
