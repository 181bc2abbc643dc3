"""From a run's specification to the objects it needs, each built by its plugin."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from alseg.acquisition.job import Acquisition
from alseg.config.annotator import ORACLE, People
from alseg.config.building import build
from alseg.config.experiment import Component, RunSpec, Scenario
from alseg.config.label_spaces import resolve
from alseg.config.specs import NO_SPLIT
from alseg.contracts import (
    WITHOUT_NETWORK,
    AcquisitionSpec,
    AdaptivePartition,
    AnnotationMode,
    Dataset,
    DatasetSpec,
    LabelSpace,
    ModelSpec,
    Need,
    OutputRecipe,
    Partition,
    Passes,
    PeopleAnnotator,
    Recipe,
    RecipeSpec,
    RegionAnnotationMode,
    SimulatedErrors,
    Unit,
)
from alseg.data.cache import CachedDataset, Stamped
from alseg.data.kept import KeptData
from alseg.data.scenario import Domain, ScenarioData
from alseg.errors import AlsegError
from alseg.guard.answers import answer_kind
from alseg.guard.recipe_answers import check_derivation, check_needs
from alseg.registry.datasets import label_space_of
from alseg.registry.registry import Registry
from alseg.registry.signatures import offered_to
from alseg.seeding import derive
from alseg.system.data_roots import data_root
from alseg.toolkit.annotator_errors import AnnotatorErrors
from alseg.toolkit.labels import translation

_MODE_METHODS = ("clicks", "most_clicks", "propose", "footprint", "most_pixels")


@dataclass(frozen=True)
class MethodParts:
    """What a method that buys labels is made of.

    Attributes:
        acquisition: Says what is wanted.
        spec: What its plugin says of it.
        mode: What a question is.
        unit: What a question is about.
        partition: Cuts images into regions; None where the method has none.
        partition_needs: What it reads to adapt regions in each round; empty where it does not.
    """

    acquisition: Acquisition
    spec: AcquisitionSpec
    mode: AnnotationMode | RegionAnnotationMode
    unit: Unit = "part"
    partition: Partition | None = None
    partition_needs: tuple[Need, ...] = ()

    @property
    def adaptive(self) -> AdaptivePartition | None:
        """The partition, where its regions follow the network; else None."""
        return self.partition if isinstance(self.partition, AdaptivePartition) else None

    @property
    def needs(self) -> tuple[Need, ...]:
        """What the acquisition and the partition read, by the names of their specs."""
        return tuple(dict.fromkeys((*self.spec.needs, *self.partition_needs)))

    @property
    def needs_predictions(self) -> bool:
        """Whether anything of the network is needed to decide what is asked, or to propose answers."""
        needed = any(need not in WITHOUT_NETWORK for need in self.needs)
        return needed or answer_kind(self.mode) == "correction"

    @property
    def passes(self) -> Passes | None:
        """Several passes that the acquisition needs; None where it needs the plain one only."""
        return self.acquisition.passes if "moments" in self.spec.needs else None  # type: ignore[union-attr]


class Assembler:
    """Makes and remembers objects, so that runs of one experiment share their data sets.

    Args:
        registry: Where names are looked up.
        cache: Folder in which resized images and label maps are kept, or None.
        kept: Folder in which sizes and pixel counts are kept for other processes of the experiment, or None;
            nothing is written there before `KeptData.begin`.

    Attributes:
        kept: Keeps them.
    """

    def __init__(self, registry: Registry, cache: Path | None = None, kept: Path | None = None) -> None:
        self.registry = registry
        self._cache = cache.absolute() if cache is not None else None
        self.kept = KeptData(kept.absolute() if kept is not None else None, self._cache)
        self._domains: dict[tuple[str, str, str, str | None], Domain] = {}

    def scenario(self, scenario: Scenario) -> ScenarioData:
        """Return the data of a scenario.

        Raises:
            AlsegError: If files are missing or a split is empty.
        """
        space = resolve(self.registry, scenario.label_space)
        root, source_root = scenario.root_of("target"), scenario.root_of("source")
        return ScenarioData(
            label_space=space,
            source=self._domain(scenario.source, scenario.source_split, space, source_root),
            target=self._domain(scenario.target, scenario.target_split, space, root),
            evaluation=self._evaluation(scenario, space, root),
        )

    def listed_anew(self, scenario: Scenario) -> Domain:
        """Return the target's training split as its files are now; `scenario` returns it from then on, too.

        Raises:
            AlsegError: As for `scenario`.
        """
        space, root = resolve(self.registry, scenario.label_space), scenario.root_of("target")
        return self._domain(scenario.target, scenario.target_split, space, root, anew=True)

    def _evaluation(self, scenario: Scenario, space: LabelSpace, root: str | None) -> Domain | None:
        """Return the evaluation images; None where there are none, or they have no label maps."""
        if scenario.evaluation_split == NO_SPLIT:
            return None
        found = self._domain(scenario.target, scenario.evaluation_split, space, root)
        return found if found.labelled else None

    def recipe(self, component: Component, label_space: str | LabelSpace) -> Recipe:
        """Return the recipe.

        Args:
            component: Name and parameters.
            label_space: The scenario's label space or its name, for recipes that want to know the classes.

        Raises:
            AlsegError: If it cannot be built, or lacks what its plugin says of it.
        """
        names = resolve(self.registry, label_space).names
        offered = dict.fromkeys(offered_to(self.recipe_spec(component)), names)
        recipe: Recipe = self._build("recipes", component, **offered)
        provides = self.recipe_spec(component).provides
        if provides and not isinstance(recipe, OutputRecipe):
            plugin = self.registry.get("recipes", component.name).plugin
            raise AlsegError(
                f"Recipe '{component.name}' of plugin {plugin} provides {', '.join(provides)}, but has no "
                "method 'outputs'. Update the plugin; docs/plugins.md lists what a recipe may have."
            )
        check_derivation(recipe)
        check_needs(recipe)
        return recipe

    def recipe_spec(self, component: Component) -> RecipeSpec:
        """Return what the recipe's plugin says of it."""
        spec: RecipeSpec = self.registry.get("recipes", component.name).spec
        return spec

    def method(self, spec: RunSpec) -> MethodParts | None:
        """Return what the run's method is made of, or None where it buys no labels."""
        method = spec.method
        if method.acquisition is None or method.annotation is None:
            return None
        acquisition: AcquisitionSpec = self.registry.get("acquisitions", method.acquisition.name).spec
        return MethodParts(
            acquisition=self._build("acquisitions", method.acquisition),
            spec=acquisition,
            mode=self._mode(method.annotation),
            unit=self.registry.get("annotation_modes", method.annotation.name).spec.unit,
            **self._partition(method.partition),
        )

    def errors(self, annotator: Component | None) -> SimulatedErrors | None:
        """Return how a method's annotator errs; None where it does not, or people answer.

        Raises:
            AlsegError: If it cannot be built, or lacks what an annotator of its kind must have.
        """
        if annotator is None:
            return None
        if annotator.name == ORACLE:
            return AnnotatorErrors(**annotator.params)
        people = People.of(annotator)
        made: Any = self._build("annotators", annotator if people is None else people.tool)
        kind: Any = SimulatedErrors if people is None else PeopleAnnotator
        if not isinstance(made, kind):
            plugin = self.registry.get("annotators", annotator.name).plugin
            raise AlsegError(
                f"Annotator '{annotator.name}' of plugin {plugin} is no {kind.__name__}: it does not fit "
                "this version of alseg. Update the plugin; docs/plugins.md lists what an annotator must have."
            )
        errors: SimulatedErrors | None = made if people is None else None
        return errors

    def _partition(self, component: Component | None) -> dict[str, Any]:
        """Return the partition of a method and what it reads, by the names in `MethodParts`."""
        if component is None:
            return {}
        partition, spec = (
            self._build("partitions", component),
            self.registry.get("partitions", component.name).spec,
        )
        needs = spec.needs if isinstance(partition, AdaptivePartition) else ()
        return {"partition": partition, "partition_needs": needs}

    def _mode(self, component: Component) -> AnnotationMode | RegionAnnotationMode:
        mode = self._build("annotation_modes", component)
        if not isinstance(mode, AnnotationMode):
            plugin = self.registry.get("annotation_modes", component.name).plugin
            missing = [name for name in _MODE_METHODS if not hasattr(mode, name)]
            raise AlsegError(
                f"Annotation mode '{component.name}' of plugin {plugin} lacks {', '.join(missing)}: it "
                "does not fit this version of alseg. Update the plugin; docs/plugins.md lists what a "
                "mode must have."
            )
        answer_kind(mode)
        return mode

    def model_spec(self, component: Component) -> ModelSpec:
        """Return what the model's plugin says of it."""
        spec: ModelSpec = self.registry.get("models", component.name).spec
        return spec

    def model(self, component: Component, num_classes: int, seed: int) -> torch.nn.Module:
        """Return a network with the initial weights of one seed."""
        torch.manual_seed(derive("model-init", seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            model: torch.nn.Module = self._build("models", component, num_classes=num_classes)
        return model

    def _domain(
        self, component: Component, split: str, space: LabelSpace, root: str | None, *, anew: bool = False
    ) -> Domain:
        key = (repr((component.name, sorted(component.params.items()))), split, repr(space), root)
        if anew or key not in self._domains:
            spec: DatasetSpec = self.registry.get("datasets", component.name).spec
            # Absolute: whatever becomes of the working folder, files stay where they are.
            folder = data_root(root).absolute() if root is not None else None
            dataset: Dataset = self._build("datasets", component, root=folder, split=split)
            if not len(dataset):
                raise AlsegError(f"Split '{split}' of data set '{spec.name}' is empty.")
            if self._cache is not None and isinstance(dataset, Stamped):
                dataset = CachedDataset(dataset, self._cache)
            own = label_space_of(self.registry, spec, component.params, folder) or space
            self._domains[key] = Domain(
                dataset, translation(own, space), own, len(space.classes), self._cache, self.kept
            )
        return self._domains[key]

    def _build(self, kind: str, component: Component, **filled_in: Any) -> Any:
        return build(self.registry, kind, component, **filled_in)
