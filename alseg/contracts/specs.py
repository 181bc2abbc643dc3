"""Specs: what hooks return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from alseg.contracts.labels import LabelSpace
from alseg.contracts.types import TRUE_LABELS, Need
from alseg.contracts.views import Domain, Unit


class AddedLater:
    """Marks a parameter that a component did not have at first: ``Annotated[int, ADDED_LATER]``.

    At its default such a parameter is no part of a run's identity, so that runs from before keep theirs.
    """


ADDED_LATER = AddedLater()
"""The mark of a parameter that a component did not have at first."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every component has: a name, a description and a builder.

    Attributes:
        name: The YAML name, lower case with hyphens.
        summary: One line for listings.
        source: Paper, with year and identifier, or site.
        build: Makes the object. The place where torch is imported. Its typed parameters (less those the core
            fills in, see each subclass) are the one source for YAML validation, listings and documentation.
    """

    name: str
    summary: str
    source: str
    build: Callable[..., Any]

    core_parameters: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters of ``build`` that the core fills in."""

    offered_parameters: ClassVar[tuple[str, ...]] = ()
    """Names of parameters that the core fills in where ``build`` has them, with a default."""


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A data set: ``build(*, root, split, **params) -> Dataset``.

    Attributes:
        label_space: Name of the label space in which the data set's own label maps are given. Where it
            follows from parameters, a function ``label_space(*, root, **params) -> LabelSpace | None``, with
            the parameters of ``build``; None where the data set has no labels, so no classes of its own. It
            raises `DataError` where a file that it reads cannot be used.
        splits: Names of the splits, such as ``("train", "val")``. Where they follow from parameters, a
            function ``splits(**params) -> tuple[str, ...]``, which reads no files.
        needs_root: Whether files on disk are read, so that a folder must be given: ``root`` of the data set
            or ``scenario.root``.
        write_fake: Writes a tiny made-up data set in the real layout and encoding below a folder:
            ``write_fake(root, seed, *, count, size, scene)`` with images per split, an optional size and a
            `SceneRenderer`. None where there is no such thing.
        expected: Images per split of the published data set, as far as known, to tell incomplete ones.
            Where they follow from parameters, a function ``expected(**params)`` that returns such a mapping.

    ``root`` is a ``pathlib.Path`` (or None) and ``split`` one of ``splits``. ``build`` raises `DataError`
    where files are missing; it only looks at names, so it is fast.
    """

    label_space: str | Callable[..., LabelSpace | None]
    splits: tuple[str, ...] | Callable[..., tuple[str, ...]] = ("train", "val")
    needs_root: bool = True
    write_fake: Callable[..., object] | None = None
    expected: Mapping[str, int] | Callable[..., Mapping[str, int]] = field(default_factory=dict)

    core_parameters: ClassVar[tuple[str, ...]] = ("root", "split")


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """A segmentation network: ``build(*, num_classes, **params) -> SegmentationModel``.

    Attributes:
        provides: What acquisitions can be given by it. ``features`` needs a method ``features`` on the model,
            ``output:NAME`` a method ``outputs``, ``moments`` layers of dropout. And what recipes can:
            ``backbone_features`` needs a method of this name.
    """

    provides: tuple[Need, ...] = ("logits", "probs")

    core_parameters: ClassVar[tuple[str, ...]] = ("num_classes",)


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Spec):
    """A training recipe: ``build(**params) -> Recipe``.

    A ``build`` with a parameter ``class_names: tuple[str, ...] = ()`` is given the names of the label space's
    classes, in the order of their indices. It is empty where nothing is trained, such as in ``alseg eval``.

    Attributes:
        provides: Further outputs that acquisitions can be given by it, ``output:NAME`` each. They need a
            method ``outputs`` on the recipe, see `alseg.contracts.stateful.OutputRecipe`.
    """

    provides: tuple[Need, ...] = ()

    offered_parameters: ClassVar[tuple[str, ...]] = ("class_names",)


@dataclass(frozen=True, kw_only=True)
class AcquisitionSpec(Spec):
    """An acquisition: ``build(**params)`` makes an object of the kind.

    Attributes:
        needs: What it reads, words of `alseg.contracts.NEEDS` and ``output:NAME``. ``logits`` and ``probs``
            each give both. A method whose model does not provide a need is skipped with a reason. With
            ``true_labels`` it sees the labels of the pool, see `sees_labels`.
        kind: ``score`` (one image to an ``(H, W)`` map, `ScoreAcquisition`), ``pool`` (observes every image,
            then ranks parts of the pool or scores images with statistics of it, `RankingAcquisition` or
            `PreparingAcquisition`) or ``select`` (ranks whole images by their mean features,
            `SelectAcquisition`).
        units: What the questions of annotation modes may be about with which it works; ``select`` works with
            whole images, whatever is said here.
        observes: Of ``pool`` the domains whose images it observes: ``target``, and ``source`` where it needs
            them.
        differs: How the authors' released code differs from this one, one line; empty where it does not or
            none is known.

    An acquisition that needs ``moments`` has an attribute ``passes`` of type `Passes`.
    """

    needs: tuple[Need, ...] = ("logits",)
    kind: Literal["score", "select", "pool"] = "score"
    units: tuple[Unit, ...] = ("part", "region", "image")
    observes: tuple[Domain, ...] = ("target",)
    differs: str = ""

    @property
    def sees_labels(self) -> bool:
        """Whether it sees labels that nobody has paid for: an upper mark, which no method can use."""
        return TRUE_LABELS in self.needs


@dataclass(frozen=True, kw_only=True)
class AnnotationModeSpec(Spec):
    """An annotation mode: ``build(**params) -> AnnotationMode | RegionAnnotationMode``.

    Attributes:
        unit: What a question is about: a ``part`` of an image around a pixel, a ``region`` of the method's
            partition, or the whole ``image``.
    """

    unit: Unit = "part"


@dataclass(frozen=True, kw_only=True)
class PartitionSpec(Spec):
    """A partition of images into regions: ``build(**params) -> Partition | AdaptivePartition``.

    Attributes:
        needs: What ``adapt`` of an adaptive partition reads, by the words of acquisitions but ``moments``. A
            method whose model does not provide it is skipped with a reason. Of others it says nothing.
    """

    needs: tuple[Need, ...] = ("logits",)


@dataclass(frozen=True, kw_only=True)
class AnnotatorSpec(Spec):
    """An annotator: ``build(**params) -> PeopleAnnotator``, or `SimulatedErrors` of one that is simulated.

    Parameters must not be called ``partial`` or ``conflict``: these are keys of every annotator of people,
    which alseg reads itself.

    Attributes:
        people: Whether people answer, so that a run waits for them. Without, answers come from the data set's
            label maps, with the errors that ``build`` returns.
        exports_labels: Whether what ``build`` returns is a `LabelExporter`, too, so that its name is a format
            of ``alseg export --as``.
    """

    people: bool = True
    exports_labels: bool = False


@dataclass(frozen=True, kw_only=True)
class ObserverSpec(Spec):
    """An observer, which experiments name in ``settings.observers``: ``build(**params) -> Observer``.

    ``build`` is called before anything is trained. It raises `AlsegError` where something that it needs is
    not installed, and writes nothing: whoever only checks an experiment builds its observers too.
    """


@dataclass(frozen=True, kw_only=True)
class ExecutorSpec(Spec):
    """An executor, named by ``--on`` or ``settings.executor``: ``build(*, address, **params) -> Executor``.

    ``address`` is what follows the name and a colon, such as ``4`` of ``local:4``; None without a colon. It
    raises `AlsegError` where the address makes no sense or something that it needs is not installed. It
    starts nothing: whoever only checks an experiment builds its executor too.
    """

    core_parameters: ClassVar[tuple[str, ...]] = ("address",)
