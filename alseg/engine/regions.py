"""The regions that a method's partition cuts the images of a scenario into."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from alseg.config.specs import Component, RunSpec
from alseg.contracts import Dataset
from alseg.data.partitions import RegionMaps
from alseg.data.scenario import ScenarioData
from alseg.engine.assembly import MethodParts
from alseg.files import content_hash


class MethodRegions(NamedTuple):
    """Regions of the images of a scenario; None where the method has no partition.

    Attributes:
        target: Of the pool.
        source: Of the source images.
    """

    target: RegionMaps | None
    source: RegionMaps | None


def method_regions(spec: RunSpec, method: MethodParts, data: ScenarioData, folder: Path) -> MethodRegions:
    """Return the regions of a method; nothing is computed yet.

    Args:
        spec: A run of the method.
        method: What the method is made of.
        data: The scenario's data.
        folder: Where maps are kept, for all runs of an experiment.
    """
    scenario, component = spec.scenario, spec.method.partition
    partition = method.partition
    if partition is None or component is None:
        return MethodRegions(None, None)

    def maps(dataset: Dataset, of: Component, split: str, root: str | None) -> RegionMaps:
        identity = regions_identity(component, of, split, root)
        return RegionMaps(dataset, partition, identity, folder)

    return MethodRegions(
        maps(data.target.dataset, scenario.target, scenario.target_split, scenario.root_of("target")),
        maps(data.source.dataset, scenario.source, scenario.source_split, scenario.root_of("source")),
    )


def regions_identity(partition: Component, dataset: Component, split: str, root: str | None) -> str:
    """Return a text that is the same where a partition cuts the same images.

    Args:
        partition: Name and parameters.
        dataset: Name and parameters.
        split: Of the data set.
        root: Folder of the data set as the experiment file names it.
    """
    return content_hash([partition.as_json(), dataset.as_json(), split, root])
