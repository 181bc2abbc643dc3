"""What ``alseg eval`` is asked to do: from options, completed by the run that a checkpoint belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.config.building import build
from alseg.config.components import read_component
from alseg.config.label_spaces import resolve
from alseg.config.specs import NO_SPLIT, Component
from alseg.contracts import DatasetSpec, LabelSpace, ModelSpec, Size
from alseg.contracts.types import WINDOW_OVERLAP, Precision
from alseg.errors import AlsegError
from alseg.registry.datasets import check_split, label_space_of, splits_of
from alseg.registry.registry import Registry
from alseg.registry.signatures import parameters_of
from alseg.storage.run_description import Part, read_asked
from alseg.system.data_roots import data_root

DEFAULT_ROOT = Path("data")
"""Where data sets are looked for if neither the user nor a run says where."""

_WEIGHTS = ("weights.pt", "checkpoint.pt")
_DATASET_PREFIX = "dataset."


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user gives; None where nothing is given.

    Attributes:
        checkpoint: A file, or the folder of a run.
        model: Name of the model.
        dataset: Name of the data set.
        params: ``KEY=VALUE`` for the model, ``dataset.KEY=VALUE`` for the data set.
        root: Folder of the data sets.
        split: Split to evaluate on.
        label_space: Name of the label space in which the network predicts.
        size: Input size in pixels, or ``native``.
        flip: Whether predictions are averaged with those of the mirrored image.
        window: Height and width of sliding windows in pixels, or ``none``.
        overlap: Share of a window that the next one covers, too.
    """

    checkpoint: Path
    model: str | None = None
    dataset: str | None = None
    params: Sequence[str] = ()
    root: Path | None = None
    split: str | None = None
    label_space: str | None = None
    size: Size | str | None = None
    flip: bool | None = None
    window: Size | str | None = None
    overlap: float | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is evaluated, and how.

    Attributes:
        weights: The file with the weights.
        model: The network, without weights of its own.
        dataset: The data set.
        root: Folder of the data sets; None where no files are read.
        split: Split to evaluate on; `NO_SPLIT` of a run without evaluation labels, where none is given.
        label_space: In which the network predicts.
        own_space: The data set's own.
        size: Input size in pixels, or None for the native one.
        flip: Whether predictions are averaged with those of the mirrored image.
        window: Height and width of sliding windows in pixels, or None for whole images.
        overlap: Share of a window that the next one covers, too.
        precision: Precision in Lightning Fabric's words.
    """

    weights: Path
    model: Component
    dataset: Component
    root: Path | None
    split: str
    label_space: LabelSpace
    own_space: LabelSpace
    size: Size | None
    flip: bool
    window: Size | None
    overlap: float
    precision: Precision


def complete(options: Options, registry: Registry) -> Request:
    """Fill in what the user has not given: from the checkpoint's run, else with defaults.

    Args:
        options: What the user gives.
        registry: Where names are looked up.

    Raises:
        AlsegError: If there is no such checkpoint, model or data set are neither given nor known, a name or
            parameter is wrong, or an overlap is given without windows.
    """
    weights, run = _locate(options.checkpoint)
    model = _model(options, run, registry)
    dataset = _dataset(options, run, registry)
    spec: DatasetSpec = registry.get("datasets", dataset.name).spec
    same_data = options.dataset in (None, run.dataset and run.dataset.name)
    splits = splits_of(spec, dataset.params)
    split = options.split or (run.split if same_data else None) or ("val" if "val" in splits else splits[0])
    if options.split is not None or split != NO_SPLIT:
        check_split(spec, dataset.params, split)
    found = run.target_root if same_data else run.root
    root = data_root(str(options.root or found or DEFAULT_ROOT)) if spec.needs_root else None
    own_space = label_space_of(registry, spec, dataset.params, root)
    named = options.label_space or run.label_space
    space = own_space if named is None else resolve(registry, named)
    if space is None:
        raise AlsegError(f"{spec.name} has no labels here. Name the network's classes with --label-space.")
    window = run.window
    if options.window is not None:
        window = None if isinstance(options.window, str) else options.window
    if options.overlap is not None and window is None:
        raise AlsegError("--overlap needs windows. Give their size with --window HxW.")
    return Request(
        weights=weights,
        model=model,
        dataset=dataset,
        root=root,
        split=split,
        label_space=space,
        own_space=own_space or space,
        size=_size(options, run, registry),
        flip=run.flip if options.flip is None else options.flip,
        window=window,
        overlap=run.overlap if options.overlap is None else options.overlap,
        precision=run.precision,
    )


def require_split(request: Request, registry: Registry) -> None:
    """Refuse to evaluate where no split is known.

    Raises:
        AlsegError: If the run has no evaluation split and none is given.
    """
    if request.split == NO_SPLIT:
        name, run = request.dataset.name, request.weights.parent
        splits = ", ".join(registry.get("datasets", name).spec.splits)
        raise AlsegError(
            f"The run {run} has no evaluation split: its scenario has no evaluation labels. Name a split "
            f"with label maps with --split; splits of {name}: {splits}."
        )


@dataclass(frozen=True)
class _Run:
    """What a run says about itself; empty for a checkpoint of no run."""

    model: Part | None = None
    dataset: Part | None = None
    root: str | None = None
    target_root: str | None = None
    split: str | None = None
    label_space: str | LabelSpace | None = None
    recipe: Part | None = None
    size: Size | None = None
    flip: bool = False
    window: Size | None = None
    overlap: float = WINDOW_OVERLAP
    precision: Precision = "32-true"


def _locate(checkpoint: Path) -> tuple[Path, _Run]:
    """Return the file with weights and what is known of its run."""
    path = checkpoint.expanduser()
    if path.is_dir():
        if not (path / "run.json").is_file():
            raise AlsegError(
                f"{path} is no run folder: it has no run.json. Name a run folder or a checkpoint."
            )
        found = [path / name for name in _WEIGHTS if (path / name).is_file()]
        if not found:
            raise AlsegError(f"The run {path} has no weights: neither {' nor '.join(_WEIGHTS)} is there.")
        return found[0], _read_run(path / "run.json")
    if not path.is_file():
        raise AlsegError(f"No checkpoint at {path}. Name a run folder or a checkpoint.")
    description = path.parent / "run.json"
    is_of_run = path.name in _WEIGHTS and description.is_file()
    return path, _read_run(description) if is_of_run else _Run()


def _read_run(path: Path) -> _Run:
    asked = read_asked(path.parent)
    return _Run(
        model=asked.model,
        dataset=asked.scenario.target,
        root=asked.scenario.root,
        target_root=asked.scenario.folder_of_target,
        split=asked.scenario.evaluation_split,
        label_space=asked.scenario.results_in,
        recipe=asked.method.recipe,
        size=asked.evaluation.size,
        flip=asked.evaluation.flip,
        window=asked.evaluation.window,
        overlap=asked.evaluation.overlap,
        precision=asked.precision,
    )


def _model(options: Options, run: _Run, registry: Registry) -> Component:
    """Return the network without weights of its own, for those of the checkpoint replace all of them."""
    name = options.model or (run.model.name if run.model is not None else None)
    if name is None:
        raise AlsegError(
            f"{options.checkpoint} does not say of which network it is: name it with --model NAME."
        )
    spec: ModelSpec = registry.get("models", name).spec
    known = run.model.params if run.model is not None and name == run.model.name else {}
    own_weights = {"weights": "none"} if any(each.name == "weights" for each in parameters_of(spec)) else {}
    assigned = [text for text in options.params if not text.startswith(_DATASET_PREFIX)]
    return read_component(registry, "models", name, assigned, {**known, **own_weights})


def _dataset(options: Options, run: _Run, registry: Registry) -> Component:
    name = options.dataset or (run.dataset.name if run.dataset is not None else None)
    if name is None:
        raise AlsegError("No data set to evaluate on: name it with --dataset NAME.")
    known = run.dataset.params if run.dataset is not None and name == run.dataset.name else {}
    assigned = [
        text.removeprefix(_DATASET_PREFIX) for text in options.params if text.startswith(_DATASET_PREFIX)
    ]
    return read_component(registry, "datasets", name, assigned, known)


def _size(options: Options, run: _Run, registry: Registry) -> Size | None:
    """Return the input size: given, that of the run's evaluation, or that of the target in its training."""
    if options.size is not None:
        return None if isinstance(options.size, str) else options.size
    if run.size is not None or run.recipe is None:
        return run.size
    recipe = read_component(registry, "recipes", run.recipe.name, (), run.recipe.params)
    size: Size | None = build(registry, "recipes", recipe).plan.target.size
    return size
