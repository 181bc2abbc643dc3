"""Kinds of plugins that there are templates for."""

from __future__ import annotations

from dataclasses import dataclass

from alseg.errors import AlsegError, unknown_name

_RUN = "alseg run tiny.yaml"


@dataclass(frozen=True)
class Template:
    """One template.

    Attributes:
        folder: Its folder in ``alseg/scaffold/templates``.
        title: What it makes, for descriptions and messages.
        kinds: What it registers under its name, as the registry calls these kinds.
        module: Name of the module with the code.
        run: Command that tries the example experiment.
    """

    folder: str
    title: str
    kinds: tuple[str, ...]
    module: str
    run: str = _RUN


TEMPLATES = {
    "acquisition": Template("acquisition", "an acquisition", ("acquisitions",), "acquisition"),
    "recipe": Template("recipe", "a training recipe", ("recipes",), "recipe"),
    "mode": Template("mode", "an annotation mode", ("annotation_modes",), "mode"),
    "partition": Template("partition", "a partition", ("partitions",), "partition"),
    "model": Template("model", "a segmentation network", ("models",), "model"),
    "dataset": Template("dataset", "a data set", ("datasets", "label_spaces"), "dataset"),
    "annotator": Template("annotator", "a simulated annotator", ("annotators",), "annotator"),
    "executor": Template("executor", "an executor", ("executors",), "executor"),
    "observer": Template("observer", "an observer", ("observers",), "observer"),
}
"""The template of each kind."""

VARIANTS = {
    ("acquisition", "pool"): Template(
        "acquisition_pool", "an acquisition of the whole pool", ("acquisitions",), "acquisition"
    ),
    ("recipe", "stateful"): Template(
        "recipe_stateful", "a training recipe with modules of its own", ("recipes",), "recipe"
    ),
    ("annotator", "people"): Template(
        "annotator_people", "an annotator of people", ("annotators",), "annotator", f"{_RUN} --dry-run"
    ),
}
"""Another template of a kind, by the option that chooses it."""

_SYNONYMS = {"annotation-mode": "mode", "data-set": "dataset", "network": "model"}


def find_template(kind: str, variant: str | None = None) -> Template:
    """Return the template of a kind.

    Args:
        kind: One of `TEMPLATES`.
        variant: An option of `VARIANTS`; None for the usual template.

    Raises:
        AlsegError: If there is no such kind, or it has no such variant; says which there are.
    """
    kind = _SYNONYMS.get(kind, kind)
    if kind not in TEMPLATES:
        raise AlsegError(unknown_name("kind of plugin", kind, TEMPLATES))
    if variant is None:
        return TEMPLATES[kind]
    if (kind, variant) not in VARIANTS:
        owner = next(owner for owner, option in VARIANTS if option == variant)
        raise AlsegError(f"--{variant} is an option of the kind '{owner}', not of '{kind}'. Leave it out.")
    return VARIANTS[kind, variant]
