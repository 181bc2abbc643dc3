"""The whole extension surface of alseg on one page.

A plugin is a module or object with functions of these names marked ``@alseg.hookimpl``, named in the
entry-point group ``alseg`` of its distribution. A hook registers components by returning their specs
(`alseg.contracts`). It must not import torch: builders do that, when a run needs them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from alseg.contracts import (
    AcquisitionSpec,
    AnnotationModeSpec,
    AnnotatorSpec,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PartitionSpec,
    PublishedResult,
    RecipeSpec,
    RoundReport,
)

hookspec = pluggy.HookspecMarker("alseg")
hookimpl = pluggy.HookimplMarker("alseg")
"""Marks a function of a plugin as a hook: ``@hookimpl`` above ``def register_acquisitions()``."""


@hookspec
def register_label_spaces() -> Sequence[LabelSpace]:  # type: ignore[empty-body]
    """Offer label spaces: class names, colours, and which foreign classes each class includes."""


@hookspec
def register_datasets() -> Sequence[DatasetSpec]:  # type: ignore[empty-body]
    """Offer data sets."""


@hookspec
def register_models() -> Sequence[ModelSpec]:  # type: ignore[empty-body]
    """Offer segmentation networks."""


@hookspec
def register_recipes() -> Sequence[RecipeSpec]:  # type: ignore[empty-body]
    """Offer training recipes."""


@hookspec
def register_acquisitions() -> Sequence[AcquisitionSpec]:  # type: ignore[empty-body]
    """Offer acquisition functions."""


@hookspec
def register_annotation_modes() -> Sequence[AnnotationModeSpec]:  # type: ignore[empty-body]
    """Offer annotation modes."""


@hookspec
def register_annotators() -> Sequence[AnnotatorSpec]:  # type: ignore[empty-body]
    """Offer annotators, who answer what runs ask."""


@hookspec
def register_partitions() -> Sequence[PartitionSpec]:  # type: ignore[empty-body]
    """Offer partitions of images into regions."""


@hookspec
def register_observers() -> Sequence[ObserverSpec]:  # type: ignore[empty-body]
    """Offer observers, which follow the runs of the experiments that name them."""


@hookspec
def register_executors() -> Sequence[ExecutorSpec]:  # type: ignore[empty-body]
    """Offer executors, which have the runs of an experiment done elsewhere."""


@hookspec
def register_published_results() -> Sequence[PublishedResult]:  # type: ignore[empty-body]
    """Offer numbers printed in papers, which ``alseg compare --published`` shows beside results."""


@hookspec
def on_round_end(report: RoundReport) -> None:
    """Observe a committed round of any experiment. What this raises is told once and stops nothing.

    Args:
        report: What the round cost and reached.
    """
