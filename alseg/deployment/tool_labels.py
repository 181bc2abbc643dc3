"""Label maps in the format of an annotation tool, which its annotator writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alseg.config.building import build
from alseg.config.specs import Component
from alseg.contracts import LabelExporter, LabelledImages
from alseg.errors import AlsegError
from alseg.files import whole_folder
from alseg.guard.calls import guarded
from alseg.registry.registry import Registry


def tool_formats(registry: Registry) -> list[str]:
    """Return the names of the annotators whose tools take label maps."""
    return [name for name, entry in registry.annotators.items() if entry.spec.exports_labels]


def write_for_tool(found: LabelledImages, tool: str, registry: Registry, folder: Path) -> Sequence[Path]:
    """Write label maps as a tool imports them, whole or not at all.

    Args:
        found: The label maps.
        tool: Name of an annotator of `tool_formats`.
        registry: Where names are looked up.
        folder: Where to write; it is missing or empty.

    Returns:
        The files to begin with.

    Raises:
        AlsegError: If something is in the folder, or the plugin cannot write label maps.
        WriteError: If it cannot be written.
    """
    annotator = build(registry, "annotators", Component(tool, {}))
    if not isinstance(annotator, LabelExporter):
        raise AlsegError(f"Annotator '{tool}' cannot write label maps. Update its plugin.")
    with whole_folder(folder) as unfinished, guarded(annotator, "export_labels"):
        first = list(annotator.export_labels(found, unfinished))
    return [folder / path.relative_to(unfinished) for path in first]
