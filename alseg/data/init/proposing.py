"""From one folder or two to a proposal."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from alseg.data.init.classes import with_names_of
from alseg.data.init.document import Domain, Proposal
from alseg.data.init.label_parameters import label_parameters
from alseg.data.init.splits import Use, plan_splits
from alseg.data.init.survey import Survey, survey
from alseg.data.init.verify import opened_counts, without_unfair_groups
from alseg.data.init.wording import images_of
from alseg.errors import AlsegError
from alseg.files import write_text
from alseg.registry.registry import Registry

_DATASET = "folder"


def propose(registry: Registry, source: Path, target: Path | None, beside: Path | None) -> Proposal:
    """Look at the folders and propose an experiment.

    Args:
        registry: Has the data set ``folder`` and known label spaces.
        source: The labelled folder.
        target: The folder in which labels are to be bought; None where it is the same.
        beside: The file that the experiment will be written to: lists of images to leave out go beside it.
            None writes nothing.

    Raises:
        AlsegError: If no experiment can be made of them.
        DataError: If a folder holds no images.
    """
    spaces = [entry.spec for entry in registry.label_spaces.values()]
    first = survey(source, spaces)
    second = first if target is None else survey(target, spaces)
    if first.classes is None:
        raise AlsegError(_no_labels(first, target))
    if target is None:
        domain = _domain(registry, first, "both", beside)
        return Proposal(domain, domain)
    notes: list[str] = []
    if second.classes is not None:
        second.classes, notes = with_names_of(second.classes, first.classes)
    domains = _domain(registry, first, "source", beside), _domain(registry, second, "target", beside)
    if second.classes is None:
        domains[1].classes = first.classes
    return Proposal(*domains, notes)


def _domain(registry: Registry, found: Survey, use: Use, beside: Path | None) -> Domain:
    spec = registry.get("datasets", _DATASET).spec
    plan = plan_splits(found, use)
    classes = found.classes
    extra = label_parameters(classes) if classes is not None else {}
    exclude = None
    if beside is not None and found.excluded:
        exclude = _written_list(found, use, beside)
        extra["exclude"] = str(exclude)
    if not found.excluded or exclude is not None:
        without_unfair_groups(spec, found, plan, extra)
        opened_counts(spec, found, plan.params | extra)
    # Of a folder without labels, the classes are those of the source, which is not known here.
    return Domain(found, plan, classes, exclude)  # type: ignore[arg-type]


def exclusion_lists(beside: Path) -> list[Path]:
    """Return the files beside an experiment file that may get lists of images to leave out."""
    return [_list_of(use, beside) for use in get_args(Use)]


def _list_of(use: Use, beside: Path) -> Path:
    ending = "" if use == "both" else f"-{use}"
    return beside.absolute().with_name(f"{beside.stem}{ending}-exclude.txt")


def _written_list(found: Survey, use: Use, beside: Path) -> Path:
    path = _list_of(use, beside)
    if path.is_relative_to(found.root.resolve()) or path.is_relative_to(found.root):
        raise AlsegError(
            f"{path} would lie in {found.root}, which is never written to. Name another -o FILE."
        )
    rows = [
        f"{image_id}  # {' '.join(problem.split())}" for image_id, problem in sorted(found.excluded.items())
    ]
    write_text(path, "\n".join(rows) + "\n")
    return path


def _no_labels(found: Survey, target: Path | None) -> str:
    reason = f" {found.notes[0]}" if found.pairing.lossy and found.notes else ""
    text = f"{found.root} has {images_of(found.images)}, but no label maps that can be used.{reason}"
    if target is None:
        return f"{text} Give a labelled folder first: alseg data init SOURCE {found.root}"
    return f"{text} The first folder is the source, which needs labels: give the labelled one first."
