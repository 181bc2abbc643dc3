"""Pictures for the report: of a few images what methods bought, and what the network said before.

Maps come from the examples that run folders keep, photographs and ground truth from the data set where it is
at hand. No network is asked, and no torch imported.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import IGNORE_INDEX, LabelSpace, Size
from alseg.data.subset import evenly
from alseg.errors import AlsegError
from alseg.inspection.legend import map_title, scale_texts
from alseg.inspection.pictures import encode, encode_indexed, encode_marks, heat, marks, scale_colors
from alseg.inspection.saved_run import SavedRun
from alseg.storage.examples import Example, kept_size

LONGEST_SIDE = 640
"""Pixels of a photograph's longer side at most: the page stays small enough to be sent around."""

FINAL = None
"""Stands for the end of a run where rounds are numbers."""


class PictureBook:
    """What the page's ``drawPictures`` reads about one scenario.

    Args:
        visits: Label of a row to its run.
        wanted: How many images.
    """

    def __init__(self, visits: Mapping[str, SavedRun], wanted: int) -> None:
        self._visits = visits
        self._wanted = wanted
        self._sources: dict[str, int] = {}
        self._problem = ""

    def content(self, on_row: Callable[[str], None] = lambda label: None) -> dict[str, Any]:
        """Draw everything.

        Args:
            on_row: Called with each row's label before it is drawn.

        Returns:
            ``sources`` (pictures as data URIs), ``scale`` (colours of maps of numbers), ``note`` and
            ``images``: for each one title, places of photograph and truth in ``sources``, and ``views``, one
            per round and one for the end. Empty where there is nothing to show.

        Raises:
            AlsegError: If a purchase is damaged.
        """
        images = self._chosen()
        rounds = sorted({number for visit in self._visits.values() for number in visit.purchases})
        groups: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
        for label, visit in self._visits.items():
            on_row(label)
            bought = {
                image_id: visit.bought_in(image_id, size)
                for image_id, size in images.items()
                if visit.purchases
            }
            for number in (*visit.purchases, FINAL):
                kept = visit.examples(number)
                for image_id in images:
                    pictures = []
                    if image_id in bought:
                        pictures.append(self._picks(bought[image_id], number))
                    if image_id in kept:
                        pictures += self._maps(kept[image_id], number)
                    if pictures:
                        note = "" if image_id in kept else "No maps were kept."
                        group = {"title": label, "images": pictures, "note": note}
                        groups.setdefault((image_id, number), []).append(group)
        if not groups:
            return {}
        return {
            "images": [self._image(image_id, [*rounds, FINAL], groups) for image_id in images],
            "sources": list(self._sources),
            "scale": [f"rgb({','.join(map(str, color))})" for color in scale_colors()[::51].tolist()],
            "note": self._problem,
        }

    def _chosen(self) -> dict[str, Size]:
        """Return the images that most is known about, with the sizes of their label maps."""
        sizes: dict[str, Size] = {}
        votes: Counter[str] = Counter()
        for visit in self._visits.values():
            for number in (*visit.purchases, FINAL):
                for image_id, example in visit.examples(number).items():
                    sizes[image_id] = example.size
                    votes[image_id] += 1
        if not votes and self._pool is not None:
            # Runs from before examples were kept: what they have asked about.
            ids = self._pool.image_ids
            votes.update(
                image_id
                for visit in self._visits.values()
                for image_id in {name for purchase in visit.purchases.values() for name in purchase.spans}
            )
            sizes = {name: self._pool.dataset.size(place) for place, name in enumerate(ids) if votes[name]}
        often = [image_id for image_id in sizes if votes[image_id] == max(votes.values())]
        return {often[place]: sizes[often[place]] for place in evenly(len(often), self._wanted)}

    def _image(
        self,
        image_id: str,
        rounds: Sequence[int | None],
        groups: Mapping[tuple[str, int | None], list[dict[str, Any]]],
    ) -> dict[str, Any]:
        pool, photograph, truth = self._pool, None, None
        if pool is not None and image_id in self._places:
            try:
                index = self._places[image_id]
                photograph = self._source(_photograph(pool.dataset.image(index)), "jpeg")
                if pool.labelled:
                    truth = self._source(_class_map(_smaller(pool.truth(index)), self._space), "png")
            except AlsegError as error:
                self._problem = _without_data(error)
        return {
            "title": image_id,
            "photograph": photograph,
            "truth": truth,
            "views": [
                {
                    "title": "After the last round" if number is FINAL else f"Round {number}",
                    "groups": groups[image_id, number],
                }
                for number in rounds
                if (image_id, number) in groups
            ],
        }

    def _picks(self, bought_in: NDArray[np.int16], number: int | None) -> dict[str, Any]:
        shown = max(1, int(bought_in.max())) if number is FINAL else number
        size = kept_size((bought_in.shape[0], bought_in.shape[1]))
        caption = "picks of all rounds" if number is FINAL else f"picks of round {number}"
        return {
            "caption": caption if (bought_in == shown).any() else f"{caption}: none",
            "source": self._source(encode_marks(marks(bought_in, shown, size)), "png"),
            "over": True,
        }

    def _maps(self, example: Example, number: int | None) -> list[dict[str, Any]]:
        texts = scale_texts(example, len(self._space.classes))
        pictures = []
        for name in ("score", "impurity", "uncertainty"):
            steps: NDArray[np.uint8] | None = getattr(example, name)
            if steps is not None:
                source = self._source(encode(heat(steps), "WEBP"), "webp")
                pictures.append({"caption": map_title(name, example), "source": source, "scale": texts[name]})
        caption = "final prediction" if number is FINAL else f"prediction before round {number}"
        source = self._source(_class_map(example.classes, self._space), "png")
        return [*pictures, {"caption": caption, "source": source}]

    def _source(self, encoded: bytes, kind: str) -> int:
        """Return the place of a picture among the sources; equal ones, as after shared training, are one."""
        uri = f"data:image/{kind};base64,{base64.b64encode(encoded).decode('ascii')}"
        return self._sources.setdefault(uri, len(self._sources))

    @property
    def _space(self) -> LabelSpace:
        return next(iter(self._visits.values())).space

    @cached_property
    def _pool(self) -> Any:
        """The pool, or None where the data set is not at hand."""
        try:
            return next(iter(self._visits.values())).pool
        except AlsegError as error:
            self._problem = _without_data(error)
            return None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {image_id: index for index, image_id in enumerate(self._pool.image_ids)}


def _without_data(error: AlsegError) -> str:
    return f"Without photographs and ground truth: {error}"


def _photograph(pixels: NDArray[np.uint8]) -> bytes:
    size = kept_size((pixels.shape[0], pixels.shape[1]), LONGEST_SIDE)
    picture = Image.fromarray(pixels)
    if size != pixels.shape[:2]:
        picture = picture.resize((size[1], size[0]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return encode(np.array(picture), "JPEG")


def _smaller(label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = kept_size((label.shape[0], label.shape[1]), LONGEST_SIDE)
    return np.array(Image.fromarray(label).resize((size[1], size[0]), Image.Resampling.NEAREST))


def _class_map(classes: NDArray[np.uint8], space: LabelSpace) -> bytes:
    colors = np.array([*(info.color for info in space.classes), (0, 0, 0)], np.uint8)
    return encode_indexed(
        np.where(classes == IGNORE_INDEX, len(colors) - 1, classes).astype(np.uint8), colors
    )
