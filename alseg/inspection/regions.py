"""The regions about which a run has asked, from what its folder says."""

from __future__ import annotations

from pathlib import Path

from alseg.config.building import build
from alseg.config.components import read_component
from alseg.contracts import Dataset
from alseg.data.partitions import RegionMaps
from alseg.registry.registry import Registry
from alseg.storage.layout import PARTITIONS_NAME
from alseg.storage.run_description import read_asked


def regions_of_run(folder: Path, registry: Registry, pool: Dataset) -> RegionMaps | None:
    """Return the regions of the pool's images; None for a run whose questions were not about regions.

    Nothing is written: regions that the experiment's folder lacks are computed.

    Args:
        folder: The run's folder.
        registry: Where names are looked up.
        pool: The target training images.

    Raises:
        AlsegError: If the run's description is damaged, or no such partition is installed.
    """
    asked = read_asked(folder)
    method, scenario = asked.method, asked.scenario
    if method.partition is None or method.annotation is None:
        return None
    if registry.get("annotation_modes", method.annotation.name).spec.unit != "region":
        return None
    from alseg.engine.regions import regions_identity  # loads torch, which other runs need not wait for

    partition, dataset = (
        read_component(registry, kind, part.name, (), part.params)
        for kind, part in (("partitions", method.partition), ("datasets", scenario.target))
    )
    return RegionMaps(
        pool,
        build(registry, "partitions", partition),
        regions_identity(partition, dataset, scenario.target_split, scenario.folder_of_target),
        folder.absolute().parents[1] / PARTITIONS_NAME,
        writable=False,
    )
