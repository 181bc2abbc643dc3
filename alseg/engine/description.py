"""What run.json says of a run."""

from __future__ import annotations

from alseg.config.specs import RunSpec
from alseg.engine.assembly import Assembler
from alseg.engine.provenance import provenance_of
from alseg.toolkit.metrics import SCORER_VERSION


def description(spec: RunSpec, assembler: Assembler) -> dict[str, object]:
    """Return the content of run.json."""
    method = spec.method
    data = assembler.scenario(spec.scenario)
    space = data.label_space
    return {
        "experiment": spec.experiment,
        "run": spec.folder,
        "fingerprint": spec.fingerprint,
        "method": {
            "label": method.label,
            "order": method.order,
            "target_labels": method.target_labels,
            "labels_since": method.labels_since,
            "reference": method.reference,
            "acquisition": method.acquisition and method.acquisition.name,
            "annotation": method.annotation and method.annotation.name,
            "budget": method.budget and method.budget.text,
            # Only upper marks have this key: run.json of all others is as before there were any.
            **({"sees_labels": True} if _sees_labels(spec, assembler) else {}),
        },
        "seed": spec.seed,
        "rounds": list(spec.rounds),
        "iterations": assembler.recipe(method.recipe, space).plan.iterations,
        "label_space": {
            "name": space.name,
            "classes": list(space.names),
            "colors": [list(info.color) for info in space.classes],
            "subsets": {name: list(classes) for name, classes in space.subsets.items()},
        },
        "scenario": spec.scenario.text,
        "scorer": SCORER_VERSION,
        "plugins": [
            {"plugin": info.name, "distribution": info.distribution, "version": info.version}
            for info in assembler.registry.plugins
        ],
        "made_with": provenance_of(spec, assembler.registry, data),
        "spec": spec.as_json(),
        # Evaluated runs have no such key, as before there were others.
        **({} if data.evaluation is not None else {"evaluated": False}),
    }


def _sees_labels(spec: RunSpec, assembler: Assembler) -> bool:
    """Whether a run's acquisition sees the labels of the pool."""
    asked = spec.method.acquisition
    return asked is not None and bool(assembler.registry.get("acquisitions", asked.name).spec.sees_labels)
