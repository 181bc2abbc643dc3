"""A run revisited: its data set, what it bought and its final network, from what its folder says.

Data and purchases need no torch; it is imported where the network is asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.revealed import RevealedLabels
from alseg.config.annotator import ORACLE, People
from alseg.config.building import build
from alseg.config.components import read_component
from alseg.config.label_spaces import resolve
from alseg.config.specs import NO_SPLIT, Component
from alseg.contracts import (
    AnnotationMode,
    Dataset,
    DatasetSpec,
    LabelSpace,
    RegionAnnotationMode,
    SimulatedErrors,
    Size,
)
from alseg.data.growing import GrowingPool
from alseg.data.partitions import RegionMaps
from alseg.data.subset import Subset
from alseg.errors import AlsegError, unknown_name
from alseg.guard.answers import answer_kind
from alseg.inspection.regions import regions_of_run
from alseg.registry.datasets import check_split, label_space_of
from alseg.registry.registry import Registry
from alseg.storage.examples import Example, read_examples
from alseg.storage.layout import RUN_NAME, folder_of_round, round_folders
from alseg.storage.ledger import Purchase, refuse_outside
from alseg.storage.pool_listing import last_pool
from alseg.storage.run_description import Asked, Part, read_asked
from alseg.system.data_roots import data_root
from alseg.toolkit.annotator_errors import AnnotatorErrors
from alseg.toolkit.labels import translation

_RETIRED = {"image": frozenset({"clicks"})}
"""Parameters of annotation modes that runs of earlier versions have, and that changed a price only."""


_MOST_IMAGES = 2**24
_MOST_PIXELS = 2**28
"""Of one image; twice what Pillow decodes."""


class Split(NamedTuple):
    """One split of the target, and how its labels become the run's.

    Attributes:
        dataset: The split.
        translation: uint8 ``(256,)``: the data set's label values to the run's.
    """

    dataset: Dataset
    translation: NDArray[np.uint8]

    @property
    def image_ids(self) -> list[str]:
        """All images in order."""
        return [self.dataset.image_id(index) for index in range(len(self.dataset))]

    @property
    def labelled(self) -> bool:
        """Whether there are label maps."""
        return bool(getattr(self.dataset, "labelled", True))

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Return an image's whole label map, uint8 ``(H, W)``, 255 for void: for people, after the run.

        Raises:
            DataError: If the split has no label maps.
        """
        return self.translation[self.dataset.label(index)]


