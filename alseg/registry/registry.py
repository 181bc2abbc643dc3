"""Everything that installed plugins register, by kind and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

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
from alseg.errors import AlsegError, unknown_name
from alseg.registry.entries import Entry, PluginFailure, PluginInfo

ROUND_END = "on_round_end"
"""The one hook that registers nothing."""

RoundEndHook = Callable[[RoundReport], object]

KINDS: Mapping[str, tuple[str, type]] = MappingProxyType(
    {
        "label_spaces": ("label space", LabelSpace),
        "datasets": ("dataset", DatasetSpec),
        "models": ("model", ModelSpec),
        "recipes": ("recipe", RecipeSpec),
        "acquisitions": ("acquisition", AcquisitionSpec),
        "annotation_modes": ("annotation mode", AnnotationModeSpec),
        "annotators": ("annotator", AnnotatorSpec),
        "partitions": ("partition", PartitionSpec),
        "observers": ("observer", ObserverSpec),
        "executors": ("executor", ExecutorSpec),
    }
)
"""Kinds of components: attribute of the registry to the word for one of them and its type."""


@dataclass(frozen=True)
class Registry:
    """Everything that installed plugins register, by name.

    Attributes:
        label_spaces: Label spaces.
        datasets: Data sets.
        models: Segmentation networks.
        recipes: Training recipes.
        acquisitions: Acquisition functions.
        annotation_modes: Annotation modes.
        annotators: Who answers.
        partitions: Partitions of images into regions.
        observers: Observers, which experiments name.
        executors: Executors, which do runs elsewhere.
        published_results: Numbers of papers, in the order registered.
        published_by: The same by plugin, of those that register some.
        plugins: Plugins that work, in the order loaded.
        failures: Plugins that do not.
        round_end_hooks: Plugins with their hook ``on_round_end``, in the order loaded.
    """

    label_spaces: Mapping[str, Entry[LabelSpace]]
    datasets: Mapping[str, Entry[DatasetSpec]]
    models: Mapping[str, Entry[ModelSpec]]
    recipes: Mapping[str, Entry[RecipeSpec]]
    acquisitions: Mapping[str, Entry[AcquisitionSpec]]
    annotation_modes: Mapping[str, Entry[AnnotationModeSpec]]
    annotators: Mapping[str, Entry[AnnotatorSpec]]
    partitions: Mapping[str, Entry[PartitionSpec]]
    observers: Mapping[str, Entry[ObserverSpec]]
    executors: Mapping[str, Entry[ExecutorSpec]]
    published_results: tuple[PublishedResult, ...] = ()
    published_by: Mapping[PluginInfo, tuple[PublishedResult, ...]] = field(default_factory=dict)
    plugins: tuple[PluginInfo, ...] = ()
    failures: tuple[PluginFailure, ...] = ()
    round_end_hooks: tuple[tuple[PluginInfo, RoundEndHook], ...] = ()

    def entries(self, kind: str) -> Mapping[str, Entry[Any]]:
        """Return everything of one kind, by name; ``kind`` is a key of `KINDS`."""
        found: Mapping[str, Entry[Any]] = getattr(self, kind)
        return found

    def get(self, kind: str, name: str) -> Entry[Any]:
        """Return the entry of a name.

        Args:
            kind: A key of `KINDS` or its word, such as ``annotation_modes`` or ``annotation mode``.
            name: The YAML name.

        Raises:
            AlsegError: If nothing of this kind has this name; names the nearest and all available ones.
            ValueError: If there is no such kind.
        """
        for attribute, (word, _) in KINDS.items():
            if kind in (attribute, word):
                entries = self.entries(attribute)
                if name not in entries:
                    raise AlsegError(unknown_name(word, name, entries))
                return entries[name]
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
