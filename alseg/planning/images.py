"""How many images an experiment has, also where its data is not here."""

from __future__ import annotations

from dataclasses import dataclass

from alseg.config.specs import NO_SPLIT, Component, RunSpec
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.registry.datasets import expected_of
from alseg.registry.registry import Registry


@dataclass(frozen=True, kw_only=True)
class ImageCounts:
    """Images of a scenario; None where nobody knows.

    Attributes:
        pool: In which labels are bought.
        source: With labels.
        evaluation: On which is evaluated; 0 where nothing is.
        note: Where the numbers come from, if not from the data; else empty.
    """

    pool: int | None
    source: int | None
    evaluation: int | None
    note: str = ""


def count_images(spec: RunSpec, assembler: Assembler) -> ImageCounts:
    """Count the images of a scenario; where files are missing, as many as are published.

    Args:
        spec: A run.
        assembler: Lists the files of data sets.
    """
    scenario = spec.scenario
    try:
        data = assembler.scenario(scenario)
    except AlsegError as error:
        registry = assembler.registry
        evaluated = scenario.evaluation_split != NO_SPLIT
        return ImageCounts(
            pool=_published(registry, scenario.target, scenario.target_split),
            source=_published(registry, scenario.source, scenario.source_split),
            evaluation=_published(registry, scenario.target, scenario.evaluation_split) if evaluated else 0,
            note=f"The data is not here, so images are counted as published. {str(error).splitlines()[0]}",
        )
    return ImageCounts(
        pool=len(data.target.dataset),
        source=len(data.source.dataset),
        evaluation=len(data.evaluation.dataset) if data.evaluation is not None else 0,
    )


def _published(registry: Registry, component: Component, split: str) -> int | None:
    spec = registry.get("datasets", component.name).spec
    return expected_of(spec, component.params).get(split)