class SavedRun:
    """One run.

    Args:
        folder: The run's folder.
        registry: Where names are looked up.
        root: Folder of the data sets; None for the one the run has used.

    Raises:
        AlsegError: If the folder is no run, or its description is damaged or of another format.
    """

    def __init__(self, folder: Path, registry: Registry, root: Path | None = None) -> None:
        if not (folder / "run.json").is_file():
            raise AlsegError(
                f"{folder} is no run folder: it has no run.json. Name one such as {_example(folder)}."
            )
        self.folder = folder
        self._registry = registry
        self._root = root
        self._asked = read_asked(folder)
        self.label, self.target_labels = self._asked.method.label, self._asked.method.target_labels
        self.space: LabelSpace = resolve(registry, self._asked.scenario.results_in)

    @cached_property
    def pool(self) -> Split:
        """The target training images, of which labels were bought; a pool that grew, of the last round.

        Raises:
            AlsegError: If the data set cannot be used, or the list of the pool is damaged.
        """
        split = self._split(self._asked.scenario.target_split)
        listing = last_pool(self.folder) if self._asked.scenario.pool == "growing" else None
        return (
            split if listing is None else Split(GrowingPool(split.dataset, listing.images), split.translation)
        )

    @cached_property
    def evaluation(self) -> Split | None:
        """The target images for evaluation, with label maps or without; None where the run has none."""
        name = self._asked.scenario.evaluation_split
        return None if name == NO_SPLIT else self._split(name)

    @cached_property
    def purchases(self) -> dict[int, Purchase]:
        """What each round bought, by round.

        Raises:
            AlsegError: If a purchase is damaged.
        """
        folders = round_folders(self.folder).items()
        return {number: Purchase.read(folder) for number, folder in folders if Purchase.committed(folder)}

    def last_round(self, wanted: int | None = None) -> int:
        """Return the last round with a purchase, or check the one that is wanted; 0 without any purchase.

        Raises:
            AlsegError: If the wanted round has bought nothing.
        """
        if wanted is None:
            return max(self.purchases, default=0)
        if wanted not in self.purchases:
            rounds = ", ".join(map(str, self.purchases)) or "none"
            raise AlsegError(
                f"Round {wanted} of {self.folder} has bought nothing. Rounds that have: {rounds}."
            )
        return wanted

    def labels(self, until: int) -> RevealedLabels:
        """Return what was known of the target labels after a round's purchase."""
        labels = RevealedLabels(
            self.pool.dataset,
            self.pool.translation,
            mode=self._mode,
            regions=self._regions,
            everything=self.target_labels == "all",
            num_classes=len(self.space.classes),
            errors=self._errors,
            answers=self._answers(until),
        )
        for number, purchase in self.purchases.items():
            if number <= until and self._mode is not None:
                labels.restore(purchase)
        return labels

    def examples(self, round_number: int | None = None) -> dict[str, Example]:
        """Return maps of what the network said before a round's picks, or in the end; see `read_examples`.

        Args:
            round_number: From 1; None for the final network.
        """
        folder = self.folder if round_number is None else folder_of_round(self.folder, round_number)
        return read_examples(folder, len(self.space.classes))

    def bought_in(self, image_id: str, size: Size) -> NDArray[np.int16]:
        """Return in which round each pixel of a pool image was bought, int16 ``(H, W)``, -1 for never.

        Args:
            image_id: The image.
            size: Height and width of its label map.
        """
        per_round = {number: purchase.positions(image_id) for number, purchase in self.purchases.items()}
        rounds = np.concatenate(
            [np.full(len(positions), number, np.int16) for number, positions in per_round.items()]
            or [np.zeros(0, np.int16)]
        )
        if self._mode is None or not len(rounds):
            return np.full(size, -1, np.int16)
        positions = np.concatenate(list(per_round.values()))
        refuse_outside(positions, image_id, size)
        if self._regions is None:
            footprint = cast(AnnotationMode, self._mode).footprint(positions, size)
        else:
            [index] = self.find(self.pool, [image_id])
            labels = self.labels(0)
            for purchase in self.purchases.values():
                labels.history.append(purchase)
            footprint = labels.footprint(index, positions)
        return np.where(footprint >= 0, rounds[np.maximum(footprint, 0)], np.int16(-1)).astype(np.int16)

    def find(self, split: Split, image_ids: Sequence[str]) -> list[int]:
        """Return the indices of images.

        Raises:
            AlsegError: If there is no such image.
        """
        index_of = {image_id: index for index, image_id in enumerate(split.image_ids)}
        for image_id in image_ids:
            if image_id not in index_of:
                text = unknown_name("image", image_id, list(index_of)[:20])
                raise AlsegError(
                    text if len(index_of) <= 20 else f"{text[:-1]} and {len(index_of) - 20} more."
                )
        return [index_of[image_id] for image_id in image_ids]

    def predict(
        self, split: Split, indices: Sequence[int], device: str = "auto"
    ) -> Iterator[tuple[int, Example]]:
        """Yield what the final network says about some images, as in the run's evaluation.

        Yields:
            The image's index in its split; its maps, which are as large as its label map.

        Raises:
            AlsegError: If the run is not done, so that there are no final weights.
        """
        from alseg.evaluation.request import Options, complete
        from alseg.inference.example_maps import example_of, logits_of, question_reach
        from alseg.inference.predict import predict
        from alseg.inspection.loaded_network import load_network, require_weights

        require_weights(self.folder)
        request = complete(Options(checkpoint=self.folder, root=self._root), self._registry)
        model, options, _ = load_network(request, self._registry, len(self.space.classes), device)
        radius = question_reach(self._mode, "part" if self._regions is None else "region")
        for prediction in predict(model, Subset(split.dataset, indices), options):
            size = prediction.logits.shape[-2:]
            maps = example_of(logits_of(prediction, options), radius, longest=max(size))
            yield indices[prediction.index], maps

    @cached_property
    def _regions(self) -> RegionMaps | None:
        if self._mode is None or self._asked.method.partition is None:
            return None
        return regions_of_run(self.folder, self._registry, self.pool.dataset)

    @property
    def _errors(self) -> SimulatedErrors | None:
        part = self._asked.method.annotator
        if part is None or self.people is not None:
            return None
        if part.name == ORACLE:
            return AnnotatorErrors(**part.params)
        return self._build("annotators", part)  # type: ignore[no-any-return]

    @property
    def asked(self) -> Asked:
        """What the run was asked for."""
        return self._asked

    @property
    def mode(self) -> AnnotationMode | RegionAnnotationMode | None:
        """What a question is; None where nothing was asked."""
        return self._mode

    @property
    def people(self) -> People | None:
        """The people who answer; None where the oracle does."""
        part = self._asked.method.annotator
        return None if part is None else People.of(Component(part.name, part.params))

    def _answers(self, until: int) -> AcceptedAnswers | None:
        """Return what people have answered up to a round; None where nobody was asked."""
        if self.people is None or self._mode is None:
            return None
        answers = AcceptedAnswers(answer_kind(self._mode), self.people.conflict)
        answers.add_rounds(self.folder, until)
        return answers

    @cached_property
    def _mode(self) -> AnnotationMode | RegionAnnotationMode | None:
        annotation = self._asked.method.annotation
        if self.target_labels != "acquired" or annotation is None:
            return None
        retired = _RETIRED.get(annotation.name, frozenset())
        params = {key: value for key, value in annotation.params.items() if key not in retired}
        return self._build("annotation_modes", Part(annotation.name, params))  # type: ignore[no-any-return]

    def _split(self, name: str) -> Split:
        scenario = self._asked.scenario
        spec: DatasetSpec = self._registry.get("datasets", scenario.target.name).spec
        params = read_component(self._registry, "datasets", spec.name, (), scenario.target.params).params
        check_split(spec, params, name)
        folder = scenario.folder_of_target
        found = self._root or folder
        root = data_root(str(found)) if found and spec.needs_root else None
        dataset: Dataset = self._build(
            "datasets",
            scenario.target,
            root=root,
            split=name,
        )
        self._refuse_absurd(dataset)
        own = label_space_of(self._registry, spec, params, root) or self.space
        return Split(dataset, translation(own, self.space))

    def _build(self, kind: str, part: Part, **filled_in: Any) -> Any:
        found = read_component(self._registry, kind, part.name, (), part.params)
        try:
            return build(self._registry, kind, found, **filled_in)
        except AlsegError:
            raise
        except Exception as error:  # of a plugin, for parameters that it has never been given
            raise self._damaged(f"{part.name} cannot be made: {type(error).__name__}: {error}") from error

    def _refuse_absurd(self, dataset: Dataset) -> None:
        """Refuse a data set of sizes that no data set has: those of a rendered one come from the folder."""
        if len(dataset) > _MOST_IMAGES:
            raise self._damaged(f"{len(dataset):,} images are more than any data set has")
        if len(dataset) and math.prod(dataset.size(0)) > _MOST_PIXELS:
            raise self._damaged(f"{math.prod(dataset.size(0)):,} pixels are more than any image has")

    def _damaged(self, problem: str) -> AlsegError:
        return AlsegError(f"{self.folder / RUN_NAME} is damaged: {' '.join(problem.split())}.")


def _example(folder: Path) -> str:
    """Return a run folder to name in a message: the first in a results folder, else a made-up one."""
    runs = sorted(path.parent for path in folder.glob(f"runs/*/{RUN_NAME}"))
    return str(runs[0]) if runs else "results/quickstart/runs/ripu-ra__s0__3f9c1a7e"
